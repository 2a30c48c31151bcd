"""The page's server: who may look, who may act, and what each address answers."""

import hmac
import secrets
from asyncio import Event, to_thread
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from cncert.exceptions import ArgumentError, StoreError
from cncert.infographics.figures.human_checks import Stated, Verdict
from cncert.infographics.figures.picture_files import NoPictureFile
from cncert.output.check.candidate_details import Node, correction_node, details, summary
from cncert.output.check.check_queue import VERDICTS, CheckQueue, EditConflict, QueueItem, SavedCheck
from cncert.output.check.http import HOST, HttpError, Request, Response
from cncert.output.check.picture_crops import CroppedPictures
from cncert.output.check.render_check import STATIC, page, static, turned_away, welcome
from cncert.output.check.typed_values import InvalidInput, typed_change, typed_metric, typed_unit, typed_value
from cncert.store import Store

COOKIE = "cncert-check"
QUERY = "token="


@dataclass(slots=True)
class BrowserSession:
    """A browser that came with the word of the address."""

    cookie: str
    key: str
    """What its page says with everything it does; no other page can know it."""
    done: list[SavedCheck] = field(default_factory=list)
    """What it may take back, the last at the end."""


class CheckServer:
    """Answers requests. *by* judges; *tell* prints a new address when the last one has been used."""

    def __init__(
        self,
        queue: CheckQueue,
        store: Store,
        pictures: CroppedPictures,
        by: str,
        language: str,
        tell: Callable[[str], None],
    ) -> None:
        self.port = 0
        """Set once it is known."""
        self.finished = Event()
        self.sessions: list[BrowserSession] = []
        self._queue, self._store, self._pictures = queue, store, pictures
        self._by, self._language, self._tell = by, language, tell
        self._word: str | None = None

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def new_address(self) -> str:
        """An address that lets one browser in, once."""
        self._word = secrets.token_urlsafe(32)
        return f"{self.origin}/?{QUERY}{self._word}"

    def outcomes(self) -> dict[str, Verdict]:
        """The last verdict on each item that was judged here."""
        return {one.item.id: one.verdict for session in self.sessions for one in session.done}

    async def answer(self, request: Request) -> Response:
        """The response to *request*. Raises HttpError."""
        if request.headers.get("host") != f"{HOST}:{self.port}":
            # A name that somebody made to lead here: his page would have the rights of ours.
            raise HttpError(HTTPStatus.MISDIRECTED_REQUEST, "no such host here")
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and request.path != "/":
            raise HttpError(HTTPStatus.FORBIDDEN, "not from another page")
        session = self._session(request)
        if request.method == "GET" and request.path == "/" and request.query.startswith(QUERY):
            return self._let_in(request, session)
        if session is None:
            return self._turn_away(request)
        try:
            if request.method == "GET":
                return await self._show(request.path, session)
            if request.method == "POST":
                self._check_hand(request, session)
                return await self._act(request, session)
        except StoreError as error:
            return Response.of_json({"error": "store_failed", "text": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
        raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST")

    # Who

    def _session(self, request: Request) -> BrowserSession | None:
        cookies = (one.strip().partition("=") for one in request.headers.get("cookie", "").split(";"))
        given = next((value for name, _, value in cookies if name == f"{COOKIE}-{self.port}"), "")
        return next((session for session in self.sessions if _same(session.cookie, given)), None)

    def _let_in(self, request: Request, session: BrowserSession | None) -> Response:
        if session is not None:
            return welcome(None)
        if self._word is None or not _same(self._word, request.query.removeprefix(QUERY)):
            return self._turn_away(request)
        self._word = None
        session = BrowserSession(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self.sessions.append(session)
        return welcome(f"{COOKIE}-{self.port}={session.cookie}; Path=/; HttpOnly; SameSite=Strict")

    def _turn_away(self, request: Request) -> Response:
        """Nobody has a new address but who sees the terminal."""
        if self._word is None and request.path == "/":
            self._tell(self.new_address())
        return turned_away()

    def _check_hand(self, request: Request, session: BrowserSession) -> None:
        """Raises HttpError unless the request comes from our own page."""
        key = request.headers.get("x-check-key", "")
        if request.headers.get("origin") != self.origin or not _same(session.key, key):
            raise HttpError(HTTPStatus.FORBIDDEN, "not from this page")

    # What is shown

    async def _show(self, path: str, session: BrowserSession) -> Response:
        if path == "/":
            items = [summary(item) for item in self._queue.items.values()]
            facts = {"by": self._by, "checked": [*self.outcomes()], "undo": bool(session.done)}
            return page({"items": items, "key": session.key, **facts}, self._language)
        match path.strip("/").split("/"):
            case ["static", name] if name in STATIC:
                return static(name)
            case ["items", name]:
                item = self._item(name)
                await self._queue.refresh(item)
                return Response.of_json(await details(item, self._store, self._pictures))
            case ["items", name, "crop.png" | "whole.jpg" as part]:
                return await self._picture(self._item(name), part)
        raise HttpError(HTTPStatus.NOT_FOUND, "nothing here")

    def _item(self, name: str) -> QueueItem:
        if name not in self._queue.items:
            raise HttpError(HTTPStatus.NOT_FOUND, "no such candidate")
        return self._queue.items[name]

    async def _picture(self, item: QueueItem, part: str) -> Response:
        try:
            shown = await self._pictures.get(item.candidate)
        except NoPictureFile as error:
            raise HttpError(HTTPStatus.NOT_FOUND, str(error)) from None
        if part == "crop.png":
            return Response(await to_thread(shown.crop, item.candidate.pair.box), "image/png")
        return Response(await to_thread(shown.whole), "image/jpeg")

    # What is done

    async def _act(self, request: Request, session: BrowserSession) -> Response:
        match request.path.strip("/").split("/"):
            case ["items", name]:
                return await self._check(self._item(name), session, request.json())
            case ["undo"]:
                return await self._undo(session)
            case ["done"]:
                self.finished.set()
                return Response.of_json({"checked": len(self.outcomes()), "left": self._queue.open_count})
        raise HttpError(HTTPStatus.NOT_FOUND, "nothing here")

    async def _check(self, item: QueueItem, session: BrowserSession, given: Node) -> Response:
        try:
            verdict, stated, metric = _answer(item, given)
            version = str(given.get("version", ""))
            session.done.append(await self._queue.save(item, verdict, self._by, version, stated, metric))
        except InvalidInput as error:
            return Response.of_json({"error": error.message}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except ArgumentError as error:
            answer = {"error": "refused_other", "text": str(error)}
            return Response.of_json(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
        except EditConflict:
            return self._changed(item, session, HTTPStatus.CONFLICT)
        return self._changed(item, session)

    async def _undo(self, session: BrowserSession) -> Response:
        if not session.done:
            return Response.of_json({"error": "nothing_to_undo"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        last = session.done.pop()  # whatever comes of it: it is tried once
        try:
            await self._queue.undo(last)
        except EditConflict:
            return self._changed(last.item, session, HTTPStatus.CONFLICT)
        return self._changed(last.item, session)

    def _changed(self, item: QueueItem, session: BrowserSession, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """What has become of *item* and of those beside it."""
        items = [summary(one) for one in self._queue.related(item)]
        answer = {
            "id": item.id,
            "correction": correction_node(item.correction),
            "items": items,
            "undo": bool(session.done),
        }
        return Response.of_json(answer, status)


def _answer(item: QueueItem, given: Node) -> tuple[Verdict, Stated | None, str | None]:
    """What a person says: the verdict, and and what a correction states of which metric. Raises InvalidInput."""
    verdict = next((one for one in VERDICTS if one == given.get("verdict")), None)
    if verdict is None:
        raise InvalidInput("refused_verdict")
    if verdict != "corrected":
        return verdict, None, None
    pair = item.candidate.pair
    metric = typed_metric(str(given.get("metric", "")))
    unit = typed_unit(str(given.get("unit", "")))
    value = typed_value(str(given.get("value", "")), metric, unit)
    stated = Stated(value, unit, typed_change(str(given.get("change", ""))))
    if metric == pair.metric and stated == Stated(pair.value, pair.unit, pair.change_pct):
        return "confirmed", None, None
    return "corrected", stated, metric


def _same(secret: str, given: str) -> bool:
    """Whether they are equal; takes as long whatever is given."""
    return hmac.compare_digest(secret.encode(), given.encode())
