"""An Atom feed (RFC 4287) of the newest issues, for readers of feeds and threat-intelligence platforms."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, time
from html import escape
from typing import Final
from uuid import UUID, uuid5

from lxml import etree
from lxml.etree import _Element as Element

from cncert import __version__
from cncert.items import CHINA, Issue
from cncert.output.export.base_format import ExportOptions, Format
from cncert.output.export.figure_texts import SAMPLE_NOTE, change_text, metric_label, number_text
from cncert.output.export.harmless_text import replace_unsafe
from cncert.output.export.staged_files import StagedFiles
from cncert.report.publication_time import publication_time
from cncert.report.publishers import article_link
from cncert.report.series import SERIES

IDS: Final = UUID("6d0c2a52-3f0b-5b0e-9d4e-7c1f8f6a4b93")
"""An issue has the same id in every feed that anybody exports; one of the sample series has another."""
AUTHOR: Final = "国家互联网应急中心（CNCERT/CC）"
ENTRIES: Final = 50
SAMPLE_TITLE: Final = "【示例数据 Sample】"
"""Before the title of a feed of the sample series, and of each entry: readers show entries without their feed."""


class Atom(Format):
    """One feed, newest first."""

    suffix = ".atom"
    has_tables = False
    in_one_file = True

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        super().__init__(options, staged)
        self._file = staged.open(f"cncert{self.suffix}")
        self._entries: deque[tuple[str, str]] = deque(maxlen=options.entries)

    def add_issue(self, issue: Issue) -> None:
        published = publication_time(issue)
        midnight = datetime.combine(published.day if published else issue.period.end, time(), CHINA)
        moment = issue.article.modified_at or (published and published.moment)
        updated = (moment or (issue.provenance.fetched_at if not published else None) or midnight).isoformat()
        entry = _entry(issue, updated, self.options.is_sample)
        self._entries.append((updated, etree.tostring(entry, encoding="unicode")))

    def finish(self) -> None:
        feed = etree.Element(
            "feed", {"{http://www.w3.org/XML/1998/namespace}lang": "zh-CN", "xmlns": "http://www.w3.org/2005/Atom"}
        )
        _add(feed, "id", _id("weekly", self.options.is_sample))
        _add(feed, "title", SAMPLE_TITLE * self.options.is_sample + SERIES)
        if self.options.is_sample:
            _add(feed, "subtitle", SAMPLE_NOTE)
        _add(feed, "updated", max((updated for updated, _ in self._entries), default="1970-01-01T00:00:00Z"))
        _add(_add(feed, "author"), "name", AUTHOR)
        _add(feed, "generator", "cncert", version=__version__)
        head, tail = etree.tostring(feed, encoding="unicode").rsplit("</feed>", 1)
        self._file.write(f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n')
        self._file.writelines(f"{entry}\n" for _, entry in reversed(self._entries))
        self._file.write(f"</feed>{tail}\n")


def _id(name: str, is_sample: bool) -> str:
    return uuid5(IDS, "sample/" * is_sample + name).urn


def _entry(issue: Issue, updated: str, is_sample: bool) -> Element:
    entry = etree.Element("entry")
    _add(entry, "id", _id(f"weekly/{issue.id}", is_sample))
    # Some readers take a text for HTML in any case: as HTML it is the same to all.
    title = SAMPLE_TITLE * is_sample + " ".join(replace_unsafe(issue.title).split())
    _add(entry, "title", escape(title, quote=False), type="html")
    _add(entry, "updated", updated)
    if issue.published_at:  # a day and a bound are no times: they stand in words
        _add(entry, "published", issue.published_at.isoformat())
    if url := article_link(issue):
        _add(entry, "link", rel="alternate", type="text/html", href=url)
    summary = "；".join([*_facts(issue), *(f"{metric_label(one)} {number_text(one)}" for one in issue.figures)])
    _add(entry, "summary", escape(replace_unsafe(summary), quote=False), type="html")
    _add(entry, "content", etree.tostring(_content(issue), encoding="unicode", method="html"), type="html")
    return entry


def _content(issue: Issue) -> Element:
    content = etree.Element("div")
    _add(content, "p", "，".join((issue.id, f"{issue.period.start} – {issue.period.end}", *_facts(issue))))
    table = _add(content, "table")
    for figure in issue.figures:
        row = _add(table, "tr")
        for text in (metric_label(figure), figure.metric, number_text(figure), change_text(figure), figure.evidence):
            _add(row, "td", text)
    return content


def _facts(issue: Issue) -> Iterator[str]:
    yield f"总体评级 {issue.rating or '未说明'}"
    published = publication_time(issue)
    if published is not None and issue.published_at is None:
        yield f"{'不晚于 ' * published.is_bound}{published.day} 发布"


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    child = etree.SubElement(parent, name, attributes)
    child.text = replace_unsafe(text) or None
    return child
