"""The local server of the page: what each address answers, and the limits of every request."""

import asyncio
import json
import logging
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from cncert.exceptions import ArgumentError, StoreError
from cncert.infographics.figures.human_checks import CheckedNumber, CheckVerdict
from cncert.infographics.figures.picture_files import NoPictureFile
from cncert.output.check.access import HOST, AccessControl, BrowserSession
from cncert.output.check.candidate_details import Node, correction_node, details, summary
from cncert.output.check.check_queue import VERDICTS, CheckQueue, EditConflict, QueueItem
from cncert.output.check.picture_crops import CroppedPictures, DecodedPicture
from cncert.output.check.typed_values import InvalidInput, numeric_metrics, typed_change, typed_unit, typed_value
from cncert.output.html_pages import content_policy, json_block, read_file, read_words, templates
from cncert.report.metrics import metrics
from cncert.store import Store
from cncert.terminal.console import print_message

MAX_HEADERS = 64
MAX_HEADER_BYTES = 8 * 1024
"""Of the first line, and of each header."""
MAX_BODY_BYTES = 8 * 1024
MAX_CONNECTIONS = 50
"""At a time; a browser opens six."""
READ_SECONDS = 10.0
"""In which the head of a request has to arrive, and then its body."""
WRITE_SECONDS = 60.0

# Nothing from elsewhere, nothing in a cache, and no other page gets hold of anything.
HEADERS = {
    "Content-Security-Policy": content_policy(
        "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATIC_FILES = {
    **{name: f"page/static/{name}" for name in ("base.css", "theme.js", "base.js", "words.js", "format.js")},
    **{name: f"check/static/{name}" for name in ("check.css", "check_card.js", "check.js")},
}
"""Where each file that the page loads is."""
_SESSION = web.RequestKey("session", BrowserSession)
_SILENT = logging.getLogger("cncert.output.check.aiohttp")
_SILENT.disabled = True  # aiohttp logs a traceback for every bad request


class CheckServer:
    """Serves the page on loopback. *by* is who checks."""

    access: AccessControl
    """Exists once the server listens."""

    def __init__(self, queue: CheckQueue, store: Store, pictures: CroppedPictures, by: str, language: str) -> None:
        self.finished = asyncio.Event()
        """Set when a person has pressed Done."""
        self._queue, self._store, self._pictures = queue, store, pictures
        self._by, self._language = by, language
        self._reading: set[asyncio.Task[object]] = set()
        app = web.Application(middlewares=[self._protect], client_max_size=MAX_BODY_BYTES)
        for path, handler in (
            ("/", self._show_page),
            ("/static/{name}", self._show_file),
            ("/items/{id}", self._show_item),
            ("/items/{id}/crop.png", self._show_crop),
            ("/items/{id}/whole.jpg", self._show_picture),
        ):
            app.router.add_get(path, handler, allow_head=False)
        app.router.add_post("/items/{id}", self._save)
        app.router.add_post("/undo", self._undo)
        app.router.add_post("/done", self._finish)
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._stop_reading)
        self._runner = web.AppRunner(
            app, access_log=None, logger=_SILENT, max_line_size=MAX_HEADER_BYTES, max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS, keepalive_timeout=READ_SECONDS, lingering_time=0, auto_decompress=False,
        )  # fmt: skip

    async def start(self, port: int, show_address: Callable[[str], None]) -> str:
        """Listen on *port*, 0 for a free one; return the address of the page. Raises OSError, OverflowError."""
        await self._runner.setup()
        server = self._runner.server
        assert server is not None

        def connect() -> asyncio.Protocol:
            return server() if len(server.connections) < MAX_CONNECTIONS else _RefusedConnection()

        self._listener = await asyncio.get_running_loop().create_server(connect, HOST, port)
        self.access = AccessControl(self._listener.sockets[0].getsockname()[1], show_address)
        return self.access.new_address()

    async def stop(self) -> None:
        """Close the port and idle connections at once; requests that are at work are finished."""
        self._listener.close()
        await self._runner.cleanup()

    def outcomes(self) -> dict[str, CheckVerdict]:
        """Return the last verdict on each item that was checked here."""
        return {one.item.id: one.verdict for session in self.access.sessions for one in session.checks}

    # Every request

    @web.middleware
    async def _protect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request if it may be answered, in time."""
        try:
            response = await self._answer(request, handler)
        except web.HTTPException as error:
            response = web.Response(text=error.text, status=error.status)
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.access.check_host(request)
        session = self.access.find_session(request)
        if request.method == "GET" and request.path == "/" and (token := request.query.get("token")) is not None:
            entry = _entry(is_open=True)
            if session is not None or self.access.open_session(token, entry):
                return entry
        if session is None:
            if request.path == "/":
                self.access.show_new_address()
            return _entry(is_open=False)
        if request.method != "GET":
            self.access.check_key(request, session)
            await self._read_body(request)
        request[_SESSION] = session
        try:
            return await handler(request)
        except StoreError as error:
            return web.json_response({"error": "store_failed", "text": str(error)}, status=503)
        except web.HTTPException:
            raise
        except Exception as error:
            print_message(f"{request.method} {request.path}: {error!r}")
            raise

    async def _read_body(self, request: web.Request) -> None:
        """Receive the body. Raises HTTPException if it is too large, broken, or late."""
        if (request.content_length or 0) > MAX_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES)
        task = asyncio.current_task()
        assert task is not None
        self._reading.add(task)
        try:
            async with asyncio.timeout(READ_SECONDS):
                await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (web.RequestPayloadError, ConnectionError):
            raise web.HTTPBadRequest from None
        finally:
            self._reading.discard(task)

    async def _stop_reading(self, _app: web.Application) -> None:
        for task in self._reading:
            task.cancel()

    # What is shown

    async def _show_page(self, request: web.Request) -> web.Response:
        session = request[_SESSION]
        items = [summary(item) for item in self._queue.items.values()]
        names = [{"name": one.name, "zh": one.zh, "en": one.meaning, "unit": one.unit} for one in metrics()
                 if one.name in numeric_metrics()]  # fmt: skip
        words = read_words("page/page_words.toml") | read_words("check/check_words.toml")
        facts = {"by": self._by, "checked": [*self.outcomes()], "undo": bool(session.checks), "key": session.key}
        data = json_block({"items": items, **facts, "language": self._language, "metrics": names, "words": words})
        sample = words["sample"] if await self._store.is_sample() else None
        page = templates("check").get_template("check.html.j2")
        return _html(page.render(language=self._language, data=data, sample=sample))

    async def _show_file(self, request: web.Request) -> web.Response:
        path = STATIC_FILES.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        return web.Response(text=read_file(path), content_type=kind)

    async def _show_item(self, request: web.Request) -> web.Response:
        item = self._item(request)
        await self._queue.refresh(item)
        return web.json_response(await details(item, self._store, self._pictures))

    async def _show_crop(self, request: web.Request) -> web.Response:
        picture, box = await self._picture(request), self._item(request).candidate.pair.box
        return web.Response(body=await asyncio.to_thread(picture.crop, box), content_type="image/png")

    async def _show_picture(self, request: web.Request) -> web.Response:
        picture = await self._picture(request)
        return web.Response(body=await asyncio.to_thread(picture.whole), content_type="image/jpeg")

    def _item(self, request: web.Request) -> QueueItem:
        item = self._queue.items.get(request.match_info["id"])
        if item is None:
            raise web.HTTPNotFound(text="no such candidate")
        return item

    async def _picture(self, request: web.Request) -> DecodedPicture:
        try:
            return await self._pictures.get(self._item(request).candidate)
        except NoPictureFile as error:
            raise web.HTTPNotFound(text=str(error)) from None

    # What is changed

    async def _save(self, request: web.Request) -> web.Response:
        item, session = self._item(request), request[_SESSION]
        try:
            given = json.loads(await request.read())
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            raise web.HTTPBadRequest(text="the body is no JSON object")
        try:
            verdict, stated, metric = _read_check(item, given)
            version = str(given.get("version", ""))
            session.checks.append(await self._queue.save(item, verdict, self._by, version, stated, metric))
        except InvalidInput as error:
            return web.json_response({"error": str(error)}, status=422)
        except ArgumentError as error:
            return web.json_response({"error": "refused_other", "text": str(error)}, status=422)
        except EditConflict:
            return self._changed(item, session, status=409)
        return self._changed(item, session)

    async def _undo(self, request: web.Request) -> web.Response:
        session = request[_SESSION]
        if not session.checks:
            return web.json_response({"error": "nothing_to_undo"}, status=422)
        last = session.checks.pop()  # even if that fails: it is tried once
        try:
            await self._queue.undo(last)
        except EditConflict:
            return self._changed(last.item, session, status=409)
        return self._changed(last.item, session)

    async def _finish(self, _request: web.Request) -> web.Response:
        self.finished.set()
        return web.json_response({"checked": len(self.outcomes()), "left": self._queue.open_count})

    def _changed(self, item: QueueItem, session: BrowserSession, status: int = 200) -> web.Response:
        """Answer with what has become of *item* and the related ones."""
        items = [summary(one) for one in self._queue.related(item)]
        correction = correction_node(item.correction)
        answer = {"id": item.id, "correction": correction, "items": items, "undo": bool(session.checks)}
        return web.json_response(answer, status=status)


class _RefusedConnection(asyncio.Protocol):
    """One too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status)


