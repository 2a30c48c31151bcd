"""Checks of what is on this machine: settings, packages, the places where things are kept, alerts, the clock."""

import difflib
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from scrapy.pipelines.files import FilesPipeline, GCSFilesStore, S3FilesStore
from scrapy.settings import BaseSettings

from cncert import settings as known_settings
from cncert.archive.warc_reader import SUFFIXES
from cncert.exceptions import SettingError
from cncert.monitoring import alert_channels
from cncert.monitoring.doctor.check_result import Result
from cncert.monitoring.monitors import LOW_BYTES
from cncert.monitoring.store_snapshot import disk_usage
from cncert.options import Options, as_folder
from cncert.report.calendar import parse_week, period
from cncert.sources import bundled_index
from cncert.sources.configured_sources import read_sources
from cncert.store import open_store, redacted

PROJECT = Path(alert_channels.__file__).parents[2]
SKEW = timedelta(minutes=2)
"""Clocks that differ by more make trouble: certificates, logs of several nodes."""
PROBE = ".cncert-doctor"


def settings_of(settings: BaseSettings) -> Iterator[Result]:
    """Settings that cannot be meant, and names that are none."""
    wrong = list(Options.problems(settings).values())
    if not wrong:
        try:
            read_sources(Options.of(settings))
        except SettingError as error:
            wrong.append(str(error))
    for problem in wrong:
        yield Result("settings", "to do", problem, "correct it in the environment, or where it is given")
    names = [name for name in vars(known_settings) if name.startswith("CNCERT_")]
    for name in sorted(os.environ):
        if name.startswith("CNCERT_") and name not in names:
            (*close,) = difflib.get_close_matches(name, names, n=1)
            advice = f"{close[0]} was meant?" if close else "take it away"
            yield Result("settings", "to do", f"the environment has {name}, which is no setting", advice)
    given = [name for name in names if name in os.environ]
    if not wrong:
        yield Result("settings", "ok", f"given in the environment: {', '.join(given) or 'none'}")
    if str(settings["ROBOTSTXT_OBEY"]).strip().lower() in ("true", "1", "yes", "on"):
        yield Result(
            "settings", "note", "with ROBOTSTXT_OBEY no page of WeChat is fetched", "unset it if you want pages"
        )


def packages(settings: BaseSettings) -> Iterator[Result]:
    """Python, and the packages that the requirements files name for what is used here."""
    files = ["requirements.txt"]
    if alert_channels.addresses(settings):
        files.append("requirements-alerts.txt")
    if find_spec("scrapyd") is not None:
        files.append("deploy/requirements.txt")
    found, wrong = [], []
    for file in files:
        for wanted in _requirements(PROJECT / file):
            try:
                present = version(wanted.name)
            except PackageNotFoundError:
                wrong.append(Result("packages", "to do", f"{wanted} is not installed", f"pip install -r {file}"))
                continue
            found.append(f"{wanted.name} {present}")
            if not wanted.specifier.contains(present, prereleases=True):
                text = f"{wanted.name} {present} is installed, {wanted} is needed"
                wrong.append(Result("packages", "to do", text, f"pip install -r {file}"))
    yield Result("packages", "ok", ", ".join([f"Python {platform.python_version()}", *found]))
    yield from wrong


