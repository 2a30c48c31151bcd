"""The stored pictures of issues: which are to be read, what was read in them, and the figures that come of it.

``cncert/ocr`` reads pictures and knows no store; this room has the store on its other side.
"""
