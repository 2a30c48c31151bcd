"""The loopback WeChat does what it says: each behaviour seen by a real client through the proxy."""

import gzip
import http.client
import io
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from tests.site import crawl as crawling
from tests.site import server as serving
from tests.site.crawl import crawl, run_scrapy
from tests.site.pages import FAILURES
from tests.site.server import Answer, LoopbackWeChat, flaky, redirect, redirect_loop, sequence

BIZ = "MzIwNDk0MDgxMw=="
UNSIGNED = f"https://mp.weixin.qq.com/s?__biz={BIZ}&mid=2649000001&idx=1&sn=0123456789abcdef0123456789abcdef"
LONG = f"{UNSIGNED}&chksm=8ec5"
SHORT = "https://mp.weixin.qq.com/s/KDWh_qGpFN5Vu1TR9t30Mw"
OTHER = LONG.replace("idx=1", "idx=2")
PICTURE = "https://mmbiz.qpic.cn/sz_mmbiz_png/AbCdIbIc0123/640?wx_fmt=png&from=appmsg"
BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0"}


class Got(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Client:
    """A browser without manners: http.client through the proxy, one connection a request unless asked otherwise."""

    def __init__(self, site: LoopbackWeChat) -> None:
        self.site = site

    def connect(self, url: str, timeout: float = 5, port: int | None = None) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        if parts.scheme == "http":
            return http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=timeout)
        context = ssl.create_default_context(cafile=str(self.site.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", self.site.port, context=context, timeout=timeout)
        connection.set_tunnel(parts.hostname or "", port or 443)
        return connection

    def get(
        self, url: str, *, method: str = "GET", timeout: float = 5, body: bytes | None = None, **headers: str
    ) -> Got:
        connection = self.connect(url, timeout)
        try:
            return self.ask(connection, url, method, body, **headers)
        finally:
            connection.close()

    @staticmethod
    def ask(
        connection: http.client.HTTPConnection, url: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Got:
        parts = urlsplit(url)
        target = url if parts.scheme == "http" else parts._replace(scheme="", netloc="").geturl()
        all_headers = BROWSER | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body, all_headers | {"Host": parts.netloc})
        response = connection.getresponse()
        return Got(response.status, response.headers, response.read())


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    with LoopbackWeChat() as site:
        yield site


@pytest.fixture
def client(site: LoopbackWeChat) -> Client:
    return Client(site)


# What the site has --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        LONG,
        UNSIGNED,
        SHORT,
        LONG.replace("https:", "http:"),
        LONG.replace(BIZ, "MzIwNDk0MDgxMw%3D%3D"),
        LONG.replace(BIZ, "MzIwNDk0MDgxMw"),
        LONG.replace("mid=", "appmsgid=").replace("idx=", "itemidx="),
        f"https://mp.weixin.qq.com/s?idx=1&scene=21&mid=2649000001&__biz={BIZ}",
    ],
)
def test_an_article_is_found_by_what_its_address_means(site: LoopbackWeChat, client: Client, url: str) -> None:
    site.add_article([LONG, SHORT], b"the article")
    got = client.get(url)
    assert (got.status, got.body, got.headers["Content-Type"]) == (200, b"the article", "text/html; charset=UTF-8")
    [asked] = site.requests
    assert (asked.url, asked.method, asked.answered, asked.status) == (url, "GET", "article", 200)
    assert asked.headers["user-agent"] == BROWSER["User-Agent"]


def test_a_temporary_address_is_found_by_its_signature(site: LoopbackWeChat, client: Client) -> None:
    url = "https://mp.weixin.qq.com/s?src=11&timestamp=1&ver=2&signature=abc*-x&new=1"
    site.add_article(url, b"the article")
    assert client.get(url).body == b"the article"
    assert client.get(url.replace("abc", "xyz")).body == FAILURES["parameter_error"].page


@pytest.mark.parametrize("url", [OTHER, SHORT, UNSIGNED.replace("&", "&amp;"), "https://mp.weixin.qq.com/s?x=1"])
def test_an_unknown_article_is_a_wrong_parameter(site: LoopbackWeChat, client: Client, url: str) -> None:
    site.add_article(LONG, b"the article")
    assert client.get(url)[::2] == (200, FAILURES["parameter_error"].page)
    site.unknown = Answer(status=404)
    assert client.get(url).status == 404
    assert [asked.answered for asked in site.requests] == ["missing", "missing"]


