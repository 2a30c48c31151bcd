"""Draws the pages of a PDF as pictures, in a process of its own: a page without text can still be looked at."""

import ctypes
import io
import math
from collections.abc import Iterator
from contextlib import closing

import pypdfium2.raw as pdfium
from PIL import Image

from cncert.pdf.read_document import fault_of, opened_document
from cncert.pdf.read_pdf import MAX_SECONDS, limited_memory, state_of_process
from cncert.pdf.reading import PdfReading, PdfState
from cncert.terminal.worker_pool import results_in_order

_DOTS_PER_POINT = 200 / 72
_MAX_PIXELS = 8_000_000
"""A page of A4 has half of them; a larger one is drawn with fewer dots."""


def draw_pages(data: bytes) -> Iterator[bytes | PdfReading]:
    """Yield the pages of the PDF *data* as PNG files, each as soon as it is drawn. Raises nothing.

    In place of what cannot be drawn stands why. A page that takes too long, or over which the process dies, is the
    last one.
    """
    with closing(results_in_order(_draw, [data], 1, __name__, MAX_SECONDS)) as results:
        for _, result in results:
            yield result if isinstance(result, bytes | PdfReading) else state_of_process(result)


def _draw(data: bytes) -> Iterator[bytes | PdfReading]:
    """The work of a drawing process."""
    with limited_memory(), opened_document(data) as document:
        if fault := fault_of(document):
            yield fault
            return
        for number in range(pdfium.FPDF_GetPageCount(document)):
            try:
                drawn = _draw_page(document, number)
            except MemoryError:
                drawn = None
            yield drawn or PdfReading(PdfState.BROKEN, f"page {number + 1} cannot be drawn")


def _draw_page(document: pdfium.FPDF_DOCUMENT, number: int) -> bytes | None:
    """Return a page as a PNG file, None if it cannot be opened, has no size, or needs too much memory."""
    page = pdfium.FPDF_LoadPage(document, number)
    bitmap = None
    try:
        points = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page) if page else 0.0
        if not 0 < points < math.inf:
            return None
        scale = min(_DOTS_PER_POINT, math.sqrt(_MAX_PIXELS / points))
        width = max(1, round(pdfium.FPDF_GetPageWidthF(page) * scale))
        height = max(1, round(pdfium.FPDF_GetPageHeightF(page) * scale))
        bitmap = pdfium.FPDFBitmap_Create(width, height, 0)
        if not bitmap:
            return None
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        png = io.BytesIO()
        Image.frombuffer("RGB", (width, height), pixels, "raw", "BGRX", stride, 1).save(png, "PNG", compress_level=1)
        return png.getvalue()
    finally:
        if bitmap:
            pdfium.FPDFBitmap_Destroy(bitmap)
        if page:
            pdfium.FPDF_ClosePage(page)
