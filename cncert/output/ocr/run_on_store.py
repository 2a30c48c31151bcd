"""``scrapy ocr`` on the store: reading the pictures of its issues, reading them again, accepting what that changes."""

import signal
from argparse import Namespace
from collections import Counter
from contextlib import aclosing
from typing import Any

from rich.console import Console

from cncert.editions.remake_documents import remake
from cncert.exceptions import ArgumentError
from cncert.infographics.figures.ocr_workers import ReaderOptions, usual_jobs
from cncert.infographics.figures.picture_files import local_folder
from cncert.infographics.figures.read_stored_pictures import StoredPictures
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.infographics.words.ocr_engine import open_engine
from cncert.options import Options
from cncert.quality.all_warnings import issues_with_warnings
from cncert.report.calendar import week_range
from cncert.store import Store
from cncert.store.picture_readings import ReadPicture
from cncert.terminal.console import escape_markup, make_table, print_json, print_message, stdout_console
from cncert.terminal.progress import progress_bar

STATES = {
    "read": "pictures with words in them",
    "nothing": "pictures without words",
    "broken": "files that are no whole picture",
    "too_large": "pictures with too many pixels",
    "unsupported": "files of a format that is not read",
    "failed": "pictures over which the reader died or took too long",
    "unread": "pictures that are still to be read",
}
FOUND = {
    "figures": "figures that were read in them",
    "checked": "of these: confirmed or corrected by a person",
    "doubted": "of these: contradicted by the text, another picture or other weeks",
    "candidates": "readings that are not sure enough to be figures (scrapy ocr review)",
    "unnamed": "numbers under labels of no metric",
}


async def read_stored(store: Store, options: Options, opts: Namespace, *, again: bool = False) -> int:
    """Read the pictures that nobody has read yet, or *again* those that another version of the reader has read.

    *store* is not open yet. Returns the exit status. Raises ArgumentError, OcrError, SettingError, StoreError.
    """
    jobs = opts.jobs if opts.jobs is not None else usual_jobs()
    if jobs < 1:
        raise ArgumentError(f"--jobs {jobs} is below 1")
    weeks, folder = week_range(opts.first, opts.last), local_folder(options.files)
    # The workers have their own engines: this one gives its version, or fails before anything is done.
    version = open_engine(opts.engine, threads=1).name
    reader = ReaderOptions(folder, opts.engine, version, Limits.of(options))
    # asyncio would only cancel at the next await, and most of the time is spent waiting for workers.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    now: Counter[str] = Counter()
    async with store:
        pictures = await _find_pictures(store, weeks, reader.name)
        groups = pictures.groups(again=again)
        with progress_bar() as bar:
            task = bar.add_task("Reading pictures", total=sum(map(len, groups)))
            async with aclosing(pictures.read(groups, reader, jobs)) as results:
                async for result in results:
                    if result is None:
                        continue
                    await _remake(store, pictures)
                    now[result.state] += 1
                    bar.advance(task)
                    if result.problem is not None:
                        print_message(f"{result.picture}: {result.problem}")
        found = await pictures.counts(issues_with_warnings(store, *weeks))
        return _print_result(pictures, await pictures.proposals(), now, found, opts)


async def accept_stored(store: Store, opts: Namespace) -> int:
    """Put the proposed readings in place of the former ones. Returns the exit status. Raises as :func:`read_stored`."""
    weeks = week_range(opts.first, opts.last)
    async with store:
        pictures = await _find_pictures(store, weeks)
        proposals = await pictures.accept()
        await _remake(store, pictures)
        found = await pictures.counts(issues_with_warnings(store, *weeks))
        return _print_result(pictures, proposals, Counter(accepted=len(proposals)), found, opts)


async def _find_pictures(
    store: Store, weeks: tuple[str | None, str | None], reader: tuple[str, str] | None = None
) -> StoredPictures:
    """Return the pictures of the issues of *weeks*, after these have been updated."""
    pictures = StoredPictures(store, reader, *weeks)
    with progress_bar() as bar:
        for issue_id in bar.track(await pictures.issue_ids(), description="Looking at the issues"):
            await pictures.add_issue(issue_id)
    await _remake(store, pictures)
    return pictures


async def _remake(store: Store, pictures: StoredPictures) -> None:
    """Make the documents anew whose pictures give something else than they have."""
    while pictures.outdated:
        await remake(store, [pictures.outdated.popitem()[0]])


def _print_result(
    pictures: StoredPictures, proposals: list[ReadPicture], now: Counter[str], found: Counter[str], opts: Namespace
) -> int:
    """Print what the pictures came to; the exit status."""
    states = pictures.states()
    result = {
        "now": dict(now),
        "pictures": {state: states[state] for state in STATES},
        "found": {name: found[name] for name in FOUND},
        "older": sum(file.is_older for file in pictures.files.values()),
        "proposals": [
            {"issue": place.issue, "picture": place.path, "changes": one.differences()}
            for one in proposals
            for place in pictures.files[one.id].places[:1]
        ],
    }
    if opts.json:
        print_json(result)
    else:
        _print(stdout_console(), result)
    return 1 if now.keys() - {"read", "nothing", "accepted"} else 0


def _print(console: Console, result: dict[str, Any]) -> None:
    for one in result["proposals"]:
        for change in one["changes"]:
            console.print(escape_markup(f"{one['issue']}  {one['picture']}  {change}"))
    table = make_table(console)
    table.add_column("pictures")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("")
    for kind, meanings in (("pictures", STATES), ("found", FOUND)):
        for name, meaning in meanings.items():
            table.add_row(name, str(result[kind][name]), meaning)
    console.print(table)
    if read := [f"{number} {state}" for state, number in result["now"].items() if state != "accepted"]:
        console.print(f"now: {', '.join(read)}")
    if accepted := result["now"].get("accepted"):
        console.print(f"{accepted} proposed readings accepted")
    elif result["proposals"]:
        console.print(f"{len(result['proposals'])} readings are proposed: scrapy ocr accept takes them")
    if result["older"]:
        console.print(f"{result['older']} pictures were read by another version or not at all: scrapy ocr again")
