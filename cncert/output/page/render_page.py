"""The page as one HTML text: the template with its data, style sheets and scripts inside."""

from typing import Any

from cncert.ledger.week_states import week_words
from cncert.output.html_pages import (
    content_policy,
    json_block,
    read_file,
    read_words,
    source_hash,
    templates,
    trusted,
)

STYLES = ("base", "layout", "newest", "plots", "calendar", "issues", "quality", "print")
SCRIPTS = (
    *("theme.js", "echarts.min.js", "base.js", "data.js", "words.js", "format.js", "model.js", "evidence.js"),
    *("card.js", "newest.js", "range.js", "plot.js", "plots.js", "calendar.js", "details.js", "issues.js"),
    *("quality.js", "main.js"),
)
"""The static files of the page, in the order in which they are read."""


def page_words() -> dict[str, Any]:
    """Return the words of the page in both languages, with those of the states of weeks and of what would help."""
    of_weeks = week_words()
    states = {f"state.{name}": texts for name, texts in of_weeks["meaning"].items()}
    advice = {f"advice.{name}": texts for name, texts in of_weeks["advice"].items()}
    return {**read_words("page/page_words.toml"), **states, **advice}


def render(data: dict[str, Any], language: str) -> str:
    """Return the page of *data*, in *language* (``en`` or ``zh``) when it is opened. Equal data give equal text."""
    words = page_words()
    if data["sample"]:
        words = {**words, "title": words["sample_title"]}
    styles = "".join(read_file(f"page/static/{name}.css") for name in STYLES)
    scripts = [(name, read_file(f"page/static/{name}")) for name in SCRIPTS]
    policy = content_policy(
        f"script-src {' '.join(source_hash(text) for _, text in scripts)}",
        f"style-src-elem {source_hash(styles)}",
        "style-src-attr 'unsafe-inline'",  # ECharts places its labels with them
        "img-src data: 'self' file:",
    )
    return templates("page").get_template("page.html.j2").render(
        title=words["title"][language],
        language=language,
        sample=words["sample"] if data["sample"] else None,
        data=json_block({**data, "language": language, "words": words}),
        styles=trusted(styles),
        scripts=[(name, trusted(text)) for name, text in scripts],
        csp=policy,
    )  # fmt: skip
