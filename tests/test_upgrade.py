"""``scrapy upgrade``: stored issues come to the present version, and are read again from their raw pages."""

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cncert import __version__
from cncert.archive.warc_reader import ArchiveReader
from cncert.archive.warc_writer import ArchiveWriter
from cncert.editions.make_edition import edition_of
from cncert.editions.remake_documents import heal
from cncert.editions.take_issue import take_pictures
from cncert.editions.upgrade_store import Upgrade, differences
from cncert.exceptions import StoreError
from cncert.items import SCHEMA_VERSION, Figure, Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.report.validation import validate_issue
from cncert.store import Store, open_store
from cncert.store.backend import Write
from cncert.store.editions import Answer, Edition
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerRow
from cncert.store.schema_versions import UPGRADES, upgraded_row
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.factories import NOW, make_figure, make_issue, make_picture
from tests.former_store import as_version_1, former_row, make_store, revision_of
from tests.site import pages
from tests.site.crawl import ROOT, project_env, run_scrapy
from tests.stores import Document, document_in
from tests.test_archive import archive

# The layout before editions

FORMER_RUN = {"spider": "weekly", "started_at": "2025-01-24T01:02:03Z", "new": ["2025-03"]}


async def upgrade_all(uri: str, *, write: bool = True) -> Upgrade:
    """An upgrade of the layout."""
    store = open_store(uri)
    store.reads_layout = 1
    async with store:
        upgrade = Upgrade(store, write=write)
        await upgrade.bring_up()
    return upgrade


def test_every_version_before_the_present_one_has_a_step() -> None:
    assert sorted(UPGRADES) == list(range(1, SCHEMA_VERSION))


async def test_a_store_of_the_layout_before_is_refused_until_it_is_upgraded(uri: str) -> None:
    make_store(uri, {"issues": [as_version_1(make_issue())]})
    with pytest.raises(StoreError, match="has layout 1, this cncert reads 2: run scrapy upgrade"):
        await open_store(uri).open()
    await upgrade_all(uri)
    async with open_store(uri) as store:
        assert await store.issue_ids() == ["2025-03"]


async def test_nothing_of_a_store_is_lost(uri: str) -> None:
    """Issue, former text, picture file, figure of a picture, reject, ledger and run."""
    shown = make_picture("mmbiz_png/issue202503", "stored")
    figures = [
        make_figure("sites.tampered_gov", 4),
        make_figure("hosts.infected", 278000, picture="mmbiz_png/issue202503", box=[1, 2, 3, 4]),
    ]
    warnings = [{"code": "figure_outlier", "message": "computed now"}, {"code": "no_text", "message": "of the page"}]
    issue = as_version_1(make_issue(images=[shown], figures=figures, warnings=warnings))
    former = as_version_1(make_issue(text="从前的正文", figures=[], images=[]), fetched_at="2025-01-23T12:00:00Z")
    early = as_version_1(make_issue(number=4, published_at="2025-01-19T00:00:00Z"))
    reject = {"_id": "x", "issue": "2025-04", "reason": "published too early", "address": None}
    spoilt = {"_id": "y", "issue": None, "reason": "title", "address": None, "document": {"title": ""}}
    times = {"rejected_at": "2025-01-24T01:02:03Z"}
    collections = {
        "issues": [issue],
        "revisions": [revision_of(former, "2025-03-abc")],
        "rejects": [{**reject, **times, "document": early}, {**spoilt, **times}],
        "ledger": [former_row("a", "stored", None, "stored")],
    }
    make_store(uri, collections)
    rehearsal = await upgrade_all(uri, write=False)
    counts = {"issues": 1, "revisions": 1, "rejects": 1, "ledger rows": 1}
    assert +rehearsal.counts == counts
    upgrade = await upgrade_all(uri)
    assert +upgrade.counts == counts | {"picture readings": 1, "documents made anew": 2}
    assert upgrade.problems == []
    async with open_store(uri) as store:
        found = await store.get_issue("2025-03")
        assert found is not None and found.text == issue["text"]
        assert [(one.metric, one.value) for one in found.figures] == [
            ("sites.tampered_gov", 4),
            ("hosts.infected", 278000),
        ]
        assert [(one.status, one.path) for one in found.images] == [("stored", shown["path"])]
        codes = {warning.code for warning in found.warnings}
        assert "no_text" in codes and "figure_outlier" not in codes
        assert {edition.issue.text async for edition in store.editions()} >= {issue["text"], former["text"]}
        assert [one.chosen for one in found.editions if one.last_seen and one.last_seen.day == 23] == [False]
        assert (await store.get_issue("2025-04")) is not None
        assert [one.id for one in await store.rejects()] == ["y"]
        (only,) = await store.rows()
        assert only.state is State.STORED and only.addresses[0].history[0].ending is Ending.STORED
    again = await upgrade_all(uri)
    assert not +again.counts


