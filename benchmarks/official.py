#!/usr/bin/env python3
"""What a crawl of CNCERT's site has of 300 issues of four eras, in PDFs of several producers.

    python benchmarks/official.py [--issues N] [PRODUCER …]
    python benchmarks/official.py --both

The loopback site has N issues of the eras of tests/test_eras.py, each with other numbers, printed by the producers that
this machine has: reportlab, chromium, libreoffice, weasyprint. Prints for each era and producer how many figures were
asked for, how many are right, and how many are invented (from news, tables, contents, page numbers, footnotes), then
what a second run asks. What is right is read from the same sentences as plain text. About 6 minutes for 300.

--both: crawls of WeChat and of the site into one store, in three orders: 70 articles, of which 10 are shown as reprints
alone, and 70 PDFs, of which 60 are of the same weeks and every other one contradicts its article. Prints whether the
stores are equal, and what was joined and contradicted. About 3 minutes.
"""

import argparse
import asyncio
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from datetime import time as midnight
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.items import CHINA, Issue, Provenance, issue_id
from cncert.report.calendar import Week, weeks
from cncert.report.issue import read_issue
from cncert.store import open_store
from cncert.wechat.body import Body, Line
from tests.factories import make_article
from tests.site import cert_site
from tests.site.cert_site import HOST, CertSite
from tests.site.crawl import project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.test_official import ORDERS, crawled_in
from tools.test_pdfs.content import PrintedEdition, printed_edition
from tools.test_pdfs.drawn import draw_with_reportlab
from tools.test_pdfs.in_browser import print_in_chromium, print_in_weasyprint
from tools.test_pdfs.in_office import print_in_office

FIRST: dict[str, Week] = {"e1-2012": (2011, 20), "e2-2013": (2013, 1), "e4-2018": (2017, 30), "e6-2025": (2023, 30)}
"""The first week of the issues of each era."""
CHROMIUM = shutil.which("chromium")
PRODUCERS: dict[str, Callable[[PrintedEdition, Path], None]] = {
    "reportlab": lambda edition, path: draw_with_reportlab(edition, path, rotated=edition.name > "e3"),
    **({"chromium": lambda edition, path: print_in_chromium(edition, path, str(CHROMIUM))} if CHROMIUM else {}),
    **({"libreoffice": print_in_office} if shutil.which("soffice") else {}),
    **({"weasyprint": print_in_weasyprint} if find_spec("weasyprint") else {}),
}
_NUMBER = re.compile(r"(?<![\d.])(\d+)((?:\.\d+)?)(?=\s?(?:万个|个|起|%))")
_OF_OTHERS = ("业界新闻速递", "关于国家互联网应急中心", "近期回顾")


def edition_of(era: str, week: Week) -> PrintedEdition:
    """The printed edition of *week* in the words of *era*, with numbers of its own and no list of earlier issues."""
    numbers = random.Random(issue_id(*week))  # the same at every run

    def other(match: re.Match[str]) -> str:
        first = str(numbers.randint(1, 9))
        rest = re.sub(r"\d", lambda _: str(numbers.randint(0, 9)), match[1][1:] + match[2])
        return first + rest

    edition = printed_edition(era)
    cut = next(place for place, block in enumerate(edition.blocks) if block.text in _OF_OTHERS)
    varied = [replace(block, text=_NUMBER.sub(other, block.text)) for block in edition.blocks[:cut]]
    others = [block for block in edition.blocks[cut:] if block.kind != "list" and block.text != "近期回顾"]
    return replace(edition, title=cert_site.title(week), blocks=(*varied, *others))


def figures(issue: Issue) -> Counter[tuple[object, ...]]:
    """The figures of an issue, and its rating."""
    found = [(one.metric, one.value, one.unit, one.change_pct, one.share_pct) for one in issue.figures]
    return Counter([("rating", issue.rating), *found])


def right_figures(edition: PrintedEdition, week: Week) -> Counter[tuple[object, ...]]:
    """What its sentences state, read as plain text without news, tables and marks of footnotes."""
    cut = next(place for place, block in enumerate(edition.blocks) if block.text in _OF_OTHERS)
    texts = [re.sub("<sup>.*?</sup>", "", block.text) for block in edition.blocks[:cut] if block.kind != "table"]
    published = datetime.combine(cert_site.published(week), midnight(), CHINA)
    provenance = Provenance(
        source="file", via="file", fetched_at=published, address=None, sha256="0" * 64, parser="benchmark"
    )
    lines = tuple(Line(text) for text in texts)
    return figures(read_issue(make_article(edition.title, published, Body(lines=lines)), provenance))


