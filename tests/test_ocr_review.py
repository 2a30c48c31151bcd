"""``scrapy ocr review``: who may look and act, what an answer does to the store, and the page in a real Chromium."""

import asyncio
import hashlib
import io
import json
import re
import shutil
import tomllib
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.async_api import ConsoleMessage, async_playwright, expect

from cncert.commands.ocr import OcrCommand
from cncert.editions.remake_documents import remake
from cncert.items import Issue
from cncert.output.check import server
from cncert.output.check.picture_crops import DecodedPicture
from cncert.output.check.run_check import run_check
from cncert.output.check.typed_values import InvalidInput, typed_change, typed_unit, typed_value
from cncert.report.numbers import LARGEST_NUMBER
from cncert.store import Store, open_store
from cncert.store.picture_readings import Correction
from tests.calls import call
from tests.factories import make_correction, make_figure, make_issue, make_pair, make_picture, make_reading
from tests.site.crawl import run_scrapy
from tests.stores import rewrite, take_in

Node = dict[str, Any]

EVIL = "<img src=x onerror='window.evil=1'><script>window.evil=1</script></script>&amp;\u2028\u202e{{ 7*7 }}"
UNSURE: Node = {"state": "candidate", "reason": "a word is not sure; the label may go on: <b>"}


def drawing(number: int) -> bytes:
    output = io.BytesIO()
    picture = Image.new("RGB", (400, 300), "white")
    picture.paste((number, 7, 90), (100, 100, 200, 140))
    picture.save(output, "PNG")
    return output.getvalue()


HOSTS = make_pair("hosts.infected", 1370000, box=[100, 100, 100, 40], label=EVIL, evidence=EVIL, **UNSURE)
TAMPERED = make_pair("sites.tampered", 41, unit="个", change_pct=-3.5, box=[20, 200, 60, 30], **UNSURE)
SURE = make_pair("sites.backdoored", 7, unit="个", box=[300, 200, 60, 30])
ELSEWHERE = make_pair("phishing.pages", 5, box=[9000, 9000, 9000, 9000], **UNSURE)
FILES = {drawing(1): [HOSTS, TAMPERED, SURE], drawing(2): [ELSEWHERE]}
ONE, TWO = (hashlib.sha256(data).hexdigest() for data in FILES)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three weeks; the second has two pictures that were read."""
    place = tmp_path_factory.mktemp("review")
    (place / "pictures").mkdir()
    images = []
    for number, data in enumerate(FILES):
        checksum = hashlib.sha256(data).hexdigest()
        images.append(make_picture(f"mmbiz_png/numbers{number}", "stored", path=f"{number}.png", checksum=checksum))
        (place / "pictures" / f"{number}.png").write_bytes(data)
    issues = [
        make_issue(2025, 2, figures=[make_figure("hosts.infected", 130000, unit="台")], images=[], warnings=[]),
        make_issue(2025, 3, figures=[], images=images, warnings=[], title=f"网络安全信息与动态周报{EVIL}"),
        make_issue(2025, 4, figures=[], images=[], warnings=[]),
    ]

    async def fill(store: Store) -> None:
        for issue in issues:
            await take_in(store, issue)
        for data, pairs in FILES.items():
            await store.put_reading(hashlib.sha256(data).hexdigest(), make_reading(*pairs))
        await remake(store, ["2025-03"])

    in_store(place, fill)
    return place


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Path:
    """The same, for one test."""
    return Path(shutil.copytree(filled, tmp_path / "place"))


def uri(place: Path) -> str:
    return f"sqlite:///{place}/cncert.db"


def in_store(place: Path, action: Callable[[Store], Any]) -> Any:
    async def run() -> Any:
        async with open_store(uri(place)) as store:
            return await action(store)

    return asyncio.run(run())


async def stored(place: Path) -> Issue:
    async with open_store(uri(place)) as store:
        issue = await store.get_issue("2025-03")
    assert issue is not None
    return issue


async def corrections(place: Path) -> list[Correction]:
    async with open_store(uri(place)) as store:
        return await store.corrections()


async def figures(place: Path) -> set[tuple[str, float | str, str | None]]:
    """Metric, value and who checked it."""
    return {(one.metric, one.value, one.checked.by if one.checked else None) for one in (await stored(place)).figures}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass
class Checker:
    """The command at work, and a client of it as a browser is one."""

    command: asyncio.Task[int]
    said: Callable[[], str]
    """What the terminal got since it was asked last."""
    address: str = ""
    cookie: str = ""
    key: str = ""
    items: list[Node] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].partition("/")[0])

    @property
    def token(self) -> str:
        return self.address.partition("/?")[2]

    async def ask(self, method: str, path: str, body: Node | bytes | None = None, **changes: str | None) -> Answer:
        """A request as the page makes it; *changes* replace its headers, None leaves one out."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        headers: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        headers |= {"Sec-Fetch-Site": "same-origin", "Connection": "close"}
        if method != "GET":
            headers |= {"Origin": f"http://127.0.0.1:{self.port}", "X-Check-Key": self.key}
            headers["Content-Length"] = str(len(data))
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
        return await self.raw(f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + data)

    async def raw(self, request: bytes) -> Answer:
        """Send these bytes; the answer up to the end of the connection."""
        async with self.connection() as (reader, writer):
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(), 5)
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return Answer(int(first.split(" ")[1]), dict(line.split(": ", 1) for line in lines), body)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def enter(self) -> None:
        """Open the address."""
        answer = await self.ask("GET", f"/?{self.token}", Cookie=None, Sec_Fetch_Site="none")
        self.cookie, _, kind = answer.headers["Set-Cookie"].partition("; ")
        assert kind == "HttpOnly; Path=/; SameSite=Strict"
        page = (await self.ask("GET", "/")).body.decode()
        block = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
        self.key, self.items = block["key"], block["items"]

    def path(self, metric: str) -> str:
        """Of the reading of *metric*."""
        return next(f"/items/{one['id']}" for one in self.items if one["metric"] == metric)

    async def check(self, metric: str, verdict: str, /, **typed: str) -> Answer:
        """Look at the reading of *metric*, and say that."""
        item = (await self.ask("GET", self.path(metric))).data
        return await self.ask("POST", self.path(metric), {"verdict": verdict, "version": item["version"], **typed})


