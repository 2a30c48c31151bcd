"""The field test of ``scrapy doctor --live``: a dozen requests, whose answers are judged and read as in a crawl.

It keeps nothing, and sends no request itself: the command gives it a function that downloads.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import urlsplit

from cncert.exceptions import NotAnIssue, SourceError
from cncert.infographics.figures.picture_files import MAX_PICTURE_BYTES
from cncert.items import Issue, Provenance
from cncert.monitoring.doctor.local_checks import NO_ISSUE_IN_FEED, CheckState
from cncert.options import Options
from cncert.report.issue import read_issue
from cncert.report.parser_version import PARSER
from cncert.sources import bundled_index, bundled_reprints
from cncert.sources.ask_sources import MAX_BYTES, SourceAnswer, ask_source
from cncert.sources.configured_sources import Source, read_sources
from cncert.sources.listed_articles import find_issues
from cncert.wechat.address import ARTICLE_HOST, AddressForm, read_address, read_picture
from cncert.wechat.article import Article
from cncert.wechat.failure_pages import Verdict
from cncert.wechat.judge_answer import judge_answer
from cncert.wechat.page_marks import page_marks
from cncert.wechat.picture_limits import PICTURE_HEADERS, PictureError, inspect_picture
from cncert.wechat.wayback import HEADERS, HOST, MAX_INDEX_BYTES, look_up_article, read_index

Kind = Literal["signed", "short", "unsigned", "card", "reprint", "picture", "feed", "album", "wayback", "browser"]
Fault = Literal["unreached", "no_answer", "robots", "refused", "too_large"]
"""Why no answer came; ``unreached``: no server was reached."""

LABELS: Final[Mapping[Kind, str]] = {
    "signed": "a signed address",
    "short": "a short address",
    "unsigned": "an unsigned address",
    "card": "a reprint card",
    "reprint": "a whole reprint",
    "picture": "a picture",
    "feed": "a feed",
    "album": "an album",
    "wayback": "the web archive",
    "browser": "a page in the browser",
}
STEPS: Final[tuple[Kind, ...]] = ("signed", "short", "unsigned", "card", "reprint", "picture")
"""What is asked before the sources."""
CARDS_BY, REPRINTS_BY = "深信服千里目安全技术中心", "盛邦安全应急响应中心"
"""Accounts whose reprints are asked for: the first shares CNCERT's article as a card, the second copies it."""
MAX_DELETED = 3
"""How many addresses of a kind are asked if the articles before were deleted."""
MAX_CHALLENGES = 2
"""Verification pages, for addresses that should be answered, after which WeChat is asked nothing more."""
MAX_UNREACHED = 3
"""Pages in a row that reached no server, after which nothing more is asked."""
_SECONDS_OF_AN_ANSWER = 2.0
_READ_FROM: Mapping[Kind, tuple[str, ...]] = {
    "signed": ("page",),
    "browser": ("page",),
    "card": ("reprint_card",),
    "reprint": ("reprint", "reprint_card"),
}
"""What an issue should have been read from."""
_WORDS: Mapping[Verdict, str] = {
    Verdict.BLOCKED: "a verification page",
    Verdict.GONE: "no article any more",
    Verdict.MOVED: "moved",
    Verdict.EXPIRED: "the address leads nowhere",
    Verdict.UNAVAILABLE: "not available now",
    Verdict.UNKNOWN: "a page that is not known",
}
_ADVICE: Mapping[str, str] = {
    "blocked": "wait some hours, with a longer DOWNLOAD_DELAY then; a data centre may always be asked",
    "unreached": "do what it says, and try again",
    "no_answer": "try again; if it stays, look at the network",
    "robots": "ROBOTSTXT_OBEY decides whether that counts",
    "unknown": "if it stays, WeChat has a new kind of page: attach the report to an issue of the project",
    "not_issue": "attach the report to an issue of the project",
    "placeholder": "attach the report to an issue of the project",
    "gone": "nothing: another address of the kind is asked",
}
_FEED_ADVICE = "open its address; without it new issues come from other feeds and review lists only"

