"""A store of the layout before editions that is upgraded, gets saved pages and is crawled, with every step killed."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cncert.archive.warc_writer import ArchiveWriter
from cncert.items import Figure, Issue, Provenance
from cncert.ledger.article_ledger import issue_row_id
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.validation import validate_issue
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.factories import make_figure
from tests.former_store import as_version_1, former_row, make_store, revision_of
from tests.killing import FIRST, LAST, Crawl, Place, Step
from tests.site.crawl import Process, begin_scrapy, project_env
from tests.site.server import LoopbackWeChat
from tests.stores import Document, raw

FORMER = series.week_ids(FIRST, "2024-10")
"""In the store before it is upgraded."""
SAVED = series.week_ids("2024-09", "2024-13")
"""In saved pages: two of them are in the store already."""
READ = datetime(2024, 6, 3, 4, 5, 6, tzinfo=UTC)


class Upgrade(Step):
    """``scrapy upgrade`` with an archive of all raw pages."""

    name = "upgrade"

    def __init__(self, directory: Path) -> None:
        self._archive = directory / "pages.warc.gz"
        writer = ArchiveWriter(self._archive)
        for issue in FORMER:
            writer.add(series.published(issue).url, 200, [("Content-Type", "text/html")], page(issue), READ)
        writer.close()

    def begin(self, place: Place, log: Path) -> Process:
        return _begin(place, log, "upgrade", "--archive", str(self._archive))

    def progress(self, place: Place, log: Path) -> int:
        return _editions(place)[1]

    def phase(self, place: Place, log: Path) -> str:
        layout, editions = _editions(place)
        return "after the layout" if layout > 1 else "editions" if editions else "start"


class Import(Step):
    """``scrapy import`` of saved pages."""

    name = "import"

    def __init__(self, directory: Path) -> None:
        self._pages = directory / "saved"
        self._pages.mkdir()
        for issue in SAVED:
            (self._pages / f"{issue}.html").write_bytes(page(issue))

    def begin(self, place: Place, log: Path) -> Process:
        return _begin(place, log, "import", "--jobs", "1", str(self._pages))

    def progress(self, place: Place, log: Path) -> int:
        return log.read_bytes().count(b".html")

    def phase(self, place: Place, log: Path) -> str:
        done = self.progress(place, log)
        return "start" if not done else "files" if done < len(SAVED) else "close"


def all_steps(site: LoopbackWeChat, directory: Path) -> Sequence[Step]:
    """The upgrade, the import and the crawl; what they read is put into *directory*."""
    return Upgrade(directory), Import(directory), Crawl(site)


def page(issue: str) -> bytes:
    """The page of *issue* as the site shows it."""
    place = series.week_ids(FIRST, LAST).index(issue)
    return series.page_of(issue, era=series.ERAS[place % len(series.ERAS)])


def put_former_store(place: Place) -> None:
    """Make the store of layout 1: issues with and without files of their pictures, revisions, rejects, ledger."""
    issues, revisions, rejects, ledger = [list[Document]() for _ in range(4)]
    for number, name in enumerate(FORMER):
        issue = _read(name)
        pictures = [one for one in issue.images if one.role == "body"]
        for n, one in enumerate(pictures[: number % 3]):
            data, path = series.drawing(1 + 2 * number + n), f"{name}/{n + 1:02d}-former.png"
            (place.directory / "pictures" / name).mkdir(parents=True, exist_ok=True)
            (place.directory / "pictures" / path).write_bytes(data)
            stored = {"status": "stored", "path": path, "checksum": sha256(data).hexdigest(), "width": 64, "height": 48}
            issue.images[issue.images.index(one)] = one.model_copy(update=stored)
            figure = make_figure("hosts.infected", 1000 + number, picture=one.key, box=[1, 2, 3, 4])
            issue.figures.append(Figure.model_validate(figure))
        issues.append(as_version_1(issue))
        text = issue.model_copy(update={"text": f"从前的正文\n{issue.text}"})
        revisions.append(revision_of(as_version_1(text), f"{name}-former"))
        url = series.published(name).url
        ledger.append(former_row(issue_row_id(issue), "stored", None, "stored", issue=name, url=url, form="signed"))
    early = _read("2024-11").model_copy(update={"published_at": datetime(2024, 3, 1, tzinfo=UTC)})
    times = {"rejected_at": READ.isoformat()}
    for name, document in (("valid-now", as_version_1(early)), ("spoilt", {"title": ""})):
        rejects.append({"_id": name, "issue": None, "reason": "x", "address": None, "document": document, **times})
    make_store(place.uri, {"issues": issues, "revisions": revisions, "rejects": rejects, "ledger": ledger})
    if place.mongo is None:
        with closing(sqlite3.connect(place.directory / "cncert.db")) as db:
            db.execute("PRAGMA journal_mode = WAL")


def _read(name: str) -> Issue:
    """Read the page of the issue as an older parser did."""
    url, data = series.published(name).url, page(name)
    article = read_page(data, url).article
    assert article is not None
    digest = sha256(data).hexdigest()
    origin = Provenance(source="page", via="http", fetched_at=READ, address=url, sha256=digest, parser="0.0.1")
    return validate_issue(clean_issue(read_issue(article, origin)))


def _begin(place: Place, log: Path, *args: str) -> Process:
    return begin_scrapy(*args, log=log, env=project_env(None, place.directory, store=place.uri), both=True)


def _editions(place: Place) -> tuple[int, int]:
    """The layout of a store and the number of its editions, without the store in between."""
    if place.mongo is None:
        with closing(sqlite3.connect(place.directory / "cncert.db", timeout=30)) as db:
            (layout,) = db.execute("PRAGMA user_version").fetchone()
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'editions'").fetchone():
                return layout, 0
            return layout, db.execute("SELECT count(*) FROM editions").fetchone()[0]
    with raw(place.mongo) as client:
        database = client.get_default_database()
        found = database["meta"].find_one({"_id": "layout"})
        return found["version"] if found else 1, database["editions"].count_documents({})
