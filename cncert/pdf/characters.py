"""Characters and rules of a page with their places, as PDFium sees them.

Of what the file says only places, sizes and characters count, not the order in which they come: producers differ.
"""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pypdfium2.raw as pdfium

from cncert.pdf.normalise import UNREADABLE, readable

MAX_OBJECTS = 50_000
"""Drawn objects of a page that are looked at for rules of tables."""
_MAX_SEGMENTS = 2_000
"""Of one drawn object."""
_MAX_NESTED = 4
"""How deep groups of drawn objects are looked into."""
_MAX_RULE_WIDTH, _MIN_RULE_LENGTH = 3.0, 8.0
_SPACE, _LINE_ENDS = 0x20, (0x0A, 0x0D)
_MAX_SPACE = 1.2
"""Width of a space, in sizes of the text."""
_MIN_SIZE = 1.0
"""Points; what is smaller nobody can read."""
_MAX_SLANT = math.sin(math.radians(8))
"""Text at a larger angle to the others is a watermark."""
_TEXT = pdfium.FPDF_PAGEOBJ_TEXT
_INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE


Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Glyph:
    """A character at its place; y, the base line, grows downwards. Sizes are in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    after_space: bool = False
    """Whether the file has a space before it."""


@dataclass(slots=True)
class Rule:
    """A straight line, upright or level."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def is_level(self) -> bool:
        """Whether it is longer than high."""
        return self.x1 - self.x0 >= self.y1 - self.y0


@dataclass(slots=True)
class Sheet:
    """The text of a page that runs in one direction, turned so that it runs from left to right."""

    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class PageCharacters:
    """What stands on a page: sheets, that with most text first, and how many characters could not be read."""

    sheets: list[Sheet]
    unreadable: int
    pictures: int


_Matrix = tuple[float, float, float, float, float, float]
_UNTURNED: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _turn(quarter: int, box: Box) -> _Matrix:
    """Return what makes points of a page points of the sheet for text that is turned by so many quarters."""
    left, bottom, right, top = box
    return (
        (1.0, 0.0, 0.0, -1.0, -left, top),
        (0.0, 1.0, 1.0, 0.0, -bottom, -left),
        (-1.0, 0.0, 0.0, 1.0, right, -bottom),
        (0.0, -1.0, -1.0, 0.0, top, right),
    )[quarter]


