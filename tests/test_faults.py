"""Every way in which WeChat, or the network, fails: a whole crawl each, and what it says of the fault.

A row of the table breaks one issue of a short series (or all of them) on the loopback site. docs/logs.md tells a person
what each group of faults looks like in the log and in the ledger, and what to do.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cncert.editions.take_issue import Outcome as StoreOutcome
from cncert.ledger import calendar_gaps
from cncert.monitoring.exit_status import failure_lines
from cncert.monitoring.issue_notes import WARNING_GROUPS
from cncert.store import open_store
from cncert.store.close_reasons import CloseReason
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from cncert.wechat.failure_pages import Verdict
from tests import series
from tests.site import pages
from tests.site.crawl import ROOT, crawl
from tests.site.server import Answer, LoopbackWeChat, flaky, placeholder, redirect, redirect_loop

FIRST, BROKEN, LAST = "2024-12", "2024-14", "2024-16"
"""The bundled index has a signed address of each of these."""
ONCE_MORE = {"RETRY_TIMES": 1, "DOWNLOAD_TIMEOUT": 1, "DOWNLOAD_MAXSIZE": 5_000_000}
URL = series.published(BROKEN).url
SHORT = "https://mp.weixin.qq.com/s/AnotherAddress00000000"
SHELL = (
    b'<!DOCTYPE html><html><head><title></title></head><body><div id="app"></div>'
    b'<script src="https://res.wx.qq.com/app.js"></script></body></html>'
)
Body = Answer | bytes


def nothing(site: LoopbackWeChat) -> None:
    """The site as it is."""


@dataclass(frozen=True)
class Fault:
    """A row of the table: what is wrong, and what has to come of it."""

    id: str
    """``group/what``; docs/logs.md has a line for the group."""
    answer: Body | None = None
    """What the broken issue's address is answered."""
    prepare: Callable[[LoopbackWeChat], object] = nothing
    """What else is wrong with the site."""
    state: str = "unavailable"
    """Of the broken issue in the ledger."""
    reason: str = ""
    """Words of the ledger's reason."""
    said: str = ""
    """Words of the log or of the summary."""
    attempts: int = 1
    asked: int | None = None
    """How often the broken issue's own address is asked for."""
    lost: tuple[str, ...] = (BROKEN,)
    """The issues that are not stored in the end."""
    close: str = "finished"
    settings: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    weeks: tuple[str, str] = (FIRST, LAST)
    broken: str = BROKEN
    linked: Callable[[str], str | None] | None = None
    """By which address the review lists name an issue."""
    refresh: bool = False
    """The fault comes after a clean run, and is met by refresh=1."""
    clean: bool = False

    @property
    def later(self) -> bool:
        return self.state in ("blocked", "unavailable")


@dataclass(frozen=True)
class Outcome:
    """What a crawl left behind."""

    status: int
    stderr: str
    stored: list[str]
    row: LedgerRow
    week: calendar_gaps.Week
    run: RunRecord


def unsigned(url: str) -> str:
    return re.sub("&chksm=[0-9a-f]+", "", url)


def publish(site: LoopbackWeChat, fault: Fault) -> None:
    series.publish(site, *fault.weeks, linked=fault.linked)


def break_(site: LoopbackWeChat, fault: Fault) -> None:
    if fault.answer is not None:
        site.add_article(series.published(fault.broken).url, fault.answer)
    fault.prepare(site)


def mend(site: LoopbackWeChat, fault: Fault) -> None:
    publish(site, fault)
    site.challenge_all = site.challenge_unsigned = site.challenge_agents = False
    site.be_left_alone()


def run(
    site: LoopbackWeChat, tmp_path: Path, fault: Fault, *more: str, again: bool = False
) -> subprocess.CompletedProcess[str]:
    """A run that is given the newest address, or one *again* that goes on with what is due."""
    first, last = fault.weeks
    start = () if again else (f"start={series.published(last).url}",)
    arguments = (*start, f"from={first}", f"until={last}", *more)
    return crawl(site, tmp_path, *arguments, settings={**ONCE_MORE, **fault.settings}, **fault.env)


async def missing_weeks(tmp_path: Path, fault: Fault) -> dict[str, calendar_gaps.Week]:
    first, last = fault.weeks
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        weeks = calendar_gaps.weeks(await store.rows(), await store.issue_sources(), first=first, last=last)
    return {week.issue: week for week in calendar_gaps.missing(weeks)}


