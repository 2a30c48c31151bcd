"""How a crawl is getting on, on the last lines of a terminal."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Self

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.ledger import calendar_gaps
from cncert.terminal.console import console_for
from cncert.terminal.progress import LiveLines, format_duration
from cncert.terminal.safe_text import safe

SECONDS = 0.5
"""Between two looks at the crawl."""
COUNT_AFTER = 10.0
"""Seconds between two counts of the missing weeks in the store."""
LABEL, VALUE, LONGEST_BAR = 9, 15, 48
"""Columns; three labels with their values stand side by side in a window of 80."""
WINDOW, ENOUGH = 20, 3
"""The pace is that of the last so many pages, unknown until so many have come."""
ASKED = ("cncert/ledger/asked", "cncert/ledger/asked_again", "cncert/browser/asked")
NOT_SENT = ("cncert/robots", "cncert/ignored")
"""Counters (docs/logs.md): of pages to ask for, and of those of which none comes."""


def is_wanted(settings: BaseSettings) -> bool:
    """Whether somebody looks at a terminal that shows nothing else."""
    if not settings.getbool("CNCERT_PANEL") or settings["LOG_FILE"]:
        return False
    console = console_for(sys.stderr)
    return console.is_interactive and not console.legacy_windows


def panel(crawler: Crawler) -> AbstractContextManager[object]:
    """The panel of *crawler* while it runs, if one is wanted."""
    return Panel(crawler) if is_wanted(crawler.settings) else nullcontext()


class Pace:
    """How long a page takes at present."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=WINDOW + 1)

    def note(self, pages: int, now: float) -> None:
        """*pages* have come by *now*, in seconds."""
        if not self._seen or self._seen[-1][1] != pages:
            self._seen.append((now, pages))

    def forget(self) -> None:
        """What came before tells nothing of what comes."""
        self._seen.clear()

    def seconds(self, now: float) -> float | None:
        """A page takes; None if too few have come."""
        pages = self._seen[-1][1] - self._seen[0][1] if self._seen else 0
        return (now - self._seen[0][0]) / pages if pages >= ENOUGH else None


