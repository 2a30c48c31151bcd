"""PDFs drawn by reportlab for a test: text at places, without a font file (STSong-Light is not embedded)."""

import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table, TableStyle
from reportlab.platypus.doctemplate import BaseDocTemplate, PageTemplate
from reportlab.platypus.frames import Frame

from cncert.pdf.read_document import read_document
from cncert.pdf.reading import PdfState

SONG = "STSong-Light"
WIDTH, HEIGHT = A4
TITLE = "TEST DATA of the cncert project"


@cache
def _fonts() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def drawn(*pages: Callable[[Canvas], object], **options: Any) -> bytes:
    """A PDF, a page for each function that draws one."""
    _fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, **options)
    canvas.setTitle(TITLE)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def put(canvas: Canvas, x: float, y: float, text: str, size: float = 11, spacing: float = 0) -> None:
    """Draw *text* at *x* and *y* from above; *spacing* is added behind each character."""
    canvas.setFont(SONG, size)
    canvas.drawString(x, HEIGHT - y, text, charSpace=spacing)


def put_rows(canvas: Canvas, x: float, y: float, rows: Iterable[str], pitch: float = 18, size: float = 11) -> None:
    """Draw *rows* below each other."""
    for number, row in enumerate(rows):
        put(canvas, x, y + number * pitch, row, size)


def style(**changes: Any) -> ParagraphStyle:
    """A justified paragraph of Chinese, its first line indented."""
    usual = {"fontName": SONG, "fontSize": 11, "leading": 16, "wordWrap": "CJK", "firstLineIndent": 22, "alignment": 4}
    return ParagraphStyle("text", **(usual | changes))


def paragraph(text: str, **changes: Any) -> Paragraph:
    """A paragraph of the flow."""
    _fonts()
    return Paragraph(text, style(**changes))


def table(rows: Sequence[Sequence[Any]], *commands: tuple[Any, ...], widths: Sequence[float] | None = None) -> Table:
    """A table of the flow; without *commands* it has no rules."""
    _fonts()
    made = Table(rows, colWidths=widths)
    made.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), SONG, 10), *commands]))
    return made


def flowed(*story: Any, columns: int = 1, head: str | None = None) -> bytes:
    """A PDF of paragraphs and tables in *columns*, with a running *head* and page numbers."""
    _fonts()
    stream = io.BytesIO()
    document = BaseDocTemplate(stream, pagesize=A4, title=TITLE)
    width = (WIDTH - 100 - 20 * (columns - 1)) / columns
    edges = [50 + place * (width + 20) for place in range(columns)]
    frames = [Frame(edge, 60, width, HEIGHT - 120, leftPadding=0, rightPadding=0) for edge in edges]

    def decorate(canvas: Canvas, document: Any) -> None:
        if head is not None:
            put(canvas, 50, 30, head, 9)
            put(canvas, WIDTH / 2, HEIGHT - 25, f"- {document.page} -", 9)

    document.addPageTemplates(PageTemplate("page", frames, onPage=decorate))
    document.build(list(story))
    return stream.getvalue()


def lines(data: bytes) -> list[str]:
    """The lines of a PDF that has text."""
    reading = read_document(data)
    assert reading.state is PdfState.TEXT, reading.reason
    return [line.text for line in reading.lines]