async def outcome(tmp_path: Path, fault: Fault, result: subprocess.CompletedProcess[str]) -> Outcome:
    first, last = fault.weeks
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        rows, stored, record = await store.rows(), await store.issue_sources(), (await store.runs(1))[0]
    claims = [row for row in rows if row.issue == fault.broken and (row.addresses or row.attempts)]
    row = min(claims, key=lambda row: row.state != "stored")
    weeks = {week.issue: week for week in calendar_gaps.weeks(rows, stored, first=first, last=last)}
    return Outcome(result.returncode, result.stderr, list(stored), row, weeks[fault.broken], record)


# ---------------------------------------------------------------------------------------------------------------------
# The table

REASONS = {
    "deleted_zh": "deleted by its author",
    "unavailable": "not available at present",
    "parameter_error": "this address is wrong or incomplete",
    "verification": "verification",
    "moved": "this address is wrong",  # the address that it names
    "account_page": "no failure page that is known",
    "empty": "empty answer",
}
"""A page of each verdict, and an answer without any; tests/test_page.py reads every page that is known."""
SAID = {
    "blocked": "answered with a verification",
    "unavailable": "not available",
    "unknown": "no page that is known",
    "expired": "led nowhere",
    "moved": "led nowhere",
    "gone": "",
}


def failure_pages() -> Iterator[Fault]:
    """What WeChat answers with instead of an article."""
    for name, reason in REASONS.items():
        failure = pages.FAILURES[name]
        known = {"gone": "gone", "blocked": "blocked"}
        yield Fault(
            f"{failure.verdict}/{name}",
            failure.page,
            state=known.get(failure.verdict, "unavailable"),
            reason=reason,
            said=SAID[failure.verdict],
            # An unknown page may be an accident: once more.
            asked=2 if failure.verdict == "unknown" else 1,
            clean=failure.verdict == "gone",
        )


def page(**changes: Any) -> bytes:
    """The page of the broken issue as it should be, but for *changes*."""
    return series.page_of(BROKEN, **changes)


def article(issue: str = BROKEN, **changes: Any) -> bytes:
    """A page under the identity of *issue*, without pictures and review list, and with *changes*."""
    one, body = series.published(issue), pages.report_body(pages.ReportFacts())
    facts = {"title": one.title, "body": body, "mid": one.mid, "idx": one.idx, **changes}
    return pages.render(pages.ArticleSpec(**facts))


def short_is(answer: Body) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_article(SHORT, answer)


def challenge_everything(site: LoopbackWeChat) -> None:
    site.challenge_all = True


def challenge_unsigned(site: LoopbackWeChat) -> None:
    site.challenge_unsigned = True


def challenge_agents(site: LoopbackWeChat) -> None:
    site.challenge_agents = True


def answer_nothing(site: LoopbackWeChat) -> None:
    for issue in series.week_ids("2024-05", LAST):
        site.add_article(series.published(issue).url, Answer(hang=True))


def move_without_end(site: LoopbackWeChat) -> None:
    """Every address leads to one that nobody has seen."""
    site.unknown = Answer(status=302, location=lambda asked: f"https://mp.weixin.qq.com/s/{pages.token(asked.path)}")


def picture(answer: Body) -> Callable[[LoopbackWeChat], object]:
    return lambda site: site.add_picture(series.published(BROKEN).pictures[1], answer)


OUTSIDE = ("2022-31", "2022-35")
"""Weeks of which the bundled index knows nothing: there are only the addresses that the review lists have."""
CHALLENGED = Fault(
    "blocked/unsigned address, and no other",
    prepare=challenge_unsigned,
    state="blocked",
    reason="verification page (address without signature)",
    said="pages answered with a verification: 1",
    asked=0,
    weeks=OUTSIDE,
    broken="2022-33",
    lost=("2022-33",),
    linked=lambda issue: (unsigned if issue == "2022-33" else str)(series.published(issue).url),
)
CUT = len(page()) * 3 // 4
"""Behind the figures, in front of the review list."""
ALL = tuple(series.week_ids(FIRST, LAST))
NO_PROXY = {"https_proxy": "http://127.0.0.1:1"}

# What rows have in common.
UNAVAILABLE = {"asked": 1, "said": "pages not available: 1"}
UNKNOWN = {"asked": 2, "said": "answers that are no page that is known: 1"}
NO_ANSWER = {"asked": 2, "said": "pages without an answer"}
REJECTED = {"state": "rejected", "asked": 1, "said": "articles that are not the issue that was expected: 1"}
STORED = {"state": "stored", "lost": ()}
FINE = {**STORED, "clean": True}
NO_PICTURE = {**STORED, "said": "pictures that could not be had: 1"}
REFRESHED = {"lost": (), "refresh": True, "attempts": 2}