def test_what_is_no_address_cannot_be_added(site: LoopbackWeChat) -> None:
    for url in ("https://mp.weixin.qq.com/mp/profile_ext", "https://mp.weixin.qq.com/s?mid=1"):
        with pytest.raises(ValueError, match="no article's address"):
            site.add_article(url, b"")
    with pytest.raises(ValueError, match="no picture's address"):
        site.add_picture("https://mmbiz.qpic.cn/", b"")


@pytest.mark.parametrize(
    "url",
    [
        PICTURE,
        "https://mmbiz.qpic.cn/sz_mmbiz_png/AbCdIbIc0123/0",
        "https://mmbiz.qlogo.cn/sz_mmbiz_png/AbCdIbIc0123/0?wx_fmt=png",
        "http://mmecoa.qpic.cn/sz_mmbiz_png/AbCdIbIc0123/300?",
    ],
)
def test_a_picture_is_found_by_its_bucket_and_id(site: LoopbackWeChat, client: Client, url: str) -> None:
    site.add_picture("sz_mmbiz_png/AbCdIbIc0123", b"picture", content_type="image/webp")
    got = client.get(url)
    assert (got.status, got.body, got.headers["Content-Type"]) == (200, b"picture", "image/webp")
    assert client.get(url.replace("IbIc", "ibic")).status == 404
    assert [asked.answered for asked in site.requests] == ["picture", "missing"]


