"""The page as one HTML text: the template with its data, style sheets and scripts inside."""

import json
import tomllib
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

STYLES = ("base", "layout", "newest", "plots", "calendar", "issues", "quality", "print")
SCRIPTS = (
    *("theme.js", "echarts.min.js", "base.js", "data.js", "words.js", "format.js", "model.js", "evidence.js"),
    *("card.js", "newest.js", "range.js", "plot.js", "plots.js", "calendar.js", "details.js", "issues.js"),
    *("quality.js", "main.js"),
)
"""The static files of the page, in the order in which they are read."""

_PACKAGE = "cncert.output.page"
_MARKS = "<>&\u2028\u2029"


def render(data: dict[str, Any], language: str) -> str:
    """The page of *data*, in *language* (``en`` or ``zh``) when it is opened. The same data give the same text."""
    words = tomllib.loads(_read("page_words.toml"))
    styles = "".join(_read("static", f"{name}.css") for name in STYLES)
    scripts = [(name, _read("static", name)) for name in SCRIPTS]
    environment = Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("page.html.j2").render(
        title=words["title"][language],
        language=language,
        data=json_block({**data, "language": language, "words": words}),
        styles=_safe(styles),
        scripts=[(name, _safe(text)) for name, text in scripts],
        csp=policy(styles, [text for _, text in scripts]),
    )


def json_block(data: object) -> str:
    """*data* as JSON that nothing inside a script element can end, whatever it says."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in _MARKS:  # they stand in strings only
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return _safe(text)


def _safe(text: str) -> Markup:
    """*text*, which is a file of this package or came through :func:`json_block`, to be set in as it is."""
    return Markup(text)  # noqa: S704


def policy(styles: str, scripts: list[str]) -> str:
    """The Content-Security-Policy: these scripts and this style sheet, local pictures, and no network at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src-elem {_hash(styles)}",
            "style-src-attr 'unsafe-inline'",  # ECharts places its labels with them
            "img-src data: 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(*path: str) -> str:
    return files(_PACKAGE).joinpath(*path).read_text(encoding="utf-8")
