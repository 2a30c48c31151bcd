"""The monitors: each finds what is wrong and nothing else; which alerts are pending after that."""

import asyncio
import csv
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any, get_args

import pytest

from cncert.items import Issue
from cncert.ledger.publishing_habits import due_by, holidays
from cncert.ledger.week_states import WeekState
from cncert.monitoring.alert_history import mark_sent, pending, previous_alerts, update_alerts
from cncert.monitoring.alert_words import alert_words, text_and_advice
from cncert.monitoring.monitor_input import StoreSnapshot, take_snapshot
from cncert.monitoring.monitors import LOW_BYTES, MONITORS, Finding, find_problems
from cncert.report.calendar import parse_week
from cncert.store import Store, open_store
from cncert.store.close_reasons import CloseReason
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import Alert, AlertFacts, AlertLevel, FailedSource, RunRecord
from tests import series
from tests.factories import NOW, make_figure, make_issue, make_picture, make_reject, make_reprint, make_row, make_run
from tests.site.crawl import ROOT
from tests.stores import let_index_end, put_document, rewrite

FRESH = timedelta(days=9)
AHEAD = datetime(2036, 1, 1, tzinfo=UTC)
WEEKS = series.week_ids("2024-46", "2025-03")
"""Nine weeks; the last issue is a day old."""
LAST, BEFORE = WEEKS[-1], WEEKS[-2]
UNSIGNED = "https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247499999&idx=1&sn=973acc0aa04d451c973acc0aa04d451c"
SIGNED = f"{UNSIGNED}&chksm=973acc0aa04d451c"
FEED = FailedSource(kind="feed", name="feeds.example/weekly", code="status", detail="HTTP status 503")
OTHER_FEED = FailedSource(kind="feed", name="other.example/", code="empty", detail="empty")


@pytest.fixture(autouse=True)
def index_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    let_index_end(monkeypatch, "2024-45")


def address(url: str, form: str, tries: int = 1) -> dict[str, Any]:
    return {"url": url, "form": form, "sources": ["index"], "first_seen": NOW, "tries": tries}


def row(issue: str, state: str = "stored", **changes: Any) -> LedgerRow:
    return make_row(f"issue-{issue}", issue=issue, state=state, **changes)


def ended(hours_ago: float = 1, **changes: Any) -> RunRecord:
    """A run that ended so long ago, cleanly unless *changes* say otherwise."""
    started = NOW - timedelta(hours=hours_ago)
    fields = {"started_at": started, "ended_at": started + timedelta(minutes=5), "clean": True}
    return make_run(f"{started:%Y%m%dT%H%M%S}", **{**fields, "close_reason": "finished", **changes})


Documents = dict[str, list[Any]]


def documents(weeks: Iterable[str] = WEEKS, **changed: dict[str, Any]) -> Documents:
    """A store in which all is well, or in which the issue ``_2025_03`` is *changed*."""
    issues = []
    for week in weeks:
        changes = changed.get("_" + week.replace("-", "_"), {})
        pictures = [make_picture(f"mmbiz_png/issue{week}{number}", "stored") for number in range(5)]
        issues.append(
            make_issue(*parse_week(week), **{"images": pictures, "figures": FIGURES, "warnings": [], **changes})
        )
    rows = [row(week) for week in weeks]
    return {"issues": issues, "rows": rows, "runs": [ended(25), ended(1)], "rejects": []}


async def snapshot_of(uri: str, stored: Documents, now: datetime = NOW) -> StoreSnapshot:
    async with open_store(uri) as store:
        await asyncio.gather(
            *(put_document(store, issue) for issue in stored["issues"]),
            *(put_row(store, one) for one in stored["rows"]),
            *(store.put_run(run) for run in stored["runs"]),
            *(store.put_reject(reject) for reject in stored["rejects"]),
        )
        return await take_snapshot(store, now, FRESH)


def put_row(store: Store, one: LedgerRow) -> Awaitable[LedgerRow]:
    return store.change_row(one.id, lambda _: one)


