"""The live panel: the progress of a crawl on the last lines of a terminal."""

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
from cncert.options import Options
from cncert.terminal.console import console_for
from cncert.terminal.progress import LiveLines, format_duration
from cncert.terminal.safe_text import safe

REDRAW_SECONDS = 0.5
RECOUNT_SECONDS = 10.0
"""Between two counts of the missing weeks in the store."""
LABEL_WIDTH, VALUE_WIDTH, MAX_BAR_WIDTH = 9, 15, 48
"""In columns: three labels with their values stand side by side in a window of 80."""
PACE_PAGES, MIN_PACE_PAGES = 20, 3
"""The pace is that of the last so many pages, unknown until so many have come."""
REQUEST_COUNTERS = ("cncert/ledger/asked", "cncert/ledger/asked_again", "cncert/browser/asked")
DROPPED_COUNTERS = ("cncert/robots", "cncert/ignored", "cncert/ledger/superfluous")
"""Statistics (docs/logs.md) of requests for pages, and of those that are not sent."""


def should_show_panel(settings: BaseSettings) -> bool:
    """Whether stderr is a terminal, the panel is switched on, and the log does not go to a file."""
    if not Options.of(settings).panel or settings["LOG_FILE"]:
        return False
    console = console_for(sys.stderr)
    return console.is_interactive and not console.legacy_windows


def live_panel(crawler: Crawler) -> AbstractContextManager[object]:
    """Return a context manager that shows the panel of *crawler*, or does nothing if there is no panel."""
    return LivePanel(crawler) if should_show_panel(crawler.settings) else nullcontext()


