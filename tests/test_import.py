"""``scrapy import``: what the store and the ledger make of saved pages and copies, and what later crawls do then."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cncert.archive.warc_reader import ArchiveReader
from cncert.editions.import_saved import SavedIssueImporter
from cncert.editions.take_issue import Outcome, take_pictures
from cncert.items import Issue
from cncert.ledger.article_ledger import FoundAddress, Ledger
from cncert.ledger.calendar_gaps import weeks
from cncert.monitoring.exit_status import failure_lines
from cncert.report.cleaning import clean_issue
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.saved_page import SavedPage, read_saved_page, unwrap_saved_page
from cncert.store import open_store
from cncert.store.endings import Ending, State
from cncert.store.run_records import RunRecord
from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat

SAVED = Path(__file__).parent / "saved"
WRITTEN = datetime(2026, 1, 24, tzinfo=UTC)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def copy_of(issue: str, *more: str) -> bytes:
    """A copy of the issue's text that somebody wrote down."""
    lines = (series.title_of(issue), "本周网络安全基本态势", "本周，网络安全态势整体评价为良。", *more)
    return "\n".join(lines).encode()


def unwrapped(data: bytes) -> tuple[Issue, SavedPage]:
    kept = unwrap_saved_page(data, WRITTEN)
    found = read_saved_page(kept).issue
    assert found is not None
    return validate_issue(clean_issue(found)), kept


def run_import(tmp_path: Path, *args: str | Path, **env: str) -> tuple[int, list[list[str]], list[str]]:
    """Exit status, the words of each line, and lines on stderr."""
    result = run_scrapy("import", *args, env=project_env(None, tmp_path, **env))
    return result.returncode, [line.split(None, 2) for line in result.stdout.splitlines()], result.stderr.splitlines()


def stored(tmp_path: Path, issue: str) -> Issue:
    """The issue that the project's store holds."""

    async def get() -> Issue | None:
        async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
            return await store.get_issue(issue)

    found = asyncio.run(get())
    assert found is not None
    return found


def runs(tmp_path: Path) -> list[RunRecord]:
    """The records of runs, oldest first."""

    async def get() -> list[RunRecord]:
        async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
            return (await store.runs())[::-1]

    return asyncio.run(get())


def week_states(tmp_path: Path) -> dict[str, str]:
    """What ``scrapy gaps`` says of the weeks of which more is known than that they exist."""

    async def get() -> dict[str, str]:
        async with open_store(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}") as store:
            calendar = weeks(await store.rows(), await store.issue_sources())
        return {week.issue: week.state for week in calendar if week.state not in ("known", "never named")}

    return asyncio.run(get())


# --- the command


def test_an_import_says_what_became_of_every_file(tmp_path: Path) -> None:
    page = put(tmp_path / "1.html", series.page_of("2025-03"))
    copy = put(tmp_path / "2.txt", copy_of("2025-02"))
    gone = put(tmp_path / "3.html", pages.FAILURES["deleted_zh"].page)
    half = put(tmp_path / "4.html", series.page_of("2025-01")[:-200])
    status, lines, errors = run_import(tmp_path, page, copy, gone, half, tmp_path / "missing")
    assert status == 1
    assert lines == [
        ["stored", "2025-03", str(page)],
        ["stored", "2025-02", str(copy)],
        ["no", "issue", f"-        {gone}: deleted by its author"],
        ["no", "issue", f"-        {half}: the page breaks off"],
    ]
    assert errors[0].endswith("missing: No such file or directory")
    assert errors[1].startswith("2 stored, 2 no issue, 1 unread; ")
    assert errors[2:5] == [
        "  1  a page that says that the article was deleted",
        "  1  the page breaks off",
        "  1  could not be read",
    ]
    before, now = map(int, re.findall(r"[0-9]+(?= weeks| now)", errors[1]))
    assert before - now == 2
    (run,) = runs(tmp_path)
    assert (run.spider, run.close_reason, run.new, run.clean) == ("import", "imported", ["2025-03", "2025-02"], False)
    assert run.verdicts == {"article": 3, "gone": 1}
    assert run.faults == {"unread": 2}
    assert list(failure_lines(run)) == ["files, unread: 2"]
    assert week_states(tmp_path) == {
        "2025-02": "stored",
        "2025-03": "stored",
    }


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (copy_of("2025-03"), 0),
        (b"nothing", 0),
        (pages.FAILURES["verification"].page, 0),
        (series.page_of("2025-03")[:-200], 1),
        (copy_of("2025-03") + b"\n" + copy_of("2025-02"), 1),
    ],
)
def test_the_exit_status(tmp_path: Path, data: bytes, status: int) -> None:
    assert run_import(tmp_path, put(tmp_path / "file", data))[0] == status
    assert runs(tmp_path)[0].clean is (status == 0)