async def test_an_upgrade_that_was_killed_between_two_documents_is_completed(uri: str) -> None:
    issues = [as_version_1(make_issue(number=number)) for number in range(1, 9)]
    make_store(uri, {"issues": issues, "ledger": [former_row("a", "gone", "deleted")]})
    store = open_store(uri)
    store.reads_layout = 1
    writes, write = 11, store._write

    async def dying(some: Sequence[Write]) -> bool:
        nonlocal writes
        writes -= 1
        if not writes:
            raise ConnectionAbortedError
        return await write(some)

    async with store:
        store._write = dying  # type: ignore[method-assign]
        with pytest.raises(ConnectionAbortedError):
            await Upgrade(store).bring_up()
    with pytest.raises(StoreError, match="run scrapy upgrade"):
        await open_store(uri).open()
    await upgrade_all(uri)
    async with open_store(uri) as store:
        assert await store.issue_ids() == [issue["_id"] for issue in issues]
        assert [one.state for one in await store.rows()] == [State.GONE]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda issue: issue.update(schema_version=3), "has schema_version 3, this cncert knows 2: update cncert"),
        (lambda issue: issue.update(schema_version=-1), "has schema_version -1, which never was one"),
        (lambda issue: issue.pop("schema_version"), "has schema_version None, which never was one"),
        (lambda issue: issue.pop("provenance"), "is no issue of schema_version 1: KeyError('provenance')"),
        (lambda issue: issue.update(rating="很好"), "rating: Input should be"),
    ],
)
async def test_a_document_that_cannot_be_read_is_named_and_stays(
    uri: str, spoil: Callable[[Document], object], said: str
) -> None:
    spoilt, fine = (as_version_1(make_issue(number=number)) for number in (3, 4))
    spoil(spoilt)
    make_store(uri, {"issues": [spoilt, fine]})
    before = document_in(uri, "issues", "2025-03")
    upgrade = await upgrade_all(uri)
    assert upgrade.counts["failed"] == 1
    (line,) = upgrade.problems
    assert "issues 2025-03" in line and said in line and "\n" not in line
    assert document_in(uri, "issues", "2025-03") == before
    assert document_in(uri, "issues", "2025-04")["schema_version"] == SCHEMA_VERSION


ROW = former_row("a", "stored", None, "stored")


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("ledger", ROW | {"state": "frozen"}),
        ("ledger", ROW | {"addresses": None}),
        ("ledger", ROW | {"addresses": ["x"]}),
        ("ledger", {"_id": "a", "somebody": "else"}),
        ("runs", {"_id": "a", "warnings": 5, "sources": "x", "alerts": [1]}),
        ("revisions", {"_id": "a", "document": [1]}),
    ],
)
async def test_one_document_that_cannot_be_read_keeps_no_store_closed(
    uri: str, collection: str, document: Document
) -> None:
    make_store(uri, {collection: [document], "issues": [as_version_1(make_issue())]})
    before = document_in(uri, collection, "a")
    upgrade = await upgrade_all(uri)
    (line,) = upgrade.problems
    assert collection in line and "\n" not in line
    async with open_store(uri) as store:
        assert await store.get_issue("2025-03") is not None
    assert document_in(uri, collection, "a") == before


