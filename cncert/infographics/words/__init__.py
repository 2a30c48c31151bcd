"""From the bytes of a picture to what it states. Needs the extra ``ocr`` (requirements-ocr.txt); works without network.

read_picture.py is the public entry point and calls the others in this order: open_image.py decodes the file,
cut_pictures.py joins slices of one infographic, two_passes.py has ocr_engine.py find words at two sizes,
triangles_and_arrows.py finds the marks beside percentages, unread_areas.py notes what was not read, enlarged_numbers.py
reads numbers beside that once more, text_colours.py names the colours of percentages. ``labels/`` makes numbers of it.
"""
