"""The sample series: its pages carry a mark, and all that is made from them says that it is a sample."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from warcio.archiveiterator import ArchiveIterator

from cncert.commands.extract import ExtractCommand
from cncert.output.export.tables_and_columns import ExportScope, tables
from cncert.wechat.sample_mark import SAMPLE_MARK, is_sample_page
from tests import series
from tests.calls import call
from tests.site import pages
from tests.site.crawl import ROOT
from tools.sample.sample_archive import SampleArchive

SAMPLE = ROOT / "cncert" / "data" / "sample" / "weekly.warc.gz"
MARK = f'<meta name="{SAMPLE_MARK}" content="invented">'
TABLES = [table.name for table in tables(ExportScope())]


# The mark


def test_every_page_of_the_sample_and_the_file_itself_carry_the_mark() -> None:
    kinds = []
    with SAMPLE.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "warcinfo":
                assert f"{SAMPLE_MARK}: invented" in record.content_stream().read().decode()
            elif record.http_headers.get_header("Content-Type").startswith("text/html"):
                kinds.append(is_sample_page(record.content_stream().read()))
    assert kinds == [True] * 40


@pytest.mark.parametrize(
    "page",
    [
        f"<html><head>{MARK}</head><body></body></html>",
        f"<!DOCTYPE html>\n<!-- saved --><html lang=zh><head><title></head></title>{MARK}",
        f"\ufeff<head><script>var body = '<body>'</script><style>p</style><link rel=x><base href=/>{MARK}",
        f"<head><noscript><body></noscript>{MARK}",
        f"<head></head>{MARK}<body>",
        f"<?xml version='1.0'?><HEAD></p>{MARK.replace('meta name', 'META charset=utf-8 NAME')}",
        MARK.replace('"', ""),
    ],
)
def test_a_page_with_the_mark_in_its_head_is_of_the_sample(page: str) -> None:
    assert is_sample_page(page.encode())


@pytest.mark.parametrize(
    "page",
    [
        f"<head></head><body>{MARK}</body>",
        f"<head></head><p>{MARK}",
        f"<head></head>a text{MARK}",
        f"<head></body>{MARK}",
        f"<head><textarea></textarea>{MARK}",
        f"<head><title>{MARK}</title></head>",
        f"<head><script>document.write('{MARK}')</script></head>",
        f"<head><style>/* {MARK} */</style></head>",
        f"<head><noscript>{MARK}</noscript></head>",
        f"<head><template>{MARK}</template></head>",
        f"<head><!-- {MARK} --></head>",
        f"<head><!-- {MARK}",
        f"<head><meta name=description content='{MARK}'></head>",
        f'<head><meta name=description content="{SAMPLE_MARK}"></head>',
        f'<head><meta property="{SAMPLE_MARK}"></head>',
        f'<head><meta name="description" name="{SAMPLE_MARK}"></head>',
        f'<head><meta name="{SAMPLE_MARK}-not"></head>',
        f'<head><link name="{SAMPLE_MARK}"></head>',
        f"<head><script>{MARK}",
        f"<head title='{MARK}",
    ],
)
def test_what_a_browser_takes_for_no_such_element_of_the_head_is_no_mark(page: str) -> None:
    assert not is_sample_page(page.encode())


@pytest.mark.parametrize("era", pages.ERAS)
def test_no_text_of_an_article_makes_a_sample_of_it(era: pages.Era) -> None:
    spec = pages.ArticleSpec(title=MARK, description=MARK, author=MARK, account_name=MARK, body=f"<p>{MARK}</p>")
    assert not is_sample_page(pages.render(spec, era))


def marked_page() -> bytes:
    return series.page_of("2025-03").replace(b"<head>", f"<head>{MARK}".encode(), 1)


def as_mhtml(page: bytes) -> bytes:
    mail = EmailMessage()
    mail.set_content(page.decode(), subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def as_warc(page: bytes) -> bytes:
    file = BytesIO()
    moment = datetime(2025, 2, 1, tzinfo=UTC)
    SampleArchive(file).response(series.published("2025-03").url, page, "text/html; charset=UTF-8", moment)
    return file.getvalue()


def without_article(page: bytes) -> bytes:
    """As a program saves it that keeps no ids: a copy of the report, no page of WeChat any more."""
    return page.replace(b'id="js_article"', b"").replace(b"<title></title>", b"<title>%s</title>" % TITLE)


TITLE = series.title_of("2025-03").encode()
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "page": bytes,
    "mhtml": as_mhtml,
    "warc": as_warc,
    "copy": without_article,
}


def extracted(data: bytes, place: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What ``scrapy extract`` prints of a file."""
    (place / "file").write_bytes(data)
    assert call(ExtractCommand(), "--jobs", "1", str(place / "file")) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sample", [True, False])
def test_the_mark_survives_saving(form: str, sample: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = marked_page() if sample else series.page_of("2025-03")
    found = extracted(FORMS[form](page), tmp_path, capsys)
    assert found["issue"]["_id"] == "2025-03"
    assert (found["issue"]["provenance"]["sample"], found["article"]["sample"]) == (sample, sample)


@pytest.mark.parametrize("form", ["html", "mhtml"])
def test_the_mark_survives_a_browser(
    form: str, chromium: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").write_bytes(marked_page())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium or None)
        tab = browser.new_context(java_script_enabled=False).new_page()
        tab.goto((tmp_path / "page.html").as_uri())
        session = tab.context.new_cdp_session(tab)
        saved = session.send("Page.captureSnapshot")["data"] if form == "mhtml" else tab.content()
        browser.close()
    assert extracted(saved.encode(), tmp_path, capsys)["issue"]["provenance"]["sample"] is True