async def test_what_an_older_cncert_wrote_after_the_upgrade_is_brought_up_too(sqlite_uri: str) -> None:
    """A crawl that was running: it has opened the store before."""
    make_store(sqlite_uri, {"issues": [as_version_1(make_issue())]})
    await upgrade_all(sqlite_uri)
    late, row = as_version_1(make_issue(number=4)), former_row("late", "blocked", "verification page")
    with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as db, db:
        for table, one in (("issues", late), ("ledger", row)):
            db.execute(f"INSERT INTO {table} (id, document) VALUES (?, ?)", (one["_id"], json.dumps(one)))
    upgrade = await upgrade_all(sqlite_uri)
    assert +upgrade.counts == {"issues": 1, "ledger rows": 1, "documents made anew": 1}
    async with open_store(sqlite_uri) as store:
        assert sorted(await store.get_issues(["2025-03", "2025-04"])) == ["2025-03", "2025-04"]
        assert [one.state for one in await store.rows()] == [State.BLOCKED]


@pytest.mark.parametrize(
    ("replayed", "is_sample"),
    [(["/x/cncert/data/sample/weekly.warc.gz"], True), (["/x/data/sample/weekly.warc.gz", None], False), ([], False)],
)
async def test_a_store_that_is_upgraded_holds_sample_or_real_data(
    uri: str, replayed: list[str | None], is_sample: bool
) -> None:
    runs = [{**FORMER_RUN, "_id": f"run-{n}", "arguments": {"replay": one}} for n, one in enumerate(replayed)]
    make_store(uri, {"issues": [as_version_1(make_issue())], "runs": runs})
    await upgrade_all(uri)
    async with open_store(uri) as store:
        found = await store.get_issue("2025-03")
        assert found is not None and found.provenance.sample is is_sample
        with pytest.raises(StoreError, match="is not put into it"):
            await store.claim(sample=not is_sample)


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("known", None, (State.KNOWN, None)),
        ("stored", None, (State.STORED, Ending.STORED)),
        ("blocked", "verification page", (State.BLOCKED, Ending.BLOCKED)),
        ("gone", "deleted by its author", (State.GONE, Ending.GONE)),
        ("unavailable", "expired: link has expired", (State.UNAVAILABLE, Ending.EXPIRED)),
        ("unavailable", "empty: nothing", (State.UNAVAILABLE, Ending.EMPTY)),
        ("unavailable", "HTTP status 502", (State.UNAVAILABLE, Ending.OTHER)),
        ("rejected", "title: none of the series", (State.REJECTED, Ending.TITLE)),
        ("rejected", "account: published by another", (State.KNOWN, None)),
        ("rejected", "older than the article that 2025-03 was stored from", (State.KNOWN, None)),
    ],
)
def test_a_row_is_typed_and_what_was_put_aside_is_due_again(
    state: str, reason: str | None, expected: tuple[State, Ending | None]
) -> None:
    document = upgraded_row(former_row("a", state, reason, reason or "stored"))
    read = LedgerRow.model_validate(document)
    assert (read.state, read.ending) == expected
    attempts = [attempt.ending for address in read.addresses for attempt in address.history]
    assert expected[1] is None or attempts == [expected[1]]
    assert upgraded_row(document) == document


# Reading again


@pytest.mark.parametrize(
    ("file", "other"),
    [("wechat/body.py", True), ("report/title.py", True), ("report/cleaning.py", True),
     ("data/metric_labels.toml", True),("store/store.py", False), ("data/known_issues.csv", False)],
)  # fmt: skip
def test_a_parser_is_another_one_after_a_change_of_what_it_reads_with(tmp_path: Path, file: str, other: bool) -> None:
    shutil.copytree(ROOT / "cncert", tmp_path / "cncert", ignore=shutil.ignore_patterns("__pycache__", "sample"))
    with (tmp_path / "cncert" / file).open("a", encoding="utf-8") as source:
        source.write("# a comment\n")
    command = [sys.executable, "-c", "from cncert.report.parser_version import PARSER; print(PARSER)"]
    changed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()
    assert re.fullmatch(rf"{re.escape(__version__)}\+[0-9a-f]{{8}}", changed)
    assert (changed != PARSER) is other


