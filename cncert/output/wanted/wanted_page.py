"""The page of links as one HTML text, without scripts."""

from collections.abc import Sequence
from typing import Any

from cncert.ledger.calendar_gaps import Week, search_title
from cncert.ledger.week_states import week_words
from cncert.output.html_pages import content_policy, read_file, read_words, source_hash, templates, trusted
from cncert.report.publishers import safe_link
from cncert.wechat.address import read_address


def render(missing: Sequence[Week], language: str) -> str:
    """Return the page of the *missing* weeks in *language* (``en``, ``zh``), newest first. Equal weeks give equal text.

    Only addresses of WeChat's articles become links.
    """
    words = {name: texts[language] for name, texts in read_words("wanted/wanted_words.toml").items()}
    styles = read_file("wanted/static/wanted.css")
    weeks = [_shown(week, language, words) for week in reversed(missing)]
    return templates("wanted").get_template("wanted.html.j2").render(
        language="zh-CN" if language == "zh" else "en",
        csp=content_policy(f"style-src {source_hash(styles)}"),
        styles=trusted(styles),
        words=words,
        weeks=weeks,
        links=sum(len(week["links"]) for week in weeks),
    )  # fmt: skip


def _shown(week: Week, language: str, words: dict[str, str]) -> dict[str, Any]:
    links = []
    for url in week.addresses:
        link, address = safe_link(url), read_address(url)
        if link is not None and address is not None:
            kind = "reprint" if url in week.reprints else "article"
            links.append({"url": link, "kind": kind, "name": words[kind], "form": words[f"form_{address.form}"]})
    texts = week_words()
    return {
        "id": week.issue,
        "period": f"{week.period.start} – {week.period.end}",
        "state": week.state,
        "meaning": texts["meaning"][week.state][language],
        "reason": None if week.state == "never named" else week.reason,  # its state says it
        "advice": texts["advice"][week.advice][language] if week.advice else None,
        "search": None if links else search_title(week),
        "links": links,
    }
