"""The browser, a real Chromium, against the loopback WeChat."""

import base64
import json
import os
import selectors
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import cast

import psutil
import pytest
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from warcio.archiveiterator import ArchiveIterator

from cncert.browser import chromium as chromium_settings
from cncert.browser.download_handler import BrowserHandler
from cncert.items import Issue
from cncert.store import open_store
from cncert.store.ledger_rows import LedgerRow
from cncert.store.run_records import RunRecord
from tests import series
from tests.site import pages
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat, redirect, sequence

ISSUE = "2024-16"
BOUNDS = (f"from={ISSUE}", f"until={ISSUE}")
# Chromium has no setting for a CA of its own; a page that cannot be read is asked for once.
SETTINGS = {"DOWNLOAD_VERIFY_CERTIFICATES": False, "RETRY_ENABLED": False}


@pytest.fixture
def env(chromium: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a crawl with the browser; afterwards no process of it may be left."""
    yield {
        "CNCERT_BROWSER": "on",
        "CNCERT_CHROMIUM": chromium,
        "CNCERT_BROWSER_STATE": str(tmp_path / "state" / "browser.json"),
    }
    left = [process.name() for process in psutil.process_iter() if str(tmp_path) in _store(process)]
    assert left == []


def _store(process: psutil.Process) -> str:
    try:
        return process.environ().get("CNCERT_STORE", "")
    except psutil.Error:
        return ""


def scripted(issue: str, then: str = "") -> bytes:
    """A page that holds no article until its script has made one; *then* is what the script does next."""
    one = series.published(issue)
    body = pages.report_body(pages.ReportFacts(), [pages.Picture(url) for url in one.pictures])
    facts = {
        "biz": pages.biz_text(pages.CNCERT_BIZ), "mid": str(one.mid), "idx": str(one.idx), "ct": "1714037400",
        "msg_title": one.title, "nickname": pages.CNCERT_NAME, "user_name": pages.CNCERT_ID,
    }  # fmt: skip
    known = json.dumps({"facts": facts, "body": body}).replace("</", "<\\/")
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title></title></head><body><div id="app"></div>
<script>
setTimeout(() => {{
  const known = {known};
  const make = (tag, id, parent) => parent.appendChild(Object.assign(document.createElement(tag), {{id}}));
  const article = make("div", "js_article", document.getElementById("app"));
  make("div", "js_content", article).innerHTML = known.body;
  const lines = Object.entries(known.facts).map(([name, value]) => `var ${{name}} = ${{JSON.stringify(value)}};`);
  make("script", "facts", article).textContent = lines.join("\\n");
  {then}
}}, 200);
</script></body></html>""".encode()


EVIL = """
  const add = (tag, facts) => document.body.append(Object.assign(document.createElement(tag), facts));
  fetch("https://evil.example/fetch").catch(() => 0);
  fetch("https://mp.weixin.qq.com/elsewhere").catch(() => 0);
  add("img", {src: "https://evil.example/a.png"});
  add("img", {src: "https://mp.weixin.qq.com/mp/picture.png"});
  add("img", {src: "https://mmbiz.qpic.cn/mmbiz_png/onlyforbrowsers/640"});
  add("iframe", {src: "https://evil.example/frame"});
  add("iframe", {src: "https://mp.weixin.qq.com/mp/frame"});
  add("link", {rel: "preconnect", href: "https://evil.example"});
  add("script", {src: "https://evil.example/a.js"});
  add("style", {textContent: "@font-face {font-family: x; src: url(https://evil.example/x.woff2)} * {font-family: x}"});
  new WebSocket("wss://evil.example/socket");
  navigator.sendBeacon("https://evil.example/beacon", "x");
  const work = "fetch('https://evil.example/worker').catch(() => 0)";
  new Worker(URL.createObjectURL(new Blob([work], {type: "text/javascript"})));
  window.open("https://evil.example/window");
  window.open("https://mp.weixin.qq.com/mp/window");
"""


async def stored(tmp_path: Path) -> tuple[list[Issue], dict[str, LedgerRow], RunRecord]:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        issues = [issue async for issue in store.issues()]
        rows = {str(row.issue): row for row in await store.rows() if row.attempts}
        return issues, rows, (await store.runs(1))[0]


def put(site: LoopbackWeChat, answer: Answer | bytes, issue: str = ISSUE) -> str:
    """*answer* under the address of *issue*, with its pictures."""
    one = series.published(issue)
    site.add_article(one.url, answer)
    for number, url in enumerate(one.pictures):
        site.add_picture(url, series.drawing(number))
    return one.url


async def test_a_page_that_only_scripts_make_is_stored(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    url = put(site, scripted(ISSUE))
    archive = tmp_path / "archive"
    result = crawl(site, tmp_path, f"start={url}", *BOUNDS, settings=SETTINGS, CNCERT_ARCHIVE=str(archive), **env)
    assert result.returncode == 0, result.stderr[-3000:]
    (issue,), rows, run = await stored(tmp_path)
    assert (issue.id, issue.provenance.via, len(issue.figures)) == (ISSUE, "browser", 5)
    assert [picture.status for picture in issue.images] == ["stored", "stored"]
    assert str(rows[ISSUE].state) == "stored"
    assert (run.clean, run.verdicts) == (True, {"article": 1, "unknown": 1})
    plain, rendered = site.asked(url)
    assert plain.headers["user-agent"] == rendered.headers["user-agent"]
    assert rendered.headers["accept-language"].startswith("zh-CN")
    with next(archive.glob("*.warc.gz")).open("rb") as file:
        kinds = [r.rec_type for r in ArchiveIterator(file) if r.rec_headers.get_header("WARC-Target-URI") == url]
    assert kinds == ["response", "conversion"]
    site.reset_log()
    (tmp_path / "again").mkdir()
    assert crawl(site, tmp_path / "again", f"replay={archive}", **env).returncode == 0
    assert site.requests == []
    ((again,), _, _) = await stored(tmp_path / "again")
    assert (again.text, again.provenance.source, again.provenance.via) == (issue.text, "page", "file")


async def test_the_browser_asks_nobody_else_whatever_a_page_does(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    url = put(site, scripted(ISSUE, EVIL))
    leading_away = put(site, sequence(pages.plain_page("?"), redirect("https://evil.example/away")), "2024-15")
    bounds = ("from=2024-15", f"until={ISSUE}")
    crawl(site, tmp_path, f"start={url},{leading_away}", *bounds, settings=SETTINGS, **env)
    issues, rows, _ = await stored(tmp_path)
    assert [issue.provenance.via for issue in issues] == ["browser"]
    assert "browser: " in str(rows["2024-15"].reason)
    assert site.asked(answered="refused") == []
    assert {asked.host for asked in site.requests} == {"mp.weixin.qq.com", "mmbiz.qpic.cn"}
    elsewhere = [asked.path for asked in site.asked("https://mp.weixin.qq.com/") if "/s" not in asked.path]
    assert elsewhere == ["/elsewhere"]  # a fetch of WeChat's own; no picture, no frame, no window
    assert len(site.asked("https://mmbiz.qpic.cn/")) == 2  # the crawl's own
    assert site.asked("https://mmbiz.qpic.cn/mmbiz_png/onlyforbrowsers") == []


AWAY = "https://mp.weixin.qq.com/s/AwayFromWeChat"
WAYS_OUT = """
  const own = ["proxy.invalid", "refused.invalid"];
  const hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", ...own];
  const run = (work) => {{ try {{ Promise.resolve(work()).catch(() => 0); }} catch (error) {{}} }};
  const add = (tag, facts) => document.head.append(Object.assign(document.createElement(tag), facts));
  const script = (text) => URL.createObjectURL(new Blob([text], {{type: "text/javascript"}}));
  for (const host of hosts) {{
    for (const scheme of ["http", "https"]) {{
      const place = `${{scheme}}://${{host}}:{port}/`;
      run(() => fetch(place, {{mode: "no-cors"}}));
      run(() => new Worker(script(`fetch("${{place}}", {{mode: "no-cors"}}).catch(() => 0)`)));
      run(() => new SharedWorker(script(`fetch("${{place}}", {{mode: "no-cors"}}).catch(() => 0)`)));
      run(() => new EventSource(place));
      run(() => navigator.sendBeacon(place, "x"));
      run(() => add("script", {{src: place}}));
      run(() => new Image().src = place);
      for (const rel of ["preconnect", "dns-prefetch", "prefetch", "preload", "stylesheet", "icon", "manifest"])
        run(() => add("link", {{rel, href: place, as: "script"}}));
    }}
    run(() => new WebSocket(`ws://${{host}}:{port}/`));
    run(() => new WebSocket(`wss://${{host}}:{port}/`));
    run(() => new Worker(script(`new WebSocket("ws://${{host}}:{port}/")`)));
    run(() => new SharedWorker(script(`new WebSocket("ws://${{host}}:{port}/")`)));
    run(() => new WebTransport(`https://${{host}}:{port}/`));
    run(async () => {{
      const servers = ["stun", "turn", "turns"].map((kind) => `${{kind}}:${{host}}:{port}`);
      const urls = [...servers, ...servers.slice(1).map((server) => `${{server}}?transport=tcp`)];
      const peer = new RTCPeerConnection({{iceServers: [{{urls, username: "a", credential: "b"}}]}});
      peer.createDataChannel("x");
      await peer.setLocalDescription(await peer.createOffer());
    }});
  }}
  for (const kind of ["fetch", "script", "style", "module"]) {{
    const place = `{away}${{kind.padStart(8, "0")}}`;
    if (kind === "fetch") run(() => fetch(place));
    if (kind === "script") run(() => add("script", {{src: place}}));
    if (kind === "style") run(() => add("link", {{rel: "stylesheet", href: place}}));
    if (kind === "module") run(() => import(place));
  }}
  setTimeout(() => {{ location = "http://127.0.0.1:{port}/location"; }}, 3000);
"""


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port on which nobody of this machine may speak, by TCP or UDP, IPv4 or IPv6; and who did all the same."""
    heard: list[str] = []
    first = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    second = socket.create_server(("::1", port), family=socket.AF_INET6)
    packets = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
    for one, place in zip(packets, ("127.0.0.1", "::1"), strict=True):
        one.bind((place, port))
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in (first, second, *packets)]
        waiting = selectors.DefaultSelector()
        for one in sockets:
            waiting.register(one, selectors.EVENT_READ)
        ended = Event()

        def listen() -> None:
            while not ended.is_set():
                for key, _ in waiting.select(0.1):
                    one = cast("socket.socket", key.fileobj)
                    if one in packets:
                        heard.append(f"UDP {one.recv(100)!r}")
                    else:
                        opened, _ = one.accept()
                        opened.settimeout(1)
                        with opened, suppress(OSError):
                            heard.append(f"TCP {opened.recv(100)!r}")

        thread = Thread(target=listen)
        thread.start()
        try:
            yield port, heard
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("rule", ["", "--host-resolver-rules", "--webrtc-ip-handling-policy"])
async def test_nothing_of_a_page_leads_to_this_machine(
    rule: str, site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    """Each of the rules is needed: without it somebody is heard."""
    with listener() as (port, heard):
        url = put(site, scripted(ISSUE, WAYS_OUT.format(port=port, away=AWAY)))
        for kind in ("fetch", "script", "style", "module"):
            site.add_article(f"{AWAY}{kind:0>8}", redirect(f"https://127.0.0.1:{port}/{kind}"))
        settings = SETTINGS | (
            {"DOWNLOAD_HANDLERS": json.dumps({"https": f"{__name__}.BrowserWithoutRule"})} if rule else {}
        )
        crawl(site, tmp_path, f"start={url}", *BOUNDS, settings=settings, CNCERT_TEST_RULE=rule, **env)
    assert [asked.answered for asked in site.asked(f"{AWAY}000fetch")]  # the page's scripts ran
    assert bool(heard) == bool(rule), heard[:5]


@pytest.mark.parametrize(
    ("proxy", "way", "rule"),
    [
        ("http://10.0.0.1:3128", "PROXY proxy.invalid:3128", "MAP proxy.invalid 10.0.0.1, "),
        ("http://[fd00::1]", "PROXY proxy.invalid:80", "MAP proxy.invalid [fd00::1], "),
        ("https://proxy.example:8443", "HTTPS proxy.example:8443", "EXCLUDE proxy.example"),
    ],
)
def test_the_proxy_is_the_only_other_place(
    proxy: str, way: str, rule: str, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    settings = Settings({"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": chromium, "CNCERT_BROWSER_STATE": "none.json"})
    options = chromium_settings.crawl_settings(settings)["PLAYWRIGHT_LAUNCH_OPTIONS"]
    pac, rules, *_ = options["args"]
    assert f'? "{way}" :' in base64.b64decode(pac.rpartition(",")[2]).decode()
    assert rule in rules
    assert rules.count("EXCLUDE") == 2 + rule.startswith("EXCLUDE")


class BrowserWithoutRule(BrowserHandler):
    """The browser with one of its rules taken away."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        arguments = self.config.launch_options["args"]
        taken = os.environ["CNCERT_TEST_RULE"]
        # Without the name of the proxy no page would be there to try.
        left = [one.partition(", MAP * ")[0] for one in arguments if one.startswith("--host-resolver-rules")]
        others = [one for one in arguments if not one.startswith(taken)]
        arguments[:] = others + (left if taken == "--host-resolver-rules" else [])


@pytest.fixture
def asked_anew() -> Iterator[None]:
    chromium_settings.no_sandbox_reason.cache_clear()
    yield
    chromium_settings.no_sandbox_reason.cache_clear()


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize(
    ("user", "answer", "said"),
    [
        (0, 0, "it is started by root"),
        (1000, 0, None),
        (1000, 1, "this system lets users make no namespaces"),
    ],
)
def test_the_sandbox_is_on_wherever_it_can_be(
    user: int, answer: int, said: str | None, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], answer))
    assert chromium_settings.no_sandbox_reason() == said
    options = chromium_settings.launch_options(Settings({"CNCERT_CHROMIUM": chromium}))
    assert options["chromium_sandbox"] == (said is None)


async def test_a_challenged_page_stays_blocked_and_is_asked_once_each_way(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    site.challenge_all = True
    url = put(site, series.page_of(ISSUE))
    result = crawl(site, tmp_path, f"start={url}", *BOUNDS, settings=SETTINGS, **env)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    issues, rows, run = await stored(tmp_path)
    assert issues == []
    assert str(rows[ISSUE].state) == "blocked"
    assert str(rows[ISSUE].reason).endswith("(in the browser too)")
    assert (run.close_reason, run.verdicts) == ("finished", {"blocked": 2})
    assert len(site.asked(answered="challenge")) == 2
    assert len(site.asked(answered="verification")) == 1


async def test_a_page_that_never_ends_is_left_in_time(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    """One that never answers, one whose script never stops, then one that is well: the first two hold nothing up."""
    unreadable = pages.plain_page("?")
    busy = b"<!DOCTYPE html><html><body><script>setTimeout(() => { while (true); })</script></body></html>"
    put(site, sequence(unreadable, Answer(hang=True)), "2024-16")
    put(site, sequence(unreadable, busy), "2024-15")
    put(site, scripted("2024-14"), "2024-14")
    limits = {**SETTINGS, "DOWNLOAD_TIMEOUT": 5}
    bounds = ("from=2024-14", "until=2024-16")
    result = crawl(site, tmp_path, f"start={series.published('2024-16').url}", *bounds, settings=limits, **env)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    issues, rows, run = await stored(tmp_path)
    assert [issue.id for issue in issues] == ["2024-14"], result.stderr[-3000:]
    errors = {str(rows[issue].reason) for issue in ("2024-15", "2024-16")}
    assert errors == {"DownloadTimeoutError: the browser took longer than 5 seconds"}
    assert (run.close_reason, run.verdicts) == ("finished", {"article": 1, "failed": 2, "unknown": 3})
    assert "'playwright/context_count': 3" in result.stderr
    assert "'playwright/context_count/max_concurrent': 1" in result.stderr


def test_deleted_pages_are_not_for_the_browser(site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]) -> None:
    url = put(site, pages.FAILURES["deleted_zh"].page)
    crawl(site, tmp_path, f"start={url}", *BOUNDS, settings=SETTINGS, **env)
    assert len(site.requests) == 1


@pytest.mark.parametrize("how", ["off", "replay"])
async def test_the_browser_is_not_started_unasked_nor_in_a_replay(
    site: LoopbackWeChat, tmp_path: Path, how: str
) -> None:
    started = tmp_path / "started"
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\ntouch {started}\n")
    program.chmod(0o755)
    url = put(site, scripted(ISSUE))
    archive = str(tmp_path / "archive")
    arguments = [f"start={url}", *BOUNDS]
    crawl(site, tmp_path, *arguments, settings=SETTINGS, CNCERT_ARCHIVE=archive, CNCERT_CHROMIUM=str(program))
    if how == "replay":
        crawl(site, tmp_path, *arguments, f"replay={archive}", CNCERT_BROWSER="on", CNCERT_CHROMIUM=str(program))
    assert len(site.requests) == 1
    assert not started.exists()
    _, rows, run = await stored(tmp_path)
    assert run.verdicts == {"unknown": 1}
    assert "browser" not in str(rows[ISSUE].reason)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": "/nonexistent"}, "playwright install chromium"),
        ({"CNCERT_BROWSER": "on", "PLAYWRIGHT_BROWSERS_PATH": "/nonexistent"}, "playwright install chromium"),
        ({"CNCERT_BROWSER": "perhaps"}, "CNCERT_BROWSER must be one of true, 1, yes, on"),
        ({"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": "/bin/sh", "CNCERT_BROWSER_STATE": "README.md"}, "scrapy verify"),
        ({"CNCERT_BROWSER": "on", "CNCERT_CHROMIUM": "/bin/sh", "https_proxy": "socks4://x:1"}, "not socks4://"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_anything_is_asked(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str], said: str
) -> None:
    result = crawl(site, tmp_path, *BOUNDS, **env)
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert site.requests == []


@pytest.mark.needs("xvfb")
async def test_what_a_person_passed_is_used_by_the_next_crawl(
    site: LoopbackWeChat, tmp_path: Path, env: dict[str, str]
) -> None:
    button = b"""<script>
setTimeout(() => { document.cookie = "passed=yes; path=/; max-age=600"; location.reload(); }, 700);
</script></body>"""
    challenge = pages.verification_page().replace(b"</body>", button)
    article = series.page_of(ISSUE)
    visitor = {"Set-Cookie": "visitor=7; Path=/; Secure; HttpOnly"}
    answer = Answer(
        lambda asked: article if "passed=yes" in asked.headers.get("cookie", "") else challenge, headers=visitor
    )
    url = put(site, answer)
    site.add_picture(pages.ArticleSpec().cover, series.drawing(9))
    options = ("-s", "DOWNLOAD_VERIFY_CERTIFICATES=False", "--timeout", "30")
    result = run_scrapy("verify", url, *options, env=project_env(site, tmp_path, **env), prefix=["xvfb-run", "-a"])
    assert result.returncode == 0, result.stderr[-3000:]
    state = Path(env["CNCERT_BROWSER_STATE"])
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    site.reset_log()
    result = crawl(site, tmp_path, f"start={url}", *BOUNDS, settings=SETTINGS, **env)
    assert result.returncode == 0, result.stderr[-3000:]
    plain, rendered = site.asked(url)
    assert "cookie" not in plain.headers
    assert {"passed=yes", "visitor=7"} <= set(rendered.headers["cookie"].split("; "))
    (issue,), _, _ = await stored(tmp_path)
    assert issue.provenance.via == "browser"


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["https://evil.example/s/abc"], {}, "is not the address of a WeChat article"),
        (["--timeout", "soon"], {}, "--timeout='soon'"),
        ([], {"CNCERT_CHROMIUM": "/nonexistent"}, "playwright install chromium"),
        ([], {"CNCERT_CHROMIUM": "/bin/sh"}, "no display"),
        pytest.param(
            [],
            {"CNCERT_CHROMIUM": "/bin/false", "DISPLAY": ":99"},
            "the browser does not start",
            marks=pytest.mark.needs("playwright"),
        ),
        (
            [],
            {"CNCERT_CHROMIUM": "/bin/false", "DISPLAY": ":99", "PLAYWRIGHT_NODEJS_PATH": "/bin/false"},
            "Playwright's driver does not start: Connection closed",
        ),
    ],
)
def test_verify_says_in_one_line_what_is_wrong(tmp_path: Path, args: list[str], env: dict[str, str], said: str) -> None:
    result = run_scrapy("verify", *args, env=project_env(None, tmp_path, **env))
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
