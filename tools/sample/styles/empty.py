"""Pictures that state nothing: a code to scan, a heading between two parts, notes."""

import random

from tools.sample.canvas import Canvas
from tools.sample.invented_figures import THEMES, week_words
from tools.sample.picture_colours import Look
from tools.sample.picture_content import Slice
from tools.sample.styles.style import MARGIN, foot, sheet, style

_LINES = (
    "注：",
    "① 网络病毒：有意制造或扩散的恶意程序",
    "② 放马站点：存放恶意程序供下载的网站",
    "③ 环比：与上一周（7天）相比",
    "④ 数量按IP地址去重，1台主机只计1次",
    "■ 表示数量与上周相同  ↑ 表示数量较上周增加  ↓ 表示减少",
    "数据来源：CNCERT、CNVD，截至周日24时",
)


def _nothing(rng: random.Random) -> Slice:
    title = rng.choice(("关于我们", "关注公众号", "数据说明", *THEMES))
    return Slice(title, (), f"第{rng.randint(2, 9)}页 共{rng.randint(9, 14)}页", week_words(rng))


@style(_nothing)
def code(picture: Slice, canvas: Canvas, look: Look) -> None:
    """A pattern like a code to scan, and how to reach somebody."""
    top = sheet(picture, canvas, look, 236)
    side, cell = 29, 7
    rng = random.Random(picture.title + picture.subtitle)
    canvas.box(60, top, side * cell + 20, side * cell + 20, (255, 255, 255))
    for n in range(side * side):
        x, y = n % side, n // side
        if rng.random() < 0.48 and not ((x < 8 or x > side - 9) and (y < 8 or (y > side - 9 and x < 8))):
            canvas.box(70 + x * cell, top + 10 + y * cell, cell, cell, (20, 20, 24))
    for x, y in ((0, 0), (side - 7, 0), (0, side - 7)):
        for inset, color in ((0, (20, 20, 24)), (1, (255, 255, 255)), (2, (20, 20, 24))):
            canvas.box(70 + (x + inset) * cell, top + 10 + (y + inset) * cell, (7 - 2 * inset) * cell,
                       (7 - 2 * inset) * cell, color)  # fmt: skip
    for n, line in enumerate(("长按识别二维码", "电话：010-00000000", "每周四发布 · 7×24小时", "扫码查看往期周报")):
        canvas.text(330, top + 40 + n * 46, line, 22, look.colors.ink)


@style(_nothing)
def heading(picture: Slice, canvas: Canvas, look: Look) -> None:
    """The head of a part with its number."""
    canvas.start(150, look.colors.main)
    canvas.disc(86, 66, 44, look.colors.ground)
    canvas.text(86, 66, f"0{1 + len(picture.title) % 6}", 40, look.colors.main, True, "mm", look.digits)
    canvas.text(156, 58, picture.title, 34, look.colors.on_main, bold=True)
    canvas.text(156, 98, "WEEKLY REPORT / PART", 15, look.colors.on_main)
    if picture.subtitle:
        canvas.text(canvas.width - MARGIN, 24, picture.subtitle, 14, look.colors.on_main, anchor="rm")
    foot(picture, canvas, look.colors.on_main)


@style(_nothing)
def notes(picture: Slice, canvas: Canvas, look: Look) -> None:
    """Footnotes and a legend."""
    top = sheet(picture, canvas, look, 36 * len(_LINES) + 10)
    for n, line in enumerate(_LINES):
        canvas.fitted(MARGIN + 10, top + 16 + n * 36, line, 18, canvas.width - 2 * MARGIN - 20, look.colors.ink)
