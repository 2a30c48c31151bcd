"""What a page of CNCERT's own site (www.cert.org.cn) is: its addresses, lists of pages, and pages with their PDFs.

Knows nothing of the weekly report. The layout was seen in public code only (docs/official.md): whatever does not fit it
is said, not guessed.
"""
