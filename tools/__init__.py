"""Makes what the package ships or shows: the sample series, the JSON Schema, tables of the documents, screenshots."""
