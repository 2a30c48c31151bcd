"""Crawls that ask the Wayback Machine: for what nothing else gives, at its pace, and at nobody else's cost."""

import asyncio
import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cncert.items import Issue
from cncert.ledger.captures import LOOK_UP_AFTER
from cncert.middlewares.wayback_client import MAX_REFUSALS, PAUSE
from cncert.options import Options
from cncert.sources import bundled_reprints
from cncert.store import open_store
from cncert.store.ledger_rows import LedgerAddress, LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat, placeholder, redirect
from tests.site.wayback import HOST, LoopbackWayback
from tests.worlds import documents, known_reprint

DELETED = pages.FAILURES["deleted_zh"].page
VERIFICATION = pages.FAILURES["verification"].page
WEEKS = series.week_ids("2024-01", "2024-30")
TAKEN = "20250102030405"


@pytest.fixture
def site() -> Any:
    with LoopbackWeChat(hosts=[HOST]) as site:
        site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
        yield site


@pytest.fixture
def archive(site: LoopbackWeChat) -> LoopbackWayback:
    return LoopbackWayback(site)


def refuse(site: LoopbackWeChat, weeks: Sequence[str], page: bytes = DELETED) -> None:
    """WeChat has only *page* for each of *weeks*; their pictures are there."""
    for issue in weeks:
        site.add_article(series.published(issue).url, page)
        for url in series.published(issue).pictures:
            site.add_picture(url, series.drawing(1))


