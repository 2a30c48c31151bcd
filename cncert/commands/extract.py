"""``scrapy extract``: prints saved pages as JSON Lines."""

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any

from rich.highlighter import JSONHighlighter
from rich.text import Text
from scrapy.commands import ScrapyCommand

from cncert.commands.project_command import ProjectCommand
from cncert.editions.make_document import sole_document
from cncert.items import CHINA
from cncert.sources.saved_files.file_reader import PageFromFile, UnreadFile
from cncert.sources.saved_files.read_files import add_jobs_option, read_files
from cncert.terminal.console import print_message, safe_json, stdout_console
from cncert.wechat.address import biz_text
from cncert.wechat.article import Article
from cncert.wechat.failure_pages import Verdict


class ExtractCommand(ProjectCommand, ScrapyCommand):
    """Reads pages as the crawl would, stores nothing."""

    def syntax(self) -> str:
        return "[options] FILE..."

    def short_desc(self) -> str:
        return "Read saved pages and print verdict, article and issue as JSON Lines"

    def add_options(self, parser: ArgumentParser) -> None:
        super().add_options(parser)
        add_jobs_option(parser)
        parser.add_argument("--issues", action="store_true", help="print only the documents of issues, one a line")
        parser.add_argument("--pretty", action="store_true", help="print indented JSON, for people")

    async def work(self, args: list[str], opts: Namespace) -> int:
        print_one = print_pretty if opts.pretty else print_line
        read, broken, unread = 0, 0, []
        for result in read_files(args, opts):
            if isinstance(result, UnreadFile):
                unread.append(result)
                continue
            read += 1
            document = describe(result)
            if opts.issues:
                document = document["issue"]
            if document is not None:
                print_one(document)
            if result.page.verdict is Verdict.ARTICLE and not result.is_whole:
                broken += 1
                print_message(f"{result.name}: the page breaks off")
        if not unread:
            return 1 if broken else 0
        return 2 if not read and all(file.absent for file in unread) else 1


def print_line(document: dict[str, Any]) -> None:
    """Print *document* on one line."""
    print(safe_json(document), flush=True)


def print_pretty(document: dict[str, Any]) -> None:
    """Print *document* indented, in colours on a terminal."""
    console, text = stdout_console(), safe_json(document, indent=2)
    if console.is_terminal:
        console.print(JSONHighlighter()(Text(text)), soft_wrap=True)
    else:
        print(text, flush=True)


def describe(found: PageFromFile) -> dict[str, Any]:
    """Return a saved page in JSON form."""
    article = found.page.article
    return {
        "page": found.name,
        "verdict": found.page.verdict.value,
        "reason": found.reason,
        "article": describe_article(article) if article else None,
        "issue": sole_document(found.issue).model_dump(mode="json") if found.issue else None,
    }


def describe_article(article: Article) -> dict[str, Any]:
    """Return a WeChat article, of any account, in JSON form."""

    def when(moment: datetime | None) -> str | None:
        return moment.astimezone(CHINA).isoformat() if moment else None

    return {
        "title": article.title,
        "account": {
            "name": article.account_name,
            "id": article.account_id,
            "biz": biz_text(article.biz) if article.biz is not None else None,
        },
        "mid": article.mid,
        "idx": article.idx,
        "sn": article.sn,
        "kind": article.kind,
        "published_at": when(article.published_at),
        "published_on": str(article.published_on) if article.published_on else None,
        "modified_at": when(article.modified_at),
        "url": article.link,
        "author": article.author,
        "original": article.original,
        "reprint_of": article.reprint_of,
        "cover": article.cover.url if article.cover else None,
        "images": [image.url for image in article.body.images],
        "text": article.body.text,
        "sample": article.sample,
    }
