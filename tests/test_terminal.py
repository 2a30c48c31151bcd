"""What a person sees: the live panel, tables that fit, and foreign text without tricks."""

import asyncio
import fcntl
import io
import json
import logging
import os
import re
import signal
import struct
import sys
import termios
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pyte
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from scrapy import Spider
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from cncert import settings
from cncert.extensions.live_panel import LivePanel, Pace, should_show_panel
from cncert.monitoring.print_run_summary import print_summary
from cncert.options import Options
from cncert.store import open_store
from cncert.terminal.console import print_message, safe_json
from cncert.terminal.progress import LiveLines
from cncert.terminal.safe_text import UNSAFE_CHARACTERS, SafeLogRecord, safe
from tests import series
from tests.calls import call
from tests.factories import NOW, make_issue, make_row, make_run
from tests.site import pages
from tests.site.crawl import crawl_args, project_env, scrapy_command
from tests.site.server import LoopbackWeChat
from tests.stores import put_document
from tests.terminals import FakeTerminal, Terminal

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07\r\b\x9b31m\u202eevil\u200b\x00 [red]x[/red] [link=file:///etc/passwd]y[/link] [/] "
    "<script>alert(1)</script> :bomb:\u2028\nforged: line"
)
COLOURS = re.compile("\x1b\\[[0-9;]*m")


# --- foreign text


def test_every_character_that_plays_tricks_is_known() -> None:
    known = {chr(code) for code in range(sys.maxunicode + 1) if UNSAFE_CHARACTERS.match(chr(code))}
    tricks = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert tricks <= known
    assert {unicodedata.category(one) for one in known - tricks} <= {"Cn"}  # not assigned yet, among the others


@given(st.text(st.characters()))
@example(HOSTILE + "\ud800")
def test_foreign_text_is_one_harmless_line_and_the_same_data(text: str) -> None:
    assert not UNSAFE_CHARACTERS.search(safe(text))
    assert len(safe(text).splitlines()) <= 1
    document = safe_json({text: [text]}, indent=1)
    assert not UNSAFE_CHARACTERS.search(document.replace("\n", ""))
    assert json.loads(document) == {text: [text]}


@pytest.mark.parametrize(("name", "lines"), [("cncert.middlewares.ledger", 1), ("scrapy.core.scraper", 2)])
def test_a_log_line_has_no_tricks(name: str, lines: int) -> None:
    """Only Scrapy writes several lines at once, such as its statistics."""
    record = logging.getLogger(name).makeRecord(name, logging.INFO, "", 0, "No issue: %s", (HOSTILE,), None)
    assert isinstance(record, SafeLogRecord), f"{settings.__name__} sees to it"
    text = logging.Formatter("%(message)s").format(record)
    assert text.count("\n") == lines - 1
    assert not UNSAFE_CHARACTERS.search(text.replace("\n", ""))


def test_a_traceback_has_no_tricks() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        information = sys.exc_info()
    record = logging.getLogger("scrapy").makeRecord("scrapy", logging.ERROR, "", 0, "failed", (), information)
    text = logging.Formatter().format(record)
    assert "Traceback (most recent call last):\n" in text
    assert "owned" in text
    assert not UNSAFE_CHARACTERS.search(text.replace("\n", ""))


