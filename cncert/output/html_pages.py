"""What the report page and the check page are built with: package files, templates, data for scripts, the policy."""

import json
import tomllib
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_PACKAGE = "cncert.output"
_ESCAPED = "<>&\u2028\u2029"


@cache
def read_file(path: str) -> str:
    """Return the text of a file of this package, such as ``page/static/base.js``."""
    return files(_PACKAGE).joinpath(path).read_text(encoding="utf-8")


@cache
def read_words(path: str) -> dict[str, Any]:
    """Return the words of a page in both languages, from a TOML file of this package."""
    return tomllib.loads(read_file(path))


@cache
def templates(folder: str) -> Environment:
    """Return the Jinja environment of *folder*: everything that is filled in is escaped, and nothing may be missing."""
    loader = PackageLoader(_PACKAGE, f"{folder}/templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)


def json_block(data: object) -> Markup:
    """Return *data* as JSON that nothing inside a script element can end, whatever it says."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in _ESCAPED:  # they occur in strings only
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return trusted(text)


def trusted(text: str) -> Markup:
    """Mark *text*, a file of this package or the result of :func:`json_block`, as needing no escaping."""
    return Markup(text)  # noqa: S704  # nothing that came from outside


def content_policy(*rules: str) -> str:
    """Return a Content-Security-Policy that allows nothing but *rules*."""
    return "; ".join(("default-src 'none'", *rules, "base-uri 'none'", "form-action 'none'"))


def source_hash(text: str) -> str:
    """Return how a Content-Security-Policy names an inline script or style sheet."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
