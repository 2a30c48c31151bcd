"""What ``scrapy crawl --dry-run`` prints: the requests of a run before the first answer, and how long they take."""

import tempfile
from collections.abc import Mapping
from typing import Any

from scrapy.crawler import Crawler

from cncert.exceptions import ArgumentError
from cncert.extensions.run_recorder import indexed_addresses, last_run
from cncert.ledger.dry_run import planned_requests
from cncert.options import Options
from cncert.sources.configured_sources import read_sources
from cncert.spiders.series_spider import SeriesSpider
from cncert.store import open_store
from cncert.terminal.console import escape_markup, make_table, print_note, stdout_console
from cncert.terminal.progress import format_duration


async def print_plan(crawler: Crawler, arguments: Mapping[str, Any]) -> int:
    """Print what a run of *crawler* would request; return the exit status. Raises ArgumentError or StoreError."""
    spider = crawler.spidercls.from_crawler(crawler, **arguments)
    assert isinstance(spider, SeriesSpider)
    options = Options.of(crawler.settings)
    if spider.arguments.replaying:
        raise ArgumentError("--dry-run: a replay sends no request anyway")
    with tempfile.TemporaryDirectory(prefix="cncert-") as place:
        async with (
            open_store(options.store, read_only=True, may_be_missing=True) as store,
            open_store(f"sqlite:///{place}/copy.db") as copy,
        ):
            if (last := await last_run(store, spider.name)) is not None:
                spider.unread_lists = tuple(last.unread_lists)
            start = [request.url async for request in spider.start()]
            pages = await planned_requests(
                store,
                copy,
                spider.arguments,
                reader=spider.read_address,
                reprints=options.reprints,
                indexed=indexed_addresses(options),
                start=[url for url in start if not spider.may_fetch(url)],
            )
            unfinished = [issue.id async for issue in store.issues_with_unfinished_pictures()]
    console = stdout_console(whole_rows=True)
    table = make_table(console)
    for title in ("issue", "what", "address"):
        table.add_column(title, no_wrap=title != "address", overflow="fold")
    for source in read_sources(options) if spider.asks_sources else ():
        table.add_row("", source.kind, escape_markup(source.name))
    lists = list(filter(spider.may_fetch, start))
    for url in lists:
        table.add_row("", "list", escape_markup(url))
    for page in pages:
        table.add_row(page.issue or "", f"{page.form}{', if needed' * page.is_spare}", escape_markup(page.url))
    console.print(table)
    most = len(pages) if spider.arguments.limit is None else min(spider.arguments.limit, len(pages))
    least, delay = min(most, sum(not page.is_spare for page in pages)), crawler.settings.getfloat("DOWNLOAD_DELAY")
    counts = tuple(dict.fromkeys((least, most)))
    times = " to ".join(format_duration((len(lists) + count) * delay) for count in counts)
    console.print(
        f"{len(lists)} lists, {' to '.join(map(str, counts))} pages: {times} at DOWNLOAD_DELAY={delay:g}, "
        "without pictures and what feeds, lists and pages name"
    )
    if unfinished:
        console.print(f"then pictures of {len(unfinished)} issues that could not be had before")
    if spider.asks_sources and options.wayback:
        console.print("then, for what is left, look-ups and captures in the Wayback Machine")
    print_note("nothing was requested, and nothing was written (--dry-run)")
    return 0
