"""The files of the stored pictures, and their addresses as seen from the page."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from cncert.items import Picture


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """The directory that holds the pictures, and the folder in which the page will be."""

    directory: Path | None
    """None if they are kept in a bucket."""
    page: Path

    def path(self, picture: Picture) -> Path | None:
        """Return the file of *picture*, None if there is none; nothing outside the directory is one."""
        if self.directory is None or picture.status != "stored" or not picture.path:
            return None
        parts = PurePosixPath(picture.path)
        if parts.is_absolute() or ".." in parts.parts or "\\" in picture.path or "\0" in picture.path:
            return None
        path = self.directory / parts
        return path if path.is_file() else None

    def link(self, picture: Picture) -> str | None:
        """Return the relative address of its file from the page."""
        path = self.path(picture)
        return quote(Path(os.path.relpath(path, self.page)).as_posix()) if path else None