def run(
    site: LoopbackWeChat,
    folder: Path,
    weeks: Sequence[str],
    *args: str,
    settings: Mapping[str, object] | None = None,
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Crawl *weeks*, without reprints of them."""
    given = {"CNCERT_WAYBACK": "on", "CNCERT_REPRINTS": "off", **env}
    result = crawl(site, folder, f"from={weeks[0]}", f"until={weeks[-1]}", *args, settings=settings, **given)
    assert "Traceback" not in result.stderr, result.stderr[-3000:]
    return result


def stored(folder: Path) -> dict[str, Issue]:
    return asyncio.run(documents(folder))


def row_of(folder: Path, issue: str) -> LedgerRow:
    """CNCERT's own article of *issue*."""

    async def read() -> LedgerRow:
        async with open_store(f"sqlite:///{folder / 'cncert.db'}") as store:
            found = await store.load_rows([], [series.published(issue).url])
            return next(iter(found.values())).document

    return asyncio.run(read())


def record_of(folder: Path) -> RunRecord:
    async def read() -> RunRecord:
        async with open_store(f"sqlite:///{folder / 'cncert.db'}") as store:
            return (await store.runs(1))[0]

    return asyncio.run(read())


def endings(folder: Path, issue: str) -> list[str]:
    """How the captures of *issue* ended, in the order of their address."""
    captures = [one for one in row_of(folder, issue).addresses if one.form == "capture"]
    return [one.history[-1].ending if one.history else "" for one in sorted(captures, key=lambda one: one.url)]


def test_of_thirty_weeks_that_wechat_refuses_those_that_are_captured_are_stored(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    refuse(site, WEEKS)
    for issue in WEEKS[::2]:
        archive.add(series.published(issue).url, TAKEN, series.page_of(issue))
    run(site, tmp_path, WEEKS)
    found = stored(tmp_path)
    assert {issue: (one.provenance.via, one.provenance.source) for issue, one in found.items()} == dict.fromkeys(
        WEEKS[::2], ("wayback", "page")
    )
    one = found[WEEKS[0]]
    assert one.provenance.fetched_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert one.provenance.address == f"https://{HOST}/web/{TAKEN}id_/{series.published(WEEKS[0]).url}"
    assert {picture.status for picture in one.images} == {"stored"}
    assert one.warnings == []
    # One list of the account's captures, one request for each that is there, WeChat first.
    assert (len(archive.looked_up()), len(archive.replayed()), archive.others()) == (1, 15, [])
    articles = site.asked(answered="article")
    assert max(asked.time for asked in articles) < min(asked.time for asked in archive.looked_up())
    assert max(Counter(asked.url for asked in site.requests).values()) == 1
    agents = {asked.headers["user-agent"].partition("/")[0] for asked in site.asked(f"https://{HOST}")}
    assert agents == {"cncert"}
    assert record_of(tmp_path).wayback == {"looked_up": 1, "captures": 15, "issues": 15}
    # What it does not hold is not asked again.
    site.reset_log()
    run(site, tmp_path, WEEKS)
    assert site.requests == []


def test_where_wechat_refuses_everything_the_archive_is_asked_all_the_same(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    """WeChat is left alone after three verification pages in a row, and the run ends as without the archive."""
    weeks = WEEKS[:8]
    site.challenge_all = True
    capture_all(archive, weeks[:6])
    result = run(site, tmp_path, weeks)
    assert list(stored(tmp_path)) == weeks[:6]
    assert (result.returncode, record_of(tmp_path).close_reason) == (1, "verification_asked")
    assert len(site.asked(answered="challenge")) == 3
    assert (archive.others(), site.asked(answered="refused")) == ([], [])


def test_what_is_captured_under_other_forms_of_the_address_is_found(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    weeks = WEEKS[:3]
    refuse(site, weeks)
    forms = [
        "{0}#rd",
        "{1}&scene=27#wechat_redirect",
        "http://mp.weixin.qq.com/s?idx={3}&mid={2}&__biz=MzIwNDk0MDgxMw==",
    ]
    for issue, form in zip(weeks, forms, strict=True):
        here = series.published(issue)
        archive.add(
            form.format(here.url, here.url.partition("&chksm")[0], here.mid, here.idx), TAKEN, series.page_of(issue)
        )
    run(site, tmp_path, weeks)
    assert list(stored(tmp_path)) == weeks
    # So few articles are looked up each by itself.
    assert all("mid%3D" in asked.path for asked in archive.looked_up())


def test_a_list_in_pages_is_read_to_its_end_though_the_archive_refuses_in_between(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    archive.page_lines = 4
    refuse(site, WEEKS)
    for issue in WEEKS[::2]:
        archive.add(series.published(issue).url, TAKEN, series.page_of(issue))
    counted = []

    def refuses_after_two(answer: bytes) -> Answer | bytes:
        counted.append(answer)
        return answer if len(counted) <= 2 else Answer(status=503)

    archive.index_answer = refuses_after_two
    first = run(site, tmp_path, WEEKS)
    assert (
        f"web archive {HOST}: it refuses (HTTP status 503), 3 times: nothing more is asked in this run" in first.stderr
    )
    assert (len(stored(tmp_path)), archive.replayed()) == (0, [])
    archive.index_answer = None
    site.reset_log()
    run(site, tmp_path, WEEKS)
    assert len(stored(tmp_path)) == 15
    # Two pages were read by the first run.
    assert len(archive.looked_up()) == 2
    progress = record_of(tmp_path).wayback_list
    assert progress is not None and progress.resume_key is None


def test_articles_that_nothing_names_are_found_in_the_list_of_the_account(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    """Of those that were published between the issues before and after a missing week; WeChat is not asked for them."""
    weeks = ["2026-33", "2026-34", "2026-35"]
    refuse(site, weeks[:1])
    before, found = series.published(weeks[0]), series.published(weeks[1])
    other, older = found.mid - 7, before.mid - 7
    archive.add(found.url, TAKEN, series.page_of(weeks[1]))
    for mid in (other, older):
        url = pages.long_address(pages.CNCERT_BIZ, mid, 2, "5b" * 16, "973acc0aa04d451c" + "6f" * 30, fragment="")
        archive.add(url, TAKEN, pages.render(pages.ArticleSpec(title="关于防范勒索病毒的提示", mid=mid, idx=2)))
    for url in found.pictures:
        site.add_picture(url, series.drawing(1))
    run(site, tmp_path, weeks)
    assert {issue: one.provenance.via for issue, one in stored(tmp_path).items()} == {weeks[1]: "wayback"}
    assert len(archive.looked_up()) == 1
    assert len(archive.replayed()) == 2  # not what is older
    assert [asked.url for asked in site.asked(answered="article")] == [before.url]
    site.reset_log()
    run(site, tmp_path, weeks)
    assert site.requests == []


def capture_all(archive: LoopbackWayback, weeks: Sequence[str]) -> None:
    for issue in weeks:
        archive.add(series.published(issue).url, TAKEN, series.page_of(issue))


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, None), (429, "0"), (429, "nonsense"), (429, "-5"), (503, None), (503, "Mon, 05 Jan 2026 08:00:00 GMT")],
)
def test_a_refusal_or_two_are_waited_out(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path, status: int, retry_after: str | None
) -> None:
    weeks = WEEKS[:3]
    refuse(site, weeks)
    capture_all(archive, weeks)
    archive.storm(1, after=0, status=status, retry_after=retry_after)  # a look-up
    archive.storm(1, after=1, status=status, retry_after=retry_after)  # a capture
    run(site, tmp_path, weeks)
    assert list(stored(tmp_path)) == weeks
    assert record_of(tmp_path).sources == []


@pytest.mark.parametrize(
    ("status", "retry_after", "said"),
    [
        (429, None, "it refuses (HTTP status 429), 3 times: nothing more is asked in this run"),
        (503, "0", "it refuses (HTTP status 503), 3 times: nothing more is asked in this run"),
        (429, "3600", "it refuses (HTTP status 429) for 3600 seconds: nothing more is asked in this run"),
        (429, "9" * 5000, "it refuses (HTTP status 429) for 999999999 seconds: nothing more is asked in this run"),
    ],
)
@pytest.mark.parametrize("after", [0, 2, 3])
def test_a_storm_ends_what_this_run_asks_and_loses_nothing(
    site: LoopbackWeChat,
    archive: LoopbackWayback,
    tmp_path: Path,
    status: int,
    retry_after: str | None,
    said: str,
    after: int,
) -> None:
    """The next run goes on; a refusal makes no run unclean."""
    weeks = WEEKS[:3]
    refuse(site, weeks)
    capture_all(archive, weeks)
    archive.storm(50, after=after, status=status, retry_after=retry_after)
    first = run(site, tmp_path, weeks)
    assert f"· web archive {HOST}: {said}" in first.stderr
    assert first.returncode == 0
    assert len(stored(tmp_path)) == after // 2
    asked = len(archive.looked_up()) + len(archive.replayed())
    assert asked == after + (MAX_REFUSALS if "times" in said else 1)
    archive.answers.clear()
    run(site, tmp_path, weeks)
    assert list(stored(tmp_path)) == weeks


def test_a_refusal_lasts_as_long_as_it_says(site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path) -> None:
    refuse(site, WEEKS[:1])
    capture_all(archive, WEEKS[:1])
    archive.storm(1, retry_after="2")
    run(site, tmp_path, WEEKS[:1])
    first, second = archive.looked_up()
    assert second.time - first.time >= 2


def test_by_default_the_pace_is_that_of_a_minute(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    """With a clock that runs forty times as fast: all that the option sets is proportional to it."""
    default, times_as_fast = Options().wayback_delay, 40
    weeks = WEEKS[:24]
    refuse(site, weeks)
    for issue in weeks:
        for number in range(2):
            timestamp = str(int(TAKEN) + number)
            archive.add(series.published(issue).url, timestamp, VERIFICATION + b" " * number)
    archive.page_lines = 2
    run(site, tmp_path, weeks, CNCERT_WAYBACK_DELAY=f"{default / times_as_fast}")
    assert (len(archive.looked_up()), len(archive.replayed())) == (24, 48)
    archive.check_pace(60 / times_as_fast)
    assert PAUSE * default >= 60


CAPTURES: dict[str, tuple[Answer | bytes, list[str]]] = {
    "the article": (series.page_of(WEEKS[0]), ["stored"]),
    "a verification page": (VERIFICATION, ["blocked"]),
    "a deletion page": (DELETED, ["gone"]),
    "the page breaks off": (series.page_of(WEEKS[0])[:-2500], ["unknown"]),
    "another issue": (series.page_of(WEEKS[1]), ["expired"]),
    "another account's article": (
        series.page_of(WEEKS[0], biz=3_070_000_000, account_name="x", account_id="gh_ffffffffffff"),
        ["expired"],
    ),
    "no issue": (series.page_of(WEEKS[0], title="关于某漏洞的安全公告"), ["title"]),
    "an error page": (b"<html><body>Blocked Site Error</body></html>", ["unknown"]),
    "not found": (Answer(status=404), ["expired"]),
    "forbidden": (Answer(b"Blocked By Robots", status=403), ["unavailable"]),
    "an error": (Answer(status=500), ["unavailable"]),
    "a redirect elsewhere": (redirect("https://example.com/"), ["expired"]),
    "a redirect to another page of the archive": (redirect("https://web.archive.org/save/x"), ["expired"]),
    "a redirect to another address": (
        redirect(f"/web/{TAKEN}id_/{series.published(WEEKS[1]).url}"),
        ["expired"],
    ),
    "a redirect to the future": (redirect(f"/web/20991231000000id_/{series.published(WEEKS[0]).url}"), ["expired"]),
    "a redirect to WeChat": (redirect(series.published(WEEKS[1]).url), ["expired"]),
    "a redirect to itself": (redirect(f"/web/{TAKEN}id_/{series.published(WEEKS[0]).url}"), ["expired"]),
    "a move": (pages.FAILURES["moved"].page if "moved" in pages.FAILURES else DELETED, ["unknown", "gone"]),
    "larger than any page": (Answer(oversize=64 * 1024 * 1024), ["unanswered"]),
    "broken in the middle": (Answer(series.page_of(WEEKS[0]), truncated=True), ["unanswered"]),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_hostile_capture_leads_nowhere_and_is_remembered(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path, name: str
) -> None:
    answer, ended = CAPTURES[name]
    refuse(site, WEEKS[:1])
    archive.add(series.published(WEEKS[0]).url, TAKEN, answer, digest="A" * 32)
    result = run(site, tmp_path, WEEKS[:1])
    assert len(endings(tmp_path, WEEKS[0])) == 1
    assert endings(tmp_path, WEEKS[0])[0] in ended
    assert list(stored(tmp_path)) == WEEKS[:1] * (name == "the article")
    row = row_of(tmp_path, WEEKS[0])
    assert row.state == ("stored" if name == "the article" else "gone")  # what WeChat said today
    assert (len(archive.replayed()), archive.others()) == (1, [])
    assert site.asked(answered="refused") == []
    assert result.returncode == 0, result.stderr[-2000:]
    # What a capture shows stays the same; what did not come may come.
    site.reset_log()
    run(site, tmp_path, WEEKS[:1])
    assert len(archive.replayed()) == (ended[0] in ("unavailable", "unanswered"))


def test_the_next_capture_is_tried_until_one_shows_the_article(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    issue = WEEKS[0]
    url = series.published(issue).url
    refuse(site, [issue])
    archive.add(url, "20250301000000", VERIFICATION, length=50_000)
    archive.add(url, "20250201000000", redirect(f"/web/20240501000000id_/{url}"), length=50_000, digest="B" * 32)
    archive.add(url, "20240501000000", series.page_of(issue), status="-")
    archive.add(url, "20240401000000", DELETED)
    run(site, tmp_path, [issue])
    one = stored(tmp_path)[issue]
    assert one.provenance.fetched_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert [asked.path[5:19] for asked in archive.replayed()] == [
        "20250301000000", "20250201000000", "20240401000000", "20240501000000"
    ]  # fmt: skip
    assert endings(tmp_path, issue) == ["gone", "stored", "expired", "blocked"]


@pytest.mark.parametrize(
    "timestamp", ["20091231000000", "20991231000000", "20240231000000", "2024", "", "2024040102030x"]
)
def test_a_time_that_cannot_be_true_is_not_believed(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path, timestamp: str
) -> None:
    refuse(site, WEEKS[:1])
    archive.add(series.published(WEEKS[0]).url, timestamp, series.page_of(WEEKS[0]))
    run(site, tmp_path, WEEKS[:1])
    assert (stored(tmp_path), archive.replayed(), endings(tmp_path, WEEKS[0])) == ({}, [], [])


INDEX_ANSWERS: dict[str, tuple[Answer | bytes, str | None]] = {
    "nothing": (b"", None),
    "no captures": (b"[]", None),
    "no JSON": (b"<html>", "its index answers with what is no JSON"),
    "another list": (b'[["x"]]', "its index answers with what is no list of captures"),
    "deep": (b"[" * 1_000_000, "its index answers with what is no JSON"),
    "huge": (Answer(b"[]", oversize=64 * 1024 * 1024), "no answer, 2 times in a row"),
    "a bad request": (Answer(status=400), "its index answers with HTTP status 400"),
    "an error": (Answer(status=502), "no answer, 2 times in a row: HTTP status 502"),
    "a redirect": (redirect("https://example.com/"), "its index answers with HTTP status 302"),
    "no answer": (Answer(reset=True), "no answer, 2 times in a row"),
    "too slow": (Answer(hang=True), "no answer, 2 times in a row"),
}


@pytest.mark.parametrize("name", INDEX_ANSWERS)
def test_an_index_that_answers_something_else_costs_the_run_nothing(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path, name: str
) -> None:
    answer, said = INDEX_ANSWERS[name]
    weeks = WEEKS[:2]
    refuse(site, weeks)
    archive.index_answer = lambda _: answer
    result = run(site, tmp_path, weeks, settings={"DOWNLOAD_TIMEOUT": 2})
    assert result.returncode == 0, result.stderr[-3000:]
    assert [source.detail for source in record_of(tmp_path).sources] == ([said] if said else [])
    assert {one.captures_looked_up is not None for one in row_of(tmp_path, weeks[1]).addresses} == {said is None}
    assert (archive.replayed(), archive.others(), site.asked(answered="refused")) == ([], [], [])
    # What was not answered is asked again.
    archive.index_answer = None
    capture_all(archive, weeks)
    run(site, tmp_path, weeks)
    assert list(stored(tmp_path)) == (weeks if said else [])


@pytest.mark.parametrize(
    ("env", "args"), [({"CNCERT_WAYBACK": "off"}, []), ({}, ["limit=1"])], ids=["switched off", "the limit is reached"]
)
def test_the_archive_is_not_asked(site: LoopbackWeChat, tmp_path: Path, env: dict[str, str], args: list[str]) -> None:
    series.publish(site, WEEKS[1], WEEKS[1])
    refuse(site, WEEKS[:1])
    run(site, tmp_path, WEEKS[:2], *args, **env)
    assert list(stored(tmp_path)) == [WEEKS[1]]
    assert site.asked(f"https://{HOST}") == []


def test_a_replay_asks_nothing(site: LoopbackWeChat, tmp_path: Path) -> None:
    refuse(site, WEEKS[:1])
    run(site, tmp_path, WEEKS[:1], CNCERT_ARCHIVE=str(tmp_path / "kept"), CNCERT_WAYBACK="off")
    site.reset_log()
    run(site, tmp_path / "again", WEEKS[:1], f"replay={tmp_path / 'kept'}")
    assert site.requests == []


def test_captures_are_replayed(site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path) -> None:
    refuse(site, WEEKS[:2])
    archive.add(series.published(WEEKS[0]).url, TAKEN, series.page_of(WEEKS[0]))
    run(site, tmp_path, WEEKS[:2], CNCERT_ARCHIVE=str(tmp_path / "kept"))
    site.reset_log()
    (tmp_path / "again").mkdir()
    run(site, tmp_path / "again", WEEKS[:2], f"replay={tmp_path / 'kept'}")
    assert site.requests == []
    assert stored(tmp_path / "again") == stored(tmp_path) != {}


def test_pages_that_a_capture_names_are_asked_of_wechat_before_the_archive_goes_on(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    """A week that the index does not know: the list of the captured issue links to it."""
    older, newer = "2023-26", "2023-27"
    refuse(site, [newer])
    series.publish(site, older, older)
    capture_all(archive, [newer])
    run(site, tmp_path, [older, newer])
    assert {issue: one.provenance.via for issue, one in stored(tmp_path).items()} == {older: "http", newer: "wayback"}


def test_a_captured_reprint_is_a_reprint(site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path) -> None:
    known = next(one for one in bundled_reprints() if one.issue == "2023-28")
    page = pages.render(known_reprint(series.spec_of(known.issue), known, "card", edited=False))
    refuse(site, [known.issue])
    site.add_article(known.url, VERIFICATION)
    archive.add(known.url, TAKEN, page)
    run(site, tmp_path, [known.issue], CNCERT_REPRINTS="on")
    origin = stored(tmp_path)[known.issue].provenance
    assert (origin.via, origin.source) == ("wayback", "reprint_card")
    assert origin.reprint is not None
    assert origin.reprint.account == known.account


# --- pictures


@pytest.mark.parametrize(
    ("lost", "captured", "status"),
    [
        (Answer(status=404), series.drawing(7), "stored"),
        (Answer(status=410), series.drawing(7), "stored"),
        (Answer(placeholder(), content_type="image/png"), series.drawing(7), "stored"),
        (Answer(status=404), placeholder(), "failed"),
        (Answer(status=404), b"<html>", "failed"),
        (Answer(status=404), Answer(status=404), "failed"),
        (Answer(status=404), redirect("https://example.com/x.png"), "failed"),
        (Answer(status=404), None, "failed"),
        (Answer(status=500), series.drawing(7), "failed"),  # it may have it tomorrow
    ],
)
def test_a_picture_that_its_host_has_lost_is_asked_of_the_archive(
    site: LoopbackWeChat,
    archive: LoopbackWayback,
    tmp_path: Path,
    lost: Answer,
    captured: Answer | bytes | None,
    status: str,
) -> None:
    issue = WEEKS[0]
    series.publish(site, issue, issue)
    url = series.published(issue).pictures[0]
    site.add_picture(url, lost)
    if captured is not None:
        archive.add(url.replace("/640?", "/0?"), TAKEN, captured)
    result = run(site, tmp_path, [issue], settings={"RETRY_ENABLED": False})
    of_issue = {one.url: one for one in stored(tmp_path)[issue].images}
    assert of_issue[url].status == status
    assert {one.status for key, one in of_issue.items() if key != url} == {"stored"}
    assert result.returncode == int(status != "stored")
    assert (archive.others(), site.asked(answered="refused")) == ([], [])
    assert len(archive.looked_up()) == (lost.status != 500)
    site.reset_log()
    run(site, tmp_path, [issue])
    assert archive.looked_up() == []


# --- what people see


def test_it_is_said_what_came_from_the_archive_and_what_it_has_not(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    captured, lost = WEEKS[:2]
    refuse(site, [captured, lost])
    capture_all(archive, [captured])
    result = run(site, tmp_path, [captured, lost])
    assert "archive   web archive: 1 captures, 1 issues, 2 looked up" in result.stderr
    env = project_env(site, tmp_path)
    bounds = ("--from", captured, "--until", lost)
    first, second = json.loads(run_scrapy("gaps", "--json", *bounds, env=env).stdout)
    assert (first["from_wayback"], first["source"], first["captures"]) == (True, "page", None)
    assert (second["captures"], second["advice"]) == ("none", "other_copy")
    assert "the Wayback Machine has none" in second["advice_en"]
    shown = run_scrapy("gaps", "--all", *bounds, env={**env, "COLUMNS": "200"}).stdout
    assert re.search(rf"{captured} .*page, from the Wayback Machine", shown)
    assert re.search(rf"{lost} .*deleted by its author; the Wayback Machine has none", shown)
    assert "1 stored (1 page; 1 of them from the Wayback Machine)" in shown
    assert "stored from   1 page; 1 of them from the Wayback Machine" in run_scrapy("status", env=env).stdout


def test_captures_that_wait_are_advice_to_crawl(site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path) -> None:
    refuse(site, WEEKS[:1])
    capture_all(archive, WEEKS[:1])
    archive.storm(9, after=1)
    run(site, tmp_path, WEEKS[:1])
    shown = run_scrapy(
        "gaps", "--json", "--from", WEEKS[0], "--until", WEEKS[0], env=project_env(site, tmp_path)
    ).stdout
    (week,) = json.loads(shown)
    assert (week["state"], week["captures"], week["advice"]) == ("gone", "waiting", "crawl")
    assert week["addresses"] == []  # of those that start=@FILE takes


def test_after_a_month_the_archive_is_asked_again(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    refuse(site, WEEKS[:1])
    run(site, tmp_path, WEEKS[:1])
    asyncio.run(shift_look_ups(tmp_path, -LOOK_UP_AFTER))
    capture_all(archive, WEEKS[:1])
    run(site, tmp_path, WEEKS[:1])
    assert list(stored(tmp_path)) == WEEKS[:1]


def test_a_look_up_in_the_future_is_not_believed(
    site: LoopbackWeChat, archive: LoopbackWayback, tmp_path: Path
) -> None:
    refuse(site, WEEKS[:1])
    run(site, tmp_path, WEEKS[:1])
    asyncio.run(shift_look_ups(tmp_path, timedelta(days=400)))
    capture_all(archive, WEEKS[:1])
    run(site, tmp_path, WEEKS[:1])
    assert list(stored(tmp_path)) == WEEKS[:1]


async def shift_look_ups(folder: Path, by: timedelta) -> None:
    """Move the times of all look-ups."""

    def shifted(one: LedgerAddress) -> LedgerAddress:
        at = one.captures_looked_up
        return one.model_copy(update={"captures_looked_up": at and at + by})

    async with open_store(f"sqlite:///{folder / 'cncert.db'}") as store:
        ids = [row.id for row in await store.rows()]
        await store.change_rows(
            ids, lambda row: row.model_copy(update={"addresses": list(map(shifted, row.addresses))})
        )