def found(snapshot: StoreSnapshot) -> dict[str, Finding]:
    return dict(find_problems(snapshot))


def instead(stored: Documents, *rows: LedgerRow, without: Iterable[str] = ()) -> Documents:
    """*stored* with *rows* in place of those of the same weeks, whose issues (and those *without*) are not there."""
    lost = {one.issue for one in rows} | set(without)
    return {
        **stored,
        "issues": [issue for issue in stored["issues"] if issue.id not in lost],
        "rows": [one for one in stored["rows"] if one.issue not in lost] + list(rows),
    }


def runs(*records: RunRecord) -> Documents:
    return {**documents(), "runs": list(records)}


def refused(hours_ago: float, fetched_at: datetime = NOW) -> Documents:
    """An issue that was refused so long before NOW, when the page of the stored one was fetched."""
    reject = make_reject(issue=LAST, reason="invalid", rejected_at=NOW - timedelta(hours=hours_ago))
    stored = documents()
    provenance = stored["issues"][-1].provenance.model_copy(update={"fetched_at": fetched_at})
    stored["issues"][-1] = stored["issues"][-1].model_copy(update={"provenance": provenance})
    return {**stored, "rejects": [reject]}


def of_2036(**changes: Any) -> RunRecord:
    """A clean run by a clock that was ahead."""
    return ended(**{"started_at": AHEAD, "ended_at": AHEAD + timedelta(minutes=5), **changes})


def with_week_of_2036(weeks: Iterable[str], **changed: dict[str, Any]) -> Documents:
    """A store that holds the issue of a week that has not come, too."""
    return documents([*weeks, "2036-01"], **changed)


def reprinted(*day: int) -> dict[str, Any]:
    """The changes of an issue of which only a reprint of that *day* is stored."""
    reprint = make_reprint(published_at=datetime(*day, 1, tzinfo=UTC))
    return {"published_at": None, "provenance": {"source": "reprint", "reprint": reprint}}


def pictures(number: int, status: str = "stored") -> dict[str, Any]:
    return {"images": [make_picture(f"mmbiz_png/other{place}", status) for place in range(number)]}


def warning(code: str) -> dict[str, Any]:
    return {"warnings": [{"code": code, "message": "…"}]}


def missing(issue: str, state: str, **changes: Any) -> Documents:
    """All is well, but *issue* is in *state*."""
    return instead(documents(), row(issue, state, **changes))


def broken(**changes: Any) -> Documents:
    """All is well, but the last run was not clean."""
    return runs(ended(25), ended(**{"clean": False, **changes}))


FIGURES = [
    make_figure("sites.tampered_gov", 4),
    make_figure("phishing.pages_per_ip", 2.5),
    make_figure("hosts.infected", 278000, picture="mmbiz_png/issue"),
]
ONE_METRIC = {"figures": [make_figure("hosts.infected", 3)]}
TEXT_ALONE = {"figures": [make_figure("sites.tampered_gov", 4), make_figure("phishing.pages_per_ip", 2.5)]}
ASKED, NOT_ASKED = [address(SIGNED, "signed")], [address(SIGNED, "signed", 0)]

