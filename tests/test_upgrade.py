"""``scrapy upgrade``: stored issues come to the present version, and are read again from their raw pages."""

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cncert import __version__
from cncert.archive.warc_reader import ArchivedPages
from cncert.archive.warc_writer import ArchiveWriter
from cncert.exceptions import DocumentError, UpgradeError
from cncert.items import SCHEMA_VERSION, Figure, Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.report.validation import validate_issue
from cncert.store import Store, open_store
from cncert.store.revisions import Outcome, Revision
from cncert.store.schema_versions import UPGRADES, upgraded
from cncert.store.upgrade import Upgrade, differences, reread
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.factories import NOW, make_figure, make_issue
from tests.site import pages
from tests.site.crawl import ROOT, project_env, run_scrapy
from tests.stores import Document, document_in, rewrite
from tests.test_archive import archive

ADDED = {"rankings"}
"""Fields of an issue that came after the first documents of this version."""


def with_older_title(document: Document) -> Document:
    """A step for tests: in version 0 the title had another name."""
    return {name: value for name, value in document.items() if name != "name"} | {"title": document["name"]}


def make_older(document: Document) -> None:
    """Turn a document into one of that version 0."""
    document["name"] = document.pop("title")
    document["schema_version"] = 0


@pytest.fixture
def version_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """There has been a version before the first."""
    monkeypatch.setitem(UPGRADES, 0, with_older_title)


async def upgrade_all(store: Store, *, write: bool = True) -> tuple[Upgrade, list[str]]:
    """An upgrade of versions alone, and what it says of documents that cannot be read."""
    upgrade, said = Upgrade(store, write=write), []
    for kind, ids in ((Issue, await store.issue_ids()), (Revision, await store.revision_ids())):
        for document_id in ids:
            try:
                await upgrade.upgrade_document(kind, document_id)
            except DocumentError as error:
                said.append(str(error))
    return upgrade, said


# Versions


def test_every_version_before_the_present_one_has_a_step() -> None:
    assert sorted(UPGRADES) == list(range(1, SCHEMA_VERSION))


@pytest.mark.usefixtures("version_0")
async def test_documents_of_an_older_version_are_brought_up(uri: str) -> None:
    issues = [make_issue(), make_issue(text="改")]
    async with open_store(uri) as store:
        for issue in issues:
            await store.put_issue(issue)
        (revision,) = await store.revisions("2025-03")
        rewrite(uri, "issues", "2025-03", make_older)
        rewrite(uri, "revisions", revision.id, lambda document: make_older(document["document"]))
        for access in (store.get_issue("2025-03"), store.revisions("2025-03"), store.put_issue(issues[0])):
            with pytest.raises(DocumentError, match="has schema_version 0, this cncert reads 1: run scrapy upgrade"):
                await access
        rehearsal, said = await upgrade_all(store, write=False)
        assert (rehearsal.counts["upgraded"], said) == (2, [])
        assert document_in(uri, "issues", "2025-03")["schema_version"] == 0
        upgrade, said = await upgrade_all(store)
        assert (upgrade.counts["upgraded"], said) == (2, [])
        assert await store.get_issue("2025-03") == issues[1]
        assert await store.revisions("2025-03") == [revision]
        upgrade, said = await upgrade_all(store)
        assert (upgrade.counts["upgraded"], said) == (0, [])


async def test_a_document_gets_the_fields_that_were_added_since(uri: str) -> None:
    async with open_store(uri) as store:
        await store.put_issue(make_issue())
        rewrite(uri, "issues", "2025-03", lambda issue: [issue.pop(name) for name in ADDED])
        assert await store.get_issue("2025-03") == make_issue()  # it can be read as it is
        upgrade, _ = await upgrade_all(store)
        assert upgrade.counts["upgraded"] == 1
        assert document_in(uri, "issues", "2025-03").keys() >= ADDED


@pytest.mark.usefixtures("version_0")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda issue: issue.update(schema_version=2), "has schema_version 2, this cncert knows 1: update cncert"),
        (lambda issue: issue.update(schema_version=-1), "has schema_version -1, which never was one"),
        (lambda issue: issue.update(schema_version=[1]), "has schema_version [1], which never was one"),
        (lambda issue: issue.pop("schema_version"), "has schema_version None, which never was one"),
        (lambda issue: issue.update(schema_version=0), "is no issue of schema_version 0: KeyError('name')"),
        (lambda issue: issue.update(rating="很好"), "cannot be read: rating"),
        (lambda issue: issue.update(figures=3), "cannot be read: figures"),
    ],
)
async def test_a_document_that_cannot_be_read_is_named_and_stays(
    uri: str, spoil: Callable[[Document], object], said: str
) -> None:
    async with open_store(uri) as store:
        for number in (3, 4):
            await store.put_issue(make_issue(number=number))
        spoilt = rewrite(uri, "issues", "2025-03", spoil)
        rewrite(uri, "issues", "2025-04", make_older)
        upgrade, lines = await upgrade_all(store)
        assert +upgrade.counts == {"upgraded": 1, "failed": 1}
        assert len(lines) == 1 and f"issues 2025-03 {said}" in lines[0] and "\n" not in lines[0]
        assert upgrade.outdated == ["2025-04"]
    assert document_in(uri, "issues", "2025-03") == spoilt