def issues_of(era: str, number: int) -> Iterator[Week]:
    """The first *number* weeks of *era*."""
    for place, week in enumerate(weeks(FIRST[era], (2100, 1))):
        if place == number:
            return
        yield week


async def documents(folder: Path) -> dict[str, Issue]:
    """The documents of the store."""
    async with open_store(project_env(None, folder)["CNCERT_STORE"]) as store:
        return {issue.id: issue async for issue in store.issues()}


def crawl_both(folder: Path) -> None:
    """Print what comes of both spiders in each order."""
    all_weeks = list(weeks((2023, 20), (2024, 46)))[:80]
    articles, of_site, reprinted = all_weeks[:70], all_weeks[10:], all_weeks[30:40]
    found = []
    for order in ORDERS:
        found.append(asyncio.run(crawled_in(order, folder / "-".join(order), articles, of_site, reprinted)))
        issues = found[-1].values()
        sources = Counter(issue.provenance.source for issue in issues)
        joined = sum(any(one.edition for one in issue.figures) for issue in issues)
        said = ("editions_disagree", "incidents.handled")
        disagreeing = sum(
            any((one.code, one.message.partition(":")[0]) == said for one in issue.warnings) for issue in issues
        )
        shown = ", ".join(f"{number} {name}" for name, number in sources.most_common())
        same = "" if len(found) == 1 else f"; {'equal to' if found[-1] == found[0] else 'NOT EQUAL to'} the first"
        print(
            f"{', '.join(order)}: {shown}; {joined} with joined figures, {disagreeing} with another number "
            f"of incidents{same}",
            flush=True,
        )


def main() -> None:
    """Print the issues, publish them, crawl them twice, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=300)
    parser.add_argument("--both", action="store_true")
    parser.add_argument("producers", nargs="*", default=list(PRODUCERS))
    chosen = parser.parse_args()
    if chosen.both:
        with tempfile.TemporaryDirectory() as place:
            crawl_both(Path(place))
        return
    made: dict[Week, tuple[str, str, PrintedEdition, bytes]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for era in FIRST:
            for number, week in enumerate(issues_of(era, chosen.issues // len(FIRST))):
                producer, edition = chosen.producers[number % len(chosen.producers)], edition_of(era, week)
                path = folder / "printed.pdf"
                PRODUCERS[producer](edition, path)
                made[week] = era, producer, edition, path.read_bytes()
            print(f"printed: {len(made)}", flush=True)
        with LoopbackWeChat(hosts=[HOST]) as site:
            CertSite(site).extend(made, lambda week: made[week][3])
            for name in ("first run", "second run"):
                began = time.monotonic()
                run = run_scrapy("crawl", "official", env=project_env(site, folder), timeout=1800)
                asked = Counter(one.path.rpartition(".")[2] for one in site.requests if one.host == HOST)
                site.reset_log()
                shown = ", ".join(f"{count} .{kind}" for kind, count in asked.most_common())
                print(f"{name}: {time.monotonic() - began:.0f} s, exit status {run.returncode}; requests: {shown}")
        found = asyncio.run(documents(folder))
    print(f"\n{'':10}{'':14}{'issues':>7}{'stored':>7}{'figures':>9}{'right':>7}{'invented':>10}")
    table: dict[tuple[str, str], Counter[str]] = {}
    for week, (era, producer, edition, _) in made.items():
        cell, right = table.setdefault((era, producer), Counter()), right_figures(edition, week)
        issue = found.get(issue_id(*week))
        read = figures(issue) if issue is not None else Counter()
        cell += Counter(
            issues=1,
            stored=issue is not None,
            figures=right.total(),
            right=(right & read).total(),
            invented=(read - right).total(),
        )
        table[era, producer] = cell
    for (era, producer), cell in table.items():
        numbers = "".join(f"{cell[name]:>{width}}" for name, width in
                          (("issues", 7), ("stored", 7), ("figures", 9), ("right", 7), ("invented", 10)))  # fmt: skip
        print(f"{era:10}{producer:14}{numbers}")


if __name__ == "__main__":
    main()
