"""Reads a PDF with PDFium, in the process that calls it: pages to characters to lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pypdfium2.raw as pdfium

from cncert.pdf.characters import Sheet, read_characters
from cncert.pdf.margins import body_size, split_footnotes, without_contents, without_heads_and_feet
from cncert.pdf.paragraphs import Row, lines_of, rows_of_page
from cncert.pdf.reading import PdfReading, PdfState
from cncert.pdf.runs import Run, make_runs
from cncert.pdf.tables import Grid, find_grids
from cncert.wechat.body import Line
from cncert.wechat.text import tidy

MAX_PAGES = 200
"""An issue has some twenty."""
MAX_CHARACTERS = 300_000
_MAX_UNREADABLE = 0.1
"""The share of characters that the file does not name, up to which the others are a text."""
_HEADER = b"%PDF-"
_MAX_BEFORE_HEADER = 1024


def is_pdf(data: bytes) -> bool:
    """Whether *data* is a PDF by its content: its header may have up to 1024 bytes of something else before it."""
    return data.find(_HEADER, 0, _MAX_BEFORE_HEADER + len(_HEADER)) >= 0


def read_document(data: bytes) -> PdfReading:
    """Return what the PDF *data* says. May die, hang, or raise MemoryError: ``read_pdf`` is the way to call it."""
    if not is_pdf(data):
        return PdfReading(PdfState.NOT_PDF, "no PDF: it has no header of one")
    with opened_document(data) as document:
        if fault := fault_of(document):
            return fault
        pages = pdfium.FPDF_GetPageCount(document)
        attachments = max(0, pdfium.FPDFDoc_GetAttachmentCount(document))
        sheets: list[list[Sheet]] = []
        unreadable = pictures = read = opened = 0
        for number in range(pages):
            page = pdfium.FPDF_LoadPage(document, number)
            if not page:
                sheets.append([])
                continue
            opened += 1
            try:
                found = read_characters(page, MAX_CHARACTERS - read)
            except OverflowError:
                reason = f"more than {MAX_CHARACTERS} characters"
                return PdfReading(PdfState.TOO_LARGE, reason, pages=pages, attachments=attachments)
            finally:
                pdfium.FPDF_ClosePage(page)
            sheets.append(found.sheets)
            read += sum(len(sheet.glyphs) for sheet in found.sheets)
            unreadable += found.unreadable
            pictures += found.pictures
    if not opened:
        return PdfReading(PdfState.BROKEN, "none of its pages can be opened", pages=pages, attachments=attachments)
    if unreadable > _MAX_UNREADABLE * read:
        reason = f"it does not say which characters {unreadable} of its {read} glyphs are"
        return PdfReading(PdfState.NO_TEXT, reason, (), pages, pictures, attachments)
    lines = tuple(Line(text) for line in _lines(sheets) if (text := tidy(line)))
    if not lines:
        reason = f"no text on {pages} pages, {pictures} pictures, {attachments} attached files"
        return PdfReading(PdfState.NO_TEXT, reason, (), pages, pictures, attachments)
    return PdfReading(PdfState.TEXT, f"text on {pages} pages", lines, pages, pictures, attachments)


@cache
def _start() -> None:
    pdfium.FPDF_InitLibrary()


@contextmanager
def opened_document(data: bytes) -> Iterator[pdfium.FPDF_DOCUMENT]:
    """Open *data*, which must stay in memory as long; yields a null pointer if it cannot be opened."""
    _start()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    try:
        yield document
    finally:
        if document:
            pdfium.FPDF_CloseDocument(document)


def fault_of(document: pdfium.FPDF_DOCUMENT) -> PdfReading | None:
    """Return why no page of *document*, just opened, is read; None if they are."""
    if not document:
        error = pdfium.FPDF_GetLastError()
        if error == pdfium.FPDF_ERR_PASSWORD:
            return PdfReading(PdfState.ENCRYPTED, "encrypted: it opens with a password only")
        if error == pdfium.FPDF_ERR_SECURITY:
            return PdfReading(PdfState.ENCRYPTED, "encrypted in a way that is not known")
        return PdfReading(PdfState.BROKEN, "broken: it cannot be opened as a PDF")
    pages = pdfium.FPDF_GetPageCount(document)
    if pages > MAX_PAGES:
        return PdfReading(PdfState.TOO_LARGE, f"{pages} pages; up to {MAX_PAGES} are read", pages=pages)
    if pages < 1:
        return PdfReading(PdfState.BROKEN, "it has no page that can be opened")
    return None


def _lines(pages: list[list[Sheet]]) -> list[str]:
    """Return the lines of all pages; footnotes stand at the end."""
    upright = [page[0] if page else Sheet(0, 0) for page in pages]
    runs = [make_runs(sheet.glyphs, sheet.rules) for sheet in upright]
    runs = without_heads_and_feet(runs, [sheet.height for sheet in upright])
    runs = without_contents(runs)
    size = body_size(runs)
    edges: set[int] = set()
    rows: list[Row] = []
    notes: list[str] = []
    parted: list[tuple[list[Run], list[Grid]]] = []
    for sheet, of_page in zip(upright, runs, strict=True):
        grids = find_grids(sheet.rules)
        in_grids = [run for run in of_page if any(grid.holds(run) for grid in grids)]
        held = set(map(id, in_grids))
        others, found = split_footnotes([run for run in of_page if id(run) not in held], sheet.height, size)
        notes += found
        parted.append((others + in_grids, grids))
        rows_of_page(*parted[-1], 0, edges)  # only for the edges, which the pages before it need too
    for page, (of_page, grids) in zip(pages, parted, strict=True):
        rows += rows_of_page(of_page, grids, _next_place(rows), edges)
        for turned in page[1:]:  # what is written along the edge, or a table that lies on its side
            rows += rows_of_page(make_runs(turned.glyphs), (), _next_place(rows), set())
    return lines_of(rows, size) + notes


def _next_place(rows: list[Row]) -> int:
    return rows[-1].place + 1 if rows else 0
