"""A loopback WeChat: whole crawls in tests, over real HTTP(S), with Scrapy's own downloader and unchanged addresses.

It is an HTTP proxy on 127.0.0.1. A crawl that runs with :meth:`LoopbackWeChat.proxy_env` asks it for a tunnel to
``mp.weixin.qq.com`` or a picture host, and the proxy then speaks TLS *as that host*, with a certificate from a CA that
lives as long as the site does. A tunnel to any other host is refused and recorded, so a test can hold that nothing else
was asked. The site reads addresses without ``cncert.wechat.address``: a double shares no mistake with what it tests.
"""

import asyncio
import base64
import binascii
import contextlib
import gzip
import http.client
import io
import re
import secrets
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image, ImageDraw

from tests.site.pages import FAILURES

ARTICLE_HOST = "mp.weixin.qq.com"
PICTURE_HOSTS = ("mmbiz.qpic.cn", "mmbiz.qlogo.cn", "mmecoa.qpic.cn")
CAPTCHA = "/mp/wappoc_appmsgcaptcha"
LIBRARY_AGENTS = re.compile(r"^$|scrapy|python|requests|curl|wget|aiohttp|httpx|urllib|go-http", re.IGNORECASE)
MAX_CONNECTIONS, MAX_HEAD, MAX_BODY, CHUNK = 64, 64 * 1024, 1024 * 1024, 64 * 1024