Case = Callable[[], Documents]
SPEAKS: dict[str, tuple[Case, str, str]] = {
    "stale: nothing stored": (lambda: documents([]), "attention", "no issue is stored"),
    "stale: two weeks late": (lambda: documents(WEEKS[:-2]), "attention", "15 days: the newest is 2025-01"),
    "gaps: not to be had": (lambda: missing(BEFORE, "unavailable"), "attention", "2025-02 unavailable"),
    "gaps: another article": (lambda: missing(BEFORE, "rejected"), "attention", "2025-02 rejected"),
    "gaps: no address": (lambda: missing(BEFORE, "known"), "attention", "2025-02 known"),
    "gaps: tried, still known": (lambda: missing(LAST, "known", addresses=ASKED), "attention", "2025-03 known"),
    "gaps: never named, nothing stored after it": (
        lambda: instead(documents(), row(LAST, "unavailable", addresses=ASKED), without=[BEFORE]),
        "attention",
        "2025-03 unavailable, 2025-02 never named",
    ),
    "blocked: with a signature": (lambda: missing(LAST, "blocked", addresses=ASKED), "attention", "2025-03"),
    "blocked: without": (
        lambda: missing("2024-46", "blocked", addresses=[address(UNSIGNED, "unsigned")]),
        "warning",
        "2024-46",
    ),
    "blocked: the run": (lambda: broken(close_reason="verification_asked"), "attention", "the last run"),
    "rejected: not stored since": (lambda: refused(-1 / 60), "attention", "2025-03"),
    "figures: a metric": (lambda: documents(_2025_03=ONE_METRIC), "warning", "2025-03 phishing.pages_per_ip"),
    "figures: the rating": (lambda: documents(_2025_02={"rating": None}), "warning", "2025-02 rating"),
    "doubts: unread": (lambda: documents(_2025_03=warning("figures_unread")), "warning", "2025-03"),
    "doubts: conflict": (lambda: documents(_2025_01=warning("figure_conflict")), "warning", "2025-01"),
    "picture_count: two of five": (lambda: documents(_2025_03=pictures(2)), "warning", "2025-03"),
    "pictures: new": (lambda: documents(_2025_03=pictures(5, "failed")), "attention", "2025-03"),
    "pictures: old": (lambda: documents(_2024_46=pictures(5, "placeholder")), "warning", "2024-46"),
    "feeds: twice": (lambda: runs(ended(25, sources=[FEED]), ended(sources=[FEED])), "warning", "feeds.example"),
    "feeds: and no new issue": (
        lambda: documents(WEEKS[:-2]) | {"runs": [ended(25, sources=[FEED]), ended(sources=[FEED])]},
        "attention",
        "feeds.example",
    ),
    "archive: full": (lambda: broken(faults={"archive": 1}), "attention", "cannot be written"),
    "archive: no directory": (lambda: broken(close_reason="archive_failed"), "attention", "cannot be written"),
    "died: the last one": (lambda: broken(close_reason=CloseReason.DIED), "attention", "2025-01-24 08:02"),
    "died: the one before": (
        lambda: runs(ended(25, close_reason=CloseReason.DIED, clean=False), ended()),
        "warning",
        "2025-01-23 08:02",
    ),
    "died: not closed yet": (lambda: runs(make_run(started_at=NOW - timedelta(days=2))), "attention", "2025-01-22"),
    "run: lost its store": (lambda: broken(close_reason="store_failed"), "attention", "store_failed"),
    "run: was stopped": (lambda: broken(close_reason="shutdown"), "warning", "shutdown"),
    "run: faults of the program": (lambda: broken(faults={"program": 2}), "attention", "errors in the program"),
    "idle: ten days": (lambda: runs(ended(240)), "attention", "no run for 10 days"),
    # Another spider that ended well afterwards hides nothing.
    "run: before a clean one of the site": (
        lambda: runs(ended(3, close_reason="store_failed", clean=False), ended(1, spider="official")),
        "attention",
        "store_failed",
    ),
    "died: before one of the site": (
        lambda: runs(ended(3, close_reason=CloseReason.DIED, clean=False), ended(1, spider="official")),
        "attention",
        "2025-01-24 06:02",
    ),
    "feeds: twice, with runs of the site between": (
        lambda: runs(
            ended(25, sources=[FEED]),
            ended(24, spider="official"),
            ended(2, sources=[FEED]),
            ended(1, spider="official"),
        ),
        "warning",
        FEED.name,
    ),
    "idle: but for runs of the site": (
        lambda: runs(ended(240), ended(1, spider="official")),
        "attention",
        "no run for 10 days",
    ),
    # Times in the future hide nothing.
    "stale: published in 2099": (
        lambda: documents(WEEKS[:-2], _2025_01={"published_at": AHEAD}),
        "attention",
        "15 days: the newest is 2025-01",
    ),
    "stale: reprinted in time": (
        lambda: documents(WEEKS[:-2], _2025_01=reprinted(2025, 1, 10)),
        "attention",
        "14 days: the newest is 2025-01",
    ),
    "stale: reprinted late": (
        lambda: documents(WEEKS[:-2], _2025_01=reprinted(2025, 1, 23)),
        "attention",
        "15 days: the newest is 2025-01",
    ),
    "stale: a week of 2036": (lambda: with_week_of_2036(WEEKS[:-2]), "attention", "15 days: the newest is 2025-01"),
    "idle: but for a run of 2036": (lambda: runs(ended(240), of_2036()), "attention", "no run for 10 days"),
    "idle: only runs of 2036": (lambda: runs(of_2036()), "attention", "a clock was ahead"),
    "died: the one before a run of 2036": (
        lambda: runs(of_2036(), ended(close_reason=CloseReason.DIED, clean=False)),
        "attention",
        "2025-01-24 08:02",
    ),
    "died: a heartbeat of 2036": (
        lambda: runs(ended(25), make_run(started_at=NOW - timedelta(hours=1), heartbeat_at=AHEAD)),
        "attention",
        "2025-01-24 08:02",
    ),
    "run: the one before a run of 2036": (
        lambda: runs(of_2036(), ended(close_reason="store_failed", clean=False)),
        "attention",
        "store_failed",
    ),
    "run: another extension ended it": (
        lambda: broken(close_reason="other", other_reason="closespider_timeout"),
        "attention",
        "closespider_timeout",
    ),
    "blocked: the run before one of 2036": (
        lambda: runs(of_2036(), ended(close_reason="verification_asked", clean=False)),
        "attention",
        "the last run",
    ),
    "archive: the run before one of 2036": (
        lambda: runs(of_2036(), ended(faults={"archive": 1}, clean=False)),
        "attention",
        "cannot be written",
    ),
    "feeds: of the two runs before one of 2036": (
        lambda: runs(of_2036(), ended(25, sources=[FEED]), ended(sources=[FEED])),
        "warning",
        "feeds.example",
    ),
    "figures: beside a week of 2036": (
        lambda: with_week_of_2036(WEEKS, _2025_03=ONE_METRIC),
        "warning",
        "2025-03 phishing.pages_per_ip",
    ),
    "rejected: a page fetched in 2036": (lambda: refused(1, fetched_at=AHEAD), "attention", "2025-03"),
}
STILL: dict[str, Case] = {
    "stale: late, but not too late": lambda: documents(WEEKS[:-1]),
    "gaps: deleted by CNCERT": lambda: missing(BEFORE, "gone"),
    "gaps: left out by CNCERT's own list": lambda: instead(documents(), without=[BEFORE]),
    "gaps: not asked for yet": lambda: missing(BEFORE, "known", addresses=NOT_ASKED),
    "gaps: nothing stored": lambda: {**documents([]), "rows": [row(LAST, "unavailable", addresses=ASKED)]},
    "gaps: nothing has named it since": lambda: documents(WEEKS[:-6]),
    "gaps: a later one is asked for next": lambda: instead(
        documents(WEEKS[:-6]), row(LAST, "known", addresses=NOT_ASKED), without=WEEKS[-6:-1]
    ),
    "gaps: old": lambda: instead(documents(series.week_ids("2024-40", LAST)), row("2024-41", "unavailable")),
    "blocked: stored since": lambda: documents() | {"rows": [row(LAST, "stored", ending="blocked")]},
    "rejected: stored since": lambda: refused(1),
    "figures: not stated before either": lambda: documents(
        _2024_52=ONE_METRIC, _2025_01=ONE_METRIC, _2025_02=ONE_METRIC, _2025_03=ONE_METRIC, _2024_51=ONE_METRIC
    ),
    "figures: old": lambda: documents(_2024_46=ONE_METRIC),
    "figures: too few to compare with": lambda: documents(WEEKS[-3:], _2025_03=ONE_METRIC),
    "figures: pictures not read yet": lambda: documents(_2025_03=TEXT_ALONE),
    "doubts: other warnings": lambda: documents(_2025_03=warning("review_irregular")),
    "doubts: old": lambda: documents(_2024_46=warning("figures_unread")),
    "picture_count: three of five": lambda: documents(_2025_03=pictures(3)),
    "pictures: not tried yet": lambda: documents(_2025_03=pictures(5, "pending")),
    "pictures: of no use": lambda: documents(_2025_03=pictures(5, "unsupported")),
    "feeds: once": lambda: runs(ended(25), ended(sources=[FEED])),
    "feeds: another one": lambda: runs(ended(25, sources=[OTHER_FEED]), ended(sources=[FEED])),
    "archive: the run before": lambda: runs(ended(25, faults={"archive": 1}, clean=False), ended()),
    "died: long ago": lambda: runs(ended(50, close_reason=CloseReason.DIED, clean=False), ended(25), ended()),
    "died: still going on": lambda: runs(ended(25), make_run(started_at=NOW)),
    "run: pages that failed": lambda: broken(faults={"unavailable": 3}),
    "run: a replay": lambda: broken(close_reason="shutdown", arguments={"replay": "x.warc"}),
    "idle: eight days": lambda: runs(ended(200)),
    "run: a spider that ran long ago": lambda: runs(ended(300, spider="official", close_reason="shutdown"), ended()),
    "idle: never any": lambda: runs(),
    "idle: a clock that was set right": lambda: runs(of_2036(ended_at=NOW)),
    "run: an import": lambda: runs(ended(close_reason="imported")),
    "died: a heartbeat of this minute": lambda: runs(
        ended(25), make_run(started_at=NOW - timedelta(days=2), heartbeat_at=NOW)
    ),
    "rejected: by a clock of 2036": lambda: {
        **documents(),
        "rejects": [make_reject(issue=LAST, reason="invalid", rejected_at=AHEAD)],
    },
}