FAULTS = [
    *failure_pages(),
    Fault(
        "blocked/redirected",
        redirect(pages.verification_address(URL)),
        state="blocked",
        reason="redirected to the verification page",
        said="pages answered with a verification: 1",
        asked=1,
    ),
    CHALLENGED,
    replace(
        CHALLENGED,
        id="blocked/unsigned addresses everywhere, and no others",
        said="pages answered with a verification: 4",
        lost=tuple(series.week_ids("2022-31", "2022-34")),
        linked=lambda issue: unsigned(series.published(issue).url),
    ),
    Fault(
        "blocked/unsigned addresses, signed ones in the index",
        prepare=challenge_unsigned,
        linked=lambda issue: unsigned(series.published(issue).url),
        **FINE,
    ),
    Fault(
        "blocked/everything",
        prepare=challenge_everything,
        state="blocked",
        reason="redirected to the verification page",
        said="pages answered with a verification: 3",
        lost=ALL,
        close="verification_asked",
    ),
    Fault(
        "blocked/too fast",
        prepare=lambda site: site.throttle(pages=4, seconds=60, quiet=0.4),
        state="blocked",
        reason="redirected to the verification page",
        said="pages answered with a verification: 3",
        weeks=("2024-10", LAST),
        broken="2024-11",
        lost=("2024-10", "2024-11", "2024-12"),
        close="verification_asked",
    ),
    Fault("fine/libraries are challenged, a reader is not", prepare=challenge_agents, **FINE),
    Fault("fine/500 twice", flaky(page(), 2, status=500), settings={"RETRY_TIMES": 2}, asked=3, **FINE),
    Fault("fine/an unknown page once", flaky(page(), 1, status=200), asked=2, **FINE),
    Fault("fine/cut once", flaky(page(), 1, status=200, body=page()[:CUT]), asked=2, **FINE),
    Fault("fine/3 MB", page(pad=3_000_000), asked=1, **FINE),
    Fault(
        "fine/a list links to a repost, the index to the issue",
        prepare=short_is(article(account_name="某公司", biz=3266377905)),
        linked=lambda issue: SHORT if issue == BROKEN else series.published(issue).url,
        **FINE,
    ),
    Fault("moved/to an address that works", pages.moved_page(SHORT), short_is(page()), asked=1, **FINE),
    Fault("moved/by a redirect", redirect(SHORT), short_is(page()), asked=1, **FINE),
    Fault("moved/to another article", pages.moved_page(SHORT), short_is(article(mid=2247599999)), asked=1, **FINE),
    Fault(
        "moved/to another account",
        pages.moved_page(SHORT),
        short_is(page(account_name="某公司", biz=3266377905)),
        reason="account: published by another account: '某公司'",
        **REJECTED,
    ),
    Fault("moved/to itself", pages.moved_page(URL), reason="it moved to where it came from", **UNAVAILABLE),
    Fault(
        "moved/there and back",
        pages.moved_page(SHORT),
        short_is(pages.moved_page(URL)),
        reason="it moved to where it came from",
        **UNAVAILABLE,
    ),
    Fault("moved/without end", redirect(SHORT), move_without_end, reason="it moved 4 times", **UNAVAILABLE),
    Fault(
        "moved/to no article",
        pages.moved_page("https://mp.weixin.qq.com/mp/profile_ext?action=home"),
        reason="moved to an address that is none of an article",
        **UNAVAILABLE,
    ),
    Fault(
        "moved/to another host",
        pages.moved_page("https://evil.example/s/AnotherAddress00000000"),
        reason="moved to an address that is none of an article",
        **UNAVAILABLE,
    ),
    Fault("redirect/to itself", redirect_loop(), reason="redirected (HTTP 302) to", **UNAVAILABLE),
    Fault(
        "redirect/to another host",
        redirect("https://evil.example/s/AnotherAddress00000000"),
        reason="to no article: https://evil.example",
        **UNAVAILABLE,
    ),
    Fault("redirect/to nowhere", Answer(status=302), reason="redirected (HTTP 302) to", **UNAVAILABLE),
    Fault("status/404", Answer(b"not found", status=404), reason="HTTP status 404", **UNKNOWN),
    Fault("status/an article with 500", Answer(page(), status=500), reason="HTTP status 500", **UNKNOWN),
    Fault("status/503 for ever", Answer(b"busy", status=503), reason="HTTP status 503", **UNKNOWN),
    Fault("no answer/slow", Answer(page(), slow=3000), reason="DownloadTimeoutError", **NO_ANSWER),
    Fault("no answer/hangs", Answer(hang=True), reason="DownloadTimeoutError", **NO_ANSWER),
    # Twisted repeats what a kept connection did not answer.
    Fault("no answer/reset", Answer(reset=True), reason="DownloadFailedError", **{**NO_ANSWER, "asked": 3}),
    Fault("no answer/reset after half", Answer(page(), reset=True, truncated=True), reason="Error", **NO_ANSWER),
    Fault("no answer/truncated", Answer(page(), truncated=True), reason="ResponseDataLossError", **NO_ANSWER),
    Fault("no answer/truncated, chunked", Answer(page(), truncated=True, chunked=True), reason="DataLoss", **NO_ANSWER),
    Fault("no answer/gzip that is none", Answer(page(), lying_gzip=True), reason="BadGzipFile", **NO_ANSWER),
    Fault(
        "no answer/gzip bomb", Answer(gzip=True, oversize=20_000_000), reason="exceeded DOWNLOAD_MAXSIZE", **NO_ANSWER
    ),
    Fault("no answer/too large", Answer(oversize=20_000_000), reason="larger than download max size", **NO_ANSWER),
    Fault(
        "no answer/too large, chunked",
        Answer(oversize=20_000_000, chunked=True),
        reason="larger than DOWNLOAD_MAXSIZE",
        **NO_ANSWER,
    ),
    Fault(
        "no answer/proxy down",  # tests/test_network.py has the other ways
        env=NO_PROXY,
        reason="refuses the connection",
        said="no server was reached, 3 times in a row: the proxy 127.0.0.1:1 refuses the connection",
        asked=0,
        broken="2024-15",
        lost=ALL,
        close="network_failed",
    ),
    Fault(
        "no answer/to anything",
        prepare=answer_nothing,
        reason="DownloadTimeoutError",
        said="10 pages in a row got no answer",
        settings={"DOWNLOAD_TIMEOUT": 0.2, "RETRY_ENABLED": False},
        weeks=("2024-05", LAST),
        broken="2024-13",
        lost=tuple(series.week_ids("2024-05", LAST)),
        close="network_failed",
    ),
    Fault(
        "no answer/certificate of a stranger",
        env={"SSL_CERT_FILE": "/dev/null"},
        reason="certificate",
        said="pages without an answer: 5",
        lost=ALL,
        asked=0,
    ),
    Fault("unknown/a picture", Answer(series.drawing(1), content_type="image/png"), reason="no article", **UNKNOWN),
    Fault("unknown/JSON", Answer(b'{"ret":-6}', content_type="application/json"), reason="no article", **UNKNOWN),
    Fault("unknown/cut inside its body", page()[:CUT], reason="breaks off", **UNKNOWN),
    Fault("unknown/cut behind its title", page(era="2016")[:1500], reason="breaks off", **UNKNOWN),
    Fault("unknown/a shell for scripts", SHELL, reason="no article", **UNKNOWN),
    Fault(
        "rejected/another account",
        page(account_name="某公司", biz=3266377905),
        reason="account: published by another account: '某公司'",
        **REJECTED,
    ),
    Fault(
        "rejected/another weekly",
        article(title="勒索软件动态周报2024年第15期"),
        reason="title: the title is none of the series",
        **REJECTED,
    ),
    Fault(
        "rejected/another issue",
        series.page_of("2024-13"),
        reason="the address that was given for it leads to 2024-13",
        **REJECTED,
    ),
    Fault(
        "empty/a title without a text",
        article(body="<p><br></p>"),
        reason="empty: neither the report's text nor a picture",
        asked=1,
        said="pages with nothing under a right title: 1",
    ),
    Fault("picture/placeholder", prepare=picture(Answer(placeholder(), content_type="image/png")), **NO_PICTURE),
    Fault("picture/404", prepare=picture(Answer(b"", status=404)), **NO_PICTURE),
    Fault("picture/hangs", prepare=picture(Answer(hang=True)), **NO_PICTURE),
    Fault(
        "changed/edited",
        page().replace("良".encode(), "优".encode()),
        state="stored",
        said="0 new, 1 changed",
        clean=True,
        **REFRESHED,
    ),
    Fault(
        "changed/deleted",
        pages.FAILURES["deleted_zh"].page,
        state="gone",
        reason="deleted by its author",
        clean=True,
        **REFRESHED,
    ),
    Fault(
        "changed/challenged",
        pages.FAILURES["verification"].page,
        state="stored",
        said="pages answered with a verification: 1",
        **REFRESHED,
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_fault_is_reported_and_costs_no_other_issue(site: LoopbackWeChat, tmp_path: Path, fault: Fault) -> None:
    publish(site, fault)
    if fault.refresh:
        assert run(site, tmp_path, fault).returncode == 0
        site.reset_log()
    break_(site, fault)
    result = run(site, tmp_path, fault, *(["refresh=1"] if fault.refresh else []))
    found = await outcome(tmp_path, fault, result)
    assert found.stored == [issue for issue in series.week_ids(*fault.weeks) if issue not in fault.lost]
    row = found.row
    assert (row.state, row.attempts, row.next_try is not None) == (fault.state, fault.attempts, fault.later), row
    assert fault.reason in str(row.reason), row.reason
    assert found.week.state == ("stored" if fault.broken in found.stored else fault.state)
    assert (found.run.close_reason, found.run.clean) == (fault.close, fault.clean), found.run.faults
    assert found.status == (0 if fault.clean else 1)
    assert "Traceback" not in found.stderr
    assert "[scrapy.spidermiddlewares.metacopy]" not in found.stderr
    assert fault.said in found.stderr
    assert bool(list(failure_lines(found.run))) is not fault.clean
    assert site.asked(answered="refused") == []
    if fault.asked is not None:
        assert len(site.asked(series.published(fault.broken).url)) == fault.asked


MENDED = (
    "blocked/verification",
    "blocked/unsigned address, and no other",
    "blocked/too fast",
    "moved/there and back",
    "redirect/to another host",
    "no answer/gzip bomb",
    "unknown/cut inside its body",
    "empty/a title without a text",
    "picture/placeholder",
    "changed/challenged",
)
FINAL = (
    "gone/deleted_zh",
    "moved/to another article",
    "moved/to another account",
    "expired/parameter_error",
    "rejected/another account",
    "rejected/another issue",
)
BY_ID = {fault.id: fault for fault in FAULTS}


@pytest.mark.parametrize("fault", [BY_ID[name] for name in MENDED], ids=lambda fault: fault.id)
async def test_a_second_run_brings_what_is_mended(site: LoopbackWeChat, tmp_path: Path, fault: Fault) -> None:
    publish(site, fault)
    if fault.refresh:
        run(site, tmp_path, fault)
    break_(site, fault)
    more = ["refresh=1"] if fault.refresh else []
    assert run(site, tmp_path, fault, *more).returncode == 1
    mend(site, fault)
    result = run(site, tmp_path, fault, "retry=1", *more)
    found = await outcome(tmp_path, fault, result)
    assert (found.status, found.run.clean, found.run.faults) == (0, True, {})
    assert found.stored == series.week_ids(*fault.weeks)
    assert (found.row.state, found.row.reason, found.row.next_try) == ("stored", None, None)
    assert (found.week.state, found.week.reason, found.run.gaps_after) == ("stored", None, 0)


@pytest.mark.parametrize("fault", [BY_ID[name] for name in FINAL], ids=lambda fault: fault.id)
async def test_what_is_final_is_never_asked_for_again(site: LoopbackWeChat, tmp_path: Path, fault: Fault) -> None:
    publish(site, fault)
    break_(site, fault)
    run(site, tmp_path, fault)
    site.reset_log()
    found = await outcome(tmp_path, fault, run(site, tmp_path, fault, "retry=1", again=True))
    assert site.requests == []
    assert (found.status, found.run.clean) == (0, True)
    assert (found.week.state, found.stored) == (fault.state, [issue for issue in ALL if issue not in fault.lost])
    assert fault.reason in str(found.week.reason)


async def test_a_long_series_survives_what_it_has_lost(site: LoopbackWeChat, tmp_path: Path) -> None:
    """120 weeks that no index knows, found by lists of earlier issues alone: some gone, some challenged, two without a
    list. On the word of pages alone a run follows 60; the next goes on.
    """
    weeks = series.week_ids("2010-01", "2022-26")[-120:]
    newest_first = weeks[::-1]
    gone = set(newest_first[6::7])
    challenged = set(newest_first[10::11]) - gone
    listless = newest_first[50:52]
    reachable = [issue for issue in weeks if issue not in gone | challenged]
    assert {newest_first[0], *listless} <= set(reachable)

    def linked(issue: str) -> str:
        return (unsigned if issue in challenged else str)(series.published(issue).url)

    whole = Fault("all", weeks=(weeks[0], weeks[-1]), broken=min(challenged), linked=linked)
    publish(site, whole)
    for issue in gone:
        site.add_article(series.published(issue).url, pages.FAILURES["deleted_zh"].page)
    for issue in listless:
        site.add_article(series.published(issue).url, article(issue))
    site.challenge_unsigned = True

    assert run(site, tmp_path, whole).returncode == 1
    assert len(site.asked("https://mp.weixin.qq.com/")) == 61
    found = await outcome(tmp_path, whole, run(site, tmp_path, whole, again=True))
    assert (found.status, found.run.close_reason) == (1, "finished")
    assert found.stored == reachable
    assert "Traceback" not in found.stderr
    missing = await missing_weeks(tmp_path, whole)
    assert {issue: (week.state, week.reason) for issue, week in missing.items()} == {
        **dict.fromkeys(gone, ("gone", "deleted by its author")),
        **dict.fromkeys(challenged, ("blocked", "redirected to the verification page (address without signature)")),
    }
    asked = site.asked("https://mp.weixin.qq.com/")
    assert len(asked) == len({request.url for request in asked}) == 120

    site.challenge_unsigned = False
    site.reset_log()
    found = await outcome(tmp_path, whole, run(site, tmp_path, whole, "retry=1", again=True))
    assert (found.status, found.run.clean) == (0, True)
    assert found.stored == [issue for issue in weeks if issue not in gone]
    assert set(await missing_weeks(tmp_path, whole)) == gone
    assert len(site.asked("https://mp.weixin.qq.com/")) == len(challenged)


# ---------------------------------------------------------------------------------------------------------------------
# docs/logs.md

LOGS = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "cncert").rglob("*.py")))
COMPUTED = {
    "verdict/{page.verdict}": list(Verdict),
    # Only what somebody kept can hold several issues.
    "rejected/{error.reason}": sorted({*re.findall(r'NotAnIssue\(\s*"(\w+)"', SOURCE)} - {"several"}),
    "pictures/{stat}": re.findall(r'\bstat(?:: str = |=)"(\w+)"', SOURCE),
    "store/{outcome}": list(StoreOutcome),
    "store/{Outcome.SAME if taken.is_chosen else 'not_chosen'}": ["same", "not_chosen"],
    "ledger/{'skipped' if wanted else 'out_of_range'}": ["skipped", "out_of_range"],
    "figures/{counter}": [group.counter for group in WARNING_GROUPS],
    "feeds/{kind}": re.findall(r'others\["(\w+)"\]', SOURCE),
    "warnings/{warning.code}": ["…"],  # docs/data.md has them
}


