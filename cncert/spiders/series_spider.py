"""The base class of the project's spiders."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from cncert.archive.answer_clock import answered_at
from cncert.archive.warc_reader import RENDERED
from cncert.browser import chromium
from cncert.exceptions import FileDenied, NotAnIssue, SettingError, error_reason
from cncert.items import Provenance, Source, Via
from cncert.ledger.article_ledger import SiteAddress
from cncert.report.parser_version import PARSER
from cncert.spiders.arguments import JOB, Arguments
from cncert.terminal.atomic_write import FileWriter
from cncert.wechat.address import Address
from cncert.wechat.failure_pages import Page
from cncert.wechat.wayback import read_capture

REPLAY_SETTINGS: dict[str, object] = {
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_SLOTS": {},
    "RETRY_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
}
"""Settings of a crawl that an archive answers: without delays, since no request is sent."""
RECORDS_RUN = "CNCERT_RECORDS_RUN"
"""Setting: whether what is crawled is recorded and stored. Commands that only look at a page switch it off."""
NO_PROJECT = (
    "this spider needs the settings of its project: CrawlerProcess(get_project_settings()), below the directory of "
    "scrapy.cfg or with SCRAPY_SETTINGS_MODULE=cncert.settings"
)


class SeriesSpider(Spider):
    """A spider whose pages are issues of the series.

    Middlewares, extensions and ``scrapy crawl`` work with any subclass. It implements :meth:`read_address`,
    :meth:`judge` and ``parse``, which yields issues and requests for other pages: with
    ``meta={"source": …, "issue": …}`` for a page that another one names.
    """

    allowed_domains: ClassVar[list[str]]
    """Hosts whose robots.txt may be requested, beside those of WeChat."""
    asks_sources: ClassVar[bool] = False
    """Whether feeds and albums are read before the spider starts, and the Wayback Machine is asked after its pages."""
    given: dict[str, str]
    """The arguments as the user gave them; of an address only what leads to its article: the rest may be a secret."""
    arguments: Arguments
    contents: dict[str, bytes]
    """Files of the issues that it has yielded, by checksum, until a pipeline has written them."""
    unread_lists: tuple[str, ...] = ()
    """Lists of pages that earlier runs could not read."""
    write_file: FileWriter
    """Keeps a file that belongs to no issue; the pipeline of the pictures sets it where one is at work."""
    seen = 0
    """How many issues of its range the crawl has read."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Read the arguments. Raises ArgumentError for a wrong one, BrowserError if the browser is missing.

        Raises SettingError without the settings of the project: nothing would hold the pace, or keep what comes.
        """
        if crawler.settings.get(RECORDS_RUN) is None:
            raise SettingError(NO_PROJECT)
        given = {name: str(value) for name, value in kwargs.items()}
        arguments = Arguments.read(given, cls.read_address)
        spider = super().from_crawler(crawler, *args)
        spider.given = {name: value for name, value in given.items() if name != JOB}
        if arguments.start and not given["start"].startswith("@"):
            spider.given["start"] = ",".join(arguments.start)
        spider.arguments, spider.contents, spider.write_file = arguments, {}, _keep_nothing
        if arguments.replay is not None:
            replay = {**REPLAY_SETTINGS, "CNCERT_REPLAY": str(arguments.replay)}
            crawler.settings.setdict(replay, priority="spider")
        elif crawler.settings.getbool(RECORDS_RUN):
            crawler.settings.setdict(chromium.crawl_settings(crawler.settings), priority="spider")
        return spider

    @staticmethod
    def read_address(text: str) -> Address | SiteAddress | None:
        """Return the address of a page that may be an issue, None for any other text. Only such pages are requested."""
        raise NotImplementedError

    @staticmethod
    def judge(response: Response) -> Page:
        """Return the article in *response* (``Verdict.ARTICLE``), or why there is none."""
        raise NotImplementedError

    async def fetch_file(self, url: str, near: datetime | None = None) -> bytes:
        """Return the file at *url*, to which a page links, in a replay the one of the time *near*.

        Raises NotAnIssue if it does not come.
        """
        try:
            response = await self.crawler.engine.download_async(Request(url, meta={"shown_as": "a PDF", "near": near}))
        except Exception as error:
            if is_robots_denial(error):
                raise FileDenied(url) from error
            reason = "not_archived" if self.arguments.replaying else "unanswered"
            raise NotAnIssue(reason, f"{error_reason(error)}: {url}") from error
        if response.status != 200:
            reason = "unanswered" if response.status >= 500 else "no_document"
            raise NotAnIssue(reason, f"status {response.status}: {url}")
        return response.body

    def may_fetch(self, url: str) -> bool:
        """Whether *url*, which cannot be an issue, may be requested all the same: a list of pages."""
        return False


async def _keep_nothing(path: str, content: bytes) -> None:
    """Keep no file: a command looks at a page."""


def is_robots_denial(error: BaseException) -> bool:
    """Whether robots.txt denies the request (``ROBOTSTXT_OBEY``)."""
    return isinstance(error, IgnoreRequest) and "robots.txt" in str(error)


def provenance(response: Response, source: Source = "page") -> Provenance:
    """Return where *response* came from, when by its own clock, and a hash of what came."""
    archived: datetime | None = response.meta.get("archived_at")
    capture = read_capture(response.url)
    via: Via = "archive" if archived else "browser" if "playwright" in response.flags else "http"
    if RENDERED in response.flags:
        via = "file"  # anybody may have made it
    date = (response.headers.get("Date") or b"").decode("latin-1")
    return Provenance(
        source=source,
        via="wayback" if capture else via,
        fetched_at=capture.taken_at if capture else answered_at(date, archived or datetime.now(UTC)),
        address=response.url,
        sha256=sha256(response.body).hexdigest(),
        parser=PARSER,
    )