@pytest.mark.parametrize("case", SPEAKS)
async def test_a_monitor_speaks(sqlite_uri: str, case: str) -> None:
    stored, level, said = SPEAKS[case]
    name = case.partition(":")[0]
    finding = found(await snapshot_of(sqlite_uri, stored()))[name]
    (alert,) = update_alerts([], [(name, finding)], NOW)
    text, text_zh = (text_and_advice(alert, language)[0] for language in ("en", "zh"))
    assert (alert.level, said in text) == (level, True), finding
    assert any("一" <= sign <= "龥" for sign in text_zh)


@pytest.mark.parametrize("case", STILL)
async def test_a_monitor_keeps_still(sqlite_uri: str, case: str) -> None:
    assert case.partition(":")[0] not in found(await snapshot_of(sqlite_uri, STILL[case]()))


async def test_where_all_is_well_all_keep_still(uri: str) -> None:
    assert found(await snapshot_of(uri, documents())) == {}


async def test_both_stores_give_the_same_facts(sqlite_uri: str, mongo_uri: str) -> None:
    """Of a store in which everything is wrong."""
    stored = missing(BEFORE, "blocked", addresses=ASKED) | {"rejects": refused(-1 / 60)["rejects"]}
    stored["issues"][-1] = documents(_2025_03=pictures(1, "failed") | ONE_METRIC)["issues"][-1]
    stored["runs"] = [
        ended(50),
        ended(25, close_reason=CloseReason.DIED, clean=False),
        ended(faults={"archive": 1}, clean=False),
    ]
    facts = [await snapshot_of(uri, stored) for uri in (sqlite_uri, mongo_uri)]
    assert facts[0] == replace(facts[1], free_bytes=facts[0].free_bytes)
    names = {"archive", "blocked", "died", "doubts", "figures", "picture_count", "pictures", "rejected"}
    assert found(facts[0]).keys() == names


