"""What people see of the dataset: export (tables), page (the report page), check (a person confirms figures), ocr."""
