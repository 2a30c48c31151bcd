"""PDF files to text: lines in reading order, as an article's body has them. ``read_pdf`` is the entry point."""