def test_a_disk_is_reported_before_it_is_full() -> None:
    facts = StoreSnapshot(NOW, FRESH, [], free_bytes={"store": LOW_BYTES, "CNCERT_FILES": LOW_BYTES - 1})
    assert found(facts)["disk"].about == ("CNCERT_FILES",)
    assert "disk" not in found(replace(facts, free_bytes={"store": LOW_BYTES}))


async def test_a_document_that_cannot_be_read_stops_no_monitor(uri: str) -> None:
    await snapshot_of(uri, documents())
    rewrite(uri, "issues", LAST, lambda document: document.update(title=None))
    async with open_store(uri) as store:
        facts = await take_snapshot(store, NOW, FRESH)
    assert facts.issues[0].id == BEFORE


def test_every_monitor_is_made_to_speak_and_to_keep_still() -> None:
    names = MONITORS.keys() - {"disk"}
    assert {case.partition(":")[0] for case in SPEAKS} == names
    assert {case.partition(":")[0] for case in STILL} == names


def snapshot_with(*issues: Issue) -> StoreSnapshot:
    return StoreSnapshot(NOW, FRESH, [], issues=list(issues), warnings={one.id: one.warnings for one in issues})


def test_a_break_silences() -> None:
    """Figures and pictures of 2018 are no measure for those since 2022; the rating is."""
    before = [make_issue(2018, number, **pictures(8)) for number in range(13, 7, -1)]
    after = make_issue(2022, 27, figures=[], rating=None, **pictures(1))
    said = found(snapshot_with(after, *before))
    assert said["figures"].about == ("2022-27 rating",)
    assert "picture_count" not in said
    same_time = make_issue(2018, 14, figures=[], **pictures(1))
    assert {"figures", "picture_count"} <= found(snapshot_with(same_time, *before)).keys()