def test_a_wrong_call_writes_nothing(tmp_path: Path) -> None:
    status, lines, errors = run_import(tmp_path)
    assert (status, lines, len(errors)) == (2, [], 1)
    assert not (tmp_path / "cncert.db").exists()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    first, second = put(tmp_path / "1.txt", copy_of("2025-03")), put(tmp_path / "2.txt", copy_of("2025-02"))
    status, lines, errors = run_import(tmp_path, "--dry-run", first)
    assert (status, lines[0][0], errors) == (0, "stored", ["1 stored; nothing was written (--dry-run)"])
    assert not (tmp_path / "cncert.db").exists()
    assert run_import(tmp_path, first)[0] == 0
    assert [line[0] for line in run_import(tmp_path, "--dry-run", first, second)[1]] == ["unchanged", "stored"]
    assert (len(runs(tmp_path)), week_states(tmp_path)) == (1, {"2025-03": "stored"})


def test_pages_go_into_the_archive_and_can_be_replayed_from_it(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    page, copy = put(tmp_path / "1.html", series.page_of("2025-03")), put(tmp_path / "2.txt", copy_of("2025-02"))
    assert run_import(tmp_path, page, copy, CNCERT_ARCHIVE=str(archive))[0] == 0
    (file,) = archive.glob("*.warc.gz")
    assert run_import(tmp_path, page, CNCERT_ARCHIVE=str(archive))[0] == 0
    assert list(archive.glob("*.warc.gz")) == [file]  # what brings nothing new is not kept again
    other = project_env(None, tmp_path, store=f"sqlite:///{tmp_path}/other.db")
    assert run_scrapy("import", file, env=other).stdout.startswith("stored    2025-03")
    reader = ArchiveReader(archive, 2**25)
    answer = reader.get(series.published("2025-03").url)
    assert answer is not None
    assert (answer.body, answer.date) == (page.read_bytes(), datetime.fromtimestamp(int(page.stat().st_mtime), UTC))


# --- later crawls


def test_a_crawl_gets_the_page_of_a_week_that_a_copy_filled(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The week counts as there meanwhile, its pictures are had; then the page takes the copy's place."""
    (published,) = series.publish(site, "2024-18", "2024-18")
    bounds = ("from=2024-18", "until=2024-18")
    copy = put(tmp_path / "1.txt", copy_of("2024-18", f"![]({published.pictures[0]})"))
    assert run_import(tmp_path, copy)[0] == 0
    site.challenge_all = True
    assert crawl(site, tmp_path, *bounds).returncode == 1
    issue = stored(tmp_path, "2024-18")
    assert (issue.provenance.source, [image.status for image in issue.images]) == ("file", ["stored"])
    assert week_states(tmp_path)["2024-18"] == "stored"
    site.challenge_all = False
    done = crawl(site, tmp_path, *bounds, "retry=1")
    assert done.returncode == 0, done.stderr
    issue = stored(tmp_path, "2024-18")
    assert (issue.provenance.via, issue.article.mid, len(issue.images)) == ("http", published.mid, 3)
    assert run_import(tmp_path, copy)[1][0][0] == "known"


def test_a_crawl_does_not_ask_for_what_was_imported_and_follows_its_list(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-17", "2024-18")
    page = series.page_of("2024-18", linked=lambda issue: published[0].url if issue == "2024-17" else None)
    assert run_import(tmp_path, put(tmp_path / "1.html", page))[0] == 0
    assert crawl(site, tmp_path, "from=2024-17", "until=2024-18").returncode == 0
    assert len(site.asked(answered="article")) == 1
    assert stored(tmp_path, "2024-17").provenance.via == "http"
    assert stored(tmp_path, "2024-18").provenance.via == "file"


# --- the rules


async def test_a_page_is_noted_in_the_ledger_with_its_list(tmp_path: Path) -> None:
    issue, kept = unwrapped(series.page_of("2025-03", short="AAAABBBBCCCCDDDDEEEEFF", link_form="short"))
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        await Ledger(store).add([FoundAddress(issue.article.url, "index", "2025-03")])
        taken = await SavedIssueImporter(store, None).take(issue, kept)
        assert taken.outcomes == {"2025-03": Outcome.NEW}
        rows = {row.issue: row for row in await store.rows()}
        assert len(rows) == 6
        assert rows["2025-03"].id == f"{pages.CNCERT_BIZ}-{issue.article.mid}-1"
        assert rows["2025-03"].state is State.STORED
        assert rows["2025-03"].addresses[0].sources == ["index", "file"]
        assert rows["2025-02"].state is State.KNOWN
        assert rows["2025-02"].addresses[0].sources == ["2025-03"]


async def test_a_copy_leaves_its_article_due(tmp_path: Path) -> None:
    issue, _ = unwrapped((SAVED / "archived.md").read_bytes())
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        await SavedIssueImporter(store, None).take(issue, None)
        (row,) = [row for row in await store.rows() if row.issue == issue.id]
        assert (row.state, [address.url for address in row.addresses]) == (State.KNOWN, [issue.article.url])
        week = weeks(await store.rows(), await store.issue_sources(), first=issue.id, last=issue.id)[0]
        assert week.state == "stored"


async def test_a_saved_page_of_a_deleted_article_closes_its_gap(tmp_path: Path) -> None:
    issue, _ = unwrapped(series.page_of("2025-03"))
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        ledger = Ledger(store)
        (row,) = await ledger.add([FoundAddress(issue.article.url, "index", "2025-03")])
        assert row is not None
        await ledger.record(row.id, Ending.GONE, "deleted by its author")
        await SavedIssueImporter(store, None).take(issue, None)
        row = await store.get_row(row.id)
        assert row is not None
        assert (row.state, row.reason) == (State.STORED, None)


@pytest.mark.parametrize(
    ("first", "second", "figures"),
    [
        (copy_of("2025-03"), copy_of("2025-03", "共处理网络安全事件90起。"), 1),
        (copy_of("2025-03", "甲"), copy_of("2025-03", "乙"), 0),
        (copy_of("2025-03"), series.page_of("2025-03"), 5),
    ],
    ids=["the one that states more", "two alike", "the page"],
)
async def test_which_of_two_files_counts_does_not_depend_on_their_order(
    tmp_path: Path, first: bytes, second: bytes, figures: int
) -> None:
    documents = []
    for n, order in enumerate(((first, second), (second, first))):
        async with open_store(f"sqlite:///{tmp_path}/{n}.db") as store:
            importer = SavedIssueImporter(store, None)
            for data in order:
                await importer.take(*unwrapped(data))
            assert (await importer.take(*unwrapped(first))).outcomes == {}
            documents.append(await store.get_issue("2025-03"))
    assert documents[0] == documents[1]
    assert documents[0] is not None and len(documents[0].figures) == figures


async def test_what_the_store_knows_of_pictures_is_kept(tmp_path: Path) -> None:
    issue, _ = unwrapped(series.page_of("2025-03"))
    async with open_store(f"sqlite:///{tmp_path}/c.db") as store:
        importer = SavedIssueImporter(store, None)
        await importer.take(issue, None)
        there = {"status": "stored", "path": "00/00.png", "checksum": "0" * 64, "width": 1, "height": 1}
        await take_pictures(store, [picture.model_copy(update=there) for picture in issue.images])
        taken = await importer.take(issue, None)
        assert (taken.is_chosen, taken.outcomes) == (True, {})
        assert taken.document is not None
        assert {picture.status for picture in taken.document.images} == {"stored"}