def _entry(*, is_open: bool) -> web.Response:
    """Return what a browser sees that opens the address: it goes on to the page, or is refused.

    By itself, and not by a redirect: a strict cookie would not be sent along by a browser that came here by a link.
    """
    text = templates("check").get_template("check_entry.html.j2").render(is_open=is_open)
    return _html(text, status=200 if is_open else 401)


def _read_check(item: QueueItem, given: Node) -> tuple[CheckVerdict, CheckedNumber | None, str | None]:
    """Return the verdict, and what a correction states of which metric. Raises InvalidInput."""
    verdict = next((one for one in VERDICTS if one == given.get("verdict")), None)
    if verdict is None:
        raise InvalidInput("refused_verdict")
    if verdict != "corrected":
        return verdict, None, None
    pair = item.candidate.pair
    metric = str(given.get("metric", ""))
    if metric not in numeric_metrics():
        raise InvalidInput("refused_metric")
    unit = typed_unit(str(given.get("unit", "")))
    value = typed_value(str(given.get("value", "")), metric, unit)
    stated = CheckedNumber(value, unit, typed_change(str(given.get("change", ""))))
    if metric == pair.metric and stated == CheckedNumber(pair.value, pair.unit, pair.change_pct):
        return "confirmed", None, None
    return "corrected", stated, metric