# --- what is news

LATER = [NOW + timedelta(days=days) for days in range(20)]


def finding(*about: str, level: AlertLevel = "attention") -> list[tuple[str, Finding]]:
    return [("died", Finding(level, about))]


def sent_on(days: dict[int, list[tuple[str, Finding]]], unreached: Collection[int] = ()) -> list[tuple[int, str]]:
    """A run a day: what is *found* from each day on, and what of it is sent when; on some days nobody is reached."""
    alerts: list[Alert] = []
    messages = []
    for day, now in enumerate(LATER):
        now_found = next(days[since] for since in sorted(days, reverse=True) if since <= day)
        alerts = update_alerts(alerts, now_found, now)
        news = pending(alerts, now)
        if news and day not in unreached:
            messages += [(day, "over" if alert.over else ", ".join(alert.about)) for alert in news]
            alerts = mark_sent(alerts, now)
    return messages


@pytest.mark.parametrize(
    ("days", "unreached", "expected"),
    [
        ({0: finding("a"), 3: []}, (), [(0, "a"), (3, "over")]),
        ({0: finding("a")}, (), [(0, "a"), (7, "a"), (14, "a")]),
        ({0: finding("a", level="warning")}, (), [(0, "a")]),
        ({0: finding("a", level="warning"), 2: finding("a")}, (), [(0, "a"), (2, "a"), (9, "a"), (16, "a")]),
        ({0: finding("a"), 2: finding("a", level="warning")}, (), [(0, "a")]),
        ({0: finding("a"), 2: finding("b", "a"), 3: finding("b")}, (), [(0, "a"), (2, "b, a"), (9, "b"), (16, "b")]),
        ({0: finding("a"), 2: [], 4: finding("a")}, (), [(0, "a"), (2, "over"), (4, "a"), (11, "a"), (18, "a")]),
        ({0: finding("a"), 3: []}, (0, 1), [(2, "a"), (3, "over")]),
        ({0: finding("a"), 3: []}, (3, 4), [(0, "a"), (5, "over")]),
        ({0: finding("a"), 3: []}, (0, 1, 2), []),
        ({0: finding("a"), 3: [], 4: finding("a"), 9: []}, (3,), [(0, "a"), (4, "a"), (9, "over")]),
        ({0: []}, (), []),
    ],
)
def test_an_alert_is_sent_when_it_begins_grows_or_ends_and_weekly_while_somebody_must_act(
    days: dict[int, list[tuple[str, Finding]]], unreached: Collection[int], expected: list[tuple[int, str]]
) -> None:
    assert sent_on(days, unreached) == expected