_WAYBACK_ADVICE = "nothing, or CNCERT_WAYBACK=off: it is asked only for what nothing else gives"


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """An address that is to be downloaded."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int | None = None
    in_browser: bool = False
    is_secret: bool = False
    """Whether its address may hold a secret: that of a feed."""
    is_sent_once: bool = False
    """Whether it is not sent again if it fails: that of the web archive, which wants to be left alone then."""


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """What the address answered."""

    status: int
    location: str
    body: bytes
    seconds: float | None
    """Until the answer began, without the wait before it."""


class NoLiveAnswer(Exception):
    """No answer came. Raised by the function that downloads; the text is for a person."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class LiveResult:
    """What one address gave, and whether that is as expected."""

    kind: Kind
    host: str
    issue: str | None
    """The issue that was asked for."""
    state: CheckState = "note"
    outcome: str = "skipped"
    """``issue``, ``not_issue``, ``picture``, ``list``; a verdict on a page, a status of a picture, a fault of a feed;
    why no answer came; ``skipped``: it was not asked."""
    text: str = ""
    advice: str = ""
    status: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    found: Mapping[str, str | int | None] = field(default_factory=dict)
    """What was read, in numbers."""
    marks: Sequence[str] = ()
    """The names of WeChat's own marks in the page."""


LiveDownload = Callable[[LiveRequest], Awaitable[LiveAnswer]]
"""Downloads an address. Raises NoLiveAnswer."""


