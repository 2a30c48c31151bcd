"""Reprints: other accounts' pages that WeChat itself marks as CNCERT's article are editions of it, and no others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cncert.editions.choose import choose
from cncert.editions.make_document import make_document
from cncert.editions.make_edition import edition_of
from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, Issue, Provenance
from cncert.ledger.retry_times import LOOK_FOR_ORIGINAL_AFTER
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.validation import validate_issue
from cncert.store import Store, open_store
from cncert.store.endings import State
from cncert.store.ledger_rows import LedgerRow
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.site import pages, reprints
from tests.site.crawl import crawl, project_env, run_scrapy
from tests.site.reprints import AddressForm, Kind
from tests.site.server import LoopbackWeChat
from tests.stores import rewrite

WEEK = "2024-16"
OWN = series.published(WEEK)
UNSIGNED = OWN.url.partition("&chksm")[0]
ORIGINAL = series.spec_of(WEEK, sn=UNSIGNED.rpartition("sn=")[2])
BY = reprints.REPRINTERS[0]
SOURCES: dict[Kind, str] = {"card": "reprint_card", "whole": "reprint"}
SHORT = reprints.reprint_url(reprints.reprint_spec(ORIGINAL, "whole"))
MID = reprints.reprint_spec(ORIGINAL, "whole").mid
PROVENANCE = Provenance(
    source="page",
    via="http",
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    address=SHORT,
    sha256="0" * 64,
    parser="test",
)


def page(kind: Kind = "card", **options: Any) -> bytes:
    """The page of the one who reprints."""
    return reprints.reprint_page(ORIGINAL, kind, **options)


def read(data: bytes) -> Issue:
    article = read_page(data, SHORT).article
    assert article is not None
    return read_issue(article, PROVENANCE)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_marked_reprint_is_an_edition_of_the_original(kind: Kind) -> None:
    issue = read(page(kind))
    assert (issue.id, issue.provenance.source) == (WEEK, SOURCES[kind])
    assert (issue.article.mid, issue.article.idx, issue.account.biz) == (OWN.mid, OWN.idx, "MzIwNDk0MDgxMw==")
    assert issue.published_at is None
    assert issue.article.url == UNSIGNED and SHORT not in issue.article.aliases
    reprint = issue.provenance.reprint
    assert reprint is not None
    assert (reprint.account, reprint.mid, reprint.idx) == (BY.name, MID, 2)
    assert reprint.kind == reprints.KIND_NUMBERS[kind]
    assert reprint.published_at == datetime(2024, 4, 26, 9, 30, tzinfo=CHINA)


@pytest.mark.parametrize("contradiction", reprints.CONTRADICTIONS)
@pytest.mark.parametrize("kind", SOURCES)
def test_marks_that_contradict_each_other_are_none(kind: Kind, contradiction: str) -> None:
    with pytest.raises(NotAnIssue) as caught:
        read(page(kind, contradiction=contradiction))
    assert caught.value.reason == "account"


@pytest.mark.parametrize("marks", ["another account", "none"])
@pytest.mark.parametrize("kind", SOURCES)
def test_a_reprint_of_somebody_else_and_an_unmarked_text_are_no_source(kind: Kind, marks: str) -> None:
    with pytest.raises(NotAnIssue) as caught:
        read(page(kind, marks=marks))
    assert caught.value.reason == "account"


@pytest.mark.parametrize("kind", SOURCES)
def test_what_stands_around_the_report_is_no_text_of_it(kind: Kind) -> None:
    issue, original = read(page(kind)), read(pages.render(ORIGINAL))
    assert (issue.text, issue.sections, issue.figures) == (original.text, original.sections, original.figures)
    assert issue.review == original.review
    assert {one.key for one in issue.images} <= {one.key for one in original.images}


def test_an_edited_figure_is_what_the_reprint_says() -> None:
    handled = {name: {one.metric: one.value for one in read(data).figures}["incidents.handled"] for name, data in
               {"as it was": page("whole"), "edited": page("whole", edit="figure")}.items()}  # fmt: skip
    assert handled["edited"] == handled["as it was"] + 7  # type: ignore[operator]


def test_a_paragraph_that_was_added_between_those_of_the_report_is_kept_as_its_text() -> None:
    issue = read(page("whole", edit="paragraph"))
    assert reprints.OWN_PARAGRAPH in issue.text
    assert [one.value for one in issue.figures] == [one.value for one in read(page("whole")).figures]


@pytest.mark.parametrize("address", ["short", "signed", "unsigned"])
def test_the_address_of_the_reprint_is_none_of_the_original(address: AddressForm) -> None:
    issue = read(page("card", address=address))
    spec = reprints.reprint_spec(ORIGINAL, "card", address=address)
    assert issue.provenance.reprint is not None
    assert issue.provenance.reprint.address == reprints.reprint_url(spec)
    assert [issue.article.url, *issue.article.aliases] == [UNSIGNED]


# Beside CNCERT's page


def both(reprint: bytes) -> Issue:
    """The document of the week of which CNCERT's page and a reprint are stored."""
    editions = [edition_of(validate_issue(clean_issue(read(data)))) for data in (pages.render(ORIGINAL), reprint)]
    (choice,) = choose(editions).values()
    document = make_document(choice, {}, {}, {}, [])
    assert document is not None
    assert (document.provenance.source, len(document.editions)) == ("page", 2)
    return document


