"""No network: each way in which no server is reached is said in words, and ends a run after three attempts."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cncert.ledger.frontier import MAX_UNREACHED
from cncert.ledger.retry_times import is_due
from cncert.store import open_store
from cncert.store.run_records import RunRecord
from tests import series
from tests.site.crawl import crawl, crawl_args, project_env, run_scrapy
from tests.site.server import LoopbackWeChat
from tests.small_disk import UNSHARE

LIMITS = {"DOWNLOAD_TIMEOUT": 1}
FEED = "https://feeds.example/a-secret/weekly.xml"


@contextmanager
def proxy(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that gives every request the same *answer*, and what it was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(4096).partition(b"\r\n")[0])
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://robot:secret@127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def silent_port() -> Iterator[str]:
    """A port that answers no attempt to connect, as if there were no route to it: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as one, socket.socket() as two:
        for waiting in (one, two):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


async def last_run(tmp_path: Path) -> RunRecord:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        tried = [row for row in await store.rows() if row.attempts]
        assert tried and all(is_due(row, now=datetime.now(UTC), retry=False) for row in tried)
        return (await store.runs(1))[0]


async def check(tmp_path: Path, result: subprocess.CompletedProcess[str], said: str) -> None:
    assert result.returncode == 1, result.stderr[-3000:]
    run = await last_run(tmp_path)
    line = f"no server was reached, {MAX_UNREACHED} times in a row: {said}"
    assert (run.close_reason, run.clean) == ("network_failed", False)
    assert str(run.error).startswith(line)
    assert f"! {line}" in result.stderr
    before, _, _ = result.stderr.partition("] ERROR: ")
    assert f"WARNING: No server is reached, once more: {said}" in before
    assert "secret@" not in result.stderr
    assert "Traceback" not in result.stderr


def crawl_through(tmp_path: Path, way: str, *, feeds: str = "") -> subprocess.CompletedProcess[str]:
    env = {"https_proxy": way, "CNCERT_FEEDS": feeds}
    return crawl(None, tmp_path, "from=2024-01", "until=2024-16", settings=LIMITS, **env)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "asks for a user and a password (HTTP 407)"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not connect to mp.weixin.qq.com (HTTP 403)"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not connect to mp.weixin.qq.com (HTTP 502)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "is no proxy"),
    ],
    ids=["407", "403", "502", "no proxy"],
)
async def test_a_proxy_that_refuses(tmp_path: Path, answer: bytes, said: str) -> None:
    with proxy(answer) as (url, asked):
        result = crawl_through(tmp_path, url)
    await check(tmp_path, result, f"the proxy 127.0.0.1:{url.rpartition(':')[2]} {said}")
    assert asked == [b"CONNECT mp.weixin.qq.com:443 HTTP/1.1"] * MAX_UNREACHED


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("http://127.0.0.1:1", "the proxy 127.0.0.1:1 refuses the connection"),
        ("http://proxy.invalid:3128", "the name of the proxy, proxy.invalid, is not known"),
        ("127.0.0.1:3128", "the proxy 127.0.0.1:3128 is named as https://: write https_proxy=http://127.0.0.1:3128"),
    ],
)
async def test_a_proxy_that_is_not_there(tmp_path: Path, way: str, said: str) -> None:
    await check(tmp_path, crawl_through(tmp_path, way), said)


async def test_a_proxy_that_is_silent(tmp_path: Path) -> None:
    with silent_port() as place:
        result = crawl_through(tmp_path, f"http://{place}")
    assert result.returncode == 1
    run = await last_run(tmp_path)
    assert run.close_reason == "network_failed"
    assert f"no connection to the proxy {place}: look at https_proxy" in str(run.error)


async def test_feeds_say_it_too_and_wechat_is_tried_all_the_same(tmp_path: Path) -> None:
    result = crawl_through(tmp_path, "http://127.0.0.1:1", feeds=FEED)
    await check(tmp_path, result, "the proxy 127.0.0.1:1 refuses the connection")
    feed, page = result.stderr.index("WARNING: feed feeds.example"), result.stderr.index("WARNING: No server")
    assert feed < page
    assert "no answer (the proxy 127.0.0.1:1 refuses the connection" in result.stderr


async def test_a_feed_that_is_not_there_ends_no_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    """A server of the user's own that is down, under three addresses."""
    (one,) = series.publish(site, "2024-16", "2024-16")
    feeds = " ".join(f"http://127.0.0.1:1/{number}.xml" for number in range(3))
    env = {"CNCERT_FEEDS": feeds, "no_proxy": "127.0.0.1"}
    result = crawl(site, tmp_path, f"start={one.url}", "from=2024-16", "until=2024-16", settings=LIMITS, **env)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stderr.count("no answer (127.0.0.1:1 refuses the connection: look at a firewall") >= 3


# --- without a proxy, in a network of its own, which has nothing but what a row gives it

NET = ("-rmn",) if UNSHARE[1] == "-rm" else ("-mn",)
needs_network = pytest.mark.skipif(
    subprocess.run(["unshare", *NET, "true"], check=False, capture_output=True).returncode != 0,
    reason="this machine lets nobody make a network of its own",
)
HOSTS = "printf '127.0.0.1 localhost\\n%s mp.weixin.qq.com\\n' {} >hosts && mount --bind hosts /etc/hosts"
SILENT = """
import socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 443), backlog=0)
waiting = [socket.socket() for _ in range(2)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", 443))
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def alone(tmp_path: Path, setup: Sequence[str], *behind: str) -> subprocess.CompletedProcess[str]:
    """A crawl in a network in which *setup* was run."""
    script = " && ".join([f"cd {tmp_path}", *setup, f"cd {Path.cwd()}", 'exec "$@"'])
    prefix = ["unshare", *NET, "sh", "-c", script, "sh", *behind]
    args = crawl_args(["from=2024-01", "until=2024-16"], LIMITS)
    return run_scrapy(*args, env=project_env(None, tmp_path), prefix=prefix)


@needs_network
@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ([], "the name mp.weixin.qq.com is not known"),
        (["ip link set lo up", HOSTS.format("127.0.0.1")], "mp.weixin.qq.com:443 refuses the connection"),
        (["ip link set lo up", HOSTS.format("10.255.255.1")], "there is no route to mp.weixin.qq.com:443"),
        (
            ["ip link set lo up", "ip route add unreachable 10.0.0.0/8", HOSTS.format("10.255.255.1")],
            "there is no route to mp.weixin.qq.com:443",
        ),
    ],
    ids=["no name", "refused", "no route", "unreachable"],
)
async def test_nothing_is_reached(tmp_path: Path, setup: list[str], said: str) -> None:
    await check(tmp_path, alone(tmp_path, setup), said)


@needs_network
async def test_a_host_that_is_silent(tmp_path: Path) -> None:
    result = alone(tmp_path, ["ip link set lo up", HOSTS.format("127.0.0.1")], "env", sys.executable, "-c", SILENT)
    assert result.returncode == 1, result.stderr[-3000:]
    assert "no connection to mp.weixin.qq.com:443: look at the cable" in str((await last_run(tmp_path)).error)