def test_previous_alerts_stand_in_the_run_that_ended_last_of_those_that_were_watched() -> None:
    (alert,) = update_alerts([], finding("a"), NOW)
    parallel = ended(3, ended_at=NOW, alerts=[alert])
    assert previous_alerts([ended(0), ended(1, alerts=[]), ended(2), parallel], NOW) == [alert]
    assert previous_alerts([ended(0)], NOW) == []


@pytest.mark.parametrize(
    ("since", "told_at", "sent"),
    [
        (LATER[0], LATER[0], [7, 14]),
        (AHEAD, LATER[0], [7, 14]),
        (LATER[0], AHEAD, [1, 8, 15]),  # nobody knows when: it is sent at once
        (AHEAD, AHEAD, [1, 8, 15]),
        (LATER[0], LATER[1] + timedelta(seconds=30), [9, 16]),  # the clock of another node
    ],
)
def test_an_alert_of_the_future_neither_hides_nor_postpones_and_heals(
    since: datetime, told_at: datetime, sent: list[int]
) -> None:
    alerts = mark_sent(update_alerts([], finding("a"), LATER[0]), LATER[0])
    alerts = [alerts[0].model_copy(update={"since": since, "told_at": told_at})]
    days = []
    for day, now in enumerate(LATER[1:], start=1):
        alerts = update_alerts(alerts, finding("a"), now)
        assert alerts[0].since <= now
        if pending(alerts, now):
            days.append(day)
            alerts = mark_sent(alerts, now)
    assert days == sent


def test_the_end_of_an_alert_is_sent_though_it_was_told_in_the_future() -> None:
    alerts = mark_sent(update_alerts([], finding("a"), LATER[0]), AHEAD)
    assert [alert.over for alert in pending(update_alerts(alerts, [], LATER[1]), LATER[1])] == [True]


def test_alerts_of_a_run_of_the_future_are_no_previous_ones() -> None:
    (alert,) = update_alerts([], finding("a"), NOW)
    runs_of_both = [of_2036(alerts=[]), ended(2, alerts=[alert])]
    assert previous_alerts(runs_of_both, NOW) == [alert]
    assert previous_alerts(runs_of_both[:1], NOW) == []


def test_an_alert_knows_since_when() -> None:
    alerts = update_alerts([], finding("a"), LATER[0])
    assert update_alerts(alerts, finding("a", "b"), LATER[1])[0].since == LATER[0]


def test_every_monitor_has_its_words_in_both_languages_and_none_is_left_over() -> None:
    words = alert_words()
    assert words.keys() == MONITORS.keys() | {"store", "message"}
    rules = (ROOT / "cncert" / "monitoring" / "monitors.py").read_text(encoding="utf-8")
    for table in (words[name] for name in words.keys() - {"message"}):
        sentences = {name: text for name, text in table.items() if name != "terms"}
        assert {"text", "advice"} <= sentences.keys()
        for name in sentences.keys() - {"text", "advice"}:
            assert f'"{name}"' in rules
        for translations in (*sentences.values(), *table.get("terms", {}).values()):
            assert translations.keys() == {"en", "zh"}
            assert all(translations.values())
            # The Chinese sentence on full disks leaves out the limit.
            assert places(translations["en"]) - {"limit_mb"} == places(translations["zh"])


def places(text: str) -> set[str]:
    """The facts that a sentence has places for."""
    return set(re.findall(r"{(\w+)}", text))


def test_a_sentence_lists_five_things_and_counts_the_others() -> None:
    finding = Finding("warning", tuple("abcdefg"))
    (alert,) = update_alerts([], [("rejected", finding)], NOW)
    assert text_and_advice(alert, "en")[0] == "issues refused because they break the model: a, b, c, d, e (+2)"
    assert text_and_advice(alert, "zh")[0] == "未通过校验而被拒收：a, b, c, d, e (+2)"
    assert alert.about == list("abcdefg")


