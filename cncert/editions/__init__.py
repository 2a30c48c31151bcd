"""Taking an issue into the store, wherever it came from."""
