"""Checks of this machine and its services: settings, packages, store, directories, alerts, clock."""

import difflib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement

from cncert.archive.own_files import count_files
from cncert.exceptions import SettingError
from cncert.monitoring import alert_channels
from cncert.monitoring.alert_words import sentence
from cncert.monitoring.believed_times import CLOCK_TOLERANCE, newest_runs, run_moment
from cncert.monitoring.monitor_input import existing_parent
from cncert.monitoring.monitors import LOW_BYTES
from cncert.options import Options, setting_name
from cncert.report.calendar import parse_week, period
from cncert.sources import bundled_index
from cncert.sources.configured_sources import read_sources
from cncert.store import open_store, redacted

PROJECT = Path(alert_channels.__file__).parents[2]
PROBE = ".cncert-doctor"
"""The name of files that are written as a test, or its beginning."""

DEPLOY_FILE = "CNCERT_ENV"
"""Names the file of variables that ``deploy/run`` reads: no setting, but right in an environment."""
NO_ISSUE_IN_FEED = "one of many accounts names none on most days; one of CNCERT's account: is it the right feed?"
"""What to think of a feed without an issue."""

CheckState = Literal["ok", "note", "to do"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found: one line of the table."""

    check: str
    state: CheckState
    """``note`` is worth knowing; ``to do`` keeps something from working."""
    text: str
    advice: str = ""
    """What to do."""


def check_settings(settings: Mapping[str, Any], options: Options) -> Iterator[CheckResult]:
    """Find values that are not valid, and names in the environment that are no setting."""
    wrong = list(Options.problems(settings).values())
    if not wrong:
        try:
            read_sources(Options.of(settings))
        except SettingError as error:
            wrong.append(str(error))
    for problem in wrong:
        yield CheckResult("settings", "to do", problem, "correct it in the environment, or where it is given")
    names = [name for name in map(setting_name, Options.model_fields) if name.startswith("CNCERT_")]
    for name in sorted(os.environ):
        if name.startswith("CNCERT_") and name not in (*names, DEPLOY_FILE):
            (*close,) = difflib.get_close_matches(name, names, n=1)
            advice = f"{close[0]} was meant?" if close else "take it away"
            yield CheckResult("settings", "to do", f"the environment has {name}, which is no setting", advice)
    given = [name for name in names if name in os.environ]
    if not wrong:
        yield CheckResult("settings", "ok", f"given in the environment: {', '.join(given) or 'none'}")
    if options.robotstxt_obey:
        yield CheckResult(
            "settings", "note", "with ROBOTSTXT_OBEY no page of WeChat is fetched", "unset it if you want pages"
        )


def list_options(options: Options) -> Iterator[CheckResult]:
    """Yield each option with its value, without passwords and other secrets, and whether that is the default."""
    try:
        feeds = " ".join(source.name for source in read_sources(options) if source.kind == "feed")
    except SettingError:
        feeds = "not valid"
    shown = {
        "store": redacted(options.store),
        "files": options.files.rpartition("@")[2],
        "feeds": feeds,
        "alerts": f"{len(options.alerts)} addresses" if options.alerts else "",
    }
    for field, text in options.texts().items():
        name = setting_name(field)
        is_default = " (default)" if text == Options.default(name) else ""
        yield CheckResult("options", "ok", f"{name}={shown.get(field, text)}{is_default}")


def check_packages(options: Options) -> Iterator[CheckResult]:
    """Compare the installed packages with the requirements files of the parts that are in use."""
    files = ["requirements.txt"]
    if options.alerts:
        files.append("requirements-alerts.txt")
    if find_spec("scrapyd") is not None:
        files.append("deploy/requirements.txt")
    found, wrong = [], []
    for file in files:
        for wanted in _requirements(PROJECT / file):
            try:
                present = version(wanted.name)
            except PackageNotFoundError:
                wrong.append(CheckResult("packages", "to do", f"{wanted} is not installed", f"pip install -r {file}"))
                continue
            found.append(f"{wanted.name} {present}")
            if not wanted.specifier.contains(present, prereleases=True):
                text = f"{wanted.name} {present} is installed, {wanted} is needed"
                wrong.append(CheckResult("packages", "to do", text, f"pip install -r {file}"))
    yield CheckResult("packages", "ok", ", ".join([f"Python {platform.python_version()}", *found]))
    yield from wrong


def _requirements(file: Path) -> Iterator[Requirement]:
    """Return those of *file* that this machine needs; none in an egg, which does not contain the file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        text = line.partition(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate():
                yield wanted


async def check_store(options: Options) -> list[CheckResult]:
    """Open the store, write, read and remove a document, compare its clock. May raise StoreError."""
    results = []
    async with open_store(options.store) as opened:
        await opened.probe()
        server = await opened.server()
        room = "" if server.free_bytes is None else f", {_size(server.free_bytes)} free"
        results.append(
            CheckResult("store", "ok", f"{opened.name}: {server.name}{room}; a probe was written, read and removed")
        )
        if server.problem is not None:
            results.append(CheckResult("store", "to do", server.problem, "update the server"))
        if server.free_bytes is not None:
            results += _nearly_full("store", server.free_bytes)
        if server.clock is not None:
            results += compare_clock("the database", server.clock)
        newest = await newest_runs(opened, now := datetime.now(UTC), 1)
        # Beside any other run it is of a clock that was ahead once.
        if newest and run_moment(newest[0], now) is None:
            results.append(
                _wrong_clock(f"the newest run began at {newest[0].started_at:%Y-%m-%d %H:%M}, in the future")
            )
    return results


def check_archive(options: Options) -> list[CheckResult]:
    """Check whether raw pages can be written, and count those that are there. Raises OSError."""
    place = options.archive
    if not place:
        return [CheckResult("archive", "ok", "off: raw pages are not kept (CNCERT_ARCHIVE)")]
    files, size = count_files(Path(place))
    return check_directory("archive", place, f"; {files} files, {_size(size)}")


def check_directory(check: str, place: str, more: str = "") -> list[CheckResult]:
    """Write a file in *place*, or in the directory in which it will be made. Raises OSError."""
    path = Path(place).absolute()
    existing = existing_parent(path)
    if not existing.is_dir():
        return [CheckResult(check, "to do", f"{existing} is no directory", "name another place")]
    with tempfile.NamedTemporaryFile(dir=existing, prefix=PROBE) as probe:
        probe.write(b"probe")
        probe.flush()
        os.fsync(probe.fileno())
    free = shutil.disk_usage(existing).free
    made = "" if existing == path else ", which will be made"
    return [CheckResult(check, "ok", f"{path}{made}: writable, {_size(free)} free{more}"), *_nearly_full(check, free)]


def _nearly_full(check: str, free: int) -> list[CheckResult]:
    if free >= LOW_BYTES:
        return []
    advice = "free some space, or move it to a larger disk"
    return [CheckResult(check, "to do", f"only {_size(free)} left on its disk", advice)]


def _size(number: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def compare_clock(owner: str, other: datetime) -> list[CheckResult]:
    """Compare this machine's clock with the time *other* that *owner* just stated."""
    ahead = datetime.now(UTC) - other
    if abs(ahead) <= CLOCK_TOLERANCE:
        return [CheckResult("clock", "ok", f"agrees with that of {owner}")]
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return [_wrong_clock(f"{abs(ahead).total_seconds():.0f} s {way} that of {owner}")]


def check_own_clock(now: datetime) -> list[CheckResult]:
    """Check that *now* is later than the newest issue of the bundled index."""
    newest = bundled_index()[-1].issue
    if now.date() > period(*parse_week(newest)).end:
        return [CheckResult("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")]
    return [_wrong_clock(f"{now:%Y-%m-%d}, but issue {newest} is known")]


def _wrong_clock(text: str) -> CheckResult:
    return CheckResult("clock", "to do", text, "set the clock (NTP)")


async def check_alerts(options: Options, *, send_test: bool, seconds: float) -> list[CheckResult]:
    """Check whether alerts can be sent; send a test message if *send_test* is set."""
    urls = options.alerts
    if not urls:
        return [CheckResult("alerts", "ok", "off: nobody is told (CNCERT_ALERTS)")]
    failures = alert_channels.problems(urls)
    results: list[CheckResult] = []
    if not failures and send_test:
        language = "zh" if options.language == "zh" else "en"  # it may be wrong: another check reports that
        sample = sentence("message", "test_title", language), sentence("message", "test_body", language)
        taken, failures = await alert_channels.send(sample, urls, seconds)
        if taken:
            text = f"{taken} of {len(urls)} addresses took a test message"
            results.append(CheckResult("alerts", "note", text, "look whether it arrived"))
    elif not failures:
        results.append(CheckResult("alerts", "ok", f"{len(urls)} addresses; --send-test-alert sends them a message"))
    advice = "correct CNCERT_ALERTS (docs/watch.md)"
    return results + [CheckResult("alerts", "to do", failure, advice) for failure in failures]
