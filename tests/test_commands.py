"""The commands, as a user calls them."""

import json
from pathlib import Path

import pytest

from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import LoopbackWeChat

RANGED = [("gaps",), ("warnings",), ("export",), ("report",), ("ocr",), ("ocr", "accept"), ("ocr", "review")]
"""The commands that take a range of weeks."""
SAMPLE = Path("cncert/data/sample/weekly.warc.gz")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["start=nonsense"], "start='nonsense' is no address that this spider reads"),
        (["start=https://mp.weixin.qq.com.evil.example/s/abcdefghijklmnopqrstuv"], "is no address"),
        (["start=,"], "names no address"),
        (["from=2024-60"], "from='2024-60'"),
        (["until=yesterday"], "until='yesterday'"),
        (["from=2024-10", "until=2024-09"], "is later than"),
        (["limit=0"], "limit='0'"),
        (["limit=many"], "limit='many'"),
        (["refresh=maybe"], "refresh='maybe'"),
        (["replay=/no/such/file"], "no such file"),
        (["strat=x"], "unknown argument 'strat'"),
    ],
)
def test_a_wrong_argument_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    options = [part for argument in arguments for part in ("-a", argument)]
    result = run_scrapy("crawl", "weekly", *options, env=project_env(None, tmp_path))
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("cncert: ")
    assert said in line
    assert not (tmp_path / "cncert.db").exists()


@pytest.mark.parametrize(
    ("env", "status", "said"),
    [
        ({"CNCERT_STORE": "postgres://x"}, 2, "no store is known for"),
        ({"DOWNLOAD_DELAY": "fast"}, 2, "DOWNLOAD_DELAY must be a number of seconds"),
        ({"CNCERT_STORE": "mongodb://user:secret@127.0.0.1:9/cncert"}, 1, "127.0.0.1:9"),
        ({"CNCERT_STORE": "sqlite:////proc/no/where.db"}, 1, "/proc/no"),
    ],
)
def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path, env: dict[str, str], status: int, said: str) -> None:
    result = run_scrapy("crawl", "weekly", env=project_env(None, tmp_path) | env | {"LOG_LEVEL": "ERROR"})
    assert result.returncode == status
    (line,) = result.stderr.splitlines()
    assert said in line
    assert "secret" not in line


