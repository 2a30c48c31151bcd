"""An archive of several runs, replayed into an empty store, gives the store that it came from."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from cncert.archive.warc_writer import ArchiveWriter
from cncert.store import open_store
from tests import series
from tests.site import cert_site, feeds, pages
from tests.site.cert_site import HOST, CertSite
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat
from tests.test_archive import archive
from tests.test_official import crawl as crawl_official

DATE = "2025-01-01T00:00:00Z"
BOUNDS = ("from=2024-10", "until=2024-16")


async def kept(folder: Path) -> dict[str, Any]:
    """The documents without what a replay adds (``via``), the editions and the files of the pictures."""
    volatile = {"provenance": {"via"}, "editions": {"__all__": {"via"}}}
    async with open_store(project_env(None, folder)["CNCERT_STORE"]) as store:
        issues = {issue.id: issue.model_dump(exclude=volatile) async for issue in store.issues()}
        editions = {one.id: (one.first, one.last, one.weeks) async for one in store.editions()}
    files = {path.name: path.read_bytes() for path in (folder / "pictures").rglob("*") if path.is_file()}
    return {"issues": issues, "editions": editions, "files": files}


async def test_a_refresh_that_met_other_pages_loses_nothing(site: LoopbackWeChat, tmp_path: Path) -> None:
    """A changed text, a deletion, a verification, an error and a half page; and pages that only a person named."""
    live, again, archive = tmp_path / "live", tmp_path / "again", str(tmp_path / "archive")
    live.mkdir()
    again.mkdir()
    published = series.publish(site, "2024-10", "2024-16", linked=lambda _: None)
    start = f"start={','.join(one.url for one in published)}"
    assert crawl(site, live, start, *BOUNDS, CNCERT_ARCHIVE=archive).returncode == 0
    by_issue = {one.issue: one.url for one in published}
    changed = series.page_of("2024-16").replace("态势".encode(), "形势".encode())
    site.add_article(by_issue["2024-16"], changed)
    site.add_article(by_issue["2024-15"], pages.FAILURES["deleted_zh"].page)
    site.add_article(by_issue["2024-14"], Answer(series.page_of("2024-14")[:-3000]))
    site.add_article(by_issue["2024-13"], Answer(b"busy", status=503))
    site.add_article(by_issue["2024-12"], pages.FAILURES["verification"].page)
    crawl(site, live, start, "refresh=1", *BOUNDS, CNCERT_ARCHIVE=archive)
    first = await kept(live)
    assert len(first["issues"]) == 7 and len(first["editions"]) == 8
    site.reset_log()
    run = crawl(site, again, f"replay={archive}")
    assert run.returncode == 0, run.stderr
    assert site.requests == []
    second = await kept(again)
    assert second == first


async def test_what_breaks_off_makes_a_replay_unclean(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Perhaps a page was behind its end."""
    url, page = series.published("2024-16").url, series.page_of("2024-16", linked=lambda _: None)
    path = archive(tmp_path / "x.warc.gz", (url, "200 OK", page, DATE), (url, "200 OK", b"busy", DATE))
    path.write_bytes(path.read_bytes()[:-9])
    run = crawl(site, tmp_path, f"replay={path}")
    assert run.returncode == 1
    assert f"{path} is damaged or breaks off" in run.stderr
    assert "files of the replayed archive that cannot be read whole: 1" in run.stderr
    assert list((await kept(tmp_path))["issues"]) == ["2024-16"]


async def test_every_version_of_a_list_and_of_a_pdf_is_read(tmp_path: Path) -> None:
    archive, again = str(tmp_path / "archive"), tmp_path / "again"
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [(2026, 10), (2026, 11)])
        assert crawl_official(site, tmp_path, CNCERT_ARCHIVE=archive).returncode == 0
        cert.add(cert_site.path((2026, 10)), Answer(status=404))
        cert.weeks = [(2026, 11), (2026, 12)]
        cert.put((2026, 12), cert_site.weekly_pdf((2026, 12)))
        cert.put((2026, 11), cert_site.weekly_pdf((2026, 11), handled=3))
        cert.relist()
        crawl_official(site, tmp_path, "refresh=1", CNCERT_ARCHIVE=archive)
        site.reset_log()
        run = crawl_official(site, again, f"replay={archive}")
        assert run.returncode == 0, run.stderr
        assert site.requests == []
    first, second = await kept(tmp_path), await kept(again)
    assert list(first["issues"]) == ["2026-10", "2026-11", "2026-12"]
    assert second == first


async def test_every_version_of_a_feed_is_read(tmp_path: Path) -> None:
    """A feed of today names an article no more that it named last year."""
    feed, archive, again = "https://feeds.example.org/weekly.xml", str(tmp_path / "archive"), tmp_path / "again"
    again.mkdir()
    with LoopbackWeChat(hosts=["feeds.example.org"]) as site:
        for issue in ("2024-14", "2024-15"):
            (one,) = series.publish(site, issue, issue, linked=lambda _: None)
            posts = feeds.rsshub([feeds.Post(one.title, one.url)])
            site.add_path("feeds.example.org", "/weekly.xml", Answer(posts, content_type="application/rss+xml"))
            bounds = (f"from={issue}", f"until={issue}")
            run = crawl(site, tmp_path, *bounds, CNCERT_ARCHIVE=archive, CNCERT_FEEDS=feed)
            assert run.returncode == 0, run.stderr
        site.reset_log()
        run = crawl(site, again, f"replay={archive}", *BOUNDS, CNCERT_FEEDS=feed)
        assert site.requests == []
    async with open_store(project_env(None, again)["CNCERT_STORE"]) as store:
        named = {row.issue for row in await store.rows() for one in row.addresses for x in one.sources if "feed" in x}
    assert named == {"2024-14", "2024-15"}


@pytest.mark.parametrize("is_wacz", [False, True])
async def test_pages_that_nothing_else_names_are_replayed(tmp_path: Path, is_wacz: bool) -> None:
    """An archive of imported pages, or a WACZ: no list, feed or index leads to them."""
    folder, archive = tmp_path / "archive", tmp_path
    writer = ArchiveWriter(folder, "import")
    short = "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
    writer.add(short, 200, [("Content-Type", "text/html")], series.page_of("2017-20", linked=lambda _: None))
    writer.close()
    if is_wacz:
        with ZipFile(tmp_path / "a.wacz", "w") as packed:
            packed.write(writer.path, "archive/../data.warc.gz")
        folder = tmp_path / "a.wacz"
    options = ("-a", f"replay={folder}", "-s", "DOWNLOAD_MAXSIZE=0")  # no limit
    run = run_scrapy("crawl", "weekly", *options, env=project_env(None, archive))
    assert run.returncode == 0, run.stderr
    assert list((await kept(tmp_path))["issues"]) == ["2017-20"]
