"""What is done with an issue, in this order: clean, pictures, validate, store. One verb each."""
