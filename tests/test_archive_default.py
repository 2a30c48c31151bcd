"""What is kept of a run without being asked for, and what says so."""

import json
import os
from argparse import Namespace
from contextlib import closing
from pathlib import Path

import pytest

from cncert.archive.warc_reader import ArchiveReader
from cncert.editions import import_saved
from cncert.sources.saved_files.file_reader import PageFromFile
from cncert.sources.saved_files.read_files import read_files
from cncert.store import open_store
from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.small_disk import UNSHARE, needs_mount
from tests.test_pictures import MOUNT


@pytest.mark.parametrize(("archive", "said"), [("kept", "2 files, 30 bytes"), ("none", "0 files, 0 bytes"), ("", None)])
async def test_the_status_says_how_much_is_kept(tmp_path: Path, archive: str, said: str | None) -> None:
    (tmp_path / "kept").mkdir()
    for name in ("a.warc.gz", "b.warc", "a.cdxj"):
        (tmp_path / "kept" / name).write_bytes(b"x" * 15)
    env = project_env(None, tmp_path, CNCERT_ARCHIVE=str(tmp_path / archive) if archive else "", COLUMNS="300")
    async with open_store(env["CNCERT_STORE"]):
        pass
    found = run_scrapy("status", env=env).stdout
    assert (said in found) if said else ("archive" not in found)
    (size,) = [json.loads(run_scrapy("status", "--json", env=env).stdout)["archive"]]
    assert (size is None) is (said is None)


def test_nothing_is_kept_of_the_demo(tmp_path: Path) -> None:
    env = project_env(None, tmp_path, CNCERT_ARCHIVE=str(tmp_path / "archive"))
    assert run_scrapy("demo", str(tmp_path / "demo"), env=env).returncode == 0
    assert not (tmp_path / "archive").exists()


async def test_a_page_is_archived_before_its_issue_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that is killed in between has the page, and the next one stores the issue."""
    page, url = series.page_of("2025-03"), series.published("2025-03").url
    (tmp_path / "page.html").write_bytes(page)
    (one,) = read_files([str(tmp_path / "page.html")], Namespace(jobs=1), keep_pages=True)
    assert isinstance(one, PageFromFile) and one.issue is not None
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        monkeypatch.setattr(import_saved, "take", lambda *_: 1 / 0)
        importer = import_saved.SavedIssueImporter(store, tmp_path / "archive")
        with closing(importer), pytest.raises(ZeroDivisionError):
            await importer.take(one.issue, one.saved_page)
    found = ArchiveReader(tmp_path / "archive", 2**25).get(url)
    assert found is not None
    assert found.body == page


@needs_mount
@pytest.mark.parametrize("gone", [True, False], ids=["the last answer, of which nothing is stored", "a page"])
def test_a_full_disk_costs_no_issue_and_is_said(site: LoopbackWeChat, tmp_path: Path, gone: bool) -> None:
    (one,), archive = series.publish(site, "2024-16", "2024-16", linked=lambda _: None), tmp_path / "archive"
    archive.mkdir()
    if gone:
        noise = f"<!--{os.urandom(9000).hex()}-->".encode()
        site.add_article(one.url, pages.FAILURES["deleted_zh"].page.replace(b"</body>", noise + b"</body>"))
    prefix = [*UNSHARE, "sh", "-c", MOUNT, str(archive)]
    bounds = (f"start={one.url}", "from=2024-16", "until=2024-16")
    run = crawl(site, tmp_path, *bounds, prefix=prefix, CNCERT_ARCHIVE=str(archive))
    assert run.returncode == 1
    assert run.stderr.count("cannot be written: No space left on device") == 1
    assert "the archive could not be written" in run.stderr
    assert ("issues    1 new" in run.stderr) is not gone