def test_a_foreign_referer_gets_the_placeholder(site: LoopbackWeChat, client: Client) -> None:
    site.add_picture(PICTURE, b"picture")
    site.add_picture("mmbiz_jpg/NobodyGetsThis", placeholder=True)
    assert client.get(PICTURE).body == b"picture"
    for own in ("", "https://mp.weixin.qq.com", "http://mp.weixin.qq.com/", LONG):
        assert client.get(PICTURE, Referer=own).body == b"picture"
    for url, referer in (
        (PICTURE, "https://mp.weixin.qq.com.example.org/"),
        ("https://mmbiz.qpic.cn/mmbiz_jpg/NobodyGetsThis/0", ""),
    ):
        got = client.get(url, Referer=referer)
        assert (got.status, got.headers["Content-Type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(got.body)).size == (470, 349)
    assert len(site.asked(answered="placeholder")) == 2


def test_any_other_path(site: LoopbackWeChat, client: Client) -> None:
    robots = "https://mp.weixin.qq.com/robots.txt"
    assert client.get(robots).body == b"User-agent: *\nDisallow: /\n"
    assert client.get("https://mmbiz.qpic.cn/robots.txt").status == 404
    site.add_path("mp.weixin.qq.com", "/robots.txt", b"User-agent: *\nAllow: /\n", content_type="text/plain")
    site.add_path(
        "mp.weixin.qq.com", "/mp/appmsgalbum", lambda asked: asked.path.encode(), content_type="application/json"
    )
    site.add_path("mp.weixin.qq.com", "/mp/appmsgalbum?page=2", b"second")
    assert client.get(robots).body == b"User-agent: *\nAllow: /\n"
    got = client.get("https://mp.weixin.qq.com/mp/appmsgalbum?page=1")
    assert (got.body, got.headers["Content-Type"]) == (b"/mp/appmsgalbum?page=1", "application/json")
    assert client.get("https://mp.weixin.qq.com/mp/appmsgalbum?page=2").body == b"second"


def test_other_hosts_may_be_allowed() -> None:
    with LoopbackWeChat(hosts=["feeds.example.org"]) as site:
        site.add_path("feeds.example.org", "/cncert.xml", b"<rss/>", content_type="application/rss+xml")
        assert Client(site).get("https://feeds.example.org/cncert.xml").body == b"<rss/>"
        assert Client(site).get("http://feeds.example.org/cncert.xml").body == b"<rss/>"


def test_the_log(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"the article")
    for url in (LONG, OTHER, PICTURE):
        client.get(url)
    assert [asked.url for asked in site.asked("https://mp.weixin.qq.com/s?")] == [LONG, OTHER]
    assert [asked.url for asked in site.asked(lambda asked: "qpic" in asked.host)] == [PICTURE]
    assert [asked.url for asked in site.asked("https://mp.", answered="missing")] == [OTHER]
    assert sorted(asked.time for asked in site.requests) == [asked.time for asked in site.requests]
    site.reset_log()
    assert site.requests == []


# How it answers -----------------------------------------------------------------------------------------------------


def test_status_headers_and_type(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"x", status=503, content_type="application/octet-stream", headers={"Retry-After": "7"})
    got = client.get(LONG)
    assert (got.status, got.headers["Content-Type"], got.headers["Retry-After"]) == (
        503,
        "application/octet-stream",
        "7",
    )
    head = client.get(LONG, method="HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (503, "1", b"")


def test_compression(site: LoopbackWeChat, client: Client) -> None:
    page = "周报".encode() * 1000
    site.add_article(LONG, page, gzip=True)
    site.add_article(SHORT, page, lying_gzip=True)
    site.add_article(OTHER, page, gzip=True, oversize=5_000_000)
    real, lying, bomb = (client.get(url) for url in (LONG, SHORT, OTHER))
    assert {got.headers["Content-Encoding"] for got in (real, lying, bomb)} == {"gzip"}
    assert len(real.body) < 200
    assert gzip.decompress(real.body) == lying.body == page
    assert len(bomb.body) < 20_000
    assert len(gzip.decompress(bomb.body)) == 6000 + 5_000_000


def test_chunks_and_size(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"page", oversize=3_000_000)
    site.add_article(SHORT, b"page", oversize=3_000_000, chunked=True)
    announced, chunked = client.get(LONG), client.get(SHORT)
    assert announced.headers["Content-Length"] == "3000004"
    assert chunked.headers["Content-Length"] is None
    assert announced.body == chunked.body == b"page" + b" " * 3_000_000


@pytest.mark.parametrize("chunked", [False, True])
def test_truncated(site: LoopbackWeChat, client: Client, chunked: bool) -> None:
    site.add_article(LONG, b"x" * 200_000, truncated=True, chunked=chunked)
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get(LONG)
    assert len(caught.value.partial) == 100_000


@pytest.mark.parametrize("scheme", ["https:", "http:"])
def test_reset(site: LoopbackWeChat, client: Client, scheme: str) -> None:
    site.add_article(LONG, b"x", reset=True)
    site.add_article(SHORT, b"x" * 1000, reset=True, truncated=True)
    with pytest.raises(ConnectionResetError):
        client.get(LONG.replace("https:", scheme))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):  # OpenSSL may take it for an end
        client.get(SHORT.replace("https:", scheme))
    assert [asked.status for asked in site.requests] == [0, 200]


def test_hang_slow_and_delay(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"x", hang=True)
    site.add_article(SHORT, b"x" * 1000, slow=1000)
    site.add_article(OTHER, b"x", delay=0.2)
    with pytest.raises(TimeoutError):
        client.get(LONG, timeout=0.2)
    connection = client.connect(SHORT)
    connection.request("GET", "/s/KDWh_qGpFN5Vu1TR9t30Mw")
    response = connection.getresponse()
    assert 0 < len(response.read(100)) <= 100
    connection.close()
    response.close()
    start = time.monotonic()
    assert client.get(OTHER).body == b"x"
    assert time.monotonic() - start >= 0.2


def test_a_slow_answer_comes_at_its_rate(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"x" * 600, slow=2000)
    start = time.monotonic()
    assert client.get(LONG).body == b"x" * 600
    assert time.monotonic() - start >= 0.25


def test_redirects(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, redirect(SHORT, 301))
    site.add_article(SHORT, redirect_loop())
    assert client.get(LONG).status == 301
    assert client.get(LONG).headers["Location"] == SHORT
    assert client.get(SHORT).headers["Location"] == SHORT


def test_answers_in_turn(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, flaky(b"fine", times=2))
    site.add_article([SHORT, OTHER], sequence(b"one", flaky(b"lost", status=500), Answer(b"two", times=2), b"three"))
    assert [client.get(LONG)[::2] for _ in range(4)] == [(503, b""), (503, b""), (200, b"fine"), (200, b"fine")]
    turns = [client.get(url)[::2] for url in (SHORT, OTHER, SHORT, OTHER, SHORT, OTHER)]
    assert turns == [(200, b"one"), (500, b""), (200, b"two"), (200, b"two"), (200, b"three"), (200, b"three")]


# When it wants verification -----------------------------------------------------------------------------------------


def challenged(got: Got) -> str | None:
    """The address that was challenged, or None."""
    location = urlsplit(got.headers["Location"] or "")
    if got.status != 302 or location.path != "/mp/wappoc_appmsgcaptcha":
        return None
    query = parse_qs(location.query)
    assert location.netloc == "mp.weixin.qq.com"
    assert query["poc_token"]
    return query["target_url"][0]


def test_unsigned_addresses_are_challenged(site: LoopbackWeChat, client: Client) -> None:
    site.add_article([LONG, SHORT], b"the article")
    site.challenge_unsigned = True
    challenge = client.get(UNSIGNED)
    assert challenged(challenge) == UNSIGNED
    assert challenged(client.get(f"{UNSIGNED}&chksm=")) is not None
    assert client.get(LONG).body == client.get(SHORT).body == b"the article"
    page = client.get(challenge.headers["Location"])
    assert (page.status, page.body) == (200, FAILURES["verification"].page)
    assert page.headers["Set-Cookie"].startswith("poc_sid=")
    assert [asked.answered for asked in site.requests] == [
        "challenge",
        "challenge",
        "article",
        "article",
        "verification",
    ]


def test_everything_is_challenged(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"the article")
    site.add_path("mp.weixin.qq.com", "/mp/appmsgalbum", b"{}")
    site.add_picture(PICTURE, b"picture")
    site.challenge_all = True
    site.verification = Answer(FAILURES["verification_shell"].page)
    for url in (LONG, OTHER, SHORT, "https://mp.weixin.qq.com/mp/appmsgalbum"):
        assert challenged(client.get(url)) == url
    assert client.get(PICTURE).body == b"picture"
    assert client.get("https://mp.weixin.qq.com/robots.txt").status == 200
    assert client.get("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha").body == FAILURES["verification_shell"].page


def test_libraries_are_challenged(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"the article")
    site.challenge_agents = True
    assert client.get(LONG).body == b"the article"
    for agent in ("Scrapy/2.19 (+https://scrapy.org)", "python-requests/2", "curl/8.1", "Python/3.11 aiohttp/3.14", ""):
        assert challenged(client.get(LONG, User_Agent=agent)) == LONG


def test_many_articles_are_challenged(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"the article")
    site.throttle(2, 60, quiet=60)
    assert [challenged(client.get(LONG)) is None for _ in range(4)] == [True, True, False, False]
    assert challenged(client.get("https://mp.weixin.qq.com/mp/appmsgalbum"))
    assert client.get("https://mp.weixin.qq.com/robots.txt").status == 200


def test_the_throttle_opens_when_it_is_quiet() -> None:
    throttle = serving._Throttle(pages=2, seconds=10, quiet=30)
    assert not any(throttle.challenges(now, article=True) for now in (0, 6, 12, 18))  # never three in ten seconds
    assert throttle.challenges(19, article=True)
    assert throttle.challenges(48, article=True)  # not quiet for long enough, and quiet no longer
    assert throttle.challenges(77, article=False)
    assert not throttle.challenges(78, article=True)


# What it refuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["https://example.org/x", "https://mp.weixin.qq.com.example.org/", "https://res.wx.qq.com/a", "https://127.0.0.1/"],
)
def test_a_tunnel_to_another_host_is_refused(site: LoopbackWeChat, client: Client, url: str) -> None:
    with pytest.raises(OSError, match="403 Forbidden"):
        client.get(url)
    [refused] = site.asked(answered="refused")
    assert (refused.method, refused.host, refused.status) == ("CONNECT", urlsplit(url).hostname, 403)


def test_other_refusals(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"the article")
    assert client.get("http://example.org/x").status == 403
    assert client.get("http://mp.weixin.qq.com:8080/x").status == 403
    with pytest.raises(OSError, match="403"):
        client.connect(LONG, port=22).connect()
    assert [asked.url for asked in site.asked(answered="refused")][:2] == [
        "http://example.org/x",
        "http://mp.weixin.qq.com/x",
    ]
    site.reset_log()
    assert client.get(LONG, method="POST", body=b"x").status == 405
    assert client.get(LONG, method="POST", Content_Length=str(2**21)).status == 413
    assert client.get(LONG, Cookie="x" * 70_000).status == 431
    connection = client.connect(LONG)
    assert client.ask(connection, LONG.replace("mp.weixin", "mmbiz")).status == 421
    connection.close()
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET http://[/ HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", site.port), 5) as raw:
            raw.sendall(garbage)
            assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    assert {asked.answered for asked in site.requests} == {"invalid"}


def test_a_client_that_does_not_trust_the_site_is_recorded(site: LoopbackWeChat, client: Client) -> None:
    connection = client.connect(LONG)
    connection._context = ssl.create_default_context()  # type: ignore[attr-defined]
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.connect()
    connection.close()
    deadline = time.monotonic() + 5
    while not site.requests and time.monotonic() < deadline:
        time.sleep(0.01)
    [asked] = site.requests
    assert (asked.method, asked.host, asked.answered) == ("CONNECT", "mp.weixin.qq.com", "untrusted")


# Its connections and its end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [LONG, LONG.replace("https:", "http:")])
def test_a_connection_is_kept(site: LoopbackWeChat, client: Client, url: str) -> None:
    site.add_article(LONG, b"the article")
    connection = client.connect(url)
    for _ in range(3):
        assert client.ask(connection, url).body == b"the article"
    connection.close()
    client.get(url, Connection="close")
    numbers = [asked.connection for asked in site.requests]
    assert len(set(numbers[:3])) == 1
    assert len(set(numbers)) == 2


def test_many_at_once(site: LoopbackWeChat, client: Client) -> None:
    site.add_article(LONG, b"x" * 300_000, delay=0.1)
    start = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        bodies = list(pool.map(lambda _: client.get(LONG).body, range(20)))
    assert {len(body) for body in bodies} == {300_000}
    assert time.monotonic() - start < 1.5


def test_connections_are_limited(site: LoopbackWeChat, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add_article(LONG, b"the article")
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 1)
    connection = client.connect(LONG)
    assert client.ask(connection, LONG).status == 200
    with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as it happens
        client.get(LONG)
    connection.close()


def test_all_ends_with_the_context() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0

    before, threads = descriptors(), threading.active_count()
    with LoopbackWeChat() as site:
        site.add_article(LONG, b"x", hang=True)
        site.add_article(SHORT, b"x" * 1000, slow=10)
        client = Client(site)
        connections = [client.connect(url) for url in (LONG, SHORT)]
        for connection, url in zip(connections, (LONG, SHORT), strict=True):
            connection.request("GET", url.removeprefix("https://mp.weixin.qq.com"))
        idle = client.connect(LONG)
        idle.connect()
        directory, start = site.ca_file.parent, time.monotonic()
    assert time.monotonic() - start < 1
    for connection in (*connections, idle):
        connection.close()
    assert not directory.exists()
    assert (descriptors(), threading.active_count()) == (before, threads)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), 1)