def test_the_demo_shows_the_main_job_without_network(tmp_path: Path) -> None:
    result = run_scrapy("demo", tmp_path / "demo", env={"https_proxy": "http://127.0.0.1:9"})
    assert result.returncode == 0, result.stderr
    assert "37 issues stored (37 new), 2024-18 to 2025-03" in result.stdout
    assert "2 issues as other accounts reprint them: 2024-48, 2024-52" in result.stdout
    assert "2024-31  gone" in result.stdout
    assert str(tmp_path / "demo" / "cncert.db") in result.stdout
    files = [path for path in (tmp_path / "demo" / "pictures").rglob("*") if path.is_file()]
    assert f"{len(files)} picture files" in result.stdout
    assert len(files) >= 28 * 4
    again = run_scrapy("demo", tmp_path / "demo")
    assert again.returncode == 0, again.stderr
    assert "37 issues stored (0 new)" in again.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the demo has been run."""
    directory = tmp_path_factory.mktemp("demo")
    assert run_scrapy("demo", directory).returncode == 0
    return directory


def test_the_demo_misses_what_gaps_says_of_its_weeks(tmp_path: Path) -> None:
    """Also by the command that it prints for a look at them."""
    said = run_scrapy("demo", tmp_path).stdout
    (hint,) = [line for line in said.splitlines() if " gaps" in line]
    gaps = run_scrapy(*hint.split()[2:], env=project_env(None, tmp_path)).stdout
    assert "1 week missing" in said
    assert "38 weeks, 2024-18 to 2025-03: 37 stored (35 page, 1 reprint card, 1 reprint), 1 gone" in gaps


ADDRESS = series.published("2024-18").url
TEXTS = [
    ("gaps",), ("gaps", "--wanted"), ("gaps", "--html", "-"), ("runs",), ("status",), ("warnings",),
    ("doctor", "--offline"), ("export", "--format", "markdown", "--out", "-"),
    ("export", "--table", "wide", "--out", "-"),
    ("extract", "--pretty", "PAGE"), ("edit", "2025-03"), ("archive", "get", ADDRESS, SAMPLE, "--text"),
    ("archive", "stats", SAMPLE), ("report", "--out", "-"), ("schema",), ("import", "--dry-run", "PAGE"),
    ("upgrade", "--dry-run"), ("demo", "OTHER"), ("parse", "--spider=weekly", "-a", f"replay={SAMPLE}", ADDRESS),
    ("shell", "PAGE", "-c", "issue.title"),
    ("crawl", "weekly", "-a", f"replay={SAMPLE}", "-a", "limit=1", "-s", "CNCERT_STORE=sqlite:///OTHER.db"),
]  # fmt: skip
"""Calls that print what pages say."""


@pytest.mark.parametrize("call", TEXTS, ids=lambda call: " ".join(map(str, call[:2])))
def test_text_goes_to_a_terminal_of_any_encoding(demo: Path, tmp_path: Path, call: tuple[str | Path, ...]) -> None:
    """With --quiet errors are all that stands on stderr; the exit status is the usual one."""
    (tmp_path / "page.html").write_bytes(series.page_of("2025-03"))
    places = {"PAGE": str(tmp_path / "page.html"), "OTHER": str(tmp_path / "other")}
    words = [places.get(str(word), str(word)).replace("OTHER", places["OTHER"]) for word in call]
    env = project_env(None, demo, CNCERT_LANGUAGE="zh", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    done = run_scrapy(*words, "--quiet", env=env)
    assert done.returncode == (1 if call[0] == "status" else 0), done.stderr
    assert done.stdout or call[0] == "crawl"
    assert done.stderr == ""


def test_gaps_and_runs_are_tables_and_json(demo: Path) -> None:
    env = project_env(None, demo)
    bounds = ("--from", "2024-18", "--until", "2025-03")
    table = run_scrapy("gaps", *bounds, env=env)
    assert table.returncode == 0
    (line,) = table.stderr.splitlines()
    assert "holds sample data" in line
    assert "\x1b" not in table.stdout
    assert "38 weeks, 2024-18 to 2025-03: 37 stored (35 page, 1 reprint card, 1 reprint), 1 gone" in table.stdout
    weeks = json.loads(run_scrapy("gaps", "--json", *bounds, env=env).stdout)
    assert [week["issue"] for week in weeks if week["state"] == "gone"] == ["2024-31"]
    assert weeks[0]["period"] == {"start": "2024-04-29", "end": "2024-05-05"}
    (run,) = json.loads(run_scrapy("runs", "--json", env=env).stdout)
    assert run["clean"] is True
    assert len(run["new"]) == 37
    assert "clean" in run_scrapy("runs", env=env).stdout


def test_gaps_can_fail_for_a_week_without_reason(demo: Path) -> None:
    env = project_env(None, demo)
    assert run_scrapy("gaps", "--fail", "--from", "2024-18", "--until", "2025-03", env=env).returncode == 0
    assert run_scrapy("gaps", "--fail", env=env).returncode == 1


@pytest.mark.parametrize(
    "call",
    [
        *[("gaps", "x"), ("gaps", "--from", "x"), ("runs", "x"), ("runs", "-n", "-1"), ("extract",)],
        *[(*name, "--from", "2025-02", "--until", "2025-01") for name in RANGED],
    ],
)
def test_a_command_called_wrongly_is_one_line_and_status_2(tmp_path: Path, call: tuple[str, ...]) -> None:
    result = run_scrapy(*call, env=project_env(None, tmp_path))
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_extract_prints_a_line_for_every_page(tmp_path: Path) -> None:
    issue, gone = tmp_path / "issue.html", tmp_path / "gone.html"
    issue.write_bytes(series.page_of("2025-03"))
    gone.write_bytes(pages.FAILURES["deleted_zh"].page)
    result = run_scrapy("extract", issue, gone, tmp_path / "missing.html", env=project_env(None, tmp_path))
    assert result.returncode == 1
    assert result.stderr == f"cncert: {tmp_path / 'missing.html'}: No such file or directory\n"
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["verdict"], first["issue"]["_id"], first["issue"]["rating"]) == ("article", "2025-03", "良")
    assert first["article"]["account"]["biz"] == "MzIwNDk0MDgxMw=="
    assert (second["verdict"], second["reason"], second["issue"]) == ("gone", "deleted by its author", None)


def test_extract_alone_fails_if_nothing_could_be_read(tmp_path: Path) -> None:
    assert run_scrapy("extract", tmp_path / "missing.html", env=project_env(None, tmp_path)).returncode == 2


def test_a_crawl_ends_with_a_summary_and_what_to_do(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.challenge_all = True
    start = series.published("2024-16").url
    result = crawl(site, tmp_path, f"start={start}", "from=2024-16", "until=2024-16")
    assert result.returncode == 1
    assert result.stdout == ""
    summary = result.stderr[result.stderr.index("\nRun ") :]
    assert "not clean (finished)" in summary
    assert "pages answered with a verification: 1" in summary
    assert "scrapy gaps" in summary
