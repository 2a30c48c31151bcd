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
from cncert.store.picture_readings import PictureReading
from cncert.terminal.console import print_message, safe_json, stdout_console

_NAMES = {"change_printed": "pct", "words_confidence": "confidence", "pairing_confidence": "pairing"}
"""The fields of a pair whose names are shorter in JSON."""


def print_files(names: Sequence[str], engine: Engine, limits: Limits, *, as_json: bool) -> int:
    """Read the files *names*, and those in the directories among them, as the pictures of one issue in their order.

    What cannot be read has its line on stderr. The exit status: 0, 1 if some could not be read, 2 if there was none.
    """
    missing: list[str] = []
    readable, unreadable = 0, 0
    for picture, reading in read_pictures(_picture_files(names, missing), engine, limits):
        if reading.state in UNREADABLE:
            print_message(f"{picture.name}: {reading.reason}")
            unreadable += 1
        else:
            readable += 1
        if as_json:
            print(safe_json(described(picture, reading)), flush=True)
        else:
            _print_table(picture.name, reading)
    if missing and not readable + unreadable:
        return 2
    return 1 if missing or unreadable else 0


def _picture_files(names: Sequence[str], missing: list[str]) -> Iterator[PictureFile]:
    """Yield the pictures when their turn comes; a file that cannot be read is complained of, and is *missing*."""
    for file in (file for name in names for file in find_files(name)):
        try:
            if isinstance(file, OSError):
                raise file
            with opened(file) as stream:
                data = stream.read(MAX_PICTURE_BYTES + 1)
            if len(data) > MAX_PICTURE_BYTES:
                raise SavedFileError(f"larger than {MAX_PICTURE_BYTES} bytes")
        except (OSError, SavedFileError) as error:
            missing.append(str(file.filename if isinstance(file, OSError) else file))
            print_message(f"{missing[-1]}: {error_reason(error)}")
        else:
            yield PictureFile(file, data)


def described(picture: PictureFile, reading: PictureReading) -> dict[str, Any]:
    """Return what was read in a picture, in JSON form."""
    known = reading.model_dump(mode="json", exclude={"rules", "read_at"})
    pairs = [{_NAMES.get(name, name): value for name, value in pair.items()} for pair in known["pairs"]]
    return {"file": picture.name, "checksum": picture.checksum, **known, "pairs": pairs}


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