@asynccontextmanager
async def checking(place: Path, capsys: pytest.CaptureFixture[str], **given: Any) -> AsyncIterator[Checker]:
    """The command at work on the store of *place*, with the options *given*, and somebody who has entered."""
    options: Node = dict.fromkeys(("first", "last", "metric", "language", "port"))
    opts = Namespace(**options | {"by": "li", "all": False, "open": False} | given)
    command = asyncio.create_task(run_check(open_store(uri(place)), str(place / "pictures"), "en", opts))
    checker = Checker(command, said=lambda: capsys.readouterr().err)
    while not checker.address and not command.done():
        await asyncio.sleep(0.002)
        checker.address = "".join(re.findall(r"http\S+", checker.said()))
    await checker.enter()
    try:
        yield checker
    finally:
        with suppress(OSError):  # it has been done
            await checker.ask("POST", "/done", {})
        assert await asyncio.wait_for(command, 10) == 0


# Who may look, and who may act


async def test_an_address_lets_one_browser_in_once_and_the_terminal_has_the_next(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with checking(place, capsys) as checker:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", checker.address)
        for _ in range(2):
            again = await checker.ask("GET", f"/?{checker.token}", Cookie=None)
            assert (again.status, "Set-Cookie" in again.headers) == (401, False)
        (address,) = re.findall(r"http\S+", checker.said())
        other = Checker(checker.command, checker.said, address)
        await other.enter()
        assert other.cookie != checker.cookie
        assert other.key != checker.key
        assert (await checker.ask("GET", "/")).status == 200


async def test_nothing_is_kept_by_a_browser_nor_taken_by_another_page(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with checking(place, capsys) as checker:
        gate = await checker.ask("GET", "/?token=x", Cookie=None)
        item = checker.path("hosts.infected")
        for answer in [gate, *[await checker.ask("GET", path) for path in ("/", item, f"{item}/crop.png")]]:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("sample", [True, False])
async def test_the_page_of_a_sample_says_so(place: Path, capsys: pytest.CaptureFixture[str], sample: bool) -> None:
    rewrite(uri(place), "meta", "content", lambda content: content.update(sample=sample))
    async with checking(place, capsys) as checker:
        answer = await checker.ask("GET", "/")
        top = answer.body.decode().partition("<header")[0]
        assert ("示例数据：" in top, "Sample data" in top) == (sample, sample)


REFUSED: list[tuple[str, str, str, Node, int]] = [
    ("no cookie", "GET", "/", {"Cookie": None}, 401),
    ("no cookie", "POST", "ITEM", {"Cookie": None}, 401),
    ("another cookie", "POST", "ITEM", {"Cookie": "cncert-check=x"}, 401),
    ("another host", "GET", "/", {"Host": "evil.example"}, 421),
    ("another host", "POST", "ITEM", {"Host": "evil.example:80"}, 421),
    ("no host", "GET", "/", {"Host": None}, 400),
    ("another site's picture", "GET", "ITEM/crop.png", {"Sec_Fetch_Site": "cross-site"}, 403),
    ("another port's picture", "GET", "ITEM/crop.png", {"Sec_Fetch_Site": "same-site"}, 403),
    ("another origin", "POST", "ITEM", {"Origin": "http://evil.example"}, 403),
    ("another port", "POST", "ITEM", {"Origin": "http://127.0.0.1:1"}, 403),
    ("no origin", "POST", "ITEM", {"Origin": None}, 403),
    ("a form of elsewhere", "POST", "ITEM", {"Origin": "null", "Sec_Fetch_Site": "cross-site"}, 403),
    ("no key", "POST", "ITEM", {"X_Check_Key": None}, 403),
    ("a wrong key", "POST", "/undo", {"X_Check_Key": "x" * 43}, 403),
    ("a key that is no ASCII", "POST", "/done", {"X_Check_Key": "\xff"}, 403),
    ("a GET that acts", "GET", "/undo", {}, 405),
    ("a GET that acts", "GET", "/done", {}, 405),
    ("another method", "PUT", "ITEM", {}, 405),
    ("another method", "HEAD", "/", {}, 405),
    ("a large body", "POST", "ITEM", {"Content_Length": "9000"}, 413),
    ("a huge body", "POST", "ITEM", {"Content_Length": "9" * 40}, 400),
    ("a body in pieces", "POST", "ITEM", {"Transfer_Encoding": "chunked"}, 400),
    ("a large header", "GET", "/", {"X": "x" * 20_000}, 400),
    ("a long address", "GET", f"/{'x' * 20_000}", {}, 400),
    ("many headers", "GET", "/", {f"X{n}": "x" for n in range(100)}, 400),
    ("a host twice", "GET", "/", {"host": "127.0.0.1"}, 400),
    ("the address of another host", "GET", "http://evil.example/", {}, 421),
    ("no file of the page", "GET", "/static/../server.py", {}, 404),
    ("no candidate", "GET", "/items/0123", {}, 404),
    ("no picture", "GET", "ITEM/..", {}, 404),
]


async def test_what_is_not_the_page_itself_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with checking(place, capsys) as checker:
        body = json.dumps({"verdict": "confirmed", "version": ""}).encode()
        for what, method, path, changes, status in REFUSED:
            here = path.replace("ITEM", checker.path("hosts.infected"))
            answer = await checker.ask(method, here, body if method != "GET" else None, **changes)
            assert answer.status == status, what
        for request in (b"GET / HTTP/1.1\r\nX", b"GET /", b"\xff", b"GET / HTTP/1.1\r\nContent-Length: x"):
            assert (await checker.raw(request + b"\r\n\r\n")).status in (400, 421)
        assert re.sub(r"cncert: open http\S+ .*\n", "", checker.said()) == ""
        assert caplog.records == []
        assert await corrections(place) == []
        assert (await checker.check("hosts.infected", "confirmed")).status == 200


async def test_what_follows_a_request_is_a_request_of_its_own(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker:
        head = f"Host: 127.0.0.1:{checker.port}\r\nCookie: {checker.cookie}\r\n"
        first = f"GET /static/base.js HTTP/1.1\r\n{head}\r\n"
        without_key = f"POST {checker.path('hosts.infected')} HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\n{{}}"
        last = f"GET /static/base.js HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
        answer = await checker.raw((first + without_key + last).encode())
        assert answer.status == 200 and answer.body.count(b"HTTP/1.1 403 ") == answer.body.count(b"HTTP/1.1 200 ") == 1
        assert (await checker.raw(f"{first}\0junk\r\n\r\n".encode())).status == 400
        assert await corrections(place) == []
        assert (await checker.check("hosts.infected", "confirmed")).status == 200


async def test_who_is_slow_is_cut_off_and_others_are_answered(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "READ_SECONDS", 0.3)
    async with checking(place, capsys) as checker:
        for request in (b"", b"\r\n\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            async with checker.connection() as (reader, writer):
                writer.write(request)
                assert (await checker.ask("GET", "/")).status == 200
                assert await asyncio.wait_for(reader.read(), 3) == b""
        late = await checker.ask("POST", checker.path("hosts.infected"), b"{", Content_Length="9")
        assert late.status == 408


async def test_who_does_not_take_the_answer_is_cut_off(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "WRITE_SECONDS", 0.3)
    monkeypatch.setattr(DecodedPicture, "whole", lambda _: bytes(30_000_000))
    async with checking(place, capsys) as checker, checker.connection() as (reader, writer):
        head = f"Host: 127.0.0.1:{checker.port}\r\nCookie: {checker.cookie}\r\n"
        writer.write(f"GET {checker.path('hosts.infected')}/whole.jpg HTTP/1.1\r\n{head}\r\n".encode())
        await asyncio.sleep(0.6)
        with suppress(ConnectionResetError):
            assert len(await asyncio.wait_for(reader.read(), 5)) < 30_000_000


async def test_there_are_so_many_connections_and_no_more(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    async with checking(place, capsys) as checker:
        async with checker.connection(), checker.connection(), checker.connection() as (reader, _):
            assert await asyncio.wait_for(reader.read(), 3) == b""
        await asyncio.sleep(0.1)
        assert (await checker.ask("GET", "/")).status == 200


async def test_ctrl_c_waits_for_nobody_who_has_not_asked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker, checker.connection() as (_, half), checker.connection():
        head = f"Host: 127.0.0.1:{checker.port}\r\nCookie: {checker.cookie}\r\n"
        proof = f"Origin: http://127.0.0.1:{checker.port}\r\nX-Check-Key: {checker.key}\r\n"
        half.write(f"POST /undo HTTP/1.1\r\n{head}{proof}Content-Length: 9\r\n\r\n{{".encode())
        await asyncio.sleep(0.1)
        checker.command.cancel()
        assert await asyncio.wait_for(checker.command, 2) == 0


async def test_a_fault_of_the_program_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with checking(place, capsys) as checker:
        monkeypatch.setattr(DecodedPicture, "whole", lambda _: 1 / 0)
        path = f"{checker.path('hosts.infected')}/whole.jpg"
        assert (await checker.ask("GET", path)).status == 500
        assert checker.said() == f"cncert: GET {path}: ZeroDivisionError('division by zero')\n"
        assert caplog.records == []


# What an answer does


async def test_a_confirmed_reading_is_a_figure_of_its_issue_at_once(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with checking(place, capsys) as checker:
        answer = await checker.check("hosts.infected", "confirmed")
        assert {one["metric"]: one["state"] for one in answer.data["items"]} == {
            "hosts.infected": "confirmed", "sites.tampered": "open", "phishing.pages": "open"
        }  # fmt: skip
        assert ("hosts.infected", 1370000, "li") in await figures(place)
    assert capsys.readouterr().out == "1 confirmed, 0 corrected, 0 refused, 2 left\n"


async def test_a_corrected_reading_has_what_was_typed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker:
        typed = {"metric": "hosts.infected", "value": "137.6万", "unit": "台", "change": "下降2.5%"}
        assert (await checker.check("hosts.infected", "corrected", **typed)).status == 200
        figure = next(one for one in (await stored(place)).figures if one.metric == "hosts.infected")
        assert (figure.value, figure.unit, figure.change_pct) == (1376000, "台", -2.5)
        assert figure.checked is not None and figure.checked.verdict == "corrected"


async def test_a_correction_that_changes_nothing_confirms(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker:
        typed = {"metric": "sites.tampered", "value": "41个", "unit": "个", "change": "−3.5%"}
        answer = await checker.check("sites.tampered", "corrected", **typed)
        assert answer.data["correction"]["verdict"] == "confirmed"


async def test_a_refused_reading_is_no_figure(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys, all=True) as checker:
        before = await figures(place)
        await checker.check("sites.backdoored", "refused")
        assert await figures(place) == before - {("sites.backdoored", 7, None)}
    assert capsys.readouterr().out == "0 confirmed, 0 corrected, 1 refused, 3 left\n"


async def test_a_reading_can_be_moved_to_another_metric_and_back(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with checking(place, capsys) as checker:
        before = await figures(place)
        typed = {"metric": "sites.tampered_gov", "value": "41", "unit": "个", "change": ""}
        answer = await checker.check("sites.tampered", "corrected", **typed)
        assert answer.data["correction"]["metric"] == "sites.tampered_gov"
        assert await figures(place) == before | {("sites.tampered_gov", 41, "li")}
        await checker.check("sites.tampered", "confirmed")
        assert await figures(place) == before | {("sites.tampered", 41, "li")}
        await checker.ask("POST", "/undo", {})
        assert await figures(place) == before | {("sites.tampered_gov", 41, "li")}
        await checker.ask("POST", "/undo", {})
        assert (await figures(place), await corrections(place)) == (before, [])
        assert (await checker.ask("POST", "/undo", {})).data == {"error": "nothing_to_undo"}
    assert capsys.readouterr().out == "0 confirmed, 0 corrected, 0 refused, 3 left\n"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"value": "many"}, "refused_value"),
        ({"value": "1.5"}, "refused_fraction"),
        ({"value": "9" * 61}, "refused_long"),
        ({"unit": "x" * 9}, "refused_unit"),
        ({"change": "-101"}, "refused_fall"),
        ({"metric": "vulnerabilities.rating"}, "refused_metric"),
        ({"metric": "sites.backdoored"}, "refused_taken"),
        ({"verdict": "perhaps"}, "refused_verdict"),
    ],
)
async def test_what_cannot_be_meant_is_not_kept(
    place: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], word: str
) -> None:
    async with checking(place, capsys) as checker:
        typed = {"metric": "hosts.infected", "value": "5", "unit": "台", "change": "", **changes}
        verdict = typed.pop("verdict", "corrected")
        answer = await checker.check("hosts.infected", verdict, **typed)
        assert (answer.status, answer.data["error"]) == (422, word)
        assert await corrections(place) == []
        assert word in tomllib.loads(Path("cncert/output/check/check_words.toml").read_text(encoding="utf-8"))


async def test_who_comes_second_gets_a_message_and_may_answer_then(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with checking(place, capsys) as checker:
        path = checker.path("hosts.infected")
        shown = (await checker.ask("GET", path)).data
        async with open_store(uri(place)) as store:
            await store.put_correction(make_correction(ONE, HOSTS, by="zhang", verdict="corrected", value=9))
        answer = await checker.ask("POST", path, {"verdict": "refused", "version": shown["version"]})
        assert (answer.status, answer.data["correction"]["by"], answer.data["correction"]["value"]) == (409, "zhang", 9)
        assert [one.by for one in await corrections(place)] == ["zhang"]
        assert (await checker.check("hosts.infected", "refused")).status == 200
        assert [one.by for one in await corrections(place)] == ["li"]
        await checker.ask("POST", "/undo", {})
        assert [(one.by, one.value) for one in await corrections(place)] == [("zhang", 9)]


async def test_what_another_has_said_since_is_not_undone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker:
        await checker.check("hosts.infected", "confirmed")
        async with open_store(uri(place)) as store:
            await store.put_correction(make_correction(ONE, HOSTS, by="zhang"))
        assert (await checker.ask("POST", "/undo", {})).status == 409
        assert [one.by for one in await corrections(place)] == ["zhang"]


async def test_of_two_numbers_of_a_metric_the_one_that_is_confirmed_settles_the_other(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = make_pair("hosts.infected", 1370, box=[10, 10, 60, 30], **UNSURE)
    async with open_store(uri(place)) as store:
        await store.put_reading(ONE, make_reading(HOSTS, second, engine="double-2"))
        await store.accept_reading(ONE)
    async with checking(place, capsys, metric="hosts.infected") as checker:
        first, other = (f"/items/{one['id']}" for one in checker.items)
        for path, value in ((first, 1370000), (other, 1370)):
            version = (await checker.ask("GET", path)).data["version"]
            answer = await checker.ask("POST", path, {"verdict": "confirmed", "version": version})
            assert sorted(one["state"] for one in answer.data["items"]) == ["confirmed", "settled"]
            infected = [one for one in await figures(place) if one[0] == "hosts.infected"]
            assert infected == [("hosts.infected", value, "li")]


# What is shown


async def test_a_reading_stands_beside_what_others_state(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with checking(place, capsys) as checker:
        shown = (await checker.ask("GET", checker.path("hosts.infected"))).data
    assert shown["before"] == {
        "issue": "2025-02", "stored": True, "comparable": True,
        "figure": {"value": 130000, "unit": "台", "source": "text"},
    }  # fmt: skip
    assert (shown["after"]["stored"], shown["after"]["figure"], shown["text"]) == (True, None, None)
    assert shown["url"].startswith("https://mp.weixin.qq.com/s?")
    assert shown["reason"] == UNSURE["reason"]


@pytest.mark.parametrize("metric", ["hosts.infected", "phishing.pages"])
async def test_the_cut_out_is_drawn_anew_wherever_the_number_is_said_to_stand(
    place: Path, capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    async with checking(place, capsys) as checker:
        shown = (await checker.ask("GET", checker.path(metric))).data["picture"]
        cut = await checker.ask("GET", f"{checker.path(metric)}/crop.png")
        whole = await checker.ask("GET", f"{checker.path(metric)}/whole.jpg")
    assert (shown["width"], shown["height"]) == (400, 300)
    left, top, width, height = shown["crop"]
    assert left + width <= 400 and top + height <= 300
    picture = Image.open(io.BytesIO(cut.body), formats=["PNG"])
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.01)
    assert Image.open(io.BytesIO(whole.body), formats=["JPEG"]).size == (400, 300)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Path.unlink, "No such file"),
        (lambda file: file.write_bytes(drawing(9)), "not the one that was stored"),
    ],
)
async def test_a_picture_that_is_lost_is_reported_and_its_reading_can_be_judged(
    place: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], object], why: str
) -> None:
    change(place / "pictures" / "0.png")
    async with checking(place, capsys) as checker:
        assert why in (await checker.ask("GET", checker.path("hosts.infected"))).data["picture"]["missing"]
        assert (await checker.ask("GET", f"{checker.path('hosts.infected')}/crop.png")).status == 404
        assert (await checker.check("hosts.infected", "confirmed")).status == 200


# What is typed


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("1370000", "hosts.infected", 1370000),
        (" 1,370,000 ", "hosts.infected", 1370000),
        ("１，３７０，０００", "hosts.infected", 1370000),
        ("137.0万", "hosts.infected", 1370000),
        ("137万台", "hosts.infected", 1370000),
        ("1.37亿", "hosts.infected", 137000000),
        ("0", "hosts.infected", 0),
        ("2.5", "phishing.pages_per_ip", 2.5),
        *((text, "hosts.infected", None) for text in ("", "-5", "1,37", "1e5", "nan", "137万万", "2.5", "99999999亿")),
    ],
)  # fmt: skip
def test_a_value_is_read_as_the_report_prints_it(text: str, metric: str, value: float | None) -> None:
    assert read(lambda: typed_value(text, metric, "台")) == value


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("", None), ("-3.5", -3.5), ("−3.5%", -3.5), ("+6.4%", 6.4), ("6.4", 6.4), ("下降3.5%", -3.5), ("↑ 12%", 12),
        ("持平", 0), ("-0", 0), ("-100", -100), ("-100.1", InvalidInput), ("3.5%%", InvalidInput), ("x", InvalidInput),
        ("9999999", InvalidInput),
    ],
)  # fmt: skip
def test_a_change_is_read_with_its_sign(text: str, change: object) -> None:
    try:
        assert typed_change(text) == change
    except InvalidInput:
        assert change is InvalidInput