def contradictions(document: Issue) -> list[str]:
    """What the document says of the reprint, without the name of its edition."""
    found = [one.message for one in document.warnings if one.code == "editions_disagree"]
    return [message.partition(" in edition")[0] for message in found]


@pytest.mark.parametrize("kind", ["card", "whole"])
def test_a_reprint_that_differs_in_form_alone_gives_no_warning(kind: Kind) -> None:
    """Spaces, the width of punctuation and digits, the pictures' addresses, what stands around the report."""
    other = page(kind).decode()
    for one, two in (
        ("，含", ",含"),
        ("474起", "４７４\u3000起"),
        ("起。", " 起 。"),
        ("mmbiz_png/", "sz_mmbiz_png/other"),
    ):
        assert one in other
        other = other.replace(one, two)
    assert contradictions(both(other.encode())) == []


@pytest.mark.parametrize("kind", ["card", "whole"])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("事件474起", "事件470起", ["incidents.handled: 474 here, 470"]),
        ("评价为良", "评价为中", ["rating: 良 here, 中"]),
        ("，含跨境网络安全事件130起", "", ["incidents.cross_border: 130 here, not stated"]),
        ("评价为良", "评价不明", ["rating: 良 here, not stated"]),
    ],
)
def test_a_reprint_that_differs_from_the_page_gives_a_warning(kind: Kind, old: str, new: str, said: list[str]) -> None:
    other = page(kind).decode()
    assert old in other
    assert contradictions(both(other.replace(old, new).encode())) == said


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
    for url in OWN.pictures:
        site.add_picture(url, series.drawing(1))


