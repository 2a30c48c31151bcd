"""The page itself: its template, scripts, style sheets and words."""

from http import HTTPStatus
from typing import Any

from cncert.output.check.http import Response
from cncert.output.check.typed_values import numeric_metrics
from cncert.output.html_pages import json_block, read_file, read_words, templates
from cncert.report.metrics import metrics

STATIC = {
    **dict.fromkeys(("base.css", "theme.js", "base.js", "words.js", "format.js"), "page"),
    **dict.fromkeys(("check.css", "check_card.js", "check.js"), "check"),
}
"""The files of the page, and the folder that each is in."""
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def page(data: dict[str, Any], language: str) -> Response:
    """The page with its *data*, in *language* when it is opened."""
    names = [{"name": one.name, "zh": one.zh, "en": one.meaning, "unit": one.unit} for one in metrics()
             if one.name in numeric_metrics()]  # fmt: skip
    words = read_words("page/page_words.toml") | read_words("check/check_words.toml")
    block = json_block({**data, "language": language, "metrics": names, "words": words})
    return _html("check.html.j2", language=language, data=block)


def welcome(cookie: str | None) -> Response:
    """Goes on to the page.

    By itself, and not by a redirect: a strict cookie would not be sent along by a browser that came here by a link.
    """
    response = _html("check_entry.html.j2", is_open=True)
    return Response(response.body, response.kind, headers={"Set-Cookie": cookie} if cookie else {})


def turned_away() -> Response:
    """What everybody else sees."""
    response = _html("check_entry.html.j2", is_open=False)
    return Response(response.body, response.kind, HTTPStatus.UNAUTHORIZED)


def static(name: str) -> Response:
    """One of STATIC."""
    return Response(read_file(f"{STATIC[name]}/static/{name}").encode(), _KINDS[name.rpartition(".")[2]])


def _html(template: str, **data: Any) -> Response:
    return Response(templates("check").get_template(template).render(data).encode(), "text/html; charset=utf-8")
