"""Which parser this is: the version of cncert, and a digest of the code and tables that decide what is read."""

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Final

from cncert import __version__


def parser_name() -> str:
    """``0.1.0+3f9a2c1b``: another one after any change of code or tables, whether somebody thought of it or not."""
    digest = sha256()
    for name, content in sorted(_sources()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return f"{__version__}+{digest.hexdigest()[:8]}"


def _sources() -> Iterator[tuple[str, bytes]]:
    package = files("cncert")
    for room in ("wechat", "report", "saved", "data"):
        for file in package.joinpath(room).iterdir():
            if file.name.endswith((".py", ".toml")):
                yield f"{room}/{file.name}", file.read_bytes()
    yield "pipelines/clean.py", package.joinpath("pipelines", "clean.py").read_bytes()


PARSER: Final = parser_name()