def stored_as(page: bytes, parser: str = "0.0.1", **changes: Any) -> Issue:
    """The issue on *page* as *parser* has left it: as the present one reads it, but for *changes*."""
    provenance = Provenance(
        source="page",
        fetched_at=NOW,
        via="http",
        address="https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv",
        sha256=sha256(page).hexdigest(),
        parser=parser,
    )
    article = read_page(page).article
    assert article is not None
    return validate_issue(clean_issue(read_issue(article, provenance)).model_copy(update=changes))


def kept_in(path: Path, *bodies: bytes) -> ArchiveReader:
    """The pages of an archive that holds *bodies*."""
    answers = ((series.published("2025-03").url, "200 OK", body, "2025-01-01T00:00:00Z") for body in bodies)
    return ArchiveReader(archive(path / "a.warc.gz", *answers), 4_000_000)


PAGE = series.page_of("2025-03")
TODAY = stored_as(PAGE, PARSER)
OTHER = pages.render(pages.ArticleSpec(title="CNVD漏洞周报", mid=1, idx=1), "2026")


def edition(issue: Issue, page: bytes = PAGE) -> Edition:
    """The edition of what was read in *page*, whatever another parser made of its text."""
    return edition_of(stored_as(page, PARSER)).model_copy(update={"issue": issue})


async def keep(store: Store, *editions: Edition) -> None:
    """Keep editions, and make the documents."""
    for one in editions:
        await store.put_edition(one)
    await heal(store)


async def read_again(
    store: Store, pages: ArchiveReader | None, *, write: bool = True, everything: bool = False
) -> Upgrade:
    """Read again what is due."""
    upgrade = Upgrade(store, write=write, everything=everything)
    for one in await upgrade.outdated():
        await upgrade.read_again(one, pages)
    return upgrade


async def test_an_edition_is_read_again_from_its_page(uri: str, tmp_path: Path) -> None:
    older = stored_as(PAGE, figures=TODAY.figures[:1], sections=[], text="没有读完")
    async with open_store(uri) as store:
        await keep(store, edition(older))
        upgrade = await read_again(store, kept_in(tmp_path, PAGE))
        assert +upgrade.counts == {"read again": 1, "changed": 1}
        found = await store.get_issue("2025-03")
        assert found is not None and (found.text, found.figures) == (TODAY.text, TODAY.figures)
        assert [one.id async for one in store.editions()] == [edition_of(TODAY).id]
        assert not +(await read_again(store, None)).counts


async def test_a_rehearsal_says_what_would_change(uri: str, tmp_path: Path) -> None:
    first, second, *others = TODAY.figures
    figures = [first.model_copy(update={"value": 1}), second.model_copy(update={"confidence": 0.5}), *others[:-1]]
    figures += [Figure.model_validate(make_figure("hosts.infected", 5))]
    async with open_store(uri) as store:
        await keep(store, edition(stored_as(PAGE, figures=figures, sections=[])))
        before = document_in(uri, "issues", "2025-03")
        upgrade = await read_again(store, kept_in(tmp_path, PAGE), write=False)
    assert +upgrade.counts == {"read again": 1, "changed": 1}
    assert upgrade.differences == [
        f"2025-03  {first.metric}: 1 -> {first.value}",
        "2025-03  hosts.infected: 5 -> none",
        f"2025-03  {others[-1].metric}: none -> {others[-1].value}",
        "2025-03  also: figures.confidence, sections",
    ]
    assert document_in(uri, "issues", "2025-03") == before


def test_equal_readings_do_not_differ() -> None:
    assert list(differences(stored_as(PAGE), TODAY)) == []


@pytest.mark.parametrize("everything", [False, True])
async def test_what_this_parser_has_read_is_read_again_only_if_asked_for(
    sqlite_uri: str, tmp_path: Path, everything: bool
) -> None:
    async with open_store(sqlite_uri) as store:
        await keep(store, edition_of(TODAY))
        upgrade = await read_again(store, kept_in(tmp_path, PAGE), everything=everything)
        assert +upgrade.counts == ({"read again": 1} if everything else {})