def test_a_complaint_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(HOSTILE)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cncert: \\x1b[2J")
    assert not UNSAFE_CHARACTERS.search(line)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Stored in: ftp://user:secret@host/x.json", "Stored in: ftp://***@host/x.json"),
        ("{'FILES_STORE': 's3://KEY:sec/ret@bucket/a'}", "{'FILES_STORE': 's3://***@bucket/a'}"),
        (
            "mongodb+srv://u:sec@ret@h/db and http://:secret@proxy:8080",
            "mongodb+srv://***@h/db and http://***@proxy:8080",
        ),
        ("https://mp.weixin.qq.com/s?a=b https://host:8443/@name", "https://mp.weixin.qq.com/s?a=b https://***@name"),
    ],
)
def test_a_password_of_an_address_is_neither_logged_nor_said(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Better a path too much, where a port is followed by an @, than a password."""
    for name in ("cncert.x", "scrapy.extensions.feedexport"):
        assert SafeLogRecord(name, logging.INFO, "", 1, "%s", (text,), None).getMessage() == shown
    print_message(text)
    assert capsys.readouterr().err == f"cncert: {shown}\n"


# --- tables

HOSTILE_FILE = "\x1b[31m\r\u202e[red]:bomb:.html"
SHOWN = ("\\u202eevil", "[red]x[/red]", "[link=file", ":bomb:")
TABLES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("gaps",): ("2025-02", *SHOWN),
    ("gaps", "--wanted"): ("2025-02", *SHOWN),
    ("runs",): ("2025-01-24", *SHOWN),
    ("status",): ("2025-03", *SHOWN),
    ("warnings",): ("2025-03", *SHOWN),
    ("doctor", "--offline"): ("settings",),
    ("upgrade", "--dry-run"): ("changed",),
    ("extract", "--pretty", HOSTILE_FILE): ("\\u202e[red]:bomb:.html",),
    ("import", "--dry-run", HOSTILE_FILE): ("\\u202e[red]:bomb:.html",),
    ("archive", "stats", "cncert/data/sample/weekly.warc.gz"): ("2024-18", "to2025-03"),
}
"""Commands, and what their output has, however it is folded."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a store in which whatever may be foreign text is hostile, and a page with such a name."""
    directory = tmp_path_factory.mktemp("hostile")
    title = series.title_of("2025-03")[:-20] + HOSTILE
    doubt = {"code": "odd_title", "message": HOSTILE}
    alert = {"name": "gaps", "level": "attention", "about": [HOSTILE], "number": 1, "since": NOW}
    alert["facts"] = {"states": [HOSTILE]}
    source = {"kind": "feed", "name": "x", "code": "status", "detail": HOSTILE}
    note = {"issue": "2025-03", "code": "x", "message": HOSTILE}
    address = {"url": f"https://mp.weixin.qq.com/s/{HOSTILE}", "form": "short", "sources": ["x"], "first_seen": NOW}
    row = make_row("issue-2025-02", issue="2025-02", state="unavailable", reason=HOSTILE, addresses=[address])
    run = make_run(
        close_reason="other", other_reason=HOSTILE, error=HOSTILE, notes=[note], sources=[source],
        verdicts={HOSTILE: 1}, clean=False, ended_at=NOW, gaps_before=1, gaps_after=1, alerts=[alert],
    )  # fmt: skip

    async def fill() -> None:
        async with open_store(f"sqlite:///{directory}/cncert.db") as store:
            await put_document(store, make_issue(title=title, warnings=[doubt]))
            await put_document(store, make_issue(2025, 1))
            await store.change_row(row.id, lambda _: row)
            await store.put_run(run)

    asyncio.run(fill())
    (directory / HOSTILE_FILE).write_bytes(series.page_of("2025-03"))
    return directory


def called(words: tuple[str, ...], directory: Path, monkeypatch: pytest.MonkeyPatch, output: io.StringIO) -> str:
    """What the command prints to *output*."""
    monkeypatch.setattr(sys, "stdout", output)
    args = [str(directory / word) if word == HOSTILE_FILE else word for word in words[1:]]
    command = getattr(import_module(f"cncert.commands.{words[0]}"), f"{words[0].capitalize()}Command")()
    call(command, *args, CNCERT_STORE=f"sqlite:///{directory}/cncert.db", CNCERT_FILES=str(directory / "files"))
    return output.getvalue()


@pytest.mark.parametrize("columns", [60, 80, 130])
@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_a_table_fits_its_window_and_is_harmless(
    words: tuple[str, ...], columns: int, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    text = COLOURS.sub("", called(words, hostile, monkeypatch, FakeTerminal()))
    lines = text.split("\n")
    assert not [line for line in lines if UNSAFE_CHARACTERS.search(line)]
    if words[0] not in ("extract", "import") and "--wanted" not in words:
        assert [line for line in lines if cell_len(line) > columns] == []
        assert "…" not in text
    assert TABLES[words][0] in text
    folded = re.sub(r"\s", "", text)
    assert [part for part in TABLES[words] if part not in folded] == []


@pytest.mark.parametrize("columns", ["", "60", "wide"])
@pytest.mark.parametrize("words", [words for words in TABLES if words[0] != "extract"], ids=" ".join)
def test_a_table_in_a_pipe_fits_columns_and_is_harmless(
    words: tuple[str, ...], columns: str, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of a window's width COLUMNS counts, 100 without it or where it is no number."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", columns)
    text = called(words, hostile, monkeypatch, io.StringIO())
    assert not [line for line in text.split("\n") if UNSAFE_CHARACTERS.search(line) or line.endswith(" ")]
    assert "…" not in text
    if words[0] in ("runs", "doctor", "upgrade", "archive", "status"):  # all of which is tables
        assert [line for line in text.split("\n") if cell_len(line) > (60 if columns == "60" else 100)] == []
    folded = re.sub(r"\s", "", text)
    assert [part for part in TABLES[words] if part not in folded] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("gaps", "--json"), HOSTILE),
        (("runs", "--json"), HOSTILE),
        (("status", "--json"), HOSTILE),
        (("warnings", "--json"), HOSTILE),
        (("doctor", "--offline", "--json"), "settings"),
        (("upgrade", "--dry-run", "--json"), True),
        (("import", "--dry-run", "--json", HOSTILE_FILE), "changed"),
        (("archive", "--json", "stats", "cncert/data/sample/weekly.warc.gz"), "2024-18"),
    ],
    ids=lambda words: " ".join(words[:3]) if isinstance(words, tuple) else "",
)
def test_json_is_one_document_with_the_same_data(
    words: tuple[str, ...], expected: object, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = called(words, hostile, monkeypatch, io.StringIO())
    assert not UNSAFE_CHARACTERS.search(text.replace("\n", ""))
    assert expected in list(values(json.loads(text)))


def values(data: object) -> Iterator[object]:
    """All values in a JSON document."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from values(one)
    else:
        yield data


def test_the_closing_words_are_a_table_on_a_terminal_and_lines_elsewhere() -> None:
    run = make_run(close_reason="finished", clean=False, error=HOSTILE, ended_at=NOW, new=["2025-03"])
    options = Options(store=HOSTILE, files=HOSTILE)
    terminal, pipe = FakeTerminal(), io.StringIO()
    for file in (terminal, pipe):
        print_summary(run, options, file)
        assert not UNSAFE_CHARACTERS.search(COLOURS.sub("", file.getvalue()).replace("\n", ""))
    assert pipe.getvalue().startswith(
        f"\nRun {run.id}: not clean (finished)\n  issues    1 new, 0 changed, 0 rejected\n"
    )
    assert f"\n  ! {safe(HOSTILE)}\n" in pipe.getvalue()
    assert re.search(rf"Run +{run.id}.*\n.*\n ended +\S*not clean", COLOURS.sub("", terminal.getvalue()))


# --- the live panel


@pytest.mark.parametrize(
    ("env", "given", "wanted"),
    [
        ({"TERM": "xterm"}, {}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, {}, True),  # without colours
        ({"TERM": "dumb"}, {}, False),
        ({"TERM": "xterm"}, {"CNCERT_PANEL": False}, False),
        ({"TERM": "xterm"}, {"LOG_FILE": "x.log"}, False),
    ],
)
def test_a_panel_is_for_who_looks_at_a_terminal(
    env: dict[str, str], given: dict[str, object], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    settings = Settings({"CNCERT_PANEL": True, **given})
    monkeypatch.setattr(sys, "stderr", FakeTerminal())
    assert should_show_panel(settings) is wanted
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not should_show_panel(settings)


def test_the_pace_is_that_of_the_last_pages() -> None:
    pace = Pace()
    for done in range(3):
        pace.add(done, 10 * done)
    assert pace.seconds_per_page(20) is None  # two pages tell too little
    pace.add(3, 30)
    assert pace.seconds_per_page(30) == 10
    for done in range(4, 40):
        pace.add(done, 30 + done)
    assert pace.seconds_per_page(69) == 1.0
    assert pace.seconds_per_page(89) == 2.0  # one that takes long makes the others look slow
    pace.reset()
    assert pace.seconds_per_page(90) is None


def test_the_panel_of_a_spider_without_issues_and_arguments() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(LivePanel(get_crawler(Spider)).render(79))
    assert isinstance(console.file, io.StringIO)
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert lines[0].endswith("0 of 0 pages")
    assert lines[1:] == [
        "issue     starting        stored    0               weeks     not counted",
        "pictures  0               blocked   0               elapsed   0:00:00",
        "time left unknown",
    ]


class Window(FakeTerminal):
    """A terminal of a size that can be changed, and what is seen on it."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__()
        self._master, self._slave = os.openpty()
        self._rows = rows
        self._set_size(columns)

    def fileno(self) -> int:
        return self._slave

    def close(self) -> None:
        os.close(self._slave)
        os.close(self._master)
        super().close()

    def _set_size(self, columns: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", self._rows, columns, 0, 0))
        self._screen = pyte.Screen(columns, self._rows)
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self._screen)

    def resize(self, columns: int) -> None:
        """Change the width; the lines that are shown are wrapped anew, as tmux and most terminals do."""
        lines = self.shown()
        self._set_size(columns)
        self._stream.feed("\n".join(lines) + "\n")

    def shown(self) -> list[str]:
        """The lines that are not empty."""
        self._stream.feed(self.getvalue())
        self.truncate(0)
        self.seek(0)
        return [line.rstrip() for line in self._screen.display if line.strip()]

    @property
    def column(self) -> int:
        """Where the cursor stands in its line."""
        return int(self._screen.cursor.x)


@contextmanager
def window_as_stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window of 40 columns and 6 rows that stands in for stderr."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "99")  # stays what it is, whatever the window's width
    with Window(40, 6) as window:
        monkeypatch.setattr(sys, "stderr", window)
        yield window


def test_live_lines_stay_below_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with window_as_stderr(monkeypatch) as window:
        with LiveLines() as lines:
            lines.draw(Text("one\ntwo", "green"))
            assert window.shown() == ["one", "two"]
            assert window.column == 0  # a shell goes on there after a kill
            print("a whole line\nand half", end="", file=sys.stderr)
            assert window.shown() == ["a whole line", "one", "two"]
            print(" another", file=sys.stderr)
            lines.draw("x" * 60 + "\ny")
            assert window.shown() == ["a whole line", "and half another", "x" * 40, "y"]  # cut to the width
            lines.draw("\n".join(map(str, range(20))))
            assert window.shown()[:5] == ["0", "1", "2", "3", "4"]  # no more than there is room for
        assert window.shown() == []
        assert sys.stderr is window


def test_the_log_goes_above_and_goes_on_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    with window_as_stderr(monkeypatch) as window:
        with LiveLines() as lines:
            handler = logging.StreamHandler()
            monkeypatch.setattr(logging.root, "handlers", [handler])
            lines.draw("panel")
            logging.getLogger().error(
                "logged [red]as[/red] it is, also [/] and \x1b[2J in %s", "more than forty columns"
            )
            print("said", file=sys.stderr)
            logged = ["logged [red]as[/red] it is, also [/] and", " \\x1b[2J in more than forty columns"]
            assert window.shown() == [*logged, "said", "panel"]
            print("[/] half", end="", file=sys.stderr)
        assert window.shown() == [*logged, "said", "[/] half"]
        logging.getLogger().error("end")
        assert window.shown() == [*logged, "said", "[/] half", "end"]


def test_lines_that_a_narrower_window_wraps_are_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    with window_as_stderr(monkeypatch) as window:
        with LiveLines() as lines:
            lines.draw("x" * 30 + "\ny")
            window.resize(20)
            assert window.shown() == ["x" * 20, "x" * 10, "y"]
            print("log", file=sys.stderr)
            assert window.shown() == ["log", "x" * 20, "y"]
            lines.draw("z")
            assert window.shown() == ["log", "z"]
        assert window.shown() == ["log"]


LINES_PROGRAM = """
import sys, time
from cncert.terminal.progress import LiveLines
with LiveLines() as lines:
    for number in range(int(sys.argv[1])):
        lines.draw("the panel")
        print("log line", number, file=sys.stderr)
        time.sleep(0.1)
"""


def test_a_background_job_draws_nothing() -> None:
    shell = f'set -m; {sys.executable} -c "$1" 3 & wait; {sys.executable} -c "$1" 1'
    with Terminal(["bash", "-c", shell, "bash", LINES_PROGRAM], dict(os.environ)) as terminal:
        assert terminal.end() == 0
        assert re.findall("log line .", terminal.shown) == ["log line 0", "log line 1", "log line 2", "log line 0"]
        assert "the panel" not in terminal.shown
    assert terminal.output.count(b"the panel") == 2  # twice by the second, which is in the foreground


def test_a_kill_leaves_a_usable_terminal() -> None:
    with Terminal([sys.executable, "-c", LINES_PROGRAM, "99"], dict(os.environ)) as terminal:
        terminal.wait_for(lambda text: "log line 1\nthe panel" in text)
        terminal.process.kill()
        assert terminal.end() == -signal.SIGKILL
        assert not terminal.screen.cursor.hidden
        assert terminal.screen.cursor.x == 0
    assert b"\x1b[?" not in terminal.output


def test_a_crawl_on_a_terminal_shows_how_it_gets_on(site: LoopbackWeChat, tmp_path: Path) -> None:
    """A crawl of four pages with a pause, 5 s: the panel at work, and what stays when it is gone."""
    series.publish(site, "2024-13", "2024-16")
    site.add_article(series.published("2024-15").url, pages.FAILURES["verification"].page)
    env = project_env(site, tmp_path, DOWNLOAD_DELAY="0.2", CNCERT_PAUSE="2")
    args = [f"start={series.published('2024-16').url}", "from=2024-13", "until=2024-16"]
    command, env = scrapy_command(crawl_args(args), env, ())
    with Terminal(command, env, rows=60) as terminal:
        text = terminal.wait_for(lambda text: "waiting until" in text)
        assert re.match(r"\S+ \S+ \[cncert\S+ WARNING: WeChat asks fo\nr a verification: waiting 2 seconds\n━", text)
        expected = (
            "2 of 4 pages",
            "issue     2024-15",
            "stored    1",
            "weeks     3 left",
            "pictures  3",
            "blocked   1",
        )
        assert [words for words in expected if words not in text] == []
        assert re.search(r"elapsed +0:00:0\d.*\ntime left unknown\n", text)
        terminal.wait_for(lambda text: "Run" in text)
        assert terminal.end() == 1
        text = terminal.shown
        assert not terminal.screen.cursor.hidden
        assert "time left" not in text
        assert "INFO" not in text
        assert re.search(r"Run +\d{8}T.*\n.*\n ended +not clean \(finished\) after 0:00:0\d\n issues +3 new", text)
    assert b"\x1b[?25" not in terminal.output  # a cursor that is never hidden is shown after any end


def test_ctrl_c_is_answered_and_a_second_one_obeyed(site: LoopbackWeChat, tmp_path: Path) -> None:
    """In a narrow window without colours, with the log as it was asked for; 3 s."""
    series.publish(site, "2024-13", "2024-16")
    env = project_env(site, tmp_path, DOWNLOAD_DELAY="60", LOG_LEVEL="INFO", NO_COLOR="1")
    args = [f"start={series.published('2024-16').url}", "from=2024-13", "until=2024-16"]
    command, env = scrapy_command(crawl_args(args), env, ())
    with Terminal(command, env, columns=40, rows=99) as terminal:
        terminal.wait_for(lambda text: "1 of 4 pages" in text and "issue     2024-15" in text)
        terminal.type(b"\x03")
        text = terminal.wait_for(lambda text: "Stopping when the page in work is done" in text)
        assert "Received SIGINT" in text.replace("\n", "")
        terminal.type(b"\x03")
        assert terminal.end() == 1
        assert re.search(r"cncert: run \S+ was stopped at once", terminal.shown.replace("\n", ""))
        assert "time left" not in terminal.shown
    assert b"\x1b[?25" not in terminal.output
    assert not re.search(rb"\x1b\[[0-9;]*[34]\d[;m]", terminal.output)
