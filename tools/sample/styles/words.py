"""Styles that say figures in running text, or write labels downwards."""

from itertools import cycle

from tools.sample.canvas import WHITE, Canvas, between
from tools.sample.invented_figures import families, short_labels, some
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Figure, Slice
from tools.sample.styles.style import MARGIN, change, flow, foot, number, sheet, style

_VERBS = {"band": "为", "middle": "共", "left": "达到"}


def _clause(figure: Figure, look: Look) -> str:
    """A figure in words."""
    share = f"（{figure.share}）" if figure.share else ""
    change_words = "" if figure.change is None else f"，{look.words(figure.change)}"
    verb = _VERBS[look.heading] + figure.qualifier
    return f"{figure.label}{'约为' if verb == '为约' else verb}{figure.printed}{figure.unit}{share}{change_words}"


@style(some(2, 5))
def sentences(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A sentence for each figure, with a bullet before it."""
    size, step, gap = 21, 34, 16
    texts = [f"{_clause(figure, look)}。" for figure in picture.figures]
    if not texts[0].startswith(("本周", "其中")):
        texts[0] = f"本周{texts[0]}"
    blocks = [flow(canvas, text, size, canvas.width - 2 * MARGIN - 60) for text in texts]
    top = sheet(picture, canvas, look, sum(len(block) * step + gap for block in blocks) + 20)
    y = top + 16
    for block in blocks:
        canvas.disc(MARGIN + 20, y, 5, look.colors.main)
        for line in block:
            canvas.text(MARGIN + 40, y, line, size, look.colors.ink)
            y += step
        y += gap


@style(families(1, 2))
def paragraphs(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A paragraph for each whole, its parts in the same sentence."""
    size, step, gap = 20, 33, 34
    texts: list[str] = []
    for figure in picture.figures:
        clause = _clause(figure, look)
        if figure.part:
            texts[-1] += f"，{clause}"
        else:
            texts.append(("本周" if not figure.label.startswith("本周") else "") + clause)
    blocks = [flow(canvas, f"{text}。", size, canvas.width - 2 * MARGIN - 48) for text in texts]
    top = sheet(picture, canvas, look, sum(len(block) * step + gap for block in blocks))
    y = top
    for block in blocks:
        canvas.box(MARGIN, y, canvas.width - 2 * MARGIN, len(block) * step + 20, look.colors.panel, 8)
        for n, line in enumerate(block):
            canvas.text(MARGIN + 24, y + 26 + n * step, line, size, look.colors.ink)
        y += len(block) * step + gap


@style(short_labels(some(3, 5)))
def upright(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Panels side by side, their labels written downwards at the left edge."""
    size = 18
    longest = max(len(figure.label) for figure in picture.figures)
    height = max(180.0, longest * size * 1.14 + 34)
    top = sheet(picture, canvas, look, height + 8)
    column = (canvas.width - 2 * MARGIN) / len(picture.figures)
    for n, (figure, color) in enumerate(zip(picture.figures, cycle(look.colors.accents), strict=False)):
        x = MARGIN + n * column
        canvas.box(x + 4, top, column - 8, height, look.colors.panel, 6)
        canvas.box(x + 4, top, 34, height, color)
        canvas.upright(x + 21, top + 24, figure.label, size, look.colors.ground, bold=True)
        middle = x + 38 + (column - 42) / 2
        number(canvas, look, figure, middle, top + height * 0.4, 30, color, "mm", room=column - 54)
        canvas.text(middle, top + height * 0.4 + 30, figure.unit, 15, look.colors.faint, anchor="mm")
        form = "triangle" if look.form == "words" and len(picture.figures) > 3 else look.form
        change(canvas, look, middle, top + height * 0.4 + 66, figure.change, 12, "mm", form)


@style(some(2, 4))
def poster(picture: Slice, canvas: Canvas, look: Look) -> None:
    """White digits with an edge or a shadow on a gradient, the label over them."""
    row = 150
    height = 110 + row * len(picture.figures) + 30
    canvas.start(height, look.colors.main)
    dark = between(look.colors.main, (0, 0, 0), 0.55)
    canvas.fade(0, 0, canvas.width, height, look.colors.main, dark)
    for n in range(5):
        canvas.ring(canvas.width - 60, 80, 60 + n * 34, between(look.colors.main, WHITE, 0.16), 2)
    canvas.text(MARGIN + 10, 50, picture.title, 32, WHITE, bold=True, family="serif")
    for n, figure in enumerate(picture.figures):
        y = 110 + n * row
        canvas.fitted(MARGIN + 12, y + 16, figure.label, 23, 600, between(look.colors.main, WHITE, 0.85))
        text = f"{figure.qualifier}{figure.printed}{figure.unit}"
        width = canvas.length(text, 54, True, look.digits)
        if look.form in ("triangle", "words"):
            canvas.text(MARGIN + 12, y + 76, text, 54, WHITE, True, "lm", look.digits, outline=dark)
        else:
            canvas.shadow(MARGIN + 12, y + 76, text, 54, WHITE, (0, 0, 0), look.digits)
        change(canvas, look, MARGIN + 40 + width, y + 84, figure.change, 20, fill=WHITE)
    foot(picture, canvas, WHITE)


@style(some(4, 8))
def captions(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Lines of text in which a bar stands between two figures, the change in brackets."""
    texts = []
    for figure in picture.figures:
        change_words = "" if figure.change is None else f"（{look.short(figure.change)}）"
        texts.append(f"{figure.label}：{figure.qualifier}{figure.printed}{figure.unit}{change_words}")
    lines: list[str] = []
    for text in texts:
        joined = f"{lines[-1]}  |  {text}" if lines else text
        if lines and canvas.length(joined, 17) <= canvas.width - 2 * MARGIN - 24:
            lines[-1] = joined
        else:
            lines.append(text)
    top = sheet(picture, canvas, look, 46 * len(lines) + 12)
    for n, line in enumerate(lines):
        y = top + 46 * n
        canvas.box(MARGIN, y, canvas.width - 2 * MARGIN, 38, look.colors.panel, 4)
        canvas.fitted(canvas.width / 2, y + 19, line, 17, canvas.width - 2 * MARGIN - 12, look.colors.ink, anchor="mm")
