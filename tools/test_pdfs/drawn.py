"""PDFs set character by character: by reportlab, a text object for each, and by Cairo, in random order."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tools.sample.fonts import find_font
from tools.test_pdfs.content import ERAS, MARK, RUNNING_HEAD, Block, PrintedEdition, printed_edition

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 64.0
_FONT = "subset"
_NOT_FIRST = "，。；：、）》”%"


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character at a place of a page: *y* is its baseline, counted from above."""

    page: int
    x: float
    y: float
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a table."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Typesetter:
    """Sets an edition: one column, the news in two; each character gets its place."""

    def __init__(self, edition: PrintedEdition) -> None:
        self.placed: list[Glyph | Rule] = []
        self.page, self.y = 1, MARGIN
        self._line(edition.title, 17, MARGIN, centred=True)
        for name, page in edition.contents:
            dots = "." * int((WIDTH - 2 * MARGIN - 11 * len(name) - 20) / 4)
            self._line(f"{name} {dots} {page}", 11, MARGIN)
        self._notes = edition.notes
        in_news = False
        news: list[Block] = []
        for block in edition.blocks:
            if in_news and block.kind == "heading":
                self._columns(news)
                in_news = False
            if in_news:
                news.append(block)
                continue
            self._block(block, MARGIN, WIDTH - MARGIN)
            in_news = block.text == "业界新闻速递"
        for mark, text in edition.notes.items():
            self._paragraph(f"<sup>{mark}</sup> {text}", 8, MARGIN, WIDTH - MARGIN, indent=0)
        for page in range(1, self.page + 1):
            self._at(RUNNING_HEAD, 9, page, MARGIN, 40)
            self._at(str(page), 9, page, WIDTH / 2, HEIGHT - 36)

    def _block(self, block: Block, left: float, right: float) -> None:
        if block.kind == "table":
            self._table(block.rows)
        elif block.kind == "heading":
            self.y += 8
            self._line(block.text, 15, left, spacing=3)
        elif block.kind == "caption":
            self._line(block.text, 9, left, centred=True)
        else:
            self._paragraph(block.text, 11, left, right, indent=0 if block.kind == "list" else 22)

    def _columns(self, blocks: list[Block]) -> None:
        if self.y > HEIGHT / 2:  # both columns on one page
            self.page, self.y = self.page + 1, MARGIN
        middle, top, page = WIDTH / 2, self.y, self.page
        half = (len(blocks) + 1) // 2
        for block in blocks[:half]:
            self._block(block, MARGIN, middle - 12)
        lowest = (self.page, self.y)
        self.page, self.y = page, top + 5
        for block in blocks[half:]:
            self._block(block, middle + 12, WIDTH - MARGIN)
        self.page, self.y = max(lowest, (self.page, self.y))

    def _new_line(self, size: float) -> None:
        self.y += size * 1.7
        if self.y > HEIGHT - MARGIN:
            self.page, self.y = self.page + 1, MARGIN + size

    def _line(self, text: str, size: float, left: float, *, centred: bool = False, spacing: float = 0) -> None:
        self._new_line(size)
        width = sum(_width(character) * size + spacing for character in text)
        self._at(text, size, self.page, (WIDTH - width) / 2 if centred else left, self.y, spacing)

    def _at(self, text: str, size: float, page: int, x: float, y: float, spacing: float = 0) -> None:
        for character in text:
            if character != " ":
                self.placed.append(Glyph(page, x, y, size, character))
            x += _width(character) * size + spacing

    def _paragraph(self, markup: str, size: float, left: float, right: float, indent: float) -> None:
        x = right  # so that the first character begins a line
        first = True
        for text, raised in _words(markup):
            drawn = size * 0.6 if raised else size
            width = sum(map(_width, text)) * drawn
            if x + width > right and text not in _NOT_FIRST:
                self._new_line(size)
                x = left + (indent if first else 0)
                first = False
            self._at(text, drawn, self.page, x, self.y - (size * 0.35 if raised else 0))
            x += width

    def _table(self, rows: tuple[tuple[str, ...], ...]) -> None:
        left, wide = MARGIN + 30, 100.0
        if self.y + 24 * len(rows) > HEIGHT - MARGIN:
            self.page, self.y = self.page + 1, MARGIN
        right, top = left + wide * len(rows[0]), self.y + 8
        for number, row in enumerate(rows):
            y = top + 20 * number
            self.placed.append(Rule(self.page, left, y, right, y))
            for place, cell in enumerate(row):
                x = (
                    left + wide * place + 5
                    if place < 2
                    else left + wide * (place + 1) - 5 - sum(map(_width, cell)) * 10
                )
                self._at(cell, 10, self.page, x, y + 14)
        bottom = top + 20 * len(rows)
        self.placed.append(Rule(self.page, left, bottom, right, bottom))
        for place in range(len(rows[0]) + 1):
            self.placed.append(Rule(self.page, left + wide * place, top, left + wide * place, bottom))
        self.y = bottom + 4


