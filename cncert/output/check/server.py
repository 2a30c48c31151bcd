"""The page's server: who may look, who may act, and what each address answers."""

import hmac
import secrets
from asyncio import Event, to_thread
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from cncert.exceptions import ArgumentError, StoreError
from cncert.infographics.figures.human_checks import CheckedNumber, CheckVerdict
from cncert.infographics.figures.picture_files import NoPictureFile
from cncert.output.check.candidate_details import Node, details, said, summary
from cncert.output.check.check_queue import VERDICTS, Desk, Item, Judgement, Meanwhile
from cncert.output.check.http import HOST, HttpError, Request, Response
from cncert.output.check.picture_crops import Pictures
from cncert.output.check.render_check import STATIC, page, static, turned_away, welcome
from cncert.output.check.typed_values import NotMeant, typed_change, typed_metric, typed_unit, typed_value
from cncert.store import Store

COOKIE = "cncert-review"
QUERY = "token="


@dataclass(slots=True)
class Session:
    """A browser that came with the word of the address."""

    cookie: str
    key: str
    """What its page says with everything it does; no other page can know it."""
    done: list[Judgement] = field(default_factory=list)
    """What it may take back, the last at the end."""


class Reviewing:
    """Answers requests. *by* judges; *tell* prints a new address when the last one has been used."""

    def __init__(
        self, desk: Desk, store: Store, pictures: Pictures, by: str, language: str, tell: Callable[[str], None]
    ) -> None:
        self.port = 0
        """Set once it is known."""
        self.finished = Event()
        self.sessions: list[Session] = []
        self._desk, self._store, self._pictures = desk, store, pictures
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

    def outcomes(self) -> dict[str, CheckVerdict]:
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

    def _session(self, request: Request) -> Session | None:
        cookies = (one.strip().partition("=") for one in request.headers.get("cookie", "").split(";"))
        given = next((value for name, _, value in cookies if name == f"{COOKIE}-{self.port}"), "")
        return next((session for session in self.sessions if _same(session.cookie, given)), None)

    def _let_in(self, request: Request, session: Session | None) -> Response:
        if session is not None:
            return welcome(None)
        if self._word is None or not _same(self._word, request.query.removeprefix(QUERY)):
            return self._turn_away(request)
        self._word = None
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self.sessions.append(session)
        return welcome(f"{COOKIE}-{self.port}={session.cookie}; Path=/; HttpOnly; SameSite=Strict")

    def _turn_away(self, request: Request) -> Response:
        """Nobody has a new address but who sees the terminal."""
        if self._word is None and request.path == "/":
            self._tell(self.new_address())
        return turned_away()

    def _check_hand(self, request: Request, session: Session) -> None:
        """Raises HttpError unless the request comes from our own page."""
        key = request.headers.get("x-review-key", "")
        if request.headers.get("origin") != self.origin or not _same(session.key, key):
            raise HttpError(HTTPStatus.FORBIDDEN, "not from this page")

    # What is shown

    async def _show(self, path: str, session: Session) -> Response:
        if path == "/":
            items = [summary(item) for item in self._desk.items.values()]
            facts = {"by": self._by, "judged": [*self.outcomes()], "undo": bool(session.done)}
            return page({"items": items, "key": session.key, **facts}, self._language)
        match path.strip("/").split("/"):
            case ["static", name] if name in STATIC:
                return static(name)
            case ["items", name]:
                item = self._item(name)
                await self._desk.refresh(item)
                return Response.of_json(await details(item, self._store, self._pictures))
            case ["items", name, "cut.png" | "whole.jpg" as part]:
                return await self._picture(self._item(name), part)
        raise HttpError(HTTPStatus.NOT_FOUND, "nothing here")

    def _item(self, name: str) -> Item:
        if name not in self._desk.items:
            raise HttpError(HTTPStatus.NOT_FOUND, "no such candidate")
        return self._desk.items[name]

    async def _picture(self, item: Item, part: str) -> Response:
        try:
            shown = await self._pictures.get(item.candidate)
        except NoPictureFile as error:
            raise HttpError(HTTPStatus.NOT_FOUND, str(error)) from None
        if part == "cut.png":
            return Response(await to_thread(shown.cut, item.candidate.pair.box), "image/png")
        return Response(await to_thread(shown.whole), "image/jpeg")

    # What is done

    async def _act(self, request: Request, session: Session) -> Response:
        match request.path.strip("/").split("/"):
            case ["items", name]:
                return await self._judge(self._item(name), session, request.json())
            case ["undo"]:
                return await self._undo(session)
            case ["done"]:
                self.finished.set()
                return Response.of_json({"judged": len(self.outcomes()), "left": self._desk.left})
        raise HttpError(HTTPStatus.NOT_FOUND, "nothing here")

    async def _judge(self, item: Item, session: Session, given: Node) -> Response:
        try:
            verdict, stated, metric = _answer(item, given)
            seen = str(given.get("seen", ""))
            session.done.append(await self._desk.judge(item, verdict, self._by, seen, stated, metric))
        except NotMeant as error:
            return Response.of_json({"error": error.word}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except ArgumentError as error:
            told = {"error": "refused_other", "text": str(error)}
            return Response.of_json(told, HTTPStatus.UNPROCESSABLE_ENTITY)
        except Meanwhile:
            return self._changed(item, session, HTTPStatus.CONFLICT)
        return self._changed(item, session)

    async def _undo(self, session: Session) -> Response:
        if not session.done:
            return Response.of_json({"error": "nothing_to_undo"}, HTTPStatus.UNPROCESSABLE_ENTITY)
        last = session.done.pop()  # whatever comes of it: it is tried once
        try:
            await self._desk.undo(last)
        except Meanwhile:
            return self._changed(last.item, session, HTTPStatus.CONFLICT)
        return self._changed(last.item, session)

    def _changed(self, item: Item, session: Session, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """What has become of *item* and of those beside it."""
        items = [summary(one) for one in self._desk.beside(item)]
        told = {"id": item.id, "said": said(item.said), "items": items, "undo": bool(session.done)}
        return Response.of_json(told, status)


def _answer(item: Item, given: Node) -> tuple[CheckVerdict, CheckedNumber | None, str | None]:
    """What a person says: the verdict, and of a correction what the picture states of which metric. Raises NotMeant."""
    verdict = next((one for one in VERDICTS if one == given.get("verdict")), None)
    if verdict is None:
        raise NotMeant("refused_verdict")
    if verdict != "corrected":
        return verdict, None, None
    pair = item.candidate.pair
    metric = typed_metric(str(given.get("metric", "")))
    unit = typed_unit(str(given.get("unit", "")))
    value = typed_value(str(given.get("value", "")), metric, unit)
    stated = CheckedNumber(value, unit, typed_change(str(given.get("change", ""))))
    if metric == pair.metric and stated == CheckedNumber(pair.value, pair.unit, pair.change_pct):
        return "confirmed", None, None
    return "corrected", stated, metric


def _same(secret: str, given: str) -> bool:
    """Whether they are equal; takes as long whatever is given."""
    return hmac.compare_digest(secret.encode(), given.encode())