def test_the_words_of_a_list_are_translated() -> None:
    states = AlertFacts(states=["never named", "unavailable"])
    gaps = Finding("attention", ("2025-02", "2025-01"), facts=states)
    run = Finding("attention", ("robots", "items"))
    texts = [text_and_advice(alert, "zh")[0] for alert in update_alerts([], [("gaps", gaps), ("run", run)], NOW)]
    assert texts == ["缺少的期次：2025-02 无线索, 2025-01 暂不可用", "上次运行：robots.txt 禁止访问, 处理流程出错"]


def test_every_monitor_is_described() -> None:
    page = (ROOT / "docs" / "watch.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `((?!cncert_)[a-z_]+)` \|", page, re.MULTILINE))
    states = set(get_args(WeekState)) - MONITORS.keys()  # a table of their own
    assert described - states == MONITORS.keys() | {"store"}


# --- holidays


def test_the_holidays_are_those_of_the_notices_and_the_rule_for_later_years() -> None:
    by_year = {(holiday.name, holiday.last.year): holiday for holiday in holidays()}
    assert (by_year["春节", 2025].first, by_year["春节", 2025].last) == (date(2025, 1, 28), date(2025, 2, 4))
    assert (by_year["春节", 2026].first, by_year["春节", 2026].last) == (date(2026, 2, 15), date(2026, 2, 23))
    assert (by_year["国庆节", 2023].first, by_year["国庆节", 2023].last) == (date(2023, 9, 29), date(2023, 10, 6))
    assert (by_year["春节", 2030].first, by_year["春节", 2030].last) == (date(2030, 2, 2), date(2030, 2, 9))
    assert (by_year["国庆节", 2030].first, by_year["国庆节", 2030].last) == (date(2030, 10, 1), date(2030, 10, 7))
    assert len(by_year) == len(holidays()) == 2 * len(range(2022, 2051))
    for holiday in holidays():
        assert 7 <= (holiday.last - holiday.first).days + 1 <= 9
        months = {1, 2} if holiday.name == "春节" else {9, 10}
        assert {holiday.first.month, holiday.last.month} <= months


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2025-03-13", "2025-03-22"),  # a usual week
        ("2025-01-16", "2025-01-25"),  # before the holiday begins another one is due
        ("2025-01-23", "2025-02-15"),  # that one came in the middle of February
        ("2025-02-13", "2025-02-22"),  # the holiday is over
        ("2026-02-12", "2026-03-06"),  # that one came on March 5
        ("2024-09-27", "2024-10-18"),  # on October 9
        ("2023-09-28", "2023-10-17"),  # on October 12
        ("2025-09-25", "2025-10-19"),  # on October 10
        ("2031-01-23", "2031-02-09"),  # by the rule
    ],
)
def test_the_next_issue_is_due_after_nine_days_or_after_the_holiday(came: str, due: str) -> None:
    assert due_by(date.fromisoformat(came), FRESH) == date.fromisoformat(due)


def test_nobody_waits_for_a_month() -> None:
    days = [date(2022, 1, 1) + timedelta(days=number) for number in range(366 * 28)]
    assert max((due_by(day, FRESH) - day).days for day in days) < 30


@pytest.mark.parametrize(
    ("before", "after"),
    [("2023-39", "2023-40"), ("2024-38", "2024-39"), ("2025-38", "2025-39"), ("2026-06", "2026-09")],
)
def test_the_first_issue_after_a_holiday_came_in_time(before: str, after: str) -> None:
    """By the days on which the bundled index saw them first; without the holiday each would have been an alarm."""
    text = files("cncert").joinpath("data", "known_issues.csv").read_text(encoding="utf-8")
    seen = {f"{row['year']}-{row['number']:0>2}": row["first_seen"] for row in csv.DictReader(text.splitlines())}
    came, then = date.fromisoformat(seen[before]), date.fromisoformat(seen[after])
    assert came + FRESH < then <= due_by(came, FRESH)
