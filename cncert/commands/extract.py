"""``scrapy extract``: what saved pages hold, as JSON Lines."""

import json
from argparse import Namespace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cncert import __version__
from cncert.cli import ProjectCommand, complain
from cncert.exceptions import ArgumentError, NotAnIssue
from cncert.items import CHINA, Provenance
from cncert.pipelines.clean import clean
from cncert.pipelines.validate import describe, validated
from cncert.report.issue import read_issue
from cncert.wechat.address import biz_text
from cncert.wechat.article import Article
from cncert.wechat.page import Page, read_page

MAX_BYTES = 64 * 1024 * 1024


class Command(ProjectCommand):
    """Reads pages as the crawl would, stores nothing."""

    def syntax(self) -> str:
        return "FILE..."

    def short_desc(self) -> str:
        return "Read saved pages and print verdict, article and issue as JSON Lines"

    async def work(self, args: list[str], opts: Namespace) -> int:
        if not args:
            raise ArgumentError("extract needs the names of saved pages: scrapy extract FILE...")
        unread = 0
        for name in args:
            try:
                print(json.dumps(extract(Path(name)), ensure_ascii=False), flush=True)
            except OSError as error:
                complain(f"{name}: {error.strerror or error}")
                unread += 1
        return 2 if unread == len(args) else int(unread > 0)


def extract(path: Path) -> dict[str, Any]:
    """What the page in *path* is: verdict, reason, article, issue. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(f"larger than {MAX_BYTES} bytes")
    page = read_page(data)
    saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    provenance = Provenance(
        fetched_at=saved,
        via="archive",
        address=page.article.link if page.article else None,
        sha256=sha256(data).hexdigest(),
        parser=__version__,
    )
    issue, reason = read(page, provenance)
    return {
        "page": str(path),
        "verdict": page.verdict.value,
        "reason": reason,
        "article": describe_article(page.article) if page.article else None,
        "issue": issue,
    }


def read(page: Page, provenance: Provenance) -> tuple[dict[str, Any] | None, str]:
    """The issue on *page* in JSON form and the page's reason, or None and the reason why there is no issue."""
    if page.article is None:
        return None, page.reason
    try:
        issue = validated(clean(read_issue(page.article, provenance)))
    except NotAnIssue as error:
        return None, f"no issue ({error.reason}): {error}"
    except ValidationError as error:
        return None, f"no issue (invalid): {describe(error)}"
    return issue.model_dump(mode="json"), page.reason


def describe_article(article: Article) -> dict[str, Any]:
    """What any WeChat article states, in JSON form."""

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
        "modified_at": when(article.modified_at),
        "url": article.link,
        "author": article.author,
        "original": article.original,
        "reprint_of": article.reprint_of,
        "cover": article.cover.url if article.cover else None,
        "images": [image.url for image in article.body.images],
        "text": article.body.text,
    }
