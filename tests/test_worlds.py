"""Worlds in which most of CNCERT's newest addresses are challenged: a crawl has of every week what can be had."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cncert.sources.feed import read_feed
from cncert.sources.listed_articles import find_issues
from tests.site import feeds
from tests.site.server import LoopbackWeChat
from tests.worlds import FEED_HOST, WORLDS, documents, generous


@pytest.mark.parametrize("name", WORLDS)
def test_a_crawl_has_what_is_right_and_asks_for_it_once(name: str, tmp_path: Path) -> None:
    """The second run asks the feed and at most one page; the original that is answered takes its place. About 20 s."""
    world = WORLDS[name]()
    with LoopbackWeChat(hosts=world.hosts()) as site:
        world.put(site)
        first = world.crawl(site, tmp_path)
        assert first.returncode in (0, 1), first.stderr[-3000:]
        had = {week: one.had for week, one in world.found(site, tmp_path).items() if week in world.right}
        assert had == world.right
        sent = Counter(asked.url for asked in site.asked(lambda asked: asked.host != FEED_HOST))
        assert [url for url, times in sent.items() if times > 1] == []
        site.reset_log()
        second = world.crawl(site, tmp_path)
        assert second.returncode in (0, 1), second.stderr[-3000:]
        assert len(site.asked(lambda asked: asked.host != FEED_HOST)) <= 1
        week, url = world.opened
        world.crawl(site, tmp_path, f"start={url}")
    issue = asyncio.run(documents(tmp_path))[week]
    assert issue.provenance.source == "page"
    assert "editions_disagree" in {warning.code for warning in issue.warnings}


def test_all_entries_of_an_aggregator_are_read() -> None:
    world = generous()
    listed = feeds.aggregated(world.posts, newest=datetime(2022, 7, 8, 18, 0, tzinfo=UTC))
    entries, fault = read_feed(feeds.doonsec(listed))
    issues, others = find_issues(entries)
    assert (len(entries), fault) == (500, None)
    assert {one.address.url for one in issues} == {post.url for post in world.posts}
    assert others == Counter(other_titles=500 - len(world.posts))
