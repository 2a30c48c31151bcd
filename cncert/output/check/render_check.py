"""The HTML of the page, and the files that it loads."""

from typing import Any

from cncert.output.check.typed_values import numeric_metrics
from cncert.output.html_pages import json_block, read_words, templates
from cncert.report.metrics import metrics

STATIC_FILES = {
    **{name: f"page/static/{name}" for name in ("base.css", "theme.js", "base.js", "words.js", "format.js")},
    **{name: f"check/static/{name}" for name in ("check.css", "check_card.js", "check.js")},
}
"""Where each file that the page loads is."""


def render_check(data: dict[str, Any], language: str) -> str:
    """Return the page with its *data*, in *language* when it is opened."""
    names = [{"name": one.name, "zh": one.zh, "en": one.meaning, "unit": one.unit} for one in metrics()
             if one.name in numeric_metrics()]  # fmt: skip
    words = read_words("page/page_words.toml") | read_words("check/check_words.toml")
    block = json_block({**data, "language": language, "metrics": names, "words": words})
    return templates("check").get_template("check.html.j2").render(language=language, data=block)


def render_entry(*, is_open: bool) -> str:
    """Return what a browser sees that opens the address: it goes on to the page, or is refused.

    By itself, and not by a redirect: a strict cookie would not be sent along by a browser that came here by a link.
    """
    return templates("check").get_template("check_entry.html.j2").render(is_open=is_open)