_OLD_NAMES = {"appmsgid": "mid", "itemidx": "idx"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it reached the site, and what it was answered. Header names are in lower case."""

    time: float  # monotonic
    method: str
    scheme: str
    host: str
    path: str  # with its query, as sent
    headers: dict[str, str]
    connection: int  # which connection of the site brought it
    answered: str = ""  # article picture placeholder challenge verification path missing refused invalid untrusted
    status: int = 0  # 0: no answer (hang, reset, a tunnel that the client gave up)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


Body = bytes | Callable[[Asked], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site answers. The fields combine; :func:`sequence` and :func:`flaky` chain answers."""

    body: Body = b""
    status: int = 200
    content_type: str = "text/html; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str | Callable[[Asked], str] = ""
    gzip: bool = False  # really compressed; with oversize a compression bomb
    lying_gzip: bool = False  # the header says gzip, the body is not
    chunked: bool = False  # no Content-Length
    oversize: int = 0  # so many bytes of white space after the body
    truncated: bool = False  # ends before the announced length (or before the last chunk)
    reset: bool = False  # RST instead of an answer; with truncated, after half of it
    hang: bool = False  # never an answer
    slow: int = 0  # bytes of the body in a second
    delay: float = 0.0  # seconds before the answer
    times: int = 0  # how often this answer is given before `then`
    then: "Answer | None" = None

    def turn(self, number: int) -> "Answer":
        """What the request *number* (from 0) is answered."""
        answer = self
        while answer.then is not None and number >= answer.times:
            number -= answer.times
            answer = answer.then
        return answer


def redirect(location: str, status: int = 302) -> Answer:
    """A redirect to *location*."""
    return Answer(status=status, location=location)


def redirect_loop(status: int = 302) -> Answer:
    """A redirect of an address to itself."""
    return Answer(status=status, location=lambda asked: asked.url)


def sequence(*answers: "Answer | Body") -> Answer:
    """*answers* one after the other (each once, or as often as its ``times`` says), then the last one for good."""
    *first, last = (as_answer(answer) for answer in answers)
    for answer in reversed(first):
        last = replace(answer, times=max(1, answer.times), then=last)
    return last


def flaky(then: "Answer | Body", times: int = 1, **behaviour: Any) -> Answer:
    """A failure (503, or what *behaviour* says) for the first *times* requests, then *then*."""
    return Answer(**{"status": 503, **behaviour}, times=times, then=as_answer(then))


def as_answer(what: "Answer | Body", **behaviour: Any) -> Answer:
    """*what*, a body or an answer, with *behaviour* added."""
    return replace(what if isinstance(what, Answer) else Answer(what), **behaviour)


def article_identity(target: str) -> tuple[object, ...] | None:
    """What an article's address, or its path with query, means: account, message, place; or a token; or a signature."""
    parts = urlsplit(target)
    if token := re.fullmatch(r"/s/([\w-]+)/?", parts.path):
        return ("token", token[1])
    if parts.path.rstrip("/") not in ("/s", "/mp/appmsg/show"):
        return None
    query = {_OLD_NAMES.get(name, name): value for name, value in parse_qsl(parts.query)}
    if {"__biz", "mid", "idx"} <= query.keys():
        biz = query["__biz"].replace(" ", "+").rstrip("=")
        with contextlib.suppress(binascii.Error, ValueError):
            number = int(base64.b64decode(biz + "=" * (-len(biz) % 4), validate=True))
            return ("article", number, int(query["mid"]), int(query["idx"]))
    return ("temporary", query["signature"]) if "signature" in query else ("nothing", target)


def picture_identity(target: str) -> str | None:
    """``BUCKET/ID`` of a picture's address, of its path, or of itself."""
    path = urlsplit(target).path.strip("/").split("/")
    return "/".join(path[:2]) if len(path) in (2, 3) and all(path) else None


@cache
def placeholder() -> bytes:
    """The picture that WeChat shows on foreign pages (a drawing of its size; its real bytes are not known)."""
    image = Image.new("RGB", (470, 349), "#eeeeee")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, 430, 309), outline="#999999", width=3)
    draw.line((40, 40, 430, 309), fill="#cccccc", width=3)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def issue_certificate(directory: Path, hosts: Iterable[str]) -> ssl.SSLContext:
    """A throw-away CA (``ca.pem`` in *directory*) and the TLS side of a server that it certifies for *hosts*."""
    now, pem = datetime.now(UTC), serialization.Encoding.PEM
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback WeChat, for tests only")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ARTICLE_HOST)])
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # certificates, nothing else
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in (*hosts, "*.weixin.qq.com")])

    def sign(builder: x509.CertificateBuilder) -> bytes:
        builder = builder.issuer_name(root_name).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return builder.sign(root_key, hashes.SHA256()).public_bytes(pem)

    root = x509.CertificateBuilder().subject_name(root_name).public_key(root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(signs, critical=True).add_extension(root_id, critical=False)
    leaf = (
        x509.CertificateBuilder().subject_name(name).public_key(key.public_key()).add_extension(names, critical=False)
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id)
    leaf = leaf.add_extension(issuer, critical=False)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "ca.pem").write_bytes(sign(root))
    (directory / "site.pem").write_bytes(sign(leaf) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "site.pem")
    return context


@dataclass(slots=True)
class _Resource:
    """Something the site has, under one or several addresses, and how often it was asked for."""

    answer: Answer
    count: int = 0

    def next(self) -> Answer:
        self.count += 1
        return self.answer.turn(self.count - 1)


@dataclass(slots=True)
class _Throttle:
    """After *pages* articles in *seconds* nothing but challenges, until no article was asked for in *quiet* seconds."""

    pages: int
    seconds: float
    quiet: float
    served: deque[float] = field(default_factory=deque)
    closed: bool = False
    last: float = 0.0

    def challenges(self, now: float, *, article: bool) -> bool:
        if self.closed and now - self.last >= self.quiet:
            self.closed = False
            self.served.clear()
        if not article:
            return self.closed
        while self.served and now - self.served[0] > self.seconds:
            self.served.popleft()
        self.closed, self.last = self.closed or len(self.served) >= self.pages, now
        if not self.closed:
            self.served.append(now)
        return self.closed