class FieldTest:
    """Asks one address of each kind, one after the other.

    *pause* waits some seconds, *say* tells a person how far it is.
    """

    def __init__(
        self,
        options: Options,
        download: LiveDownload,
        pause: Callable[[float], Awaitable[None]],
        say: Callable[[str], object],
    ) -> None:
        self._options, self._download, self._pause, self._say = options, download, pause, say
        self._sources = read_sources(options)
        self._answer: LiveAnswer | None = None
        self._issues: list[Issue] = []
        self._challenges = self._unreached = 0

    async def run(self) -> list[LiveResult]:
        """Ask everything; return what came."""
        steps: list[tuple[Kind, Source | None]] = [(kind, None) for kind in STEPS]
        steps += [(source.kind, source) for source in self._sources]
        if self._options.wayback:
            steps.append(("wayback", None))
        if self._options.browser:
            steps.append(("browser", None))
        results: list[LiveResult] = []
        for number, (kind, source) in enumerate(steps):
            seconds = sum(self._seconds(kind) for kind, _ in steps[number:])
            self._say(f"{number + 1} of {len(steps)}: {LABELS[kind]}; about {seconds:.0f} seconds left")
            if source is not None:
                results.append(await self._ask_source(source))
            elif kind == "picture":
                results.append(await self._ask_picture())
            elif kind == "wayback":
                results.append(await self._ask_wayback())
            else:
                results += await self._ask_pages(kind)
        return results

    def _seconds(self, kind: Kind) -> float:
        """Return how long a step of *kind* takes, as a rule."""
        waits = 0.0 if kind in ("picture", "feed", "wayback") else self._options.download_delay
        return waits + _SECONDS_OF_AN_ANSWER if self._why_not(kind) is None else 0.0

    def _why_not(self, kind: Kind) -> str | None:
        """Return why nothing of *kind* is asked any more, if so."""
        if self._unreached >= MAX_UNREACHED:
            return "no server is reached"
        if self._challenges >= MAX_CHALLENGES and kind not in ("feed", "wayback"):
            return "WeChat asks for a verification"
        return None

    async def _challenged(self) -> None:
        """Wait after a verification page, as a crawl does."""
        self._challenges += 1
        if self._challenges < MAX_CHALLENGES:
            self._say(f"WeChat asks for a verification: waiting {self._options.pause:g} seconds")
            await self._pause(self._options.pause)
        else:
            self._say("WeChat asks for a verification again: it is asked nothing more")

    # --- pages

    async def _ask_pages(self, kind: Kind) -> list[LiveResult]:
        """Ask for the newest article of *kind*; for an older one if that was deleted."""
        results: list[LiveResult] = []
        for issue, url in _addresses()[kind][:MAX_DELETED]:
            results.append(await self._ask_page(LiveResult(kind, ARTICLE_HOST, issue), url))
            if results[-1].outcome != "gone":
                return results
        if kind == "unsigned":  # a crawl needs none
            return results
        return [*results[:-1], *(replace(one, state="to do", advice=_ADVICE["unknown"]) for one in results[-1:])]

    async def _ask_page(self, asked: LiveResult, url: str) -> LiveResult:
        if (why := self._why_not(asked.kind)) is not None:
            return replace(asked, text=f"not asked: {why}")
        try:
            answer = await self._download(LiveRequest(url, in_browser=asked.kind == "browser"))
        except NoLiveAnswer as error:
            self._unreached = self._unreached + 1 if error.fault == "unreached" else 0
            return _failed(asked, error.fault, f"no answer: {error}")
        self._unreached = 0
        result = self._judge(_measured(asked, answer, page_marks(answer.body)), url, answer)
        if result.outcome == Verdict.BLOCKED and result.state == "to do":
            await self._challenged()
        return result

    def _judge(self, asked: LiveResult, url: str, answer: LiveAnswer) -> LiveResult:
        page = judge_answer(url, answer.status, answer.location, answer.body)
        if page.article is not None:
            return self._read(asked, url, page.article, answer)
        text = f"{asked.issue}: {_WORDS[page.verdict]} ({page.reason})"
        if asked.kind == "unsigned" and page.verdict is Verdict.BLOCKED:
            return replace(asked, state="ok", outcome=page.verdict, text=f"{text}, as expected")
        is_needed = asked.kind != "unsigned" or page.verdict is Verdict.UNKNOWN
        if page.verdict in (Verdict.GONE, Verdict.MOVED) or not is_needed:
            return replace(asked, outcome=page.verdict, text=text, advice=_ADVICE.get(page.verdict, ""))
        return _failed(asked, page.verdict, text)

    def _read(self, asked: LiveResult, url: str, article: Article, answer: LiveAnswer) -> LiveResult:
        provenance = Provenance(
            source="page",
            via="browser" if asked.kind == "browser" else "http",
            fetched_at=datetime.now(UTC),
            address=url,
            sha256=sha256(answer.body).hexdigest(),
            parser=PARSER,
        )
        shown = f"{asked.issue}: {article.account_name}, {article.title!r}"
        try:
            issue = read_issue(article, provenance)
        except NotAnIssue as error:
            failed = _failed(asked, "not_issue", f"{shown}: {error}")
            return failed if asked.kind in _READ_FROM else replace(failed, state="note")
        self._issues.append(issue)
        source = issue.provenance.source
        figures, pictures = len(issue.figures), len(issue.images)
        found: dict[str, str | int | None] = {"week": issue.id, "source": source}
        found |= {"figures": figures, "pictures": pictures}
        text = f"{shown}: week {issue.id}, {figures} figures, {pictures} pictures ({source})"
        is_expected = issue.id == asked.issue and source in _READ_FROM.get(asked.kind, (source,))
        return replace(asked, state="ok" if is_expected else "note", outcome="issue", text=text, found=found)

    # --- a picture, feeds and albums, the web archive

    async def _ask_picture(self) -> LiveResult:
        """Ask for a picture of a page that came, as ``pipelines/pictures.py`` does."""
        shown = [(issue.id, one.url) for issue in self._issues for one in issue.images if one.role == "body"]
        found = [(issue, url, address) for issue, url in shown if (address := read_picture(url)) is not None]
        asked = LiveResult("picture", "", None)
        if (why := self._why_not("picture") or (None if found else "no page came that shows one")) is not None:
            return replace(asked, text=f"not asked: {why}")
        issue, url, address = found[0]
        asked = replace(asked, host=urlsplit(url).hostname or "", issue=issue)
        try:
            for form in dict.fromkeys((address.largest, url)):
                answer = await self._download(LiveRequest(form, PICTURE_HEADERS, MAX_PICTURE_BYTES))
                if answer.status == 200:
                    break
        except NoLiveAnswer as error:
            return _failed(asked, error.fault, f"no answer: {error}")
        asked = _measured(asked, answer)
        if answer.status != 200:
            return _failed(asked, "failed", f"{issue}: HTTP status {answer.status}")
        try:
            extension, width, height = inspect_picture(answer.body)
        except PictureError as error:
            return _failed(asked, error.status, f"{issue}: {error}")
        text = f"{issue}: {extension}, {width}x{height} pixels"
        return replace(asked, state="ok", outcome="picture", text=text, found={"width": width, "height": height})

    async def _ask_source(self, source: Source) -> LiveResult:
        """Ask for a feed, or the first page of an album."""
        asked = LiveResult(source.kind, urlsplit(source.url).hostname or "", None)
        if (why := self._why_not(source.kind)) is not None:
            return replace(asked, text=f"{source.name}: not asked: {why}")
        self._answer = None
        pages = ask_source(source, self._sources, self._download_source)
        try:
            page = await anext(pages)
        except SourceError as error:
            if error.code == "verification":
                await self._challenged()
            cause = error.__cause__
            outcome = cause.fault if isinstance(cause, NoLiveAnswer) else error.code
            failed = _failed(asked, outcome, f"{source.name}: {error}")
            failed = replace(failed, advice=_ADVICE.get(outcome, _FEED_ADVICE))
            return _measured(failed, self._answer) if self._answer else failed
        finally:
            await pages.aclose()
        assert self._answer is not None
        newest = max((named.issue for named in find_issues(page.articles)[0]), default=None)
        text = f"{source.name}: {len(page.articles)} entries, {f'the newest issue {newest}' if newest else 'no issue'}"
        return replace(
            _measured(asked, self._answer),
            state="ok" if newest and not page.fault else "note",
            outcome="list",
            text=f"{text}; {page.fault}" if page.fault else text,
            advice="" if newest else NO_ISSUE_IN_FEED if source.kind == "feed" else "is it the right album?",
            found={"entries": len(page.articles), "newest": newest},
        )

    async def _download_source(self, url: str, headers: Mapping[str, str]) -> SourceAnswer:
        try:
            answer = await self._download(LiveRequest(url, headers, MAX_BYTES, is_secret=True))
        except NoLiveAnswer as error:
            raise SourceError("no_answer", f"no answer: {error}") from error
        self._answer = answer
        return SourceAnswer(answer.status, answer.location, answer.body, datetime.now(UTC))

    async def _ask_wayback(self) -> LiveResult:
        """Look the newest article with a signed address up in the Wayback Machine, which no crawl depends on."""
        issue, url = _addresses()["signed"][0]
        asked, address = LiveResult("wayback", HOST, issue, advice=_WAYBACK_ADVICE), read_address(url)
        if (why := self._why_not("wayback")) is not None or address is None:
            return replace(asked, text=f"not asked: {why}", advice="")
        try:
            look_up = LiveRequest(look_up_article(address), HEADERS, max_bytes=MAX_INDEX_BYTES, is_sent_once=True)
            answer = await self._download(look_up)
        except NoLiveAnswer as error:
            return replace(asked, outcome=error.fault, text=f"no answer: {error}")
        asked = _measured(asked, answer)
        try:
            if answer.status != 200:
                raise SourceError("status", f"HTTP status {answer.status}")
            captures = len(read_index(answer.body).captures)
        except SourceError as error:
            return replace(asked, outcome=error.code, text=f"{issue}: {error}")
        text = f"{issue}: {captures} captures"
        return replace(asked, state="ok", outcome="list", text=text, advice="", found={"entries": captures})