def _width(character: str) -> float:
    if character in "iljtfr.,:;'|()[]- ":
        return 0.38
    return 0.55 if ord(character) < 0x2000 else 1.0


def _words(markup: str) -> Iterator[tuple[str, bool]]:
    for part in re.split(r"(<sup>.*?</sup>)", markup):
        raised = part.startswith("<sup>")
        for word in re.findall(r"[!-~]+|.", re.sub(r"</?sup>", "", part)):
            yield word, raised


def draw_with_reportlab(edition: PrintedEdition, path: Path, *, rotated: bool) -> None:
    """Write *edition* with one text object a character; with *rotated* pages that lie on their side."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    placed = Typesetter(edition).placed
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        # One font for all eras: reportlab tells fonts that are made by fontTools not apart, and keeps the first.
        every = "".join(block.text for name in ERAS for block in printed_edition(name).blocks)
        rows = "".join(
            cell for name in ERAS for block in printed_edition(name).blocks for row in block.rows for cell in row
        )
        characters = set(every + rows + RUNNING_HEAD + "".join(map(chr, range(33, 127))))
        characters |= {glyph.text for glyph in placed if isinstance(glyph, Glyph)}
        characters |= set("".join(title for title, *_ in ERAS.values()))
        pdfmetrics.registerFont(TTFont(_FONT, io.BytesIO(truetype_subset("".join(sorted(characters))))))
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), pageCompression=1)
    canvas.setTitle(MARK)
    for page in range(1, max(each.page for each in placed) + 1):
        if rotated:  # drawn upwards, and turned back by the page
            canvas.setPageRotation(90)
            canvas.translate(HEIGHT, 0)
            canvas.rotate(90)
        for each in placed:
            if each.page != page:
                continue
            if isinstance(each, Rule):
                canvas.line(each.x0, HEIGHT - each.y0, each.x1, HEIGHT - each.y1)
            else:
                canvas.setFont(_FONT, each.size)
                canvas.drawString(each.x, HEIGHT - each.y, each.text)
        canvas.showPage()
    canvas.save()


def draw_with_cairo(edition: PrintedEdition, path: Path) -> None:
    """Write *edition* with the characters of a page in random order."""
    import cairo

    placed = Typesetter(edition).placed
    surface = cairo.PDFSurface(str(path), WIDTH, HEIGHT)
    surface.set_metadata(cairo.PDF_METADATA_TITLE, MARK)
    context: Any = cairo.Context(surface)
    context.select_font_face("Noto Sans CJK SC")
    context.set_line_width(0.7)
    for page in range(1, max(each.page for each in placed) + 1):
        glyphs = [each for each in placed if each.page == page]
        Random(page).shuffle(glyphs)
        for each in glyphs:
            if isinstance(each, Rule):
                context.move_to(each.x0, each.y0)
                context.line_to(each.x1, each.y1)
                context.stroke()
            else:
                context.set_font_size(each.size)
                context.move_to(each.x, each.y)
                context.show_text(each.text)
        context.show_page()
    surface.finish()


def truetype_subset(characters: str) -> bytes:
    """Return a TrueType font with *characters*, out of Noto Sans CJK, whose outlines reportlab does not read."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTCollection

    file = find_font("NotoSansCJK-Regular.ttc")
    assert file is not None, "needs fonts-noto-cjk"
    font = next(each for each in TTCollection(file).fonts if each["name"].getDebugName(4) == "Noto Sans CJK SC")
    names = {
        ord(character): font.getBestCmap()[ord(character)]
        for character in characters + " "
        if ord(character) in font.getBestCmap()
    }
    order = [".notdef", *dict.fromkeys(names.values())]
    outlines, drawn = font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        drawn[name] = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({name: (outlines[name].width, 0) for name in order})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Test subset", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120)
    builder.setupPost()
    stream = io.BytesIO()
    builder.save(stream)
    return stream.getvalue()
