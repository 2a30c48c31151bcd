"""``scrapy crawl --dry-run`` says what the run then does."""

from pathlib import Path

import pytest

from tests import series
from tests.site.crawl import crawl, crawl_args, project_env, run_scrapy
from tests.site.server import LoopbackWeChat

BOUNDS = ("from=2024-10", "until=2024-16")


def test_the_run_asks_what_was_said_in_that_order(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-10", "2024-16")
    start = f"start={published[2].url}"
    planned = run_scrapy(
        *crawl_args([start, *BOUNDS]), "--dry-run", env=project_env(site, tmp_path, DOWNLOAD_DELAY="2")
    )
    assert planned.returncode == 0, planned.stderr
    assert planned.stderr == "cncert: nothing was requested, and nothing was written (--dry-run)\n"
    assert "0 lists, 7 pages: 0:00:14 at DOWNLOAD_DELAY=2" in planned.stdout
    assert (site.requests, list(tmp_path.iterdir())) == ([], [])
    assert crawl(site, tmp_path, start, *BOUNDS).returncode == 0
    urls = [line.split()[-1] for line in planned.stdout.splitlines() if "https://mp.weixin.qq.com/" in line]
    assert urls == [asked.url for asked in site.asked(answered="article")]

    before = (tmp_path / "cncert.db").read_bytes()
    again = run_scrapy(*crawl_args(BOUNDS), "--dry-run", "--quiet", env=project_env(site, tmp_path))
    assert "0 lists, 0 pages: 0:00:00" in again.stdout
    assert again.stderr == ""
    assert (tmp_path / "cncert.db").read_bytes() == before


def test_a_limit_counts(tmp_path: Path) -> None:
    call = crawl_args(["limit=3", "from=2024-10", "until=2024-16"])
    done = run_scrapy(*call, "--dry-run", env=project_env(None, tmp_path, DOWNLOAD_DELAY="6", CNCERT_WAYBACK="on"))
    assert "0 lists, 3 pages: 0:00:18" in done.stdout
    assert "the Wayback Machine" in done.stdout


def test_the_lists_of_the_site_come_first(tmp_path: Path) -> None:
    done = run_scrapy("crawl", "official", "--dry-run", env=project_env(None, tmp_path, DOWNLOAD_DELAY="3"))
    assert "list  https://www.cert.org.cn/publish/main/44/index.html" in done.stdout
    assert "1 lists, 0 pages: 0:00:03" in done.stdout


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["weekly", "-a", "replay=cncert/data/sample"], "a replay sends no request anyway"),
        (["weekly", "-a", "strat=x"], "unknown argument 'strat'"),
        (["weekly", "-s", "CNCERT_STORE=x"], "no store is known for"),
        (["nothing"], "there is no spider 'nothing'"),
    ],
)
def test_what_cannot_be_planned_is_one_line(tmp_path: Path, call: list[str], said: str) -> None:
    done = run_scrapy("crawl", *call, "--dry-run", env=project_env(None, tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert said in line
