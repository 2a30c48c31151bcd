"""Reading pictures: bytes in, readings out. Needs the extra ``ocr`` (requirements-ocr.txt); works without network."""