def _requirements(file: Path) -> Iterator[Requirement]:
    """Those of *file* that this machine needs; none in an egg, which is deployed without it."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        text = line.partition(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate():
                yield wanted


async def store(settings: BaseSettings) -> list[Result]:
    """Whether the store opens, takes a document, gives it back and lets it go, and has room. May raise StoreError."""
    results = []
    async with open_store(settings["CNCERT_STORE"]) as opened:
        await opened.probe()
        server = await opened.server()
        room = "" if server.free_bytes is None else f", {_size(server.free_bytes)} free"
        results.append(
            Result("store", "ok", f"{opened.name}: {server.name}{room}; a probe was written, read and removed")
        )
        if server.trouble is not None:
            results.append(Result("store", "to do", server.trouble, "update the server"))
        if server.free_bytes is not None:
            results += _full("store", server.free_bytes)
        if server.clock is not None:
            results += clock("the database", server.clock)
        newest = await opened.runs(1)
        if newest and newest[0].started_at > datetime.now(UTC) + SKEW:
            results.append(
                _wrong_clock(f"the newest run began at {newest[0].started_at:%Y-%m-%d %H:%M}, in the future")
            )
    return results


def files(settings: BaseSettings) -> list[Result]:
    """Whether pictures can be written where they belong. Raises whatever the client of a bucket raises."""
    place = as_folder(str(settings["CNCERT_FILES"]))
    scheme = urlsplit(place).scheme
    if scheme in ("", "file"):
        return _directory("files", place.removeprefix("file://"))
    FilesPipeline._update_stores(settings)
    if scheme == "s3":
        s3 = S3FilesStore(place)
        client = cast("Any", s3).s3_client
        client.put_object(Bucket=s3.bucket, Key=f"{s3.prefix}{PROBE}", Body=b"")
        client.delete_object(Bucket=s3.bucket, Key=f"{s3.prefix}{PROBE}")
    elif scheme == "gs":
        gcs = GCSFilesStore(place)
        blob = gcs.bucket.blob(f"{gcs.prefix}{PROBE}")
        blob.upload_from_string(b"")
        blob.delete()
    else:
        return [Result("files", "note", f"{scheme}:// is not tried", "look after a run whether pictures are there")]
    return [Result("files", "ok", f"{place.rpartition('@')[2]}: a probe was written and removed")]


def archive(settings: BaseSettings) -> list[Result]:
    """Whether raw pages can be kept, and how many there are."""
    place = str(settings["CNCERT_ARCHIVE"])
    if not place:
        return [Result("archive", "ok", "off: raw pages are not kept (CNCERT_ARCHIVE)")]
    kept = [path.stat().st_size for path in Path(place).glob("*") if path.name.endswith(SUFFIXES)]
    return _directory("archive", place, f"; {len(kept)} files, {_size(sum(kept))}")


def _directory(check: str, place: str, more: str = "") -> list[Result]:
    """Whether a file can be written in *place*, or where it will be made. Raises OSError."""
    path = there = Path(place).absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return [Result(check, "to do", f"{there} is no directory", "name another place")]
    with tempfile.NamedTemporaryFile(dir=there, prefix=PROBE) as probe:
        probe.write(b"probe")
        probe.flush()
        os.fsync(probe.fileno())
    free = disk_usage(there).free
    made = "" if there == path else ", which will be made"
    return [Result(check, "ok", f"{path}{made}: writable, {_size(free)} free{more}"), *_full(check, free)]


def _full(check: str, free: int) -> list[Result]:
    if free >= LOW_BYTES:
        return []
    return [
        Result(check, "to do", f"only {_size(free)} left on its disk", "free some space, or move it to a larger disk")
    ]


def _size(number: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def clock(whose: str, other: datetime) -> list[Result]:
    """Whether this machine's clock agrees with that of somebody else."""
    ahead = datetime.now(UTC) - other
    if abs(ahead) <= SKEW:
        return [Result("clock", "ok", f"agrees with that of {whose}")]
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return [_wrong_clock(f"{abs(ahead).total_seconds():.0f} s {way} that of {whose}")]


def own_clock(now: datetime) -> list[Result]:
    """Whether it is at least later than the newest issue that this version knows."""
    newest = bundled_index()[-1].issue
    if now.date() > period(*parse_week(newest)).end:
        return [Result("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")]
    return [_wrong_clock(f"{now:%Y-%m-%d}, but issue {newest} is known")]


def _wrong_clock(text: str) -> Result:
    return Result("clock", "to do", text, "set the clock (NTP)")


async def telling(settings: BaseSettings, *, send_test: bool, seconds: float) -> list[Result]:
    """Whether alerts can be sent; with *send_test* one is."""
    urls = alert_channels.addresses(settings)
    if not urls:
        return [Result("alerts", "ok", "off: nobody is told (CNCERT_ALERTS)")]
    wrong = alert_channels.problems(urls)
    if not wrong and send_test:
        words = alert_channels.WORDS.get(str(settings["CNCERT_LANGUAGE"]), alert_channels.WORDS["en"])
        delivery = await alert_channels.send(words.test, urls, seconds)
        wrong = delivery.failures
        if delivery.taken:
            text = f"{delivery.taken} of {len(urls)} addresses took a test message"
            return [Result("alerts", "note", text, "look whether it arrived"), *_untold(wrong)]
    if wrong:
        return _untold(wrong)
    return [Result("alerts", "ok", f"{len(urls)} addresses; --send-test-alert sends them a message")]


def _untold(lines: Iterable[str]) -> list[Result]:
    return [Result("alerts", "to do", line, "correct CNCERT_ALERTS (docs/watch.md)") for line in lines]


def shown_error(error: Exception) -> str:
    """What may be shown of *error*, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return redacted(text[:200])
