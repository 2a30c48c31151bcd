"""Reprints: other accounts' pages that WeChat itself marks as CNCERT's article are editions of it, and no others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from cncert.exceptions import NotAnIssue
from cncert.items import Issue, Provenance
from cncert.ledger.retry_times import LOOK_FOR_ORIGINAL_AFTER
from cncert.report.issue import read_issue
from cncert.store import Store, open_store
from cncert.store.ledger_rows import LedgerRow, State
from cncert.wechat.address import biz_text
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.site import pages
from tests.site.crawl import crawl
from tests.site.server import LoopbackWeChat
from tests.stores import rewrite

WEEK = "2024-16"
ORIGINAL = series.published(WEEK)
OTHER = 3070000000
"""Number of the account that reprints."""
SHORT = "https://mp.weixin.qq.com/s/ReprintReprintReprint0"
CARD, WHOLE = 2, 3
PROVENANCE = Provenance(
    source="page",
    via="http",
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    address=SHORT,
    sha256="0" * 64,
    parser="test",
)
PROFILE = "<p>国家计算机网络应急技术处理协调中心（简称“国家互联网应急中心”）成立于2001年，为非政府非盈利的机构。</p>"
APP = "<p>在小说阅读器读本章</p><p>去阅读</p><p>在小说阅读器中沉浸阅读</p>"


def unsigned() -> str:
    return ORIGINAL.url.partition("&chksm")[0]


def source(kind: int = CARD, biz: int = pages.CNCERT_BIZ) -> pages.Reprint:
    """What WeChat states of the original."""
    sn = unsigned().rpartition("sn=")[2]
    names = {"account_id": pages.CNCERT_ID, "account_name": pages.CNCERT_NAME}
    return pages.Reprint(biz=biz, mid=ORIGINAL.mid, idx=ORIGINAL.idx, sn=sn, kind=kind, **names)  # type: ignore[arg-type]


def page(
    kind: int = CARD, *, mark: pages.Reprint | Literal["cncert"] | None = "cncert", body: str = "", handled: int = 474
) -> bytes:
    """The page of the one who reprints."""
    facts = pages.ReportFacts(handled=handled, cross_border=100, phishing=200)
    review = [pages.ReviewLine(series.title_of("2024-15"), series.published("2024-15").url)]
    spec = pages.ArticleSpec(
        title=ORIGINAL.title,
        account_name="某某安全",
        account_id="gh_ffffffffffff",
        biz=OTHER,
        mid=2650000001,
        idx=2,
        original=False,
        published=datetime(2024, 4, 26, 9, 0, tzinfo=UTC),
        body=body + pages.report_body(facts, [pages.Picture(url) for url in ORIGINAL.pictures], review),
        reprint=source(kind) if mark == "cncert" else mark,
    )
    return pages.render(spec)


def read(data: bytes) -> Issue:
    article = read_page(data, SHORT).article
    assert article is not None
    return read_issue(article, PROVENANCE)


@pytest.mark.parametrize(("kind", "name"), [(CARD, "reprint_card"), (WHOLE, "reprint")])
def test_a_marked_reprint_is_an_edition_of_the_original(kind: int, name: str) -> None:
    issue = read(page(kind))
    assert (issue.id, issue.provenance.source) == (WEEK, name)
    assert (issue.article.mid, issue.article.idx, issue.account.biz) == (ORIGINAL.mid, ORIGINAL.idx, "MzIwNDk0MDgxMw==")
    assert issue.published_at is None
    assert issue.article.url == unsigned() and SHORT not in issue.article.aliases
    reprint = issue.provenance.reprint
    assert reprint is not None
    assert (reprint.account, reprint.mid, reprint.idx, reprint.kind) == ("某某安全", 2650000001, 2, kind)
    assert reprint.published_at == datetime(2024, 4, 26, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'var source_mid = "{ORIGINAL.mid}"', 'var source_mid = "1"'),
        ('var source_idx = "1"', 'var source_idx = "2"'),
        (f'var source_encode_biz = "{biz_text(pages.CNCERT_BIZ)}"', 'var source_encode_biz = "MzIxNzE3MjEwNg=="'),
        ('var copyright_stat = "2"', 'var copyright_stat = "0"'),
    ],
    ids=["another message", "another place", "another account", "no reprint"],
)
def test_marks_that_contradict_each_other_are_none(old: str, new: str) -> None:
    whole = page(WHOLE).decode()
    assert old in whole
    with pytest.raises(NotAnIssue) as caught:
        read(whole.replace(old, new).encode())
    assert caught.value.reason == "account"


def test_a_reprint_of_somebody_else_and_an_unmarked_text_are_no_source() -> None:
    for mark in (source(WHOLE, biz=3217172106), None):
        with pytest.raises(NotAnIssue) as caught:
            read(page(WHOLE, mark=mark))
        assert caught.value.reason == "account"


def test_what_stands_around_the_report_is_no_text_of_it() -> None:
    issue = read(page(WHOLE, body=PROFILE + APP))
    assert "小说阅读器" not in issue.text and "非盈利" not in issue.text
    assert issue.sections == read(page(WHOLE)).sections


# Whole crawls


def store_of(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder.resolve() / 'cncert.db'}")


async def kept(folder: Path) -> tuple[Issue, dict[str, LedgerRow]]:
    """The document of the week, and the rows that claim it, by id."""
    async with store_of(folder) as store:
        issue = await store.get_issue(WEEK)
        assert issue is not None
        return issue, {row.id: row for row in await store.rows() if row.issue == WEEK}


def publish(site: LoopbackWeChat, data: bytes) -> None:
    site.add_article(SHORT, data)
    site.add_picture(pages.ArticleSpec().cover, series.drawing(0))
    for url in ORIGINAL.pictures:
        site.add_picture(url, series.drawing(1))


async def test_a_reprint_settles_the_row_of_the_original_and_gives_way_to_its_page(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    """The original is challenged first; a month later it is answered, and says another number."""
    bounds = (f"from={WEEK}", f"until={WEEK}")
    publish(site, page(WHOLE, handled=470))
    site.add_article(ORIGINAL.url, pages.FAILURES["verification"].page)
    crawl(site, tmp_path, f"start={SHORT}", *bounds)
    issue, rows = await kept(tmp_path)
    own = f"{pages.CNCERT_BIZ}-{ORIGINAL.mid}-{ORIGINAL.idx}"
    theirs = f"{OTHER}-2650000001-2"
    assert (issue.provenance.source, issue.article.mid) == ("reprint", ORIGINAL.mid)
    assert (rows[own].state, rows[theirs].state) == (State.STORED, State.STORED)
    assert rows[theirs].original == own
    assert SHORT not in [address.url for address in rows[own].addresses]
    site.add_article(ORIGINAL.url, series.page_of(WEEK))
    site.reset_log()
    crawl(site, tmp_path, *bounds, "retry=1")
    assert site.asked(ORIGINAL.url) == []
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    uri = f"sqlite:///{tmp_path.resolve() / 'cncert.db'}"
    next_try = rewrite(uri, "ledger", own, lambda row: row.update(next_try=past))
    assert next_try is not None
    crawl(site, tmp_path, *bounds)
    issue, rows = await kept(tmp_path)
    assert issue.provenance.source == "page"
    assert issue.published_at is not None
    assert "editions_disagree" in {warning.code for warning in issue.warnings}
    assert rows[own].next_try is None
    async with store_of(tmp_path) as store:
        assert (await store.runs(1))[0].changed == []  # CNCERT has changed nothing


async def test_an_original_that_stays_challenged_is_asked_for_once_a_month(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    bounds = (f"from={WEEK}", f"until={WEEK}")
    publish(site, page())
    site.add_article(ORIGINAL.url, pages.FAILURES["verification"].page)
    crawl(site, tmp_path, f"start={SHORT}", *bounds)
    own = f"{pages.CNCERT_BIZ}-{ORIGINAL.mid}-{ORIGINAL.idx}"
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    rewrite(f"sqlite:///{tmp_path.resolve() / 'cncert.db'}", "ledger", own, lambda row: row.update(next_try=past))
    site.reset_log()
    for _ in range(2):
        crawl(site, tmp_path, *bounds)
    assert len(site.asked("https://mp.weixin.qq.com/")) == 1
    _, rows = await kept(tmp_path)
    due = rows[own].next_try
    assert rows[own].state is State.STORED
    assert due is not None and due > datetime.now(UTC) + LOOK_FOR_ORIGINAL_AFTER - timedelta(hours=1)
