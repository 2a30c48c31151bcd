"""A loopback Wayback Machine: an index with pages and resume keys, raw captures, and all that it does to a crawler.

It stands on the loopback WeChat (:meth:`~tests.site.server.LoopbackWeChat.add_host`) and reads addresses on its own.
"""

import hashlib
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.site.server import Answer, Asked, LoopbackWeChat, as_answer, redirect

HOST = "web.archive.org"
INDEX = "/cdx/search/cdx"
FIELDS = ("timestamp", "original", "statuscode", "digest", "length")


@dataclass(frozen=True)
class Captured:
    """A capture as the index lists it, and what its replay answers."""

    timestamp: str
    original: str
    answer: Answer
    status: str = "200"
    digest: str = ""
    length: int = 0

    @property
    def line(self) -> tuple[str, ...]:
        body = self.answer.body if isinstance(self.answer.body, bytes) else b""
        digest = hashlib.sha1(body, usedforsecurity=False).digest()
        letters = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32] for byte in digest + digest)[:32]
        return self.timestamp, self.original, self.status, self.digest or letters, str(self.length or len(body))


def sort_key(url: str) -> str:
    """Under what the archive files an address: without scheme and fragment, in lower case, parameters sorted."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = ",".join(reversed((parts.hostname or "").split(".")))
    pairs = sorted(unquote(pair) for pair in parts.query.split("&") if pair)
    return f"{host}){parts.path}{'?' * bool(pairs)}{'&'.join(pairs)}".lower()


@dataclass
class LoopbackWayback:
    """The archive. What it has may be added at any time; ``page_lines`` is the most that its index answers at once."""

    site: LoopbackWeChat
    captures: list[Captured] = field(default_factory=list)
    page_lines: int = 10_000
    answers: deque[Answer | None] = field(default_factory=deque)
    """What is answered next, whatever is asked; None: as it should be."""
    index_answer: Callable[[bytes], Answer | bytes] | None = None
    """What becomes of an answer of the index."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.site.add_host(HOST, self._decide)

    def add(self, original: str, timestamp: str, answer: Answer | bytes, **more: str | int) -> str:
        """Add a capture; return its raw address."""
        self.captures.append(replace(Captured(timestamp, original, as_answer(answer)), **more))  # type: ignore[arg-type]  # any of its fields
        return f"https://{HOST}/web/{timestamp}id_/{original}"

    def storm(self, times: int, *, after: int = 0, status: int = 429, retry_after: str | None = None) -> None:
        """Refuse requests, after some that are answered."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        refusal = Answer(b"Too Many Requests", status=status, headers=headers)
        self.answers.extend([None] * after + [refusal] * times)

    # --- what it was asked

    def looked_up(self) -> list[Asked]:
        """The requests to its index."""
        return self.site.asked(f"https://{HOST}{INDEX}?")

    def replayed(self) -> list[Asked]:
        """The requests for captures."""
        return self.site.asked(f"https://{HOST}/web/")

    def others(self) -> list[str]:
        """What else was requested of it."""
        known = {asked.url for asked in (*self.looked_up(), *self.replayed())}
        return [asked.url for asked in self.site.asked(f"https://{HOST}") if asked.url not in known]

    def check_pace(self, seconds: float) -> None:
        """Raise AssertionError if *seconds*, that stand for a minute, had more than 20 look-ups or 30 captures."""
        for most, asked in ((20, self.looked_up()), (30, self.replayed())):
            times = [one.time for one in asked]
            windows = Counter({start: sum(start <= other < start + seconds for other in times) for start in times})
            assert max(windows.values(), default=0) <= most, windows.most_common(1)

    # --- what it answers

    def _decide(self, asked: Asked) -> Answer:
        with self._lock:
            path, _, query = asked.path.partition("?")
            if self.answers and (answer := self.answers.popleft()) is not None:
                return answer
            if path == INDEX:
                listed = self._index(parse_qsl(query))
                return as_answer(self.index_answer(listed) if self.index_answer else listed)
            found = re.fullmatch(r"/web/(\d{14})id_/(https?://.+)", asked.path)
            return self._replay(found[1], found[2]) if found else Answer(status=404)

    def _index(self, given: Sequence[tuple[str, str]]) -> bytes:
        asked, key = dict(given), sort_key(dict(given)["url"])
        assert asked["output"] == "json"
        filters = [value.split(":", 1) for name, value in given if name == "filter"]
        is_prefix = asked.get("matchType") == "prefix"
        rows = sorted((sort_key(one.original), one.timestamp, one.line) for one in self.captures)
        rows = [row for row in rows if (row[0].startswith(key) if is_prefix else row[0] == key)]
        rows = [
            row for row in rows if all(re.fullmatch(pattern, row[2][FIELDS.index(name)]) for name, pattern in filters)
        ]
        if start := asked.get("resumeKey"):
            rows = [row for row in rows if f"{row[0]} {row[1]}" > start]
        most = min(int(asked["limit"]), self.page_lines)
        names = asked["fl"].split(",")
        lines: list[list[str]] = [[row[2][FIELDS.index(name)] for name in names] for row in rows[:most]]
        if len(rows) > most and asked.get("showResumeKey") == "true":
            last = rows[most - 1]
            lines += [[], [f"{last[0]} {last[1]}"]]
        return json.dumps([names, *lines] if rows else []).encode()

    def _replay(self, timestamp: str, url: str) -> Answer:
        same = [one for one in self.captures if sort_key(one.original) == sort_key(url)]
        if not same:
            return Answer(b"Hrm. The Wayback Machine has not archived that URL.", status=404)
        exact = next((one for one in same if one.timestamp == timestamp), None)
        if exact is not None:
            return exact.answer
        nearest = min(same, key=lambda one: abs(int(one.timestamp) - int(timestamp)))
        return redirect(f"/web/{nearest.timestamp}id_/{nearest.original}")
