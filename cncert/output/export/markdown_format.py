"""Markdown: a readable file an issue, with its figures, its text and its pictures."""

import re
from collections.abc import Iterable, Iterator
from os.path import relpath
from typing import Final
from urllib.parse import quote

from cncert.items import Issue, Picture
from cncert.options import local_folder
from cncert.output.export.base_format import ExportOptions, Format
from cncert.output.export.figure_texts import SAMPLE_NOTE, change_text, metric_label, number_text
from cncert.output.export.harmless_text import replace_unsafe
from cncert.output.export.staged_files import StagedFiles
from cncert.report.publication_time import publication_time
from cncert.report.publishers import article_link, safe_link
from cncert.wechat.address import read_picture
from cncert.wechat.sample_mark import SAMPLE_MARK

DIRECTORY: Final = "markdown"
URL_MARKS: Final = "/:?=&%"
_MARKS: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"} | {mark: f"\\{mark}" for mark in r"\`*_{}[]#~^$"}
)
_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class Markdown(Format):
    """A file an issue in a directory of their own, or all in one."""

    suffix = ".md"
    has_tables = False

    def __init__(self, options: ExportOptions, staged: StagedFiles) -> None:
        super().__init__(options, staged)
        folder, here = local_folder(options.picture_store), options.folder
        # The way from the files to those of the pictures; None if these are in a bucket.
        self._pictures = relpath(folder, here if options.one_file else here / DIRECTORY) if folder else None
        self._whole = staged.open(f"issues{self.suffix}") if options.one_file else None
        # By it scrapy import knows a file of the sample again.
        self._front_matter = f"---\n{SAMPLE_MARK}: true\n---\n\n" if options.is_sample else ""
        if self._whole:
            self._whole.write(self._front_matter)

    def add_issue(self, issue: Issue) -> None:
        text = "\n\n".join(_blocks(issue, self._pictures, self.options.is_sample)) + "\n"
        if self._whole:
            self._whole.write(text + "\n")
        else:
            path = self.staged.path(f"{DIRECTORY}/{issue.id}{self.suffix}")
            path.write_text(self._front_matter + text, encoding="utf-8", newline="")


def escaped(text: str) -> str:
    """*text* as one line that every renderer shows as it is: no HTML, no marks of Markdown."""
    line = " ".join(replace_unsafe(text).split()).translate(_MARKS)
    return re.sub(r"^([0-9]{1,9}(?=[.)]))|^(?=[-+=:%])", r"\1\\", line)


def _blocks(issue: Issue, pictures: str | None, is_sample: bool) -> Iterator[str]:
    yield f"# {escaped(issue.title)}"
    if is_sample:
        yield f"> **{SAMPLE_NOTE}**"
    yield _table(("", ""), _facts(issue))
    if issue.figures:
        yield "## 数据 Figures"
        head = ("指标", "metric", "数值 value", "较上周 change", "来源 source", "原文 evidence")
        lines = (
            (metric_label(one), one.metric, number_text(one), change_text(one), one.source, one.evidence)
            for one in issue.figures
        )
        yield _table(head, (tuple(map(escaped, line)) for line in lines))
    if issue.text.strip():
        yield "## 正文 Text"
        headings = {section.heading for section in issue.sections}
        for line in filter(str.strip, issue.text.splitlines()):
            yield f"### {escaped(line)}" if line in headings else escaped(line)
    if issue.images:
        yield "## 图片 Pictures"
        yield from (_picture(place, picture, pictures) for place, picture in enumerate(issue.images, 1))
    if issue.warnings:
        yield "## 疑点 Warnings"
        yield "\n".join(f"- {escaped(warning.code)}: {escaped(warning.message)}" for warning in issue.warnings)


def _facts(issue: Issue) -> Iterator[tuple[str, str]]:
    yield "期号 issue", issue.id
    yield "周 week", f"{issue.period.start} – {issue.period.end}"
    published = publication_time(issue)
    by = "不晚于 by " if published and published.is_bound else ""
    time = f" {published.moment:%H:%M} (UTC+8)" if published and published.moment else ""
    yield "发布 published", f"{by}{published.day}{time}" if published else ""
    yield "总体评级 rating", issue.rating or ""
    yield "公众号 account", escaped(issue.account.name or "")
    url = article_link(issue)
    yield "文章 article", f"<{quote(url, safe=URL_MARKS)}>" if url else ""
    for one in issue.documents:
        link = safe_link(one.url)
        yield "PDF", f"<{quote(link, safe=URL_MARKS)}>" if link else escaped(one.path or "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), *rows))


def _picture(place: int, picture: Picture, pictures: str | None) -> str:
    if pictures is not None and picture.path and _PATH.fullmatch(picture.path):
        return f"![图片 {place}]({quote(f'{pictures}/{picture.path}')})"
    if address := read_picture(picture.url):
        return f"![图片 {place}]({quote(address.largest, safe=URL_MARKS)})"
    return f"图片 {place}: {picture.status}"
