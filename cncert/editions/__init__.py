"""Editions: what is read of an issue is kept, and the document is made of all that is kept by one pure rule."""