async def test_a_document_that_goes_meanwhile_is_no_trouble(uri: str) -> None:
    async with open_store(uri) as store:
        upgrade = Upgrade(store)
        await upgrade.upgrade_document(Issue, "2025-03")
        await upgrade.read_again("2025-03", None)
        assert not +upgrade.counts


def test_steps_are_gone_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (-1, 0):
        monkeypatch.setitem(UPGRADES, version, lambda issue: {**issue, "way": [*issue["way"], issue["schema_version"]]})
    assert upgraded({"schema_version": -1, "way": []}) == {"schema_version": 1, "way": [-1, 0]}


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
        fetched_at=NOW,
        via="http",
        address="https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv",
        sha256=sha256(page).hexdigest(),
        parser=parser,
    )
    article = read_page(page).article
    assert article is not None
    return validate_issue(clean_issue(read_issue(article, provenance)).model_copy(update=changes))


def kept_in(path: Path, *bodies: bytes) -> ArchivedPages:
    """The pages of an archive that holds *bodies*."""
    answers = ((series.published("2025-03").url, "200 OK", body, "2025-01-01T00:00:00Z") for body in bodies)
    return ArchivedPages(archive(path / "a.warc.gz", *answers), 4_000_000)


PAGE = series.page_of("2025-03")
TODAY = stored_as(PAGE, PARSER)
OTHER = pages.render(pages.ArticleSpec(title="CNVD漏洞周报", mid=1, idx=1), "2026")


async def test_an_issue_is_read_again_from_its_page(uri: str, tmp_path: Path) -> None:
    older = stored_as(PAGE, figures=TODAY.figures[:1], sections=[], text="没有读完")
    async with open_store(uri) as store:
        await store.put_issue(older)
        upgrade, _ = await upgrade_all(store)
        assert upgrade.outdated == ["2025-03"]
        await upgrade.read_again("2025-03", kept_in(tmp_path, PAGE))
        assert +upgrade.counts == {"read again": 1, "changed": 1}
        assert await store.get_issue("2025-03") == TODAY
        assert await store.revisions("2025-03") == []
        again, _ = await upgrade_all(store)
        assert again.outdated == []


async def test_a_rehearsal_says_what_would_change(uri: str, tmp_path: Path) -> None:
    first, second, *others = TODAY.figures
    figures = [first.model_copy(update={"value": 1}), second.model_copy(update={"confidence": 0.5}), *others[:-1]]
    figures += [Figure.model_validate(make_figure("hosts.infected", 5))]
    async with open_store(uri) as store:
        await store.put_issue(stored_as(PAGE, figures=figures, sections=[]))
        before = document_in(uri, "issues", "2025-03")
        upgrade, _ = await upgrade_all(store, write=False)
        await upgrade.read_again("2025-03", kept_in(tmp_path, PAGE))
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
        await store.put_issue(TODAY)
        upgrade = Upgrade(store, everything=everything)
        await upgrade.upgrade_document(Issue, "2025-03")
        assert upgrade.outdated == ["2025-03"] * everything
        await upgrade.read_again("2025-03", kept_in(tmp_path, PAGE))
        assert +upgrade.counts == ({"read again": 1} if everything else {})


@pytest.mark.parametrize("other", [None, b"", PAGE + b" "])
async def test_an_issue_whose_page_is_not_at_hand_stays(sqlite_uri: str, tmp_path: Path, other: bytes | None) -> None:
    older = stored_as(PAGE, figures=[])
    async with open_store(sqlite_uri) as store:
        await store.put_issue(older)
        upgrade, _ = await upgrade_all(store)
        await upgrade.read_again("2025-03", None if other is None else kept_in(tmp_path, other))
        assert +upgrade.counts == {"without page": 1}
        assert await store.get_issue("2025-03") == older


