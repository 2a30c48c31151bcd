"""Crawls that are killed with SIGKILL: what is stored is archived, and every finished record can be read."""

import random
import time
from pathlib import Path

from cncert.archive.own_files import repair
from cncert.archive.warc_reader import ArchiveReader
from cncert.store import open_store
from tests.killing import ANSWER, FIRST, LAST, publish
from tests.site.crawl import begin_crawl
from tests.site.server import LoopbackWeChat

KILLS = 4
BOUNDS = (f"from={FIRST}", f"until={LAST}")


async def check(place: Path) -> int:
    """How many issues are stored; the page of each is archived, and its pictures that are stored."""
    async with open_store(f"sqlite:///{place / 'cncert.db'}") as store:
        issues = [issue async for issue in store.issues()]
    if not issues:
        return 0
    assert [line for line in repair(place / "archive") if "cut off" not in line] == []
    reader = ArchiveReader(place / "archive", 2**25)
    assert reader.faults == []
    for issue in issues:
        assert reader.page(issue.provenance.sha256) is not None
        for picture in issue.images:
            assert picture.checksum is None or reader.page(picture.checksum) is not None
    return len(issues)


async def test_what_is_stored_is_archived_whenever_a_run_is_killed(site: LoopbackWeChat, tmp_path: Path) -> None:
    publish(site)
    rng, archive, log = random.Random(7), str(tmp_path / "archive"), tmp_path / "log"
    for _ in range(KILLS):
        log.write_bytes(b"")
        process = begin_crawl(site, tmp_path, log, *BOUNDS, LOG_LEVEL="DEBUG", CNCERT_ARCHIVE=archive)
        answers = rng.randint(1, 12)
        while process.poll() is None and log.read_bytes().count(ANSWER) < answers:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.wait()
        await check(tmp_path)
    process = begin_crawl(site, tmp_path, log, *BOUNDS, CNCERT_ARCHIVE=archive)
    assert process.wait(120) == 0, log.read_text(encoding="utf-8")[-2000:]
    assert await check(tmp_path) == 12
