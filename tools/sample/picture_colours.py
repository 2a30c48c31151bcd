"""The look of a picture: its colours, the font of its digits, and the form of changes."""

import random
from dataclasses import dataclass
from typing import Literal

from tools.sample.canvas import WHITE, Color
from tools.sample.fonts import Family

ChangeForm = Literal["triangle", "arrow", "glyph", "sign", "words"]


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours of a picture."""

    ground: Color
    panel: Color
    ink: Color
    faint: Color
    main: Color
    on_main: Color
    accents: tuple[Color, ...]


COLORS: tuple[Colors, ...] = (
    Colors(
        (240, 246, 253), WHITE, (38, 50, 70), (120, 132, 150), (24, 92, 176), WHITE,
        ((24, 92, 176), (22, 140, 160), (208, 96, 30), (110, 74, 170), (40, 132, 84), (190, 50, 70)),
    ),
    Colors(
        (255, 250, 242), WHITE, (64, 48, 40), (142, 124, 110), (172, 40, 36), (255, 244, 220),
        ((172, 40, 36), (198, 110, 20), (110, 80, 50), (150, 60, 90), (60, 110, 100), (70, 80, 120)),
    ),
    Colors(
        (10, 20, 46), (22, 38, 76), (226, 236, 250), (150, 172, 206), (30, 130, 214), WHITE,
        ((80, 208, 240), (250, 186, 70), (130, 226, 160), (240, 130, 150), (180, 160, 250), (240, 220, 120)),
    ),
    Colors(
        (244, 250, 247), WHITE, (30, 60, 54), (112, 140, 132), (10, 118, 102), WHITE,
        ((10, 118, 102), (70, 130, 40), (30, 110, 160), (180, 120, 20), (150, 70, 60), (90, 90, 140)),
    ),
    Colors(
        (34, 24, 64), (54, 40, 96), (240, 232, 255), (180, 166, 212), (150, 90, 230), WHITE,
        ((240, 150, 220), (120, 210, 250), (250, 210, 110), (150, 240, 190), (250, 140, 120), (190, 180, 255)),
    ),
    Colors(
        WHITE, (243, 244, 247), (34, 34, 38), (126, 128, 136), (52, 58, 70), WHITE,
        ((52, 58, 70), (196, 60, 40), (40, 100, 170), (60, 130, 90), (170, 120, 30), (120, 80, 150)),
    ),
)  # fmt: skip
RISE_FALL: tuple[tuple[Color, Color], ...] = (
    ((214, 52, 46), (26, 140, 84)),
    ((214, 52, 46), (26, 140, 84)),
    ((226, 96, 24), (30, 110, 200)),
    ((110, 116, 128), (110, 116, 128)),
)
_ON_DARK = ((250, 120, 110), (110, 224, 160))


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture looks."""

    colors: Colors
    digits: Family
    heading: Literal["band", "middle", "left"]
    form: ChangeForm
    against: str
    verbs: tuple[str, str, str]
    """What stands for a rise, a fall, and no change."""
    rise: Color
    fall: Color

    @classmethod
    def random(cls, rng: random.Random) -> "Look":
        """A look."""
        colors = rng.choice(COLORS)
        dark = sum(colors.ground) < 300
        rise, fall = _ON_DARK if dark else rng.choice(RISE_FALL)
        return cls(
            colors,
            rng.choice(("sans", "sans", "serif", "narrow", "light", "arial")),
            rng.choice(("band", "middle", "left")),
            rng.choice(("triangle", "arrow", "glyph", "sign", "words", "words")),
            rng.choice(("较上周", "环比", "比上周", "较上周环比")),
            rng.choice((("上升", "下降", "持平"), ("增长", "下降", "持平"), ("增加", "减少", "持平"))),
            rise,
            fall,
        )

    def color(self, change: float) -> Color:
        """The colour of a change."""
        return self.colors.faint if change == 0 else self.rise if change > 0 else self.fall

    def words(self, change: float) -> str:
        """A change in words, as they stand in a sentence."""
        up, down, level = self.verbs
        return self.against + (level if change == 0 else f"{up if change > 0 else down}{percent(change)}")

    def short(self, change: float) -> str:
        """A change in brackets or in a table's cell: a glyph, or a word, and how much it is."""
        up, down, level = self.verbs if self.form == "words" else ("↑", "↓", self.verbs[2])
        return level if change == 0 else f"{up if change > 0 else down}{percent(change)}"


def percent(change: float) -> str:
    """How much a change is, not its direction."""
    return f"{abs(change):.1f}%"