class Panel:
    """Shows *crawler* on stderr, a terminal, from ``with`` to its end: the log goes above, nothing is left of it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._lines = LiveLines()
        self._pace = Pace()
        self._began = time.monotonic()
        self._doing = "starting"
        self._wanted: int | None = None
        self._count_at = 0.0
        self._counting: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_under_way = False
        self._is_over = False

    def __enter__(self) -> Self:
        connect: Callable[..., None] = self._crawler.signals.connect
        connect(self._look, signal=signals.spider_opened)
        connect(self._started, signal=signals.engine_started)
        connect(self._asked, signal=signals.request_reached_downloader)
        connect(self._asked, signal=signals.response_received)  # an archive answers without the downloader
        connect(self._closed, signal=signals.spider_closed)
        self._lines.start()  # before the crawl: Scrapy then sets up its log, with the sys.stderr of this moment
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._lines.stop()

    # --- what the crawler tells

    def _started(self) -> None:
        self._is_under_way = True

    def _asked(self, request: Request) -> None:
        if "shown_as" in request.meta:
            self._doing = request.meta["shown_as"]
        elif "row" in request.meta:
            self._doing = request.meta["issue"] or "not known yet"
            self._pace.note(self._pages()[0], time.monotonic())

    def _closed(self) -> None:
        self._doing, self._is_over = "ending", True
        if self._counting is not None:
            self._counting.cancel()  # the store closes

    # --- what is shown

    def _look(self) -> None:
        """Draw, and do so again after a while."""
        self._lines.draw(self.render(self._lines.console.width - 1))
        now = time.monotonic()
        if self._is_under_way and not self._is_over and now >= self._count_at:
            self._count_at = now + COUNT_AFTER
            self._counting = asyncio.ensure_future(self._count())
        self._timer = asyncio.get_running_loop().call_later(SECONDS, self._look)

    async def _count(self) -> None:
        """Count the weeks that this run has filled or may still fill: feeds and pages name more than were known."""
        if (run := self._run) is None or run.record is None:
            return
        with suppress(StoreError):  # the run says so
            self._wanted = len(calendar_gaps.missing(await run.weeks())) + len(run.record.new)

    @property
    def _run(self) -> RunRecorder | None:
        return self._crawler.get_extension(RunRecorder)

    def _stat(self, name: str) -> int:
        return int(self._crawler.stats.get_value(name, 0))

    def _pages(self) -> tuple[int, int]:
        """Pages that are dealt with, and all that are known to be asked for in this run."""
        stats = self._crawler.stats.get_stats()
        done = sum(number for name, number in stats.items() if name.startswith("cncert/verdict/"))
        done += sum(map(self._stat, NOT_SENT))
        total = sum(map(self._stat, ASKED))
        limit = getattr(getattr(self._crawler.spider, "arguments", None), "limit", None)
        if limit is not None:
            total = min(total, done + limit - getattr(self._crawler.spider, "seen", 0))
        return done, max(done, total)

    def render(self, width: int) -> RenderableType:
        """The panel, *width* columns wide."""
        done, total = self._pages()
        bar = Table.grid(padding=(0, 1))
        words = f"{done} of {total} pages"
        size = max(4, min(LONGEST_BAR, width - len(words) - 1))
        bar.add_row(ProgressBar(total or 1, done, width=size), words)
        pairs = max(1, (width + 1) // (LABEL + VALUE + 2))
        cells = [Text.assemble((f"{label:<{LABEL}} ", "dim"), value) for label, value in self._values(total - done)]
        rows = [cells[first : first + pairs] for first in range(0, len(cells), pairs)]
        for cell in [cell for row in rows for cell in row[:-1]]:  # no spaces at the end: a narrower window wraps them
            cell.pad_right(max(1, LABEL + VALUE + 2 - cell.cell_len))
        return Group(bar, *(Text.assemble(*row) for row in rows), *self._remarks())

    def _values(self, left: int) -> Iterator[tuple[str, str | Text]]:
        run = self._run
        record = run.record if run is not None else None
        new, changed = (len(record.new), len(record.changed)) if record is not None else (0, 0)
        failed, blocked = self._stat("cncert/pictures/failed"), self._stat("cncert/verdict/blocked")
        yield "issue", Text(safe(self._doing), "bold")
        yield "stored", f"{new}, {changed} changed" if changed else f"{new}"
        wanted = record.gaps_before if self._wanted is None and record is not None else self._wanted
        yield "weeks", f"{max(0, wanted - new)} left" if wanted is not None else "not counted"
        stored = self._stat("cncert/pictures/stored")
        yield "pictures", Text(f"{stored}, {failed} failed", "yellow") if failed else f"{stored}"
        yield "blocked", Text(f"{blocked}", "red") if blocked else "0"
        yield "elapsed", format_duration(time.monotonic() - self._began)
        seconds = self._seconds_left(left)
        yield "time left", f"about {format_duration(seconds)}" if seconds is not None else "unknown"

    def _seconds_left(self, pages: int) -> float | None:
        """How long the *pages* that are left take at the present pace and no less than the delay, if that is known."""
        if self._waits_until() is not None:
            self._pace.forget()
            return None
        pace = self._pace.seconds(time.monotonic())
        return pages * max(pace, self._crawler.settings.getfloat("DOWNLOAD_DELAY")) if pace is not None else None

    def _waits_until(self) -> datetime | None:
        until = self._run.waits_until if self._run is not None else None
        return until if until is not None and until > datetime.now(UTC) else None

    def _remarks(self) -> Iterator[Text]:
        remarks = []
        if (until := self._waits_until()) is not None:
            remarks.append(f"WeChat asks for a verification: waiting until {until.astimezone():%H:%M:%S}")
        if self._is_under_way and not self._crawler.engine.running:
            remarks.append("Stopping when the page in work is done (Ctrl-C again: at once)")
        for remark in remarks:
            yield Text(remark, "yellow", no_wrap=False, overflow="fold")