def test_what_the_crawl_added_is_kept() -> None:
    cover, first, second = stored_as(PAGE).images
    files = {"path": "2025-03/01.png", "checksum": "a" * 64, "width": 64, "height": 48, "status": "stored"}
    stored = stored_as(
        PAGE,
        images=[cover, first.model_copy(update=files), second.model_copy(update={"status": "failed"})],
        figures=[
            Figure.model_validate(make_figure("hosts.infected", 5, source="picture", picture=first.key)),
            Figure.model_validate(make_figure("hosts.conficker", 3, source="picture", picture="mmbiz/not-shown")),
        ],
        warnings=[{"code": "figure_outlier", "message": "hosts.infected"}, {"code": "no_text", "message": "none"}],
    )
    issue = reread(stored, PAGE)
    assert issue.images == stored.images
    assert issue.figures == [*TODAY.figures, stored.figures[0]]
    assert issue.provenance == stored.provenance.model_copy(update={"parser": PARSER})
    codes = [warning.code for warning in issue.warnings]
    assert codes == [*(warning.code for warning in TODAY.warnings), "picture_missing", "figure_outlier"]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (pages.FAILURES["deleted_zh"].page, "its page is no article (gone: deleted by its author)"),
        (series.page_of("2025-02"), "its page is issue 2025-02"),
        (
            pages.render(pages.ArticleSpec(title="CNVD漏洞周报", mid=1, idx=1), "2026"),
            "the title is none of the series",
        ),
        (b"", "its page is no article"),
    ],
)
async def test_a_page_that_is_not_that_issue_any_more(sqlite_uri: str, tmp_path: Path, page: bytes, said: str) -> None:
    older = stored_as(PAGE)
    provenance = older.provenance.model_copy(update={"sha256": sha256(page).hexdigest()})
    older = older.model_copy(update={"provenance": provenance})
    async with open_store(sqlite_uri) as store:
        await store.put_issue(older)
        upgrade, _ = await upgrade_all(store)
        with pytest.raises(UpgradeError, match=re.escape(said)) as caught:
            await upgrade.read_again("2025-03", kept_in(tmp_path, page))
        assert str(caught.value).startswith("2025-03 cannot be read again: ")
        assert +upgrade.counts == {"failed": 1}
        assert await store.get_issue("2025-03") == older


class Interrupted:
    """Archived pages during whose first look-up something else happens."""

    def __init__(self, found: ArchivedPages, event: Callable[[], object]) -> None:
        self._found, self._events = found, [event]

    def get(self, digest: str) -> bytes | None:
        while self._events:
            self._events.pop()()
        return self._found.get(digest)


async def test_what_a_crawl_writes_meanwhile_is_not_lost(uri: str, tmp_path: Path) -> None:
    def fetch_picture(issue: Document) -> None:
        issue["images"][1] |= {"status": "stored", "path": "2025-03/01.png", "checksum": "a" * 64}

    async with open_store(uri) as store:
        await store.put_issue(stored_as(PAGE, figures=[]))
        upgrade, _ = await upgrade_all(store)
        event = partial(rewrite, uri, "issues", "2025-03", fetch_picture)
        await upgrade.read_again("2025-03", Interrupted(kept_in(tmp_path, PAGE), event))  # type: ignore[arg-type]
        issue = await store.get_issue("2025-03")
        assert issue is not None
        assert issue.figures == TODAY.figures and issue.provenance.parser == PARSER
        assert [picture.status for picture in issue.images] == ["pending", "stored", "pending"]
        assert +upgrade.counts == {"read again": 1, "changed": 1}


async def test_an_edit_that_a_crawl_stores_meanwhile_is_not_undone(uri: str, tmp_path: Path) -> None:
    edited = make_issue(text="更正", provenance={"sha256": "e" * 64, "parser": PARSER})
    async with open_store(uri) as store:
        await store.put_issue(stored_as(PAGE, figures=[]))
        upgrade, _ = await upgrade_all(store)

        def edit(document: Document) -> None:
            form = store._form(edited)
            document.clear()
            document |= form

        event = partial(rewrite, uri, "issues", "2025-03", edit)
        await upgrade.read_again("2025-03", Interrupted(kept_in(tmp_path, PAGE), event))  # type: ignore[arg-type]
        assert await store.get_issue("2025-03") == edited
        assert not +upgrade.counts


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
    found = ArchivedPages(tmp_path, 4_000_000)
    assert [found.get(sha256(body).hexdigest()) for body in (*bodies, b"rendered")] == [*bodies, b"rendered"]
    assert found.get(sha256(b"a picture").hexdigest()) is None
    assert found.unreadable == []


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "b.warc.gz").write_bytes(b"no archive")
    found = kept_in(tmp_path, PAGE)
    assert found.get(sha256(PAGE).hexdigest()) == PAGE
    (line,) = ArchivedPages(tmp_path, 4_000_000).unreadable
    assert "b.warc.gz cannot be read as a WARC file" in line


