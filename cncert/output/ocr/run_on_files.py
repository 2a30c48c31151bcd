"""``scrapy ocr FILE...``: pictures of files and pages of PDFs, read and printed; nothing is stored."""

from collections.abc import Iterator, Sequence
from typing import Any

from cncert.exceptions import SavedFileError, error_reason
from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.infographics.words.ocr_engine import Engine
from cncert.infographics.words.open_image import UNREADABLE, OpenedPicture
from cncert.infographics.words.read_picture import PictureFile, read_pictures
from cncert.pdf.draw_pages import draw_pages
from cncert.pdf.read_document import is_pdf
from cncert.pdf.read_pdf import MAX_BYTES
from cncert.pdf.reading import PdfState
from cncert.sources.saved_files.find_files import find_files, opened
from cncert.store.picture_readings import PictureReading, ReadingState
from cncert.terminal.console import print_message, safe_json, stdout_console

_NAMES = {"change_printed": "pct", "words_confidence": "confidence", "pairing_confidence": "pairing"}
"""The fields of a pair whose names are shorter in JSON."""
_STATES: dict[PdfState, ReadingState] = {PdfState.TOO_LARGE: "too_large", PdfState.ENCRYPTED: "unsupported"}
"""Those of PDFs that cannot be drawn; all others are broken."""


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
                data = stream.read(MAX_BYTES + 1)
            limit = MAX_BYTES if is_pdf(data) else MAX_PICTURE_BYTES
            if len(data) > limit:
                raise SavedFileError(f"larger than {limit} bytes")
        except (OSError, SavedFileError) as error:
            missing.append(str(file.filename if isinstance(file, OSError) else file))
            print_message(f"{missing[-1]}: {error_reason(error)}")
        else:
            if is_pdf(data):
                yield from _pages(file, data)
            else:
                yield PictureFile(file, data)


def _pages(file: str, data: bytes) -> Iterator[PictureFile]:
    """Yield the pages of a PDF as pictures; the PDF itself in place of what cannot be drawn."""
    for number, page in enumerate(draw_pages(data), 1):
        if isinstance(page, bytes):
            yield PictureFile(f"{file} page {number}", page)
        else:
            yield PictureFile(file, data, OpenedPicture(_STATES.get(page.state, "broken"), page.reason))


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