# Scrapy -------------------------------------------------------------------------------------------------------------

SPIDER = """
import scrapy

class Probe(scrapy.Spider):
    name = "probe"
    custom_settings = {"RETRY_ENABLED": False, "HTTPERROR_ALLOW_ALL": True, "REDIRECT_ENABLED": False,
                       "DOWNLOAD_VERIFY_CERTIFICATES": True, "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_TIMEOUT": 2,
                       "REMOTE_CONTROL_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0.001}

    async def start(self):
        for url in self.urls.split():
            yield scrapy.Request(url, errback=self.failed)

    def parse(self, response):
        return {"url": response.url, "status": response.status, "text": response.text[:100]}

    def failed(self, failure):
        return {"url": failure.request.url, "error": type(failure.value).__name__ + " " + str(failure.value)}
"""


def probe(site: LoopbackWeChat, directory: Path, *urls: str, **env: str) -> dict[str, dict[str, Any]]:
    """What a minimal spider with Scrapy's default download handler gets for *urls*, certificates verified."""
    (directory / "probe.py").write_text(SPIDER)
    arguments = ("-a", f"urls={' '.join(urls)}", "-o", "-:jsonlines")
    done = run_scrapy("runspider", "probe.py", *arguments, env=site.proxy_env() | env, cwd=directory, timeout=30)
    assert done.returncode == 0, done.stderr
    items = [json.loads(line) for line in done.stdout.splitlines()]
    return {item["url"]: item for item in items}


