"""``scrapy ocr FILE...``: pictures of files, read and printed; nothing is stored."""

from collections.abc import Iterator, Sequence
from typing import Any

from cncert.exceptions import SavedFileError, error_reason
from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.infographics.words.ocr_engine import Engine
from cncert.infographics.words.open_image import UNREADABLE
from cncert.infographics.words.read_picture import PictureFile, read_pictures
from cncert.sources.saved_files.find_files import find_files, opened
from cncert.store.picture_readings import LabelledNumber, PictureReading
from cncert.terminal.console import print_message, safe_json, stdout_console


def print_files(names: Sequence[str], engine: Engine, limits: Limits, *, as_json: bool) -> int:
    """Read the files *names*, and those in the directories among them, as the pictures of one issue in their order.

    What cannot be read has its line on stderr. The exit status: 0, 1 if some could not be read, 2 if there was none.
    """
    files = _Files(names)
    readable, unreadable = 0, 0
    for picture, reading in read_pictures(files.pictures(), engine, limits):
        if reading.state in UNREADABLE:
            print_message(f"{picture.name}: {reading.reason}")
            unreadable += 1
        else:
            readable += 1
        if as_json:
            print(safe_json(described(picture, reading)), flush=True)
        else:
            _print_table(picture.name, reading)
    if files.missing and not readable + unreadable:
        return 2
    return 1 if files.missing or unreadable else 0


class _Files:
    """Files, read when their turn comes."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.missing = 0

    def pictures(self) -> Iterator[PictureFile]:
        """The pictures; complains of each file that cannot be read."""
        for file in (file for name in self._names for file in find_files(name)):
            try:
                if isinstance(file, OSError):
                    raise file
                with opened(file) as stream:
                    data = stream.read(MAX_PICTURE_BYTES + 1)
                if len(data) > MAX_PICTURE_BYTES:
                    raise SavedFileError(f"larger than {MAX_PICTURE_BYTES} bytes")
            except (OSError, SavedFileError) as error:
                self.missing += 1
                print_message(f"{file.filename if isinstance(file, OSError) else file}: {error_reason(error)}")
            else:
                yield PictureFile(file, data)


def described(picture: PictureFile, reading: PictureReading) -> dict[str, Any]:
    """What was read in a picture, in JSON form."""
    return {
        "file": picture.name,
        "checksum": picture.checksum,
        "state": reading.state,
        "reason": reading.reason,
        "width": reading.width,
        "height": reading.height,
        "engine": reading.engine,
        "seconds": reading.seconds,
        "engine_seconds": reading.engine_seconds,
        "words": reading.words,
        "joined": reading.joined,
        "pairs": [_described(pair) for pair in reading.pairs],
    }


def _described(pair: LabelledNumber) -> dict[str, Any]:
    return {
        "label": pair.label,
        "metric": pair.metric,
        "printed": pair.printed,
        "value": pair.value,
        "unit": pair.unit,
        "qualifier": pair.qualifier,
        "change_pct": pair.change_pct,
        "pct": pair.change_printed,
        "direction": pair.direction,
        "share_pct": pair.share_pct,
        "box": pair.box,
        "confidence": pair.words_confidence,
        "pairing": pair.pairing_confidence,
        "agreed": pair.agreed,
        "state": pair.state,
        "reason": pair.reason,
        "evidence": pair.evidence,
    }


def _print_table(name: str, reading: PictureReading) -> None:
    """The pairs of a picture for a person."""
    console = stdout_console()
    console.print(f"{name}  {reading.state}", markup=False)
    for pair in reading.pairs:
        change = "" if pair.change_pct is None else f"  {pair.change_pct:+.12g}%"
        reason = f"  ({pair.reason})" if pair.reason else ""
        console.print(
            f"  {pair.state:9}  {pair.metric or '-'}  {pair.label} {pair.printed}{change}{reason}", markup=False
        )
