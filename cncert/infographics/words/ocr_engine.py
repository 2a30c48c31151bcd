"""Engines that find words in a picture.

Another engine is a class with the members of :class:`Engine` and a line in ``_ENGINES``, all in this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

from cncert.exceptions import OcrError
from cncert.terminal.extras import install_command

if TYPE_CHECKING:
    import numpy as np
    from rapidocr.ch_ppocr_rec.typings import WordInfo

MOST_WORDS = 300
"""Words that are looked for in one piece of a picture; noise can look like any number of them."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text that an engine found."""

    text: str
    corners: tuple[tuple[float, float], ...]
    """Upper left, upper right, lower right, lower left: of the line, however it is turned."""
    scores: tuple[float, ...]
    """How sure each character is, 0 to 1."""
    places: tuple[float, ...] = ()
    """Where the middle of each character stands, 0 at the left end and 1 at the right."""


class Engine(Protocol):
    """Finds words. Not for several threads at once."""

    name: str
    """With its version and its models: ``rapidocr-3.10.0+PP-OCRv6_small``."""

    def read(self, image: "np.ndarray", side: int) -> list[TextLine]:
        """The words in *image*, BGR pixels, which is enlarged to *side* pixels on its shorter side to look for them."""


class RapidOcr:
    """RapidOCR on ONNX Runtime, with the models of its wheel."""

    def __init__(self, threads: int = 0) -> None:
        """*threads*: so many cores, 0 for all. Raises OcrError if it is not installed or its models are missing."""
        try:
            from rapidocr import RapidOCR  # loading it takes half a second
        except ImportError as error:
            raise OcrError(f"no engine to read pictures with ({error}): {install_command('ocr')}") from error
        params = {
            "Global.use_cls": False,  # the classifier turns 99 into 66, and is sure of it
            "Global.log_level": "critical",
            "Det.max_candidates": MOST_WORDS,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
        }
        self._ocr = RapidOCR(params=params)
        self._ocr.return_word_box = True  # the score of each character, not only their mean
        models = self._ocr.cfg.Rec
        self.name = f"rapidocr-{version('rapidocr')}+{models.ocr_version.value}_{models.model_type.value}"

    def read(self, image: "np.ndarray", side: int) -> list[TextLine]:
        """As :meth:`Engine.read`."""
        from rapidocr.main import RapidOCRError

        self._ocr.cfg.Det.limit_side_len = side
        if self._ocr.text_det is not None:
            self._ocr.text_det.limit_side_len = side
        record: dict[str, dict[str, float]] = {}
        try:
            crops, lines = self._ocr.detect_and_crop(image, record)
            read: Any = self._ocr.recognize_txt(crops)  # its own types promise less than it gives
        except RapidOCRError:  # nothing was found
            return []
        top = record["padding_1"]["top"]  # a narrow strip is read with room above it
        boxes: Any = lines.boxes
        return [
            TextLine(text, tuple((x, y - top) for x, y in corners), tuple(info.confs or ()), _places(text, info))
            for text, corners, info in zip(read.txts, boxes.tolist(), read.word_results, strict=True)
            if text.strip() and len(info.confs or ()) == len(text)
        ]


def _places(text: str, info: "WordInfo") -> tuple[float, ...]:
    """The engine counts columns, of all characters but spaces: these stand beside the one before."""
    columns = iter(column for columns in info.word_cols for column in columns)
    places, place = [], 0.0
    for character in text:
        if not character.isspace():
            place = (next(columns, 0) + 0.5) / info.line_txt_len
        places.append(place)
    return tuple(places)


_ENGINES: dict[str, Callable[[int], Engine]] = {"rapidocr": RapidOcr}
DEFAULT_ENGINE = "rapidocr"


def open_engine(name: str = DEFAULT_ENGINE, threads: int = 0) -> Engine:
    """Return the engine *name*; loading takes about a second, so a process keeps it. Raises OcrError if there is none.

    ``package.module:function`` names one of somebody else: what that returns for so many *threads*.
    """
    if ":" not in name and name not in _ENGINES:
        raise OcrError(f"no engine is called {name!r}: there is {', '.join(_ENGINES)}, or package.module:function")
    if name in _ENGINES:
        return _ENGINES[name](threads)
    module, _, function = name.partition(":")
    try:
        engine: Engine = getattr(import_module(module), function)(threads)
    except (ImportError, AttributeError, ValueError) as error:
        raise OcrError(f"the engine {name!r} cannot be had: {error}") from error
    return engine
