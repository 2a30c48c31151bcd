"""Computes the parser's version: that of cncert, and a digest of the code and tables that decide what is read."""

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from typing import Final

from cncert import __version__


def parser_name(*places: str) -> str:
    """Return a name such as ``0.1.0+3f9a2c1b``, which changes with every change in *places*.

    A place is a file of the package, or a folder: its code and tables, without subfolders.
    """
    digest = sha256()
    for name, content in sorted(_sources(places)):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return f"{__version__}+{digest.hexdigest()[:8]}"


def _sources(places: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    package = files("cncert")
    for place in places:
        found = package.joinpath(*place.split("/"))
        for file in found.iterdir() if found.is_dir() else [found]:
            if file.name.endswith((".py", ".toml")):
                yield f"{place}/{file.name}" if found.is_dir() else place, file.read_bytes()


PARSER: Final = parser_name(
    "wechat",
    "cert_site",
    "pdf",
    "report",
    "sources/saved_files",
    "sources/feed_copy.py",
    "data",
)
"""Version of what reads pages."""

PICTURE_RULES: Final = parser_name(
    "infographics/words", "infographics/labels", "report/metrics.py", "report/numbers.py", "data/metric_labels.toml"
)
"""Version of what reads pictures, without the OCR engine."""