def read_characters(page: pdfium.FPDF_PAGE, characters_left: int) -> PageCharacters:
    """Return what stands on *page*. Raises OverflowError if that is more than *characters_left* characters."""
    box = _visible_box(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return PageCharacters([], 0, 0)
    try:
        count = pdfium.FPDFText_CountChars(text_page)
        if count > characters_left:
            raise OverflowError
        rules, pictures, has_invisible = _read_objects(page)
        sheets, unreadable = _read_glyphs(text_page, count, box, has_invisible=has_invisible)
    finally:
        pdfium.FPDFText_ClosePage(text_page)
    order = sorted(sheets, key=lambda quarter: -len(sheets[quarter].glyphs))
    if order:
        turn = _turn(order[0], box)
        for x0, y0, x1, y1 in rules:
            (left, top), (right, bottom) = _apply(turn, x0, y0), _apply(turn, x1, y1)
            sheets[order[0]].rules.append(Rule(min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
    return PageCharacters([sheets[quarter] for quarter in order], unreadable, pictures)


def _visible_box(page: pdfium.FPDF_PAGE) -> Box:
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    left, right = sorted((box.left, box.right))
    bottom, top = sorted((box.bottom, box.top))
    return left, bottom, right, top


def _read_glyphs(
    text_page: pdfium.FPDF_TEXTPAGE, count: int, box: Box, *, has_invisible: bool
) -> tuple[dict[int, Sheet], int]:
    """Return the sheets of a page by their quarter turn, and the number of characters that could not be read."""
    sheets: dict[int, Sheet] = {}
    unreadable = 0
    last_direction: tuple[float, float, float, float] | None = None
    turned: int | None = None
    x, y = ctypes.c_double(), ctypes.c_double()
    matrix, loose = pdfium.FS_MATRIX(), pdfium.FS_RECTF()
    left, bottom, right, top = box
    extent = right - left, top - bottom
    # The functions are called millions of times: no look-up, and a structure as it is, which ctypes passes on quicker
    # than a reference to it.
    get_code, get_origin, get_box = (
        pdfium.FPDFText_GetUnicode,
        pdfium.FPDFText_GetCharOrigin,
        pdfium.FPDFText_GetLooseCharBox,
    )
    get_size, get_matrix, has_no_code = (
        pdfium.FPDFText_GetFontSize,
        pdfium.FPDFText_GetMatrix,
        pdfium.FPDFText_HasUnicodeMapError,
    )
    is_generated, get_object, get_mode = (
        pdfium.FPDFText_IsGenerated,
        pdfium.FPDFText_GetTextObject,
        pdfium.FPDFTextObj_GetTextRenderMode,
    )
    space: tuple[float, float] | None = None
    for index in range(count):
        code = get_code(text_page, index)
        if code in _LINE_ENDS:  # PDFium's own
            continue
        if code == _SPACE:
            if not is_generated(text_page, index) and get_origin(text_page, index, x, y):
                space = x.value, y.value
            continue
        text = readable(code) if not has_no_code(text_page, index) else UNREADABLE
        if not text or not get_origin(text_page, index, x, y):
            continue
        at_x, at_y = x.value, y.value
        if not (left - 1 <= at_x <= right + 1 and bottom - 1 <= at_y <= top + 1):
            continue
        if not get_matrix(text_page, index, matrix):
            continue
        direction = matrix.a, matrix.b, matrix.c, matrix.d
        if direction != last_direction:
            last_direction = direction
            quarter, scale = _quarter(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        size = get_size(text_page, index) * scale
        if not _MIN_SIZE <= size <= 1e4:
            continue
        if has_invisible and get_mode(get_object(text_page, index)) == _INVISIBLE:
            continue
        if quarter is None or not get_box(text_page, index, loose):
            continue
        if quarter != turned:
            turned = quarter
            a, b, c, d, e, f = _turn(quarter, box)
            sheet = sheets.setdefault(quarter, Sheet(*(extent if quarter % 2 == 0 else reversed(extent))))
        begin, base = a * at_x + c * at_y + e, b * at_x + d * at_y + f
        first, end = a * loose.left + c * loose.bottom + e, a * loose.right + c * loose.top + e
        if first > end:
            first, end = end, first
        if not begin < end < begin + 4 * size:
            end = begin + size / 2
        unreadable += text == UNREADABLE
        after_space = space is not None and math.hypot(at_x - space[0], at_y - space[1]) < _MAX_SPACE * size
        space = None
        sheet.glyphs.append(Glyph(text, min(first, begin), end, base, size, after_space))
    return sheets, unreadable


def _quarter(a: float, b: float) -> int | None:
    """Return the direction of text in quarter turns against the clock, None if it is aslant."""
    length = math.hypot(a, b)
    if not length or min(abs(a), abs(b)) > _MAX_SLANT * length:
        return None
    return (0 if a > 0 else 2) if abs(a) > abs(b) else (1 if b > 0 else 3)


def _read_objects(page: pdfium.FPDF_PAGE) -> tuple[list[Box], int, bool]:
    """Return the straight lines of *page*, its number of pictures, and whether it may have invisible text."""
    get_mode = pdfium.FPDFTextObj_GetTextRenderMode
    rules: list[Box] = []
    pictures = read = 0
    has_invisible = False
    for kind, drawn, matrix in islice(_objects(page), MAX_OBJECTS):
        read += 1
        if kind == _TEXT:
            has_invisible = has_invisible or get_mode(drawn) == _INVISIBLE
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures += 1
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            rules += _rules_of_path(drawn, matrix)
    return rules, pictures, has_invisible or read == MAX_OBJECTS


def _objects(page: pdfium.FPDF_PAGE) -> Iterator[tuple[int, pdfium.FPDF_PAGEOBJECT, _Matrix]]:
    """Yield the drawn objects of *page* and of its groups, each with its kind and the matrix of its group."""
    get_object, get_type = pdfium.FPDFPage_GetObject, pdfium.FPDFPageObj_GetType
    groups: list[tuple[pdfium.FPDF_PAGEOBJECT, _Matrix, int]] = []
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        drawn = get_object(page, index)
        kind = get_type(drawn)
        yield kind, drawn, _UNTURNED
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            groups.append((drawn, _UNTURNED, 1))
    while groups:
        group, outer, depth = groups.pop()
        matrix = _product(_matrix_of(group), outer)
        for index in range(pdfium.FPDFFormObj_CountObjects(group)):
            drawn = pdfium.FPDFFormObj_GetObject(group, index)
            kind = get_type(drawn)
            yield kind, drawn, matrix
            if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_NESTED:
                groups.append((drawn, matrix, depth + 1))


def _rules_of_path(path: pdfium.FPDF_PAGEOBJECT, matrix: _Matrix) -> Iterator[Box]:
    """Yield the ends of the straight lines of a path: of a thin one its own, of a larger one the sides it strokes."""
    bounds = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(path, *bounds):
        return
    left, bottom, right, top = (bound.value for bound in bounds)
    if min(right - left, top - bottom) <= _MAX_RULE_WIDTH:
        yield from _rule(_apply(matrix, left, bottom), _apply(matrix, right, top))
        return
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    count = pdfium.FPDFPath_CountSegments(path)
    if not stroke.value or count > _MAX_SEGMENTS:
        return
    matrix = _product(_matrix_of(path), matrix)
    start = last = (0.0, 0.0)
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = _apply(matrix, x.value, y.value)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _rule(last, point)
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield from _rule(point, start)
        last = point


def _rule(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Box]:
    width, height = abs(one[0] - other[0]), abs(one[1] - other[1])
    if min(width, height) <= _MAX_RULE_WIDTH and max(width, height) >= _MIN_RULE_LENGTH:
        yield (*one, *other)


def _matrix_of(drawn: pdfium.FPDF_PAGEOBJECT) -> _Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawn, matrix):
        return _UNTURNED
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _product(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def _apply(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