class LoopbackWeChat:
    """The site: ``with LoopbackWeChat() as site:``. What it has may be added at any time."""

    def __init__(
        self,
        *,
        hosts: Iterable[str] = (),
        verification: Answer | Body = FAILURES["verification"].page,
        unknown: Answer | Body = FAILURES["parameter_error"].page,
    ) -> None:
        """*hosts* may be asked beside WeChat's; *unknown* is what an article that nobody added is answered."""
        self.hosts = frozenset({ARTICLE_HOST, *PICTURE_HOSTS, *hosts})
        self.verification, self.unknown = as_answer(verification), as_answer(unknown)
        self.challenge_unsigned = self.challenge_all = self.challenge_agents = False
        self.no_https: dict[str, str] = {}
        """Hosts without https, and what happens to it: no "tunnel", no "handshake", or a "redirect" to http."""
        self.port = 0
        self._throttle: _Throttle | None = None
        self._articles: dict[object, _Resource] = {}
        self._pictures: dict[object, _Resource] = {}
        self._paths: dict[object, _Resource] = {}
        self._handlers: dict[str, Callable[[Asked], Answer]] = {}
        self._log: list[Asked] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self.add_path(ARTICLE_HOST, "/robots.txt", Answer(b"User-agent: *\nDisallow: /\n", content_type="text/plain"))

    # What the site has and how it behaves ---------------------------------------------------------------------------

    def add_article(self, urls: str | Iterable[str], body: Answer | Body, **behaviour: Any) -> None:
        """An article under all its addresses; every address that means the same is answered the same."""
        resource = _Resource(as_answer(body, **behaviour))
        for url in [urls] if isinstance(urls, str) else urls:
            identity = article_identity(url)
            if identity is None or identity[0] == "nothing":
                raise ValueError(f"no article's address: {url}")
            self._articles[identity] = resource

    def add_picture(
        self,
        key: str,
        data: Answer | Body = b"",
        content_type: str = "",
        *,
        placeholder: bool = False,
        **behaviour: Any,
    ) -> None:
        """A picture by its ``BUCKET/ID`` or any of its addresses; with *placeholder* nobody ever gets the picture."""
        identity = picture_identity(key)
        if identity is None:
            raise ValueError(f"no picture's address: {key}")
        if content_type or not isinstance(data, Answer):
            behaviour["content_type"] = content_type or "image/png"
        self._pictures[identity] = _Resource(_placeholder() if placeholder else as_answer(data, **behaviour))

    def add_path(self, host: str, path: str, answer: Answer | Body, **behaviour: Any) -> None:
        """Anything else: a feed, an album, robots.txt. *path* with a query matches only that query."""
        self._paths[host, path] = _Resource(as_answer(answer, **behaviour))

    def add_host(self, host: str, answer: Callable[[Asked], Answer]) -> None:
        """Another host, one of *hosts*, that decides itself what it answers."""
        self._handlers[host] = answer

    def throttle(self, pages: int, seconds: float, quiet: float) -> None:
        """Challenge everything after *pages* articles in *seconds*, until it is quiet for *quiet* seconds."""
        self._throttle = _Throttle(pages, seconds, quiet)

    def be_left_alone(self) -> None:
        """Wait until a throttled site answers again."""
        if self._throttle is not None:
            time.sleep(self._throttle.quiet)

    # What it was asked ----------------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Asked]:
        """All requests so far, in the order of their coming; tunnels only if they were refused or given up."""
        return list(self._log)

    def asked(self, what: str | Callable[[Asked], bool] = "", answered: str | None = None) -> list[Asked]:
        """The requests whose address starts with *what*, or for which it holds; only those *answered* so, if given."""
        match = what if callable(what) else lambda asked: asked.url.startswith(what)
        return [asked for asked in self.requests if match(asked) and answered in (None, asked.answered)]

    def reset_log(self) -> None:
        """Forget what was asked (not how often: a sequence goes on)."""
        self._log.clear()

    # Its life -------------------------------------------------------------------------------------------------------

    @property
    def ca_file(self) -> Path:
        return self._directory / "ca.pem"

    def proxy_env(self) -> dict[str, str]:
        """The environment in which a program asks this site and trusts its certificate."""
        proxy = f"http://127.0.0.1:{self.port}"
        trust = str(self.ca_file)
        trusted = {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust}
        return {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "", **trusted}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as resources:
            self._directory = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="wechat-")))
            self._tls = issue_certificate(self._directory, self.hosts)
            self._thread = threading.Thread(target=self._run, name="loopback-wechat")
            self._thread.start()
            self.port, self._loop, self._stop = self._ready.result(10)
            self._resources = resources.pop_all()
        return self

    def stop(self) -> None:
        """Go off the net, in the middle of whatever it answers; an answer may do so."""
        with contextlib.suppress(RuntimeError):  # it is off already
            self._loop.call_soon_threadsafe(self._stop.set)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(10)
        self._resources.close()
        if self._thread.is_alive():
            raise RuntimeError("the loopback site did not stop")

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _main(self) -> None:
        stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD)
        self._ready.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

    # One connection -------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections += 1
        self._tasks.add(task)
        try:
            if len(self._tasks) <= MAX_CONNECTIONS:
                await self._converse(reader, writer, self._connections)
            writer.close()
            async with asyncio.timeout(1):
                await writer.wait_closed()
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            pass  # the client went away, or the site closes; ssl.SSLError is an OSError
        finally:
            # Python 3.11.2 and older raise AttributeError when TLS that was closed twice is aborted.
            with contextlib.suppress(OSError, asyncio.CancelledError, AttributeError):
                writer.transport.abort()
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        """Answer the requests of a connection, in the clear until a CONNECT and as the host it names from then on."""
        tunnel = ""
        while True:
            asked, problem = await self._read(reader, tunnel, connection)
            if asked is None:
                return
            if asked.method == "CONNECT" and not problem:
                if (lacks := self.no_https.get(asked.host)) == "tunnel":
                    writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                    return
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if lacks == "handshake":
                    await reader.read(1)
                    return
                try:
                    await writer.start_tls(self._tls)
                except OSError:
                    self._log.append(replace(asked, answered="untrusted"))
                    raise
                tunnel = asked.host
                continue
            if problem:
                answered, answer = "refused" if problem == 403 else "invalid", Answer(status=problem)
            else:
                answered, answer = self._decide(asked)
            silent = answer.hang or (answer.reset and not answer.truncated)
            last = bool(problem or silent or answer.truncated or asked.headers.get("connection", "").lower() == "close")
            self._log.append(replace(asked, answered=answered, status=0 if silent else answer.status))
            await asyncio.sleep(answer.delay)
            if answer.hang:
                await reader.read()  # until the client gives up
            elif not silent:
                await _send(writer, asked, answer, last)
            if answer.reset:
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            if last:
                return

    async def _read(self, reader: asyncio.StreamReader, tunnel: str, connection: int) -> tuple[Asked | None, int]:
        """The next request (none at the end of the connection) and the status that refuses it (0: none)."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None, 0
        except asyncio.LimitOverrunError:
            return Asked(time.monotonic(), "", "", tunnel, "", {}, connection), 431
        line, *lines = head.rstrip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
        method, target = [*line.split(" "), "", ""][:2]
        scheme = "https" if tunnel or method == "CONNECT" else "http"
        asked = Asked(time.monotonic(), method, scheme, tunnel, target, headers, connection)
        try:
            length = int(headers.get("content-length", "0"))
            address = urlsplit(f"https://{tunnel}{target}" if scheme == "https" else target)
            port = address.port or (443 if scheme == "https" else 80)
        except ValueError:
            return asked, 400
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        asked = replace(asked, host=address.hostname or "", path="" if method == "CONNECT" else path)
        if "transfer-encoding" in headers or not 0 <= length <= MAX_BODY:
            return asked, 413
        await reader.readexactly(length)
        if address.scheme != scheme:
            return asked, 400
        if asked.host not in self.hosts or port != (443 if scheme == "https" else 80):
            return asked, 403
        if tunnel and headers.get("host", "").removesuffix(":443") != tunnel:
            return asked, 421
        return asked, 0 if method in ("GET", "HEAD") or (method == "CONNECT" and not tunnel) else 405

    # What is answered -----------------------------------------------------------------------------------------------

    def _decide(self, asked: Asked) -> tuple[str, Answer]:
        path = asked.path.partition("?")[0]
        if asked.scheme == "https" and self.no_https.get(asked.host) == "redirect":
            return "path", redirect(f"http://{asked.host}{asked.path}", 301)
        wechat = asked.host == ARTICLE_HOST
        if (handler := self._handlers.get(asked.host)) is not None:
            return "path", handler(asked)
        if wechat and path == CAPTCHA:
            cookie = {"Set-Cookie": f"poc_sid={secrets.token_hex(8)}; Path=/; HttpOnly"}
            return "verification", replace(self.verification, headers=cookie)
        identity = article_identity(asked.path) if wechat else None
        if wechat and path != "/robots.txt" and self._challenged(asked, identity):
            target = f"?poc_token={secrets.token_urlsafe(16)}&target_url={quote(asked.url, safe='')}"
            return "challenge", redirect(f"https://{ARTICLE_HOST}{CAPTCHA}{target}")
        for key in ((asked.host, asked.path), (asked.host, path)):
            if key in self._paths:
                return "path", self._paths[key].next()
        if identity is not None:
            article = self._articles.get(identity)
            return ("article", article.next()) if article else ("missing", self.unknown)
        if asked.host in PICTURE_HOSTS and (picture := self._pictures.get(picture_identity(path))):
            own = re.match(r"$|https?://mp\.weixin\.qq\.com(/|$)", asked.headers.get("referer", ""))
            answer = picture.next() if own else _placeholder()
            return "placeholder" if answer.body is placeholder() else "picture", answer
        return "missing", Answer(status=404)

    def _challenged(self, asked: Asked, identity: tuple[object, ...] | None) -> bool:
        long = identity is not None and identity[0] == "article"
        if self.challenge_all or (self.challenge_unsigned and long and not re.search(r"[?&]chksm=[^&]", asked.path)):
            return True
        if self.challenge_agents and LIBRARY_AGENTS.search(asked.headers.get("user-agent", "")):
            return True
        return self._throttle is not None and self._throttle.challenges(asked.time, article=identity is not None)


def _placeholder() -> Answer:
    return Answer(placeholder(), content_type="image/png")


async def _send(writer: asyncio.StreamWriter, asked: Asked, answer: Answer, last: bool) -> None:
    """Write *answer*; *last*: the connection ends with it."""
    body = answer.body(asked) if callable(answer.body) else answer.body
    filler = answer.oversize
    if answer.gzip:
        body, filler = gzip.compress(body + b" " * filler), 0
    size = len(body) + filler
    headers = {"Content-Type": answer.content_type, "Connection": "close" if last else "keep-alive"}
    headers |= {"Transfer-Encoding": "chunked"} if answer.chunked else {"Content-Length": str(size)}
    if answer.gzip or answer.lying_gzip:
        headers["Content-Encoding"] = "gzip"
    if answer.location:
        headers["Location"] = answer.location(asked) if callable(answer.location) else answer.location
    lines = [f"{name}: {value}\r\n" for name, value in (headers | dict(answer.headers)).items()]
    reason = http.client.responses.get(answer.status, "-")
    writer.write(f"HTTP/1.1 {answer.status} {reason}\r\n{''.join(lines)}\r\n".encode("latin-1"))
    if asked.method == "HEAD":
        return
    size = size // 2 if answer.truncated else size
    step = max(1, answer.slow // 20) if answer.slow else CHUNK
    for start in range(0, size, step):
        chunk = body[start : min(start + step, size)]
        chunk += b" " * (min(step, size - start) - len(chunk))
        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if answer.chunked else chunk)
        await writer.drain()
        await asyncio.sleep(len(chunk) / answer.slow if answer.slow else 0)
    if answer.chunked and not answer.truncated:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