def counters() -> set[str]:
    """The names of all counters of the project."""
    plain = re.findall(r'(?:_value\(|_count\(|\belse)\s*"cncert/([^"]+)"', SOURCE)
    computed = re.findall(r'(?:_value|_count)\(\s*f"cncert/([^"]+)"', SOURCE)
    filled = [re.sub(r"\{.*\}", value, name) for name in computed for value in COMPUTED[name]]
    return {f"cncert/{name}" for name in (*plain, *filled)}


def close_reasons() -> set[str]:
    """The names of all reasons for which the project ends a run."""
    named = re.findall(r'CloseSpider\(\s*"(\w+)"', SOURCE)
    return {*named, *re.findall(r'"([a-z]+_(?:failed|unreachable|asked))"', SOURCE)}


def test_the_names_are_found() -> None:
    assert {"cncert/verdict/blocked", "cncert/rejected/empty", "cncert/pictures/failed"} <= counters()
    assert {"limit", "verification_asked", "store_unreachable", "files_failed", "archive_failed"} <= close_reasons()


def test_every_counter_and_close_reason_is_explained() -> None:
    assert [name for name in sorted({*counters(), *CloseReason}) if f"`{name}`" not in LOGS] == []


def test_every_close_reason_of_the_source_is_a_known_one() -> None:
    assert close_reasons() <= {*CloseReason}


def test_every_verdict_of_a_failure_page_has_its_fault() -> None:
    assert {pages.FAILURES[name].verdict for name in REASONS} == {page.verdict for page in pages.FAILURES.values()}


def test_every_group_of_faults_is_explained() -> None:
    groups = {fault.id.partition("/")[0] for fault in FAULTS}
    assert groups - set(re.findall(r"^\| \*([a-z ]+)\*", LOGS, re.MULTILINE)) == set()
