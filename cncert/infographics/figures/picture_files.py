"""The files of pictures below ``CNCERT_FILES``."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cncert import options
from cncert.exceptions import OcrError, error_reason
from cncert.items import Issue, Picture

MAX_PICTURE_BYTES = 20 * 1024 * 1024
"""The largest picture that a crawl keeps."""


class NoPictureFile(Exception):
    """The file of a picture is not there, or not the one that a crawl stored. Raised from :func:`read_file`."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """A picture of an issue and its file."""

    issue: str
    key: str
    path: str
    """Below ``CNCERT_FILES``."""
    checksum: str
    """SHA-256 of the file."""
    number: int
    """Which file of the issue it is, in reading order."""

    def __str__(self) -> str:
        return f"{self.issue} {self.path}"


def body_files(issue: Issue) -> dict[str, Picture]:
    """Return the pictures of *issue* that have a file, by its checksum, each once and in reading order; no cover."""
    found: dict[str, Picture] = {}
    for picture in issue.images:
        if picture.role == "body" and picture.status == "stored" and picture.checksum and picture.path:
            found.setdefault(picture.checksum, picture)
    return found


def places(issue: Issue) -> list[PicturePlace]:
    """Return where the files of :func:`body_files` are."""
    files = enumerate(body_files(issue).items())
    return [PicturePlace(issue.id, one.key, one.path or "", checksum, n) for n, (checksum, one) in files]


def local_folder(place: str) -> Path:
    """Return the directory that ``CNCERT_FILES`` names. Raises OcrError for a bucket."""
    folder = options.local_folder(place)
    if folder is None:
        raise OcrError(
            f"CNCERT_FILES={urlsplit(place).scheme}://…: pictures are read from a directory only; "
            "copy the bucket, and name the copy in CNCERT_FILES"
        )
    return folder


def read_file(folder: Path, picture: PicturePlace) -> bytes:
    """Return the bytes of a picture's file. Raises NoPictureFile if it cannot be read or is not the stored one."""
    try:
        path = (folder / picture.path).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise NoPictureFile("its path leads out of CNCERT_FILES")
        with path.open("rb") as file:
            data = file.read(MAX_PICTURE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise NoPictureFile(f"its file cannot be read: {error_reason(error)}") from error
    if len(data) > MAX_PICTURE_BYTES or hashlib.sha256(data).hexdigest() != picture.checksum:
        raise NoPictureFile("its file is not the one that was stored")
    return data