def _addresses() -> Mapping[Kind, list[tuple[str, str]]]:
    """Return issues and addresses of each kind of page, the newest first."""

    def of(rows: Iterable[tuple[str, str | None]], form: AddressForm) -> list[tuple[str, str]]:
        known = [(issue, address) for issue, url in rows if url and (address := read_address(url)) is not None]
        return [(issue, address.url) for issue, address in reversed(known) if address.form == form]

    own = [(row.issue, row.url) for row in bundled_index()]
    reprints = {
        account: [(row.issue, row.url) for row in bundled_reprints() if row.account == account]
        for account in (CARDS_BY, REPRINTS_BY)
    }
    signed, short = of(own, "signed"), of(reprints[REPRINTS_BY], "short")
    return {
        "signed": signed,
        "short": short,
        "unsigned": of(own, "unsigned"),
        "card": of(reprints[CARDS_BY], "signed"),
        "reprint": short[1:],
        "browser": signed[1:],
    }


def _measured(asked: LiveResult, answer: LiveAnswer, marks: Sequence[str] = ()) -> LiveResult:
    return replace(asked, status=answer.status, bytes=len(answer.body), seconds=answer.seconds, marks=marks)


def _failed(asked: LiveResult, outcome: str, text: str) -> LiveResult:
    return replace(asked, state="to do", outcome=outcome, text=text, advice=_ADVICE.get(outcome, _ADVICE["unknown"]))
