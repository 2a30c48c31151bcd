"""Takes the pictures of README and docs from the sample series, a crawl on a WeChat of our own: ``make pictures``.

Needs requirements-dev.txt, a Chromium (``CNCERT_CHROMIUM``, or chromium on PATH) and a font with Chinese characters.
What the pictures show is made by the commands themselves, in a terminal and in a browser of their own.
"""

import fcntl
import html
import io
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT))

from tests import series  # noqa: E402  # found only now
from tests.site.crawl import project_env  # noqa: E402
from tests.site.server import LoopbackWeChat  # noqa: E402

SCRAPY = Path(sys.executable).with_name("scrapy")
COLUMNS = 96
COLOURS = {
    "default": "#d7dce2", "black": "#3b4252", "red": "#ff7b72", "green": "#7ee787", "brown": "#e3b341",
    "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea", "white": "#f0f6fc", "brightblack": "#8b949e",
}  # fmt: skip
PAGE = """<meta charset="utf-8"><style>
body {{ margin: 0; background: #10151d; }}
pre {{ margin: 0; padding: 18px 22px; display: inline-block; color: #d7dce2;
  font: 15px/1.42 "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", monospace; }}
b {{ color: #8b949e; font-weight: normal; }}
</style><pre><b>$ {command}</b>
{text}</pre>"""


def screen(args: Sequence[str], env: Mapping[str, str], *, rows: int = 60, seconds: float = 120) -> pyte.Screen:
    """A terminal in which ``scrapy *args`` has run, for so many *seconds* at the most."""
    terminal = pyte.Screen(COLUMNS, rows)
    stream = pyte.ByteStream(terminal)
    pid, descriptor = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
        os.chdir(ROOT)
        os.execve(SCRAPY, [str(SCRAPY), *args], {**os.environ, **env, "TERM": "xterm-256color"})
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([descriptor], [], [], 0.1)
        try:
            stream.feed(os.read(descriptor, 65536) if ready else b"")
        except OSError:  # the program has ended
            break
    else:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(descriptor)
    return terminal


def marked_up(terminal: pyte.Screen) -> str:
    """What *terminal* shows as HTML, without the empty lines at its end."""
    lines = []
    for row in range(terminal.lines):
        parts = []
        for column in range(terminal.columns):
            char = terminal.buffer[row][column]
            if not char.data:
                continue  # the right half of a wide character
            colour = COLOURS.get(char.fg, f"#{char.fg}" if len(char.fg) == 6 else COLOURS["default"])
            weight = ";font-weight:bold" if char.bold else ""
            parts.append(f'<span style="color:{colour}{weight}">{html.escape(char.data)}</span>')
        lines.append("".join(parts) if terminal.display[row].strip() else "")
    return "\n".join(lines).rstrip()


def save(name: str, data: bytes, colours: int = 255) -> None:
    """Write a screenshot as a small PNG."""
    path = HERE / f"{name}.png"
    Image.open(io.BytesIO(data)).convert("RGB").quantize(colours).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def terminal_picture(browser: Browser, name: str, args: Sequence[str], terminal: pyte.Screen) -> None:
    """A picture of *terminal*, in which ``scrapy *args`` was run."""
    page = browser.new_page(device_scale_factor=1.5)
    page.set_content(PAGE.format(command=html.escape(shlex.join(["scrapy", *args])), text=marked_up(terminal)))
    save(name, page.locator("pre").screenshot(), 48)
    page.close()


def report_pictures(browser: Browser, place: Path) -> None:
    """Pictures of the report page: its beginning and its plots."""
    for suffix, language, theme in (("", "en", "light"), ("-zh", "zh", "light"), ("-dark", "en", "dark")):
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme=theme)  # type: ignore[arg-type]  # a literal
        page.goto((place / f"report-{language}.html").as_uri())
        page.wait_for_timeout(1500)  # what is drawn stands still
        save(f"report{suffix}", page.screenshot())
        if theme == "dark":
            continue
        page.locator("#trends").evaluate("section => section.scrollIntoView()")
        page.wait_for_timeout(2500)
        save(f"plots{suffix}", page.screenshot())


def ocr_picture(browser: Browser, page_file: Path) -> None:
    """A picture of figures that were read in pictures, with their cut-outs."""
    page = browser.new_page(viewport={"width": 1280, "height": 1500})
    page.goto(page_file.as_uri())
    tiles = page.locator("#newest .tile").filter(has=page.locator(".from-picture"))
    for n in range(3):
        tiles.nth(n).locator("details").evaluate("details => details.open = true")
    page.wait_for_timeout(1500)
    boxes = [tiles.nth(n).bounding_box() for n in range(3)]
    first, last = boxes[0], boxes[2]
    assert first is not None and last is not None
    width, height = last["x"] + last["width"] - first["x"] + 16, first["height"] + 16
    clip = {"x": first["x"] - 8, "y": first["y"] - 8, "width": width, "height": height}
    save("ocr", page.screenshot(clip=clip))  # type: ignore[arg-type]  # a typed dict
    page.close()


def main() -> None:
    """Make the demo, the report page and all pictures."""
    chromium = os.environ.get("CNCERT_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        place = Path(directory)
        env = {"CNCERT_STORE": f"sqlite:///{place / 'cncert.db'}", "CNCERT_FILES": str(place / "pictures")}
        screen(["demo", str(place)], {})
        for language in ("en", "zh"):
            screen(["report", "--out", str(place / f"report-{language}.html"), "--language", language], env)
        browser = playwright.chromium.launch(executable_path=chromium)
        report_pictures(browser, place)
        gaps = ["gaps", "--from", "2024-18", "--until", "2025-03"]
        terminal_picture(browser, "gaps", gaps, screen(gaps, env))
        crawl = ["crawl", "weekly", "-a", "from=2024-18", "-a", "until=2025-03"]
        with LoopbackWeChat() as site:
            series.publish(site, "2024-18", "2025-03")
            slowly = project_env(site, place, store=f"sqlite:///{place / 'crawl.db'}", DOWNLOAD_DELAY="0.8")
            terminal_picture(browser, "crawl", crawl, screen(crawl, slowly, seconds=20))
        screen(["ocr", "--from", "2025-03", "--until", "2025-03"], env)
        screen(["report", "--out", str(place / "report-ocr.html")], env)
        ocr_picture(browser, place / "report-ocr.html")
        browser.close()


if __name__ == "__main__":
    main()