def test_scrapy_crawls_unchanged_addresses(site: LoopbackWeChat, tmp_path: Path) -> None:
    lost, broken, foreign = SHORT[:-1] + "x", SHORT[:-1] + "y", "https://example.org/"
    site.add_article([LONG, SHORT], "周报".encode(), gzip=True)
    site.add_article(lost, b"x" * 100, truncated=True)
    site.add_article(broken, b"", reset=True)
    site.challenge_unsigned = True
    plain = LONG.replace("https:", "http:")
    got = probe(site, tmp_path, LONG, SHORT, UNSIGNED, plain, lost, broken, foreign)
    assert got[LONG]["text"] == got[SHORT]["text"] == got[plain]["text"] == "周报"
    assert got[UNSIGNED]["status"] == 302
    assert got[lost]["error"].startswith("ResponseDataLossError")
    assert got[broken]["error"].startswith("DownloadFailedError")
    assert got[foreign]["error"].startswith("TunnelError")
    assert [asked.url for asked in site.asked(answered="refused")] == ["https://example.org"]
    articles = [
        asked for asked in site.requests if asked.scheme == "https" and asked.answered in ("article", "challenge")
    ]
    assert len({asked.connection for asked in articles[:3]}) == 1  # the tunnel is kept


def test_scrapy_verifies_the_certificate(site: LoopbackWeChat, tmp_path: Path) -> None:
    site.add_article(LONG, b"the article")
    got = probe(site, tmp_path, LONG, SSL_CERT_FILE="/nonexistent/ca.pem")
    assert "certificate verify failed" in got[LONG]["error"]
    assert [asked.answered for asked in site.requests] == ["untrusted"]


