"""Reads the issue of a page of CNCERT's site that somebody archived, with the PDF that it links to."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from cncert.exceptions import NotAnIssue, StoreError
from cncert.items import Provenance
from cncert.report.parser_version import PARSER
from cncert.report.site_issue import fetch_site_issue
from cncert.sources.saved_files.pages_in_warc import WarcAnswer
from cncert.sources.saved_files.saved_page import NO_ISSUE, SavedPage, SavedPageContent
from cncert.wechat.failure_pages import Page, Verdict


def read_site_answer(answer: WarcAnswer, saved: SavedPage) -> SavedPageContent:
    """Return the issue of the page *answer*, which *saved* holds: of its PDF, else of its own text."""
    page, document = answer.site_page, answer.document
    assert page is not None
    assert document is not None
    provenance = Provenance(
        source="site",
        via="archive" if saved.is_answer else "file",
        fetched_at=saved.saved_at,
        address=answer.address,
        sha256=sha256(saved.data).hexdigest(),
        parser=PARSER,
    )

    async def fetch(url: str) -> bytes:
        if (data := document(url)) is None:
            raise NotAnIssue("no_document", f"the archive does not have it: {url}")
        return data

    async def write(*_: object) -> Path | None:
        raise StoreError("nothing is written here")

    verdict = Page(Verdict.ARTICLE, "a page of CNCERT's site")
    try:
        # Where an event loop runs already, another one needs a thread of its own.
        with ThreadPoolExecutor(1) as pool:
            issue, _ = pool.submit(asyncio.run, fetch_site_issue(page, fetch, write, provenance)).result()
    except NotAnIssue as error:
        return SavedPageContent(verdict, None, f"no issue ({error.reason}): {error}", NO_ISSUE[error.reason])
    documents = [one.model_copy(update={"path": None}) for one in issue.documents]  # none is kept here
    return SavedPageContent(verdict, issue.model_copy(update={"documents": documents}), verdict.reason)