@pytest.mark.parametrize("other", [None, b"", PAGE + b" "])
async def test_an_edition_whose_page_is_not_at_hand_stays(sqlite_uri: str, tmp_path: Path, other: bytes | None) -> None:
    older = edition(stored_as(PAGE, figures=[]))
    async with open_store(sqlite_uri) as store:
        await keep(store, older)
        upgrade = await read_again(store, None if other is None else kept_in(tmp_path, other))
        assert +upgrade.counts == {"without page": 1}
        assert [one.issue async for one in store.editions()] == [older.issue]


async def test_an_edition_is_read_from_any_page_in_which_it_was_seen(sqlite_uri: str, tmp_path: Path) -> None:
    """The first page was fetched before there was an archive, a later one with the same text was archived."""
    later = PAGE + b"<!-- another token -->"
    one = edition(stored_as(PAGE, figures=[]))
    last = Answer(seen_at=NOW + timedelta(days=9), sha256=sha256(later).hexdigest())
    async with open_store(sqlite_uri) as store:
        await keep(store, one.model_copy(update={"last": last}))
        upgrade = await read_again(store, kept_in(tmp_path, later))
        assert +upgrade.counts == {"read again": 1, "changed": 1}


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (pages.FAILURES["deleted_zh"].page, "its page is no article (gone: deleted by its author)"),
        (series.page_of("2025-02"), "its page is another article"),
        (OTHER, "the title is none of the series"),
        (b"", "its page is no article"),
    ],
)
async def test_a_page_that_is_not_that_issue_any_more(sqlite_uri: str, tmp_path: Path, page: bytes, said: str) -> None:
    older = stored_as(PAGE)
    provenance = older.provenance.model_copy(update={"sha256": sha256(page).hexdigest()})
    older = older.model_copy(update={"provenance": provenance})
    async with open_store(sqlite_uri) as store:
        await keep(store, edition(older))
        upgrade = await read_again(store, kept_in(tmp_path, page))
        (line,) = upgrade.problems
        assert said in line and "cannot be read again: " in line
        assert +upgrade.counts == {"failed": 1}
        assert [one.issue async for one in store.editions()] == [older]


class Interrupted:
    """Archived pages during whose first look-up something else happens."""

    def __init__(self, found: ArchiveReader, event: Callable[[], object]) -> None:
        self._found, self._events = found, [event]

    def page(self, digest: str) -> bytes | None:
        while self._events:
            self._events.pop()()
        return self._found.page(digest)


async def test_a_picture_that_a_crawl_fetches_meanwhile_is_not_lost(uri: str, tmp_path: Path) -> None:
    older = stored_as(PAGE, figures=[])
    fetched = older.images[1].model_copy(update={"status": "stored", "path": "a/b.png", "checksum": "a" * 64})

    def fetch() -> None:
        async def put() -> None:
            async with open_store(uri) as store:
                await take_pictures(store, [fetched])

        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, put()).result()

    async with open_store(uri) as store:
        await keep(store, edition(older))
        (due,) = await Upgrade(store).outdated()
        await Upgrade(store).read_again(due, Interrupted(kept_in(tmp_path, PAGE), fetch))
        issue = await store.get_issue("2025-03")
        assert issue is not None
        assert issue.figures == TODAY.figures and issue.provenance.parser == PARSER
        assert [picture.status for picture in issue.images] == ["pending", "stored", "pending"]


# The pages of an archive


def test_pages_are_found_whatever_their_address_and_kind(tmp_path: Path) -> None:
    """Several versions of one article, an answer that is none, and what a browser was shown."""
    url = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
    bodies = [PAGE, series.page_of("2025-02"), b"challenge"]
    writer = ArchiveWriter(tmp_path)
    for body in bodies:
        writer.add(url, 200, [], body)
    writer.add_rendered(url, b"rendered")
    writer.add("https://mmbiz.qpic.cn/mmbiz_png/abc/640", 200, [], b"a picture")
    writer.close()
    found = ArchiveReader(tmp_path, 4_000_000)
    bodies += [b"rendered", b"a picture"]
    assert [found.page(sha256(body).hexdigest()) for body in bodies] == bodies
    assert found.faults == []


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "b.warc.gz").write_bytes(b"no archive")
    found = kept_in(tmp_path, PAGE)
    assert found.page(sha256(PAGE).hexdigest()) == PAGE
    (line,) = ArchiveReader(tmp_path, 4_000_000).faults
    assert "b.warc.gz cannot be read as a WARC file" in line


