"""Makes the PDFs of tests/pdfs with several producers: ``python -m tools.test_pdfs FOLDER`` (README.md)."""