async def test_a_reprint_settles_the_row_of_the_original_and_gives_way_to_its_page(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    """The original is challenged first; a month later it is answered, and says another number."""
    bounds = (f"from={WEEK}", f"until={WEEK}")
    publish(site, page("whole", edit="figure"))
    site.add_article(OWN.url, pages.FAILURES["verification"].page)
    crawl(site, tmp_path, f"start={SHORT}", *bounds)
    issue, rows = await kept(tmp_path)
    own = f"{pages.CNCERT_BIZ}-{OWN.mid}-{OWN.idx}"
    theirs = f"{BY.biz}-{MID}-2"
    assert (issue.provenance.source, issue.article.mid) == ("reprint", OWN.mid)
    assert (rows[own].state, rows[theirs].state) == (State.STORED, State.STORED)
    assert rows[theirs].original == own
    assert SHORT not in [address.url for address in rows[own].addresses]
    site.add_article(OWN.url, series.page_of(WEEK))
    site.reset_log()
    crawl(site, tmp_path, *bounds, "retry=1")
    assert site.asked(OWN.url) == []
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
    publish(site, page("whole"))
    site.add_article(OWN.url, pages.FAILURES["verification"].page)
    crawl(site, tmp_path, f"start={SHORT}", *bounds)
    own = f"{pages.CNCERT_BIZ}-{OWN.mid}-{OWN.idx}"
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


async def test_no_original_is_looked_for_once_a_person_saved_its_page(site: LoopbackWeChat, tmp_path: Path) -> None:
    publish(site, page("whole"))
    site.add_article(OWN.url, pages.FAILURES["verification"].page)
    crawl(site, tmp_path, f"start={SHORT}", f"from={WEEK}", f"until={WEEK}")
    own = f"{pages.CNCERT_BIZ}-{OWN.mid}-{OWN.idx}"
    _, rows = await kept(tmp_path)
    assert rows[own].next_try is not None
    import_page(site, tmp_path, series.page_of(WEEK))
    issue, rows = await kept(tmp_path)
    assert (issue.provenance.source, rows[own].state, rows[own].next_try) == ("page", State.STORED, None)


@pytest.mark.parametrize("kind", SOURCES)
async def test_the_address_of_a_saved_reprint_is_that_of_its_article(
    site: LoopbackWeChat, tmp_path: Path, kind: Kind
) -> None:
    import_page(site, tmp_path, page(kind))
    _, rows = await kept(tmp_path)
    assert rows.keys() == {f"{pages.CNCERT_BIZ}-{OWN.mid}-{OWN.idx}", f"{BY.biz}-{MID}-2"}
    short = reprints.reprint_url(reprints.reprint_spec(ORIGINAL, kind))
    assert [one.url for one in rows[f"{BY.biz}-{MID}-2"].addresses] == [short]


async def test_a_card_in_place_of_a_whole_reprint_is_no_change_of_cncerts(site: LoopbackWeChat, tmp_path: Path) -> None:
    publish(site, page("whole"))
    card = reprints.reprint_spec(ORIGINAL, "card", by=reprints.REPRINTERS[1])
    site.add_article(reprints.reprint_url(card), pages.render(card))
    for url in (SHORT, reprints.reprint_url(card)):
        crawl(site, tmp_path, f"start={url}", f"from={WEEK}", f"until={WEEK}")
    issue, _ = await kept(tmp_path)
    assert issue.provenance.source == "reprint_card"
    async with store_of(tmp_path) as store:
        assert (await store.runs(1))[0].changed == []


async def test_a_saved_reprint_is_archived_under_its_own_address(site: LoopbackWeChat, tmp_path: Path) -> None:
    """In a replay the original has no answer, and keeps its addresses."""
    import_page(site, tmp_path, page("whole"), CNCERT_ARCHIVE=str(tmp_path / "archive"))
    replayed = tmp_path / "replayed"
    replayed.mkdir()
    crawl(site, replayed, f"start={SHORT}", f"from={WEEK}", f"until={WEEK}", f"replay={tmp_path / 'archive'}")
    issue, rows = await kept(replayed)
    own = f"{pages.CNCERT_BIZ}-{OWN.mid}-{OWN.idx}"
    assert issue.provenance.source == "reprint"
    assert OWN.url in [address.url for address in rows[own].addresses]
    assert [address.url for address in rows[f"{BY.biz}-{MID}-2"].addresses] == [SHORT]


def import_page(site: LoopbackWeChat, folder: Path, data: bytes, **env: str) -> None:
    """Import a page that a person has saved."""
    (folder / "saved.html").write_bytes(data)
    result = run_scrapy("import", folder / "saved.html", env=project_env(site, folder, **env))
    assert result.returncode == 0, result.stderr
