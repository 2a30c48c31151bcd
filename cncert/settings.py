"""Every setting of the project with its reason. What a user may want to change comes last and from the environment."""

import logging
import os

from cncert.terminal.safe_text import SafeLogRecord

BOT_NAME = "cncert"
SPIDER_MODULES = ["cncert.spiders"]
NEWSPIDER_MODULE = "cncert.spiders"
COMMANDS_MODULE = "cncert.commands"
ADDONS = {"cncert.addon.DerivedSettings": 0}  # default {}; what follows from the settings at the end of this file

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
# WeChat redirects an article only to its verification page: the verdict is in the Location, nothing is to be followed.
REDIRECT_ENABLED = False  # default True
METAREFRESH_ENABLED = False  # default True; article pages have none, and looking for one decodes 3 MB
HTTPERROR_ALLOW_ALL = True  # default False; the verdict middleware judges every answer, failures come with all statuses

# Remote control executes code: not needed, so not there (defaults True).
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
MEMUSAGE_LIMIT_MB = 2048  # default 0: no limit

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # hosts.py looks at pictures and feeds too
    "cncert.middlewares.hosts.HostsMiddleware": 950,  # the last one before the wire
}
SPIDER_MIDDLEWARES = {
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
HTTPCACHE_STORAGE = "cncert.archive.http_cache.Archive"  # used by replay=FILE and by CNCERT_ARCHIVE
HTTPCACHE_POLICY = "cncert.archive.http_cache.ArchivePolicy"
LOG_COLOR = os.getenv("TERM") != "dumb"  # default True; for this, colorlog would not look at the terminal
LOG_FORMATTER = "cncert.extensions.log_formatter.LogFormatter"

logging.setLogRecordFactory(SafeLogRecord)  # pages are quoted in the log

# pymongo writes whole documents to the log at DEBUG.
logging.getLogger("pymongo").setLevel(logging.WARNING)
logging.getLogger("PIL").setLevel(logging.WARNING)
# A page that the browser cannot have is said in one line by the ledger; here it is a traceback.
logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)

# --- What a user may change: environment variables of the same names, ``-s NAME=VALUE``, Scrapyd's ``setting`` --------
# Text as it was given: cncert/addon.py reads it once all have had their say, and gives Scrapy what follows from it.

CNCERT_STORE = os.getenv("CNCERT_STORE", "sqlite:///data/cncert.db")  # or mongodb://host/cncert
CNCERT_FILES = os.getenv("CNCERT_FILES", "data/pictures")  # a directory, s3://bucket/path or gs://bucket/path
CNCERT_ARCHIVE = os.getenv("CNCERT_ARCHIVE", "")  # a directory for WARC files of all that is fetched; empty: off
# Addresses of RSS or Atom feeds; empty: none. The account's own at Wechat2RSS, a free service, has its newest articles.
CNCERT_FEEDS = os.getenv(
    "CNCERT_FEEDS", "https://wechat2rss.xlab.app/feed/c6662e88d278561b8293a607dcdcbe26aea98e04.xml"
)
CNCERT_ALBUMS = os.getenv("CNCERT_ALBUMS", "")  # numbers or addresses of WeChat albums (docs/sources.md)
CNCERT_BROWSER = os.getenv("CNCERT_BROWSER", "off")  # on: what plain HTTP cannot read goes through Chromium once
CNCERT_CHROMIUM = os.getenv("CNCERT_CHROMIUM", "")  # the program; empty: the one of ``playwright install chromium``
CNCERT_BROWSER_STATE = os.getenv("CNCERT_BROWSER_STATE", "data/browser.json")  # written by ``scrapy verify``
CNCERT_PAUSE = os.getenv("CNCERT_PAUSE", "60")  # seconds after a verification page; doubled after the next
CNCERT_ALERTS = os.getenv("CNCERT_ALERTS", "")  # whom to tell: addresses of apprise (docs/watch.md); empty: nobody
CNCERT_LANGUAGE = os.getenv("CNCERT_LANGUAGE", "en")  # of alerts: en or zh
CNCERT_FRESH_DAYS = os.getenv("CNCERT_FRESH_DAYS", "9")  # so long after an issue the next one is missed
# Reading pictures (docs/ocr.md): from where on a reading is a figure, below a candidate. All scores are from 0 to 1.
# Of 1,520 numbers in 332 drawn pictures that both passes read alike none was misread (one percentage lost
# its point, which infographics/labels/plausibility.py doubts); 18 of them have a character below 0.92.
CNCERT_OCR_WORD = os.getenv("CNCERT_OCR_WORD", "0.92")  # the least sure character of the number and of its change
CNCERT_OCR_PAIRING = os.getenv("CNCERT_OCR_PAIRING", "0.9")  # that the number belongs to the label; each doubt is below
CNCERT_OCR_DROP = os.getenv("CNCERT_OCR_DROP", "0.8")  # words below are not looked at: icons that look like letters
CNCERT_PANEL = os.getenv("CNCERT_PANEL", "on")  # off: no live panel on a terminal, the log lines instead
ROBOTSTXT_OBEY = os.getenv("ROBOTSTXT_OBEY", ROBOTSTXT_OBEY)
DOWNLOAD_DELAY = os.getenv("DOWNLOAD_DELAY", DOWNLOAD_DELAY)
LOG_LEVEL = os.getenv("LOG_LEVEL", "INFO")  # default DEBUG