def read(reader: Callable[[], float | None]) -> float | None:
    try:
        return reader()
    except InvalidInput:
        return None


@given(st.text(alphabet=st.one_of(st.sampled_from("0123456789,.万亿%-+上升下降台"), st.characters()), max_size=80))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    value, change = read(lambda: typed_value(text, "hosts.infected", "台")), read(lambda: typed_change(text))
    assert value is None or (0 <= value <= LARGEST_NUMBER and value == int(value))
    assert change is None or change >= -100
    with suppress(InvalidInput):
        assert typed_unit(text) != ""


# The command


@pytest.mark.parametrize(
    ("args", "status", "out", "err"),
    [
        (["review", "--until", "2025-02"], 0, "Nothing to review: no reading waits for a person.", ""),
        (["review", "--metric", "hosts"], 2, "", "--metric 'hosts' is no metric"),
        (["review", "--from", "2025-03", "--until", "2025-02"], 2, "", "later than"),
        (["review", "--by", " "], 2, "", "--by NAME"),
        (["review", "--by", "a\x1b[2J"], 2, "", "--by NAME"),
        (["review", "--port", "70000"], 2, "", "--port 70000 cannot be used"),
        (["again", "--all"], 2, "", "--all is an option of scrapy ocr review"),
    ],
)
def test_the_command_says_what_it_cannot_do(
    place: Path, capsys: pytest.CaptureFixture[str], args: list[str], status: int, out: str, err: str
) -> None:
    assert call(OcrCommand(), *args, CNCERT_STORE=uri(place), CNCERT_FILES=str(place / "pictures")) == status
    said = capsys.readouterr()
    assert said.out.strip() == out
    assert err in said.err


