"""Writing a file so that it is either whole or as it was, also after a kill or on a full disk."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put *data* in the place of what *path* holds; its folder is made if need be. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
