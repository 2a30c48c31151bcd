"""Two worlds of weekly reports on the loopback site, each with what a crawl should have of every week in the end.

``generous``: 120 weeks. CNCERT's newest 80 addresses are unsigned, so they are challenged. 60 of these weeks are
reprinted under short addresses: 40 in a list of known reprints, 20 only in an aggregator's feed. The other 40 addresses
are signed, and answered. ``real``: the weeks, addresses and reprints of the bundled index, every page drawn. Nothing is
random.
"""

import asyncio
import csv
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from cncert.items import CHINA, Issue
from cncert.report import calendar
from cncert.sources import IndexedIssue, IndexedReprint, bundled_index, bundled_reprints
from cncert.store import open_store
from cncert.wechat.address import biz_text, read_address
from tests import series
from tests.site import feeds, pages
from tests.site.crawl import ROOT, crawl_args, project_env, run_scrapy
from tests.site.reprints import REPRINTERS, Kind, Reprinter, contradict, reprint_spec, reprint_url
from tests.site.server import LoopbackWeChat

FEED_HOST, FEED_PATH = "wechat.doonsec.com", "/rss.xml"
FEED = f"https://{FEED_HOST}{FEED_PATH}"
SOURCES: dict[Kind, str] = {"card": "reprint_card", "whole": "reprint"}
"""What a document is read from, by the kind of the reprint."""
BLOCKED, KNOWN, NEVER_NAMED = "blocked", "known", "never named"
CHKSM = "973acc0aa04d451c" + "6f" * 30


async def documents(folder: Path) -> dict[str, Issue]:
    """The documents of the store in *folder*, by week."""
    async with open_store(f"sqlite:///{folder / 'cncert.db'}") as store:
        return {issue.id: issue async for issue in store.issues()}


@dataclass(frozen=True)
class Found:
    """What a crawl has of a week."""

    had: str
    """The source of its document, else the state with which it is missing."""
    why: str | None = None
    """Why it is missing or what would help, as ``scrapy gaps`` says it; None if it is not."""


