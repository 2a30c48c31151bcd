"""A spider of another site shares store, ledger, run record, archive and exit status, and brings nothing but itself."""

from pathlib import Path

from cncert.archive.warc_reader import ArchiveReader
from cncert.store import open_store
from cncert.store.endings import State
from tests.other_site.bulletin import HOST, LIST
from tests.site.crawl import project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat

PAGE = """<html><head><meta charset="utf-8"><title>bulletin</title></head><body><div>
<h2>网络安全信息与动态周报-2024年第{number}期</h2><p>本周网络安全基本态势</p><p>本周，网络安全态势整体评价为良。</p>
<p>本周事件处理情况</p><p>本周，共处理了网络安全事件{number}起，其中跨境网络安全事件2起。</p></div></body></html>"""


async def test_a_second_spider_needs_its_own_files_and_one_registration(tmp_path: Path) -> None:
    """One setting registers it; a page that is gone is no failure, one that shows no issue is."""
    links = "".join(f'<a href="/issue/2024-{number}.html">{number}</a>' for number in (14, 15, 16))
    with LoopbackWeChat(hosts=[HOST]) as site:
        site.add_path(HOST, "/list.html", Answer(f"<html><body>{links}</body></html>".encode()))
        for number in (14, 15):
            site.add_path(HOST, f"/issue/2024-{number}.html", Answer(PAGE.format(number=number).encode()))
        site.add_path(HOST, "/issue/2024-16.html", Answer(status=404))
        env = project_env(site, tmp_path, CNCERT_ARCHIVE=str(tmp_path / "archive"))
        command = ("crawl", "bulletin", "-s", "SPIDER_MODULES=cncert.spiders,tests.other_site")
        first = run_scrapy(*command, env=env)
        assert first.returncode == 0, first.stderr
        assert "issues    2 new" in first.stderr
        asked = site.requests
        again = run_scrapy(*command, env=env)
        assert again.returncode == 0, again.stderr
        assert [request.path for request in site.requests[len(asked) :]] == ["/list.html"]

        site.add_path(HOST, "/list.html", Answer(b'<html><a href="/issue/2024-17.html">17</a></html>'))
        site.add_path(HOST, "/issue/2024-17.html", Answer(b"<html><body>nothing</body></html>"))
        assert run_scrapy(*command, env=env).returncode == 1

    async with open_store(env["CNCERT_STORE"]) as store:
        issues = [issue async for issue in store.issues()]
        assert [(issue.id, issue.rating, issue.account.name) for issue in issues] == [
            ("2024-14", "良", "bulletin"),
            ("2024-15", "良", "bulletin"),
        ]
        rows = [row for row in await store.rows() if row.id.startswith("site-")]
        nameless = {row.issue for row in await store.rows() if row.id.startswith("issue-")}
        assert not nameless & {"2024-14", "2024-15"}  # a page of the site has its own row
        assert {row.issue: row.state for row in rows} == {
            "2024-14": State.STORED,
            "2024-15": State.STORED,
            "2024-16": State.GONE,
            "2024-17": State.REJECTED,
        }
        assert {source for row in rows for address in row.addresses for source in address.sources} == {"list"}
        assert [(run.spider, run.clean) for run in await store.runs()] == [
            ("bulletin", False),
            ("bulletin", True),
            ("bulletin", True),
        ]
    archived = ArchiveReader(tmp_path / "archive", 1_000_000)
    assert archived.get(LIST) is not None
    assert archived.get(f"https://{HOST}/issue/2024-14.html") is not None
