"""Opens a WACZ in the player of replayweb.page, served on loopback, and takes a picture of a page in it.

    python tools/play_wacz.py FILE.wacz PLAYER --out page.png [--title 2025年第3期]

PLAYER is the unpacked npm package ``replaywebpage`` (docs/develop.md), which is AGPL-3 and no part of this project.
Needs requirements-dev.txt and a Chromium (``CNCERT_CHROMIUM``, or chromium on PATH). The exit status is 1 if the player
does not show the page.
"""

import argparse
import json
import os
import re
import shutil
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Error, Page, sync_playwright

FILE = "/archive.wacz"
SECONDS = 60


class Handler(SimpleHTTPRequestHandler):
    """Serves the player's files, and the WACZ in parts, as a player asks for them."""

    def __init__(self, *args: object, wacz: Path, **kwargs: object) -> None:
        self._wacz = wacz
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.startswith(FILE):
            self._send_part(with_body=True)
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        if self.path.startswith(FILE):
            self._send_part(with_body=False)
        else:
            super().do_HEAD()

    def log_message(self, *_: object) -> None:
        pass

    def _send_part(self, *, with_body: bool) -> None:
        size = self._wacz.stat().st_size
        first, last = 0, size - 1
        part = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", self.headers.get("Range", ""))
        if part is not None and part[1]:
            first, last = int(part[1]), min(last, int(part[2] or last))
        elif part is not None:
            first = max(0, size - int(part[2]))
        self.send_response(206 if part else 200)
        if part is not None:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if with_body:
            with self._wacz.open("rb") as file:
                file.seek(first)
                self.wfile.write(file.read(last - first + 1))


def listed_page(wacz: Path, title: str) -> dict[str, str]:
    """The newest page in the list of *wacz* whose title has *title*."""
    with zipfile.ZipFile(wacz) as file:
        rows = [json.loads(row) for row in file.read("pages/pages.jsonl").splitlines()[1:]]
    found: list[dict[str, str]] = [row for row in rows if title in row["title"]]
    if not found:
        sys.exit(f"no page of {wacz} has a title with {title!r}")
    return found[-1]


def shown_text(page: Page) -> str:
    """What the frames of the player show."""
    texts = []
    for frame in page.frames[1:]:
        try:
            texts.append(frame.locator("body").inner_text(timeout=1000))
        except Error:  # it is still being loaded
            continue
    return "\n".join(texts)


def main() -> int:
    """Open the WACZ, and the page in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wacz", type=Path)
    parser.add_argument("player", type=Path, help="the unpacked npm package replaywebpage")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    parser.add_argument("--title", default="", help="of the page (default: the newest)")
    given = parser.parse_args()
    wanted = listed_page(given.wacz, given.title)
    handler = partial(Handler, directory=str(given.player), wacz=given.wacz)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}"
        chromium = os.environ.get("CNCERT_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        moment = re.sub(r"\D", "", wanted["ts"])
        page.goto(f"{home}/?source={quote(home + FILE)}#view=pages&url={quote(wanted['url'], safe='')}&ts={moment}")
        start = next(line for line in wanted["text"].splitlines() if len(line) > 3)
        for _ in range(SECONDS):
            if start in (text := shown_text(page)):
                break
            page.wait_for_timeout(1000)
        page.screenshot(path=given.out)
        browser.close()
        server.shutdown()
    print(f"{wanted['title']}: {len(text)} characters are shown, {given.out}")
    return int(start not in text)


if __name__ == "__main__":
    sys.exit(main())
