"""Scrapy's settings, each with its reason. What a user may set stands in ``options.py``."""

import logging
import os

from cncert.options import settings_from
from cncert.terminal.safe_text import SafeLogRecord

BOT_NAME = "cncert"
SPIDER_MODULES = ["cncert.spiders"]
NEWSPIDER_MODULE = "cncert.spiders"
COMMANDS_MODULE = "cncert.commands"
ADDONS = {"cncert.extensions.derived_settings.DerivedSettings": 0}  # default {}; what follows from cncert/options.py

# WeChat shows library agents its verification page; a reader's browser is what the public page is made for.
# One fixed agent, in the reader's language: failure pages come in English otherwise.
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",
}
COOKIES_ENABLED = False  # default True; public articles need none, and none should tie requests together

# mp.weixin.qq.com/robots.txt disallows article pages to every crawler. An article is public, is asked for at a reader's
# pace, one at a time, and no verification is ever evaded; whether that is right for you is your decision. With
# ROBOTSTXT_OBEY=True nothing is fetched, and the run says so and exits with status 1.
ROBOTSTXT_OBEY: bool | str = False  # default True in new projects

# A reader's pace: one page at a time, 6 seconds and jitter between two. Pictures come from a CDN that expects browsers.
# One page at a time, from the request to the stored issue: what a page teaches (a link, a challenge, a limit reached)
# counts for the next request, a stop is prompt, and a kill interrupts one issue. Pictures come beside it, as many at a
# time as their host's slot allows.
CONCURRENT_REQUESTS = 1  # default 16
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 1  # bytes; default 5,000,000
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
DOWNLOAD_DELAY: float | str = 6.0  # seconds; default 0
DOWNLOAD_DELAY_JITTER = 0.5  # default 0.5: 3 to 9 seconds
CONCURRENT_ITEMS = 2  # default 100; an item holds its pictures while they are written

DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
DOWNLOAD_TIMEOUT = 60  # seconds; default 180
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024  # bytes; default 1 GiB; a page of today has 3 to 4 MB
DOWNLOAD_WARNSIZE = 16 * 1024 * 1024  # bytes; default 32 MiB
RETRY_TIMES = 2  # default 2; for 5xx, time-outs and broken connections; a verification page is never retried
# default: these, and what reaches no server, which fails for every page: middlewares/failed_requests.py counts that
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    "twisted.internet.error.ConnectionDone",
    "twisted.internet.error.ConnectionLost",
    OSError,
]
# WeChat redirects an article only to its verification page: the verdict is in the Location, nothing is to be followed.
REDIRECT_ENABLED = False  # default True
METAREFRESH_ENABLED = False  # default True; article pages have none, and looking for one decodes 3 MB
HTTPERROR_ALLOW_ALL = True  # default False; the verdict middleware judges every answer, failures come with all statuses

# Remote control executes code: not needed, so not there (defaults True).
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
MEMUSAGE_LIMIT_MB = 2048  # default 0: no limit

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # allowed_hosts.py looks at pictures and feeds too
    "cncert.middlewares.superfluous_requests.SuperfluousRequestsMiddleware": 50,  # before robots.txt is asked
    "cncert.middlewares.wayback.CaptureAnswersMiddleware": 60,  # what is here already needs no robots.txt
    "cncert.middlewares.archive.ArchiveMiddleware": 900,  # before redirects and retries: all answers are kept
    # Default 590; here, an answer is decompressed once, and kept so: pages have scripts in common, packed ones nothing.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 920,
    "cncert.middlewares.allowed_hosts.HostsMiddleware": 950,  # the last one before the wire
}
SPIDER_MIDDLEWARES = {
    "cncert.middlewares.wayback.WaybackMiddleware": 80,  # behind all that the others request
    "cncert.middlewares.verdict.VerdictMiddleware": 100,
    "cncert.middlewares.ledger.LedgerMiddleware": 120,
    "cncert.middlewares.sources.SourcesMiddleware": 140,
}
ITEM_PIPELINES = {
    "cncert.pipelines.clean.CleanPipeline": 100,
    "cncert.pipelines.pictures.PicturesPipeline": 200,
    "cncert.pipelines.validate.ValidatePipeline": 300,
    "cncert.pipelines.store.StorePipeline": 400,
}
EXTENSIONS = {"cncert.extensions.run_recorder.RunRecorder": 0}
CNCERT_RECORDS_RUN = True  # scrapy shell, parse, fetch, view and check switch it off: no run, no store, no archive
# -O, -o and FEEDS: issues as `scrapy schema` describes them
FEED_EXPORT_ENCODING = "utf-8"  # default None: JSON with \u escapes
FEED_EXPORTERS = {
    "json": "cncert.extensions.item_exporters.JsonDocuments",
    "jsonlines": "cncert.extensions.item_exporters.JsonLinesDocuments",
    "jsonl": "cncert.extensions.item_exporters.JsonLinesDocuments",
    "jl": "cncert.extensions.item_exporters.JsonLinesDocuments",
    "csv": "cncert.extensions.item_exporters.CsvRows",
    "xml": "cncert.extensions.item_exporters.XmlDocuments",
    "marshal": "cncert.extensions.item_exporters.MarshalDocuments",
}
LOG_COLOR = os.getenv("TERM") != "dumb"  # default True; for this, colorlog would not look at the terminal
LOG_FORMATTER = "cncert.extensions.log_formatter.LogFormatter"

logging.setLogRecordFactory(SafeLogRecord)  # pages are quoted in the log

# pymongo writes whole documents to the log at DEBUG.
logging.getLogger("pymongo").setLevel(logging.WARNING)
logging.getLogger("PIL").setLevel(logging.WARNING)
# A page that the browser cannot have is said in one line by the ledger; here it is a traceback.
logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)

# --- What a user may set: environment variables of the same names, ``-s NAME=VALUE``, Scrapyd's ``setting`` -----------

ROBOTSTXT_OBEY = os.getenv("ROBOTSTXT_OBEY", ROBOTSTXT_OBEY)
DOWNLOAD_DELAY = os.getenv("DOWNLOAD_DELAY", DOWNLOAD_DELAY)
LOG_LEVEL = os.getenv("LOG_LEVEL", "INFO")  # default DEBUG
globals().update(settings_from(os.environ))  # CNCERT_STORE, CNCERT_FILES, …: cncert/options.py says what each means
