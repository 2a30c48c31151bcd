"""Draws test pictures for ``scrapy ocr``: ``python -m tools.sample.ocr_test_pictures FOLDER --seed N --count K``.

Random figures in random styles, distorted at random; ``truth.json`` beside them says what a careful person reads. The
same seed gives the same pictures (with the same fonts and Pillow).
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from PIL import Image

from tools.sample.canvas import DESIGN, SMOOTH, Canvas, Writing, encode
from tools.sample.damaged_pictures import DISTORTIONS
from tools.sample.picture_colours import Look, percent
from tools.sample.picture_content import Figure, Slice
from tools.sample.styles import STYLES

WIDTHS = (640, 640, 677, 720, 800, 900, 1080)
COLORS = 96
"""A PNG has no more colours."""


@dataclass(frozen=True, slots=True)
class Examination:
    """A picture, in slices if it was cut, and what it states."""

    style: str
    distortion: str
    slice: Slice
    images: tuple[Image.Image, ...]
    written: tuple[Writing, ...]
    """What was written before the picture was reduced and distorted."""

    def truth(self) -> dict[str, object]:
        """What a careful person reads."""
        return {
            "pairs": [pair(figure) for figure in self.slice.figures],
            "nothing": not self.slice.figures,
            "title": self.slice.title,
            "style": self.style,
            "distortion": self.distortion,
            "size": self.images[0].size,
        }


def pair(figure: Figure) -> dict[str, object]:
    """A label and its number; ``value`` is the number as printed, ``amount`` what it means in plain units."""
    change = figure.change
    return {
        "label": figure.label,
        "value": figure.printed,
        "pct": percent(change) if change else None,
        "dir": None if change is None else "flat" if change == 0 else "up" if change > 0 else "down",
        "metric": figure.metric,
        "amount": figure.value,
        "qualifier": figure.qualifier or None,
        "share": figure.share or None,
    }


def examine(rng: random.Random, style: str, distortion: str, width: int) -> Examination:
    """Draw a picture of *width* pixels."""
    picture, look = STYLES[style].invent(rng), Look.random(rng)
    canvas = Canvas(width / DESIGN)
    STYLES[style].draw(picture, canvas, look)
    image = canvas.image.resize((width, canvas.image.height // SMOOTH), Image.Resampling.LANCZOS)
    images = DISTORTIONS[distortion](image, rng)
    return Examination(style, distortion, picture, tuple(images), tuple(canvas.written))


def save(exam: Examination, folder: Path, name: str, quality: int) -> list[str]:
    """Write the picture's files; their names. A *quality* of 0 makes a PNG."""
    names = []
    for n, image in enumerate(exam.images, 1):
        part = f"_{n}" if len(exam.images) > 1 else ""
        names.append(f"{name}{part}.{'jpg' if quality else 'png'}")
        few = image if quality else image.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        data = encode(few, "JPEG" if quality else "PNG", quality)
        (folder / names[-1]).write_bytes(data)
    return names


def draw(folder: Path, seed: int, count: int, styles: Sequence[str], distortions: Sequence[str]) -> None:
    """Write *count* pictures and their truth. Styles take turns; so do distortions, for every other picture."""
    rng = random.Random(seed)
    truth: dict[str, dict[str, object]] = {}
    order = [style for _ in range(count // len(styles) + 1) for style in rng.sample(styles, len(styles))]
    twists = cycle(rng.sample(distortions, len(distortions)))
    for n, style in enumerate(order[:count], 1):
        distortion = "plain" if n % 2 else next(twists)
        exam = examine(rng, style, distortion, rng.choice(WIDTHS))
        quality = rng.randint(55, 85) if distortion in ("noisy", "coarse") or rng.random() < 0.4 else 0
        names = save(exam, folder, f"{n:03d}_{style}_{distortion}", quality)
        truth[names[0]] = exam.truth() | ({"slices": names} if len(names) > 1 else {})
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    twists = [name for name in DISTORTIONS if name != "plain"]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=len(STYLES))
    parser.add_argument("--styles", nargs="+", choices=list(STYLES), default=list(STYLES), metavar="STYLE")
    parser.add_argument("--distortions", nargs="+", choices=list(DISTORTIONS), default=twists, metavar="HOW")
    asked = parser.parse_args(arguments)
    try:
        asked.folder.mkdir(parents=True, exist_ok=True)
        draw(asked.folder, asked.seed, asked.count, asked.styles, asked.distortions)
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}") from None


if __name__ == "__main__":
    main()