def test_ctrl_c_ends_it_with_its_line(place: Path) -> None:
    """The browser that --open starts is one that presses it."""
    browser = place / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{place}/address\nkill -INT $PPID\n')
    browser.chmod(0o755)
    env = {"CNCERT_STORE": uri(place), "CNCERT_FILES": str(place / "pictures"), "BROWSER": f"{browser} %s"}
    result = run_scrapy("ocr", "review", "--open", "--by", "li", env=env)
    assert (result.returncode, result.stdout) == (0, "0 confirmed, 0 corrected, 0 refused, 3 left\n"), result.stderr
    assert (place / "address").read_text().strip() in result.stderr


# The page


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    words = tomllib.loads(Path("cncert/output/page/page_words.toml").read_text(encoding="utf-8"))
    words |= tomllib.loads(Path("cncert/output/check/check_words.toml").read_text(encoding="utf-8"))
    files = [*Path("cncert/output/check/static").glob("*.js"), *Path("cncert/output/check/templates").glob("check.*")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r'(?:\bt|row|field|button)\("(\w+)"|data-word="(\w+)"', text))
    names = {one or other for one, other in used}
    assert len(names) > 30
    assert [name for name in names if words.get(name, {}).keys() != {"en", "zh"}] == []


async def test_a_person_goes_through_it_by_keyboard(
    place: Path, capsys: pytest.CaptureFixture[str], chromium: str
) -> None:
    """In a real Chromium: costs two seconds, and is the only one that runs the page's scripts under its policy."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "422" not in message.text:
            complaints.append(message.text)

    async with checking(place, capsys, by=EVIL[:40]) as checker, async_playwright() as playwright:
        await checker.ask("GET", "/", Cookie=None)  # has the terminal show the next address
        (address,) = re.findall(r"http\S+", checker.said())
        browser = await playwright.chromium.launch(executable_path=chromium or None)
        page = await browser.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(5000)
        expect.set_options(timeout=5000)
        await page.goto(address)
        title, states = page.locator("#card-title"), page.locator("#list .state")
        drawn = page.locator(".crop [data-loaded]")
        await expect(drawn).to_be_visible()
        await expect(title).to_contain_text("hosts.infected")
        await expect(page.locator(".facts").first).to_contain_text(EVIL[:30])
        await expect(page.locator(".differs")).to_contain_text("11")
        assert "token" not in page.url

        await page.keyboard.press("Enter")
        await expect(states).to_have_text(["confirmed", "waits", "waits"])
        await expect(title).to_contain_text("sites.tampered")
        await page.keyboard.press("e")
        await page.locator("[name=value]").fill("forty")
        await page.keyboard.press("Enter")
        await expect(page.locator(".refused")).to_contain_text("no number")
        await page.locator("[name=value]").fill("1,041")
        await page.keyboard.press("Enter")
        await expect(states).to_have_text(["confirmed", "corrected", "waits"])
        await expect(page.locator("#live")).to_contain_text("1,041")
        await expect(drawn).to_be_visible()
        await page.keyboard.press("n")
        await expect(states).to_have_text(["confirmed", "corrected", "no figure"])
        assert {one.verdict for one in await corrections(place)} == {"confirmed", "corrected", "refused"}

        await page.keyboard.press("u")
        await expect(states).to_have_text(["confirmed", "corrected", "waits"])
        await page.locator("#undo").click()
        await expect(states).to_have_text(["confirmed", "waits", "waits"])
        await page.keyboard.press("ArrowRight")
        await expect(title).to_contain_text("phishing.pages")
        await page.locator("#language").click()
        await expect(states).to_have_text(["已确认", "待核对", "待核对"])
        await page.locator("#done").click()
        await expect(page.locator(".notice")).to_contain_text("已完成")
        assert (await page.evaluate("window.evil"), complaints) == (None, [])
        await browser.close()