class Pace:
    """How long a page takes at present."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=PACE_PAGES + 1)

    def add(self, pages: int, now: float) -> None:
        """Note that *pages* have come in all by *now*, in seconds."""
        if not self._samples or self._samples[-1][1] != pages:
            self._samples.append((now, pages))

    def reset(self) -> None:
        """Forget what came so far: it says nothing about what comes."""
        self._samples.clear()

    def seconds_per_page(self, now: float) -> float | None:
        """Return how long a page takes; None if too few have come."""
        pages = self._samples[-1][1] - self._samples[0][1] if self._samples else 0
        return (now - self._samples[0][0]) / pages if pages >= MIN_PACE_PAGES else None


class LivePanel:
    """Shows on stderr the progress of *crawler*, below the log; it disappears at the end of ``with``."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._lines = LiveLines()
        self._pace = Pace()
        self._began = time.monotonic()
        self._doing = "starting"
        self._weeks_to_fill: int | None = None
        self._next_count = 0.0
        self._count_task: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_started = False
        self._is_closed = False

    def __enter__(self) -> Self:
        connect: Callable[..., None] = self._crawler.signals.connect
        connect(self._draw, signal=signals.spider_opened)
        connect(self._engine_started, signal=signals.engine_started)
        connect(self._note_request, signal=signals.request_reached_downloader)
        connect(self._note_request, signal=signals.response_received)  # an archive answers without the downloader
        connect(self._spider_closed, signal=signals.spider_closed)
        self._lines.start()  # before the crawl: Scrapy then sets up its log, with the sys.stderr of this moment
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._lines.stop()

    # --- signals

    def _engine_started(self) -> None:
        self._has_started = True

    def _note_request(self, request: Request) -> None:
        if "shown_as" in request.meta:
            self._doing = request.meta["shown_as"]
        elif "row" in request.meta:
            self._doing = request.meta["issue"] or "not known yet"
            self._pace.add(self._pages()[0], time.monotonic())

    def _spider_closed(self) -> None:
        self._doing, self._is_closed = "ending", True
        if self._count_task is not None:
            self._count_task.cancel()  # the store closes

    # --- drawing

    def _draw(self) -> None:
        """Draw the panel, and again after a while."""
        self._lines.draw(self.render(self._lines.console.width - 1))
        now = time.monotonic()
        if self._has_started and not self._is_closed and now >= self._next_count:
            self._next_count = now + RECOUNT_SECONDS
            self._count_task = asyncio.ensure_future(self._count_weeks())
        self._timer = asyncio.get_running_loop().call_later(REDRAW_SECONDS, self._draw)

    async def _count_weeks(self) -> None:
        """Count the weeks that this run has filled or may still fill: feeds and pages name more than were known."""
        if (run := self._run) is None or (log := run.log) is None:
            return
        with suppress(StoreError):  # the run says so
            self._weeks_to_fill = await log.missing_weeks() + len(log.record.new)

    @property
    def _run(self) -> RunRecorder | None:
        return self._crawler.get_extension(RunRecorder)

    def _stat(self, name: str) -> int:
        return int(self._crawler.stats.get_value(name, 0))

    def _pages(self) -> tuple[int, int]:
        """Return how many pages are done, and how many are known to be asked for in this run."""
        stats = self._crawler.stats.get_stats()
        done = sum(number for name, number in stats.items() if name.startswith("cncert/verdict/"))
        done += sum(map(self._stat, DROPPED_COUNTERS))
        total = sum(map(self._stat, REQUEST_COUNTERS))
        limit = getattr(getattr(self._crawler.spider, "arguments", None), "limit", None)
        if limit is not None:
            total = min(total, done + limit - getattr(self._crawler.spider, "seen", 0))
        return done, max(done, total)

    def render(self, width: int) -> RenderableType:
        """Return the panel, *width* columns wide."""
        done, total = self._pages()
        bar = Table.grid(padding=(0, 1))
        words = f"{done} of {total} pages"
        size = max(4, min(MAX_BAR_WIDTH, width - len(words) - 1))
        bar.add_row(ProgressBar(total or 1, done, width=size), words)
        pairs = max(1, (width + 1) // (LABEL_WIDTH + VALUE_WIDTH + 2))
        cells = [
            Text.assemble((f"{label:<{LABEL_WIDTH}} ", "dim"), value) for label, value in self._values(total - done)
        ]
        rows = [cells[first : first + pairs] for first in range(0, len(cells), pairs)]
        for cell in [cell for row in rows for cell in row[:-1]]:  # spaces at the end would wrap in a narrower window
            cell.pad_right(max(1, LABEL_WIDTH + VALUE_WIDTH + 2 - cell.cell_len))
        return Group(bar, *(Text.assemble(*row) for row in rows), *self._remarks())

    def _values(self, left: int) -> Iterator[tuple[str, str | Text]]:
        run = self._run
        record = run.record if run is not None else None
        new, changed = (len(record.new), len(record.changed)) if record is not None else (0, 0)
        failed, blocked = self._stat("cncert/pictures/failed"), self._stat("cncert/verdict/blocked")
        yield "issue", Text(safe(self._doing), "bold")
        yield "stored", f"{new}, {changed} changed" if changed else f"{new}"
        to_fill = record.gaps_before if self._weeks_to_fill is None and record is not None else self._weeks_to_fill
        yield "weeks", f"{max(0, to_fill - new)} left" if to_fill is not None else "not counted"
        stored = self._stat("cncert/pictures/stored")
        yield "pictures", Text(f"{stored}, {failed} failed", "yellow") if failed else f"{stored}"
        yield "blocked", Text(f"{blocked}", "red") if blocked else "0"
        yield "elapsed", format_duration(time.monotonic() - self._began)
        seconds = self._seconds_left(left)
        yield "time left", f"about {format_duration(seconds)}" if seconds is not None else "unknown"

    def _seconds_left(self, pages: int) -> float | None:
        """Return how long *pages* take at the present pace and no less than the delay; None if that is unknown."""
        if self._waits_until() is not None:
            self._pace.reset()
            return None
        pace = self._pace.seconds_per_page(time.monotonic())
        return pages * max(pace, self._crawler.settings.getfloat("DOWNLOAD_DELAY")) if pace is not None else None

    def _waits_until(self) -> datetime | None:
        until = self._run.waits_until if self._run is not None else None
        return until if until is not None and until > datetime.now(UTC) else None

    def _remarks(self) -> Iterator[Text]:
        remarks = []
        if (until := self._waits_until()) is not None:
            remarks.append(f"WeChat asks for a verification: waiting until {until.astimezone():%H:%M:%S}")
        if self._has_started and not self._crawler.engine.running:
            remarks.append("Stopping when the page in work is done (Ctrl-C again: at once)")
        for remark in remarks:
            yield Text(remark, "yellow", no_wrap=False, overflow="fold")