@dataclass(frozen=True)
class World:
    """What stands on the site, what the project knows of it, and what is right."""

    name: str
    weeks: tuple[str, ...]
    pages: dict[str, bytes]
    """By address."""
    posts: tuple[feeds.Post, ...]
    """Of the series, among 500 entries of the aggregator's feed."""
    index: tuple[IndexedIssue, ...]
    reprints: tuple[IndexedReprint, ...]
    right: dict[str, str]
    """By week: the source of its document, or the state with which it is missing."""
    opened: tuple[str, str]
    """A week of a reprint that is edited, and the signed address under which its own page is answered."""

    def hosts(self) -> list[str]:
        """The hosts beside those of WeChat."""
        return [FEED_HOST]

    def put(self, site: LoopbackWeChat) -> None:
        """Put all pages, their pictures and the feed on *site*, which challenges every unsigned address."""
        site.challenge_unsigned = True
        for url, page in self.pages.items():
            site.add_article(url, page)
        site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
        for number, url in enumerate(url for issue in self.weeks for url in series.published(issue).pictures):
            site.add_picture(url, series.drawing(1 + number))
        end = calendar.period(*calendar.parse_week(self.weeks[-1])).end
        newest = datetime.combine(end + timedelta(days=5), time(18, 0), CHINA)
        feed = feeds.doonsec(feeds.aggregated(self.posts, newest=newest))
        site.add_path(FEED_HOST, FEED_PATH, feed, content_type="text/xml")

    def project(self, folder: Path) -> Path:
        """Return the project in which commands run: a copy in *folder* whose bundled index is that of this world."""
        if self.index == bundled_index():
            return ROOT
        place = folder / "project"
        if not place.exists():
            left_out = shutil.ignore_patterns("__pycache__", "sample")
            shutil.copytree(ROOT / "cncert", place / "cncert", ignore=left_out)
            shutil.copy(ROOT / "scrapy.cfg", place)
            data = place / "cncert" / "data"
            _write(data / "known_issues.csv", [_index_row(one) for one in self.index])
            known = [
                {"issue": one.issue, "account": one.account, "first_seen": "", "url": one.url} for one in self.reprints
            ]
            _write(data / "known_reprints.csv", known)
        return place

    def run(self, site: LoopbackWeChat, folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy *args`` in the world's project; what is kept is in *folder*."""
        place = self.project(folder)
        # A process that was forked from one of the tests would have the index of the bundled project.
        own = {} if place == ROOT else {"PYTHONPATH": str(place)}
        given = project_env(site, folder, CNCERT_FEEDS=FEED, **own, **env)
        return run_scrapy(*args, env=given, cwd=place, timeout=300)

    def crawl(self, site: LoopbackWeChat, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Crawl all weeks of the world."""
        bounds = (f"from={self.weeks[0]}", f"until={self.weeks[-1]}")
        return self.run(site, folder, *crawl_args((*bounds, *args), {"LOG_LEVEL": "INFO"}))

    def found(self, site: LoopbackWeChat, folder: Path) -> dict[str, Found]:
        """Return what is in *folder*, for each week of the world."""
        bounds = ("--from", self.weeks[0], "--until", self.weeks[-1])
        gaps = {week["issue"]: week for week in json.loads(self.run(site, folder, "gaps", "--json", *bounds).stdout)}
        found = {week: Found(issue.provenance.source) for week, issue in asyncio.run(documents(folder)).items()}
        for week in self.weeks:
            gap = gaps.get(week, {"state": "not listed"})
            found.setdefault(week, Found(gap["state"], gap["advice_en"] or ""))
        return found


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _index_row(one: IndexedIssue) -> dict[str, Any]:
    week, address = calendar.parse_week(one.issue), read_address(one.url or "")
    period, key = calendar.period(*week), address.key if address else None
    return {
        "year": week[0], "number": week[1], "start": period.start, "end": period.end, "title": one.title,
        "first_seen": "", "mid": key.mid if key else "", "idx": key.idx if key else "", "url": one.url or "",
    }  # fmt: skip


def unsigned(url: str) -> str:
    """The long address *url* without its signature."""
    return url.partition("&chksm")[0]


def _original(issue: str, url: str, linked: dict[str, str]) -> pages.ArticleSpec:
    """The article of *issue* at *url*; its list links to the addresses *linked*."""
    sn = unsigned(url).rpartition("sn=")[2]
    chksm = url.partition("&chksm=")[2] or None
    return series.spec_of(issue, linked=linked.get, sn=sn, chksm=chksm)


# ---------------------------------------------------------------------------------------------------------------------
# The generous world

ALL, NEWEST = 120, 80


def generous() -> World:
    """Three of four weeks without an answered address are reprinted; all that can be known of them is known."""
    # Before the first week of the bundled index: the addresses of these weeks are invented.
    weeks = tuple(series.week_ids("2020-01", "2022-26")[-ALL:])
    old = weeks[:-NEWEST]
    signed = {issue: series.published(issue).url for issue in series.week_ids("2019-40", weeks[-1])}
    own = {issue: url if issue <= old[-1] else unsigned(url) for issue, url in signed.items()}
    originals = {issue: _original(issue, own[issue], own) for issue in weeks}
    stand = {own[issue]: pages.render(originals[issue]) for issue in weeks}
    right = {issue: "page" if issue in old else BLOCKED for issue in weeks}
    listed, posts, opened = [], [], ""
    for place, issue in enumerate(weeks[len(old) :]):
        original, by = originals[issue], REPRINTERS[place % len(REPRINTERS)]
        if place % 4 == 0:  # the 20 weeks that nobody reprints
            continue
        kind: Kind = "card" if place % 8 < 4 else "whole"
        edit = {5: "figure", 6: "paragraph"}.get(place)
        spec = reprint_spec(original, kind, by=by, edit=edit)
        url = reprint_url(spec)
        stand[url], right[issue] = pages.render(spec), SOURCES[kind]
        if edit == "figure":
            opened = issue
        if place % 4 == 3:
            posts.append(feeds.Post(original.title, url, _shown(original, len(posts)), account=by.name))
        else:
            listed.append(IndexedReprint(issue, by.name, url))
    for issue, (url, page) in zip(weeks[len(old) :: 4], _false_reprints(originals, weeks[len(old) :: 4]), strict=False):
        stand[url] = page
        posts.append(feeds.Post(originals[issue].title, url, account=REPRINTERS[0].name))
    index = tuple(IndexedIssue(issue, originals[issue].title, own[issue]) for issue in weeks)
    feed_last = tuple(sorted(posts, key=lambda post: post.title, reverse=True))
    return World("generous", weeks, stand, feed_last, index, tuple(listed), right, (opened, signed[opened]))


def _shown(original: pages.ArticleSpec, number: int) -> str:
    """What the aggregator shows of the article *number*: of one the whole text, of another its first words."""
    whole = f"<p>以下文章来源于{pages.CNCERT_NAME}</p>{original.body}"
    return {0: whole, 1: feeds.beginning(whole)}.get(number, "")


def _false_reprints(originals: dict[str, pages.ArticleSpec], issues: Sequence[str]) -> list[tuple[str, bytes]]:
    """Pages that WeChat does not mark as reprints of CNCERT's article, of the first three *issues*."""
    typed = reprint_spec(originals[issues[0]], "whole", marks="none")
    foreign = reprint_spec(originals[issues[1]], "card", marks="another account")
    marked = reprint_spec(originals[issues[2]], "whole")
    return [
        (reprint_url(typed), pages.render(typed)),
        (reprint_url(foreign), pages.render(foreign)),
        (reprint_url(marked), contradict(pages.render(marked), marked, "another message")),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# The real world


def real() -> World:
    """The bundled index. What it does not know is not better than what it knows: no other address is signed."""
    index, reprints = bundled_index(), bundled_reprints()
    weeks = tuple(series.week_ids(index[0].issue, index[-1].issue))
    known = {one.issue: one.url for one in index}
    own = {issue: known.get(issue) or unsigned(series.published(issue).url) for issue in
           series.week_ids("2022-01", weeks[-1])}  # fmt: skip
    # Lists have linked without a signature since January 2025.
    bare = {issue: unsigned(url) for issue, url in own.items()}
    originals = {issue: _original(issue, own[issue], own if issue < "2025" else bare) for issue in weeks}
    stand = {own[issue]: pages.render(originals[issue]) for issue in weeks}
    right = {issue: "page" for issue in weeks if "&chksm=" in own[issue]}
    opened = max(one.issue for one in reprints if "/s/" in one.url)
    for one in reprints:
        address, short = read_address(one.url), "/s/" in one.url
        assert address is not None
        # The accounts with short addresses reprint in full, the others share cards.
        kind: Kind = "whole" if short else "card"
        spec = known_reprint(originals[one.issue], one, kind, edited=short and one.issue == opened)
        stand[one.url] = pages.render(spec)
        if address.form in ("short", "signed"):
            right.setdefault(one.issue, SOURCES[kind])
    had = {*right}
    for issue in weeks:
        if issue in had:
            continue
        next_five = series.week_ids(issue, weeks[-1])[1:6]
        is_named = (
            bool(known.get(issue))
            or any(one.issue == issue for one in reprints)
            or any(map(had.__contains__, next_five))
        )
        right[issue] = BLOCKED if is_named else KNOWN if issue in known else NEVER_NAMED
    signed = f"{bare[opened]}&chksm={CHKSM}"
    return World("real", weeks, stand, (), index, reprints, dict(sorted(right.items())), (opened, signed))


def known_reprint(original: pages.ArticleSpec, one: IndexedReprint, kind: Kind, *, edited: bool) -> pages.ArticleSpec:
    """The page behind the address of a known reprint."""
    address = read_address(one.url)
    assert address is not None
    name = one.account or REPRINTERS[2].name
    edit = "figure" if edited else None
    if address.key is None:
        spec = reprint_spec(original, kind, by=replace(REPRINTERS[1], name=name), edit=edit)
        return replace(spec, short=address.token)
    by = Reprinter(name, address.key.biz, f"gh_{address.key.biz:012x}")
    spec = reprint_spec(original, kind, by=by, idx=address.key.idx, address="signed")
    assert biz_text(by.biz) == spec.biz_text
    signature = one.url.partition("&chksm=")[2] or None
    return replace(spec, mid=address.key.mid, sn=address.sn or "", chksm=signature)


WORLDS = {"generous": generous, "real": real}