def test_a_page_over_the_limit_is_left_out(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.warc.gz", (series.published("2025-03").url, "200 OK", PAGE, "2025-01-01T00:00:00Z"))
    assert ArchivedPages(path, len(PAGE) - 1).get(sha256(PAGE).hexdigest()) is None


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


def fill(uri: str, issues: Iterable[Issue]) -> None:
    """Put *issues* into a store."""

    async def put() -> None:
        async with open_store(uri) as store:
            for issue in issues:
                assert await store.put_issue(issue) is Outcome.NEW

    asyncio.run(put())


def env_of(place: Path) -> dict[str, str]:
    return project_env(None, place, CNCERT_ARCHIVE=str(place / "archive"))


def counts_in(output: str) -> dict[str, int]:
    """The numbers of the closing table."""
    names = "upgraded|read again|changed|without page|failed"
    return {name: int(number) for name, number in re.findall(rf"^ ?({names}) +(\d+) ", output, re.MULTILINE)}


def test_the_command_rehearses_does_and_has_done(place: Path) -> None:
    uri, env = env_of(place)["CNCERT_STORE"], env_of(place)
    rehearsal = run_scrapy("upgrade", "--dry-run", env=env)
    assert (rehearsal.returncode, rehearsal.stderr) == (0, "")
    assert "2024-50  incidents.handled: none -> " in rehearsal.stdout
    expected = {"upgraded": 0, "read again": 3, "changed": 3, "without page": 1, "failed": 0}
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
    uri = env_of(place)["CNCERT_STORE"]
    rewrite(uri, "issues", "2024-50", lambda issue: issue.update(schema_version=99))
    rewrite(uri, "issues", "2024-51", lambda issue: issue.update(rating="很好"))
    (place / "archive" / "b.warc.gz").write_bytes(b"no archive")
    result = run_scrapy("upgrade", env=env_of(place))
    assert result.returncode == 1
    newer, spoilt, broken = result.stderr.splitlines()
    assert newer.startswith("cncert: sqlite:///") and newer.endswith(
        "issues 2024-50 has schema_version 99, this cncert knows 1: update cncert"
    )
    assert "issues 2024-51 cannot be read: rating: Input should be" in spoilt
    assert "b.warc.gz cannot be read as a WARC file" in broken
    assert counts_in(result.stdout) == {"upgraded": 0, "read again": 1, "changed": 1, "without page": 1, "failed": 2}


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


UPGRADER = """
import asyncio, sys
from pathlib import Path
from cncert.archive.warc_reader import ArchivedPages
from cncert.items import Issue
from cncert.store import open_store
from cncert.store.upgrade import Upgrade
async def main():
    pages = ArchivedPages(Path(sys.argv[2]), 4_000_000)
    async with open_store(sys.argv[1]) as store:
        upgrade = Upgrade(store)
        for issue_id in await store.issue_ids():
            await upgrade.upgrade_document(Issue, issue_id)
        for issue_id in upgrade.outdated:
            await upgrade.read_again(issue_id, pages)
            print("." * 20_000, flush=True)  # waits for its reader: it cannot be done before it is killed
asyncio.run(main())
"""


async def test_an_upgrade_that_was_killed_is_completed_by_the_next(uri: str, tmp_path: Path) -> None:
    ids = series.week_ids("2024-01", "2024-20")
    bodies = {one: series.page_of(one) for one in ids}
    address = series.published("2024-01").url
    path = archive(
        tmp_path / "a.warc.gz", *((address, "200 OK", body, "2025-01-01T00:00:00Z") for body in bodies.values())
    )
    older = {one: stored_as(body, figures=[]) for one, body in bodies.items()}
    async with open_store(uri) as store:
        for issue in older.values():
            await store.put_issue(issue)
    command = [sys.executable, "-c", UPGRADER, uri, str(path)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as upgrader:
        assert upgrader.stdout is not None
        for _ in range(5):
            upgrader.stdout.readline()
        upgrader.send_signal(signal.SIGKILL)
    newer = {one: reread(issue, bodies[one]) for one, issue in older.items()}
    async with open_store(uri) as store:
        issues = [issue async for issue in store.issues()]
        done = [issue.id for issue in issues if issue == newer[issue.id]]
        assert 5 <= len(done) < len(ids)
        assert [issue for issue in issues if issue.id not in done] == [older[one] for one in ids if one not in done]
        upgrade, _ = await upgrade_all(store)
        assert upgrade.outdated == [one for one in ids if one not in done]
        for one in upgrade.outdated:
            await upgrade.read_again(one, ArchivedPages(path, 4_000_000))
        assert [issue async for issue in store.issues()] == [*newer.values()]
        assert await store.revision_ids() == []
