"""Who may use the page: addresses that work once, browser sessions, and proof that a request comes from the page."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from cncert.output.check.check_queue import SavedCheck

HOST = "127.0.0.1"


@dataclass(slots=True)
class BrowserSession:
    """A browser that came with a valid address."""

    cookie: str
    key: str
    """Sent by the page with every change; no other page can know it."""
    checks: list[SavedCheck] = field(default_factory=list)
    """What it may undo, the last at the end."""


class AccessControl:
    """The sessions of the server on *port*; *show_address* tells the person at the terminal a new address."""

    def __init__(self, port: int, show_address: Callable[[str], None]) -> None:
        self.sessions: list[BrowserSession] = []
        self._host = f"{HOST}:{port}"
        self._origin = f"http://{self._host}"
        self._cookie_name = f"cncert-check-{port}"  # browsers send cookies of one host to all of its ports
        self._show_address = show_address
        self._token: str | None = None

    def new_address(self) -> str:
        """Return an address that lets one browser in, once."""
        self._token = secrets.token_urlsafe(32)
        return f"{self._origin}/?token={self._token}"

    def show_new_address(self) -> None:
        """Show an address on the terminal, unless the last one still works."""
        if self._token is None:
            self._show_address(self.new_address())

    def check_host(self, request: web.Request) -> None:
        """Raise HTTPException unless the request is addressed to this server and no other page has sent it."""
        if request.headers.get("Host") != self._host or not request.raw_path.startswith("/"):
            # Another host name may be made to lead here: pages of that name would have the rights of ours.
            raise web.HTTPMisdirectedRequest(text="no such host here")
        if request.path != "/" and request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise web.HTTPForbidden(text="not from another page")

    def check_key(self, request: web.Request, session: BrowserSession) -> None:
        """Raise HTTPException unless the page of *session* has sent the request."""
        key = request.headers.get("X-Check-Key", "")
        if request.headers.get("Origin") != self._origin or not _is_equal(session.key, key):
            raise web.HTTPForbidden(text="not from this page")

    def find_session(self, request: web.Request) -> BrowserSession | None:
        """Return the session that the cookie of the request names."""
        cookie = request.cookies.get(self._cookie_name, "")
        return next((session for session in self.sessions if _is_equal(session.cookie, cookie)), None)

    def open_session(self, token: str, response: web.Response) -> bool:
        """Begin a session with *response*, if *token* is that of the last address; return whether it is."""
        if self._token is None or not _is_equal(self._token, token):
            return False
        self._token = None
        session = BrowserSession(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self.sessions.append(session)
        response.set_cookie(self._cookie_name, session.cookie, path="/", httponly=True, samesite="Strict")
        return True


def _is_equal(secret: str, given: str) -> bool:
    """Compare in a time that does not depend on *given*, which may hold undecodable bytes."""
    return hmac.compare_digest(secret.encode(), given.encode(errors="surrogateescape"))
