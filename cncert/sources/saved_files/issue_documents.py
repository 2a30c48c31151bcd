"""Reads what cncert itself wrote of an issue: a line of a feed in JSON Lines, or of the exported table of issues.

A text can state anything, so the document proves no more than any copy: its title, text, pictures and links are read,
and what it says of its source, its figures and its checks is not.
"""

import html
import json
import re
from dataclasses import replace
from typing import Any

from cncert.exceptions import NotAnIssue
from cncert.report.sections import EARLIER_ISSUES_HEADING, read_heading
from cncert.report.title import read_title
from cncert.sources.saved_files.report_copy import MAX_NAME_CHARACTERS, CopyPictures, make_report_copy
from cncert.wechat.article import Article
from cncert.wechat.body import MAX_IMAGES, read_html
from cncert.wechat.text import tidy

_BEGINNING = re.compile(rb'\s{0,9}\{\s{0,9}"(?:_id|issue)"\s{0,9}:\s{0,9}"[0-9]{4}-[0-9]{2}"')
_MAX_LINKS = 100
"""Of the list of earlier issues."""


def may_be_document(head: bytes) -> bool:
    """Whether a file that begins with *head* may hold documents of issues."""
    return _BEGINNING.match(head) is not None


def read_document(line: bytes | str) -> dict[str, Any] | None:
    """Return the document of an issue in *line*, or None if it is none."""
    if not may_be_document(line[:100].encode("utf-8", "replace") if isinstance(line, str) else line[:100]):
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if all(isinstance(document.get(name), str) for name in ("title", "text")) else None


def read_issue_document(document: dict[str, Any]) -> Article:
    """Return the copy of an issue that *document* is. Raises NotAnIssue if its title names none."""
    if read_title(document["title"]) is None:
        raise NotAnIssue("title", f"the title is none of the series: {document['title'][:200]!r}")
    pictures = CopyPictures()
    links = {str(one.get("title")): str(one.get("url") or "") for one in _objects(document, "review")[:_MAX_LINKS]}
    texts = document["text"].split("\n")
    lines = [_paragraph(text, next((url for title, url in links.items() if title in text), "")) for text in texts]
    body = [one for one in _objects(document, "images") if one.get("role") == "body"]
    marks = [pictures.mark(str(one.get("url")), width=str(one.get("width"))) for one in body[:MAX_IMAGES]]
    # Where they stood is not known: before the list of earlier issues, behind which the report ends.
    end = next((place for place, text in enumerate(texts) if read_heading(text) == EARLIER_ISSUES_HEADING), len(texts))
    lines[end:end] = [_paragraph(mark, "") for mark in marks if mark]
    article = document.get("article")
    dates = [document.get(name) for name in ("published_at", "published_on")]
    copy = make_report_copy(
        document["title"],
        read_html("".join(lines)).lines,
        [str(stated) for stated in dates if stated],
        pictures,
        [str(document.get("url") or (article.get("url") if isinstance(article, dict) else None) or "")],
    )
    provenance = document.get("provenance")
    sample = provenance.get("sample") if isinstance(provenance, dict) else document.get("sample")
    named = provenance.get("stated_source") if isinstance(provenance, dict) else document.get("stated_source")
    name = named.get("name") if isinstance(named, dict) else named
    source = " ".join(tidy(name).split())[:MAX_NAME_CHARACTERS] if isinstance(name, str) else ""
    return replace(copy, sample=sample is True, stated_source=source or None)


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = document.get(name)
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def _paragraph(text: str, url: str) -> str:
    return f'<p><a href="{html.escape(url)}">{html.escape(text)}</a></p>' if url else f"<p>{html.escape(text)}</p>"
