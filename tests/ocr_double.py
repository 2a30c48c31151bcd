"""A double of the OCR model: what is in a picture it knows from the colour of its upper left corner.

For tests of what surrounds the reading; whether pictures are read rightly is for tests with the real engine. It is
opened in worker processes, as ``tests.ocr_double:First`` or ``tests.ocr_double:Second``.
"""

import io
import os
import signal
import time
from pathlib import Path
from typing import Any

from PIL import Image

from cncert.infographics.words.ocr_engine import TextLine

DIES, HANGS = 200, 201
"""Numbers of pictures over which the engine dies, and never comes back."""
BLANK = 0
LABELS = ("被篡改网站数量", "被植入后门网站数量", "仿冒页面数量")
"""What a picture states, by its number."""
LOG = "OCR_DOUBLE_LOG"
"""Environment variable: a file that gets a line for each picture that is read."""


def picture(number: int) -> bytes:
    """A picture that states *number*."""
    drawn = Image.new("RGB", (80, 60), "white")
    drawn.paste((number, 7, 90), (0, 0, 40, 60))
    output = io.BytesIO()
    drawn.save(output, "PNG")
    return output.getvalue()


class First:
    """Reads one line in every picture, with its number in it."""

    name = "double-1"
    more = 0

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def read(self, image: Any, side: int) -> list[TextLine]:
        """As :meth:`Engine.read`; *side* tells the first pass from the second."""
        number = int(image[0, 0, 2])
        if number == DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        while number == HANGS:
            time.sleep(0.01)
        if side == 736 and (log := os.environ.get(LOG)):
            with Path(log).open("a") as file:
                file.write(f"{number}\n")
            time.sleep(0.03)
        return [] if number == BLANK else [line(f"{LABELS[number % 3]}{number + self.more}个")]


class Second(First):
    """A later version, which reads every number as one more."""

    name = "double-2"
    more = 1


def line(text: str) -> TextLine:
    """A line of text that the engine is sure of."""
    return TextLine(text, ((2, 10), (78, 10), (78, 30), (2, 30)), (0.99,) * len(text))
