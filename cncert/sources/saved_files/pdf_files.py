"""Reads an issue from a PDF that somebody kept: its title stands before the report, on one line or on two."""

from itertools import pairwise

from cncert.exceptions import NotAnIssue
from cncert.pdf.reading import PdfReading
from cncert.report.title import read_title
from cncert.sources.saved_files.report_copy import CopyPictures, head_lines, make_report_copy
from cncert.wechat.article import Article


def read_pdf_copy(reading: PdfReading) -> Article:
    """Return the copy of an issue in a PDF with a text. Raises NotAnIssue if no title names an issue."""
    head = [line.text for line in head_lines(reading.lines)]
    candidates = [*head, *(f"{first}{second}" for first, second in pairwise(head))]
    title = next((text for text in candidates if read_title(text) is not None), None)
    if title is None:
        raise NotAnIssue("title", "no line before the report is the title of an issue")
    return make_report_copy(title, reading.lines, head, CopyPictures(), [])
