"""A small HTTP server for one person's browser on the same computer: one request a connection, everything bounded."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

HOST = "127.0.0.1"
HEAD_BYTES = 16 * 1024
BODY_BYTES = 8 * 1024
READ_SECONDS = 10.0
"""In which a request has to arrive."""
WRITE_SECONDS = 60.0
MOST = 50
"""Connections at a time; a browser opens six."""

# Nothing from elsewhere, nothing kept, and no other page gets hold of anything.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Connection": "close",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class HttpError(Exception):
    """A request that is answered with an error. Raised while a request is read and from handlers."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser asks for."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises HttpError."""
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise HttpError(HTTPStatus.BAD_REQUEST, "the body is no JSON object")
        return data


@dataclass(frozen=True, slots=True)
class Response:
    """What it gets."""

    body: bytes
    kind: str
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, data: Any, status: HTTPStatus = HTTPStatus.OK) -> Self:
        """*data* as JSON."""
        return cls(json.dumps(data, ensure_ascii=False).encode(), "application/json; charset=utf-8", status)

    @classmethod
    def of_text(cls, text: str, status: HTTPStatus) -> Self:
        """A line for a person."""
        return cls(f"{text}\n".encode(), "text/plain; charset=utf-8", status)


Handler = Callable[[Request], Awaitable[Response]]


class LocalServer:
    """Answers on loopback with what *handler* makes of each request."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        """*port* 0 is a free one."""
        self.port = port
        self._handler = handler
        self._waiting: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()

    async def start(self) -> Self:
        """Listen. Raises OSError or OverflowError if the port cannot be had."""
        self._server = await asyncio.start_server(self._connected, HOST, self.port, limit=HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Listen no more; requests that are being answered are finished."""
        self._server.close()
        waiting = [*self._waiting]
        for task in waiting:  # browsers open connections in advance
            task.cancel()
        if tasks := {*waiting, *self._answering}:
            await asyncio.wait(tasks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            with suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
                if len(self._waiting) + len(self._answering) <= MOST:
                    await self._answer(task, reader, writer)
        finally:
            self._waiting.discard(task)
            self._answering.discard(task)
            writer.close()

    async def _answer(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                request = await read_request(reader)
            self._waiting.discard(task)
            self._answering.add(task)
            response = await self._handler(request)
        except HttpError as error:
            response = Response.of_text(str(error), error.status)
        headers = {**HEADERS, "Content-Type": response.kind, "Content-Length": len(response.body), **response.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        async with asyncio.timeout(WRITE_SECONDS):
            writer.write(f"HTTP/1.1 {response.status.value} {response.status.phrase}\r\n{head}\r\n".encode("ascii"))
            writer.write(response.body)
            await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The request that comes next. Raises HttpError for one that is too large or not understood, EOFError."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    except asyncio.LimitOverrunError:
        raise HttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too large") from None
    except UnicodeDecodeError:
        raise HttpError(HTTPStatus.BAD_REQUEST, "not understood") from None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    words, headers = first.split(" "), _headers(lines)
    length = headers.get("content-length", "0")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise HttpError(HTTPStatus.BAD_REQUEST, "not understood")
    if "transfer-encoding" in headers or not length.isdecimal() or len(length) > 9:
        raise HttpError(HTTPStatus.BAD_REQUEST, "not understood")
    if int(length) > BODY_BYTES:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
    path, _, query = words[1].partition("?")
    return Request(words[0], path, query, headers, await reader.readexactly(int(length)))


def _headers(lines: list[str]) -> dict[str, str]:
    """Each header by its name; none may come twice, and so mean two things."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or name.lower() in headers:
            raise HttpError(HTTPStatus.BAD_REQUEST, "not understood")
        headers[name.lower()] = value.strip()
    return headers