def test_a_page_over_the_limit_is_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.warc.gz", (series.published("2025-03").url, "200 OK", PAGE, "2025-01-01T00:00:00Z"))
    assert ArchiveReader(path, len(PAGE) - 1).page(sha256(PAGE).hexdigest()) is None


# The command


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with four issues that an older parser read, and an archive with the pages of the first three."""
    ids = ["2024-50", "2024-51", "2024-52", "2025-01"]
    answers = [(series.published(one).url, "200 OK", series.page_of(one), "2025-01-01T00:00:00Z") for one in ids]
    (tmp_path / "archive").mkdir()
    archive(tmp_path / "archive" / "a.warc.gz", *answers[:3])
    issues = [stored_as(page, figures=[]) for _, _, page, _ in answers]
    fill(env_of(tmp_path)["CNCERT_STORE"], issues)
    return tmp_path


PAGES = {one: series.page_of(one) for one in ("2024-50", "2024-51", "2024-52", "2025-01")}


def fill(uri: str, issues: Iterable[Issue]) -> None:
    """Keep *issues* as another parser has read them."""

    async def put() -> None:
        async with open_store(uri) as store:
            for issue in issues:
                await keep(store, edition_of(stored_as(PAGES[issue.id], PARSER)).model_copy(update={"issue": issue}))

    asyncio.run(put())


def env_of(place: Path) -> dict[str, str]:
    return project_env(None, place, CNCERT_ARCHIVE=str(place / "archive"))


def counts_in(output: str) -> dict[str, int]:
    """The numbers of the closing table."""
    names = "read again|changed|without page|failed"
    return {name: int(number) for name, number in re.findall(rf"^ ?({names}) +(\d+) ", output, re.MULTILINE)}


def test_the_command_rehearses_does_and_has_done(place: Path) -> None:
    uri, env = env_of(place)["CNCERT_STORE"], env_of(place)
    rehearsal = run_scrapy("upgrade", "--dry-run", env=env)
    assert (rehearsal.returncode, rehearsal.stderr) == (0, "")
    assert "2024-50  incidents.handled: none -> " in rehearsal.stdout
    expected = {"read again": 3, "changed": 3, "without page": 1, "failed": 0}
    assert counts_in(rehearsal.stdout) == expected
    assert document_in(uri, "issues", "2024-50")["figures"] == []
    result = run_scrapy("upgrade", env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert counts_in(result.stdout) == expected
    assert "incidents.handled" not in result.stdout
    assert document_in(uri, "issues", "2024-50")["provenance"]["parser"] == PARSER
    assert document_in(uri, "issues", "2024-50")["figures"] != []
    everything = run_scrapy("upgrade", "--all", "--archive", place / "archive", env=env | {"CNCERT_ARCHIVE": ""})
    assert counts_in(everything.stdout) == expected | {"changed": 0}


def test_the_command_names_what_it_cannot_do(place: Path) -> None:
    (place / "archive" / "b.warc.gz").write_bytes(b"no archive")
    result = run_scrapy("upgrade", env=env_of(place))
    assert result.returncode == 1
    (broken,) = result.stderr.splitlines()
    assert "b.warc.gz cannot be read as a WARC file" in broken
    assert counts_in(result.stdout) == {"read again": 3, "changed": 3, "without page": 1, "failed": 0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "upgrade takes no argument 'x'"),
        (["--archive", "{}/empty"], "holds no WARC file"),
        (["--archive", "{}/none"], "/none': no such file or directory"),
    ],
)
def test_the_command_called_wrongly(place: Path, arguments: list[str], said: str) -> None:
    (place / "empty").mkdir()
    result = run_scrapy("upgrade", *(argument.format(place) for argument in arguments), env=env_of(place))
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("cncert: ") and said in line