def test_scrapy_runs_in_a_clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CNCERT_STORE", "https_proxy", "LOG_LEVEL"):
        monkeypatch.setenv(name, "from the developer's shell")
    (tmp_path / "sitecustomize.py").write_text(
        "import json, os, sys; print(json.dumps([os.getcwd(), dict(os.environ)]))"
    )
    done = run_scrapy("version", env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path)
    line, version = done.stdout.splitlines()
    directory, environment = json.loads(line)
    assert (done.returncode, version.split()[0], Path(directory)) == (0, "Scrapy", tmp_path.resolve())
    assert set(environment) <= {"PATH", "HOME", "LANG", "LC_CTYPE", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


def test_crawl_names_the_store_the_files_and_the_site(
    site: LoopbackWeChat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[tuple[str, ...], dict[str, str], float]] = []

    def record(
        *args: str, env: dict[str, str], timeout: float, prefix: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        assert prefix == ()
        calls.append((args, env, timeout))
        return subprocess.CompletedProcess(args, 0, "", "")

    monkeypatch.setattr(crawling, "run_scrapy", record)
    crawl(site, tmp_path, "limit=3", "retry=1", settings={"RETRY_TIMES": 0}, LOG_LEVEL="DEBUG")
    crawl(site, tmp_path, store="mongodb://127.0.0.1/x", timeout=5, DOWNLOAD_DELAY="1")
    (args, env, timeout), (_, other, short) = calls
    assert args[:6] == ("crawl", "weekly", "-a", "limit=3", "-a", "retry=1")
    assert args[6:] == ("-s", "DOWNLOAD_VERIFY_CERTIFICATES=True", "-s", "RETRY_TIMES=0")
    assert env == site.proxy_env() | {
        "CNCERT_STORE": f"sqlite:///{tmp_path}/cncert.db",
        "CNCERT_FILES": f"{tmp_path}/pictures",
        "CNCERT_ARCHIVE": "",
        "DOWNLOAD_DELAY": "0.001",
        "CNCERT_PAUSE": "0",
        "CNCERT_FEEDS": "",
        "CNCERT_WAYBACK": "off",
        "CNCERT_WAYBACK_DELAY": "0.001",
        "LOG_LEVEL": "DEBUG",
    }
    assert (other["CNCERT_STORE"], other["DOWNLOAD_DELAY"], timeout, short) == ("mongodb://127.0.0.1/x", "1", 60, 5)
