"""The sample series: its pages carry a mark, and all that is made from them says that it is a sample."""

import asyncio
import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import openpyxl
import pytest
from lxml import html
from playwright.sync_api import sync_playwright
from warcio.archiveiterator import ArchiveIterator

from cncert.commands.export import ExportCommand
from cncert.commands.extract import ExtractCommand
from cncert.commands.gaps import GapsCommand
from cncert.commands.project_command import ProjectCommand
from cncert.commands.report import ReportCommand
from cncert.commands.status import StatusCommand
from cncert.commands.warnings import WarningsCommand
from cncert.editions.take_issue import take
from cncert.exceptions import StoreError
from cncert.items import Issue
from cncert.output.export.tables_and_columns import ExportScope, tables
from cncert.store import open_store
from cncert.wechat.sample_mark import SAMPLE_MARK, is_sample_page
from tests import series
from tests.calls import call
from tests.factories import make_figure, make_issue
from tests.site import pages
from tests.site.crawl import ROOT, run_scrapy
from tests.stores import put_document, take_in
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


async def test_the_reprints_of_the_sample_say_that_they_are_of_it(tmp_path: Path) -> None:
    assert run_scrapy("demo", tmp_path / "demo").returncode == 0
    async with open_store(f"sqlite:///{tmp_path}/demo/cncert.db") as store:
        issues = [issue async for issue in store.issues() if issue.provenance.reprint is not None]
    assert {issue.id: issue.provenance.source for issue in issues} == {"2024-48": "reprint_card", "2024-52": "reprint"}
    for issue in issues:
        assert issue.provenance.sample
        assert issue.provenance.reprint is not None
        assert "示例数据" in str(issue.provenance.reprint.account)
        assert len(issue.figures) == 5
        assert "小说阅读器" not in issue.text


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


def as_markdown(page: bytes) -> bytes:
    """As ``scrapy export`` writes it."""
    front = f"---\ntitle: x\n{SAMPLE_MARK}: true\n---\n" if MARK.encode() in page else f"{SAMPLE_MARK}: true\n"
    return f"{front}# {series.title_of('2025-03')}\n\n{REPORT}\n".encode()


REPORT = "本周网络安全基本态势\n\n本周，互联网网络安全态势整体评价为良。"
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "page": bytes,
    "mhtml": as_mhtml,
    "warc": as_warc,
    "copy": without_article,
    "markdown": as_markdown,
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


@pytest.mark.parametrize("sample", [True, False])
async def test_a_store_is_a_sample_from_its_first_issue_on(uri: str, sample: bool) -> None:
    async with open_store(uri) as store:
        assert await store.is_sample() is False
        await take(store, read_issue_of(2, sample=sample), "page")
        assert await store.is_sample() is sample
    async with open_store(uri) as store:
        for found_in in ("page", "feed", "file"):
            with pytest.raises(StoreError, match="is not put into it"):
                await take(store, read_issue_of(3, sample=not sample), found_in)
        assert await store.is_sample() is sample
        assert await store.issue_ids() == ["2025-02"]
        assert [edition.issue.id async for edition in store.editions()] == ["2025-02"]


def read_issue_of(number: int, *, sample: bool) -> Issue:
    return make_issue(2025, number, figures=[], provenance={"sample": sample})


# What is made from it


@dataclass(frozen=True)
class Output:
    """A way out of the store: what to call, and what of it says that the store is a sample."""

    command: Callable[[], ProjectCommand]
    args: tuple[str, ...]
    said: Callable[[Path, str], Iterable[object]]
    """Of the directory of its files, and of what it printed on stderr: something true for everything that one may meet
    alone."""


def line_on_stderr(_: Path, stderr: str) -> list[bool]:
    return ["holds sample data" in stderr]


def report_page(place: Path, _: str) -> list[bool]:
    page = html.document_fromstring((place / "out").read_text(encoding="utf-8"))
    text = " ".join(page.xpath("string(//aside[@class='sample'])").split())
    return ["示例数据" in text and "Sample data" in text, "Sample" in page.xpath("string(//title)")]


def column(read: Callable[[Path, str], list[dict[str, Any]]]) -> Callable[[Path, str], list[object]]:
    """The column ``sample`` of every table."""

    def said(place: Path, _: str) -> list[object]:
        rows = {name: read(place / "out", name) for name in TABLES}
        assert all(rows.values())
        return [row["sample"] in (True, "true") for table in rows.values() for row in table]

    return said


def read_csv(out: Path, table: str) -> list[dict[str, Any]]:
    with (out / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_jsonl(out: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()]


def read_parquet(out: Path, table: str) -> list[dict[str, Any]]:
    return duckdb.sql(f"FROM '{out}/{table}.parquet'").to_arrow_table().to_pylist()


def read_xlsx(out: Path, table: str) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(out / "cncert.xlsx", read_only=True)
    names, _, *rows = book[table].iter_rows(values_only=True)
    book.close()
    return [dict(zip(names, row, strict=True)) for row in rows]


def package(place: Path, _: str) -> list[bool]:
    described = json.loads((place / "out" / "datapackage.json").read_text(encoding="utf-8"))
    return ["sample" in described[name].lower() for name in ("name", "title", "description")]


def markdown(place: Path, _: str) -> list[bool]:
    texts = [path.read_text(encoding="utf-8") for path in (place / "out" / "markdown").iterdir()]
    assert len(texts) == 2
    words = ("Sample data", "示例数据", f"---\n{SAMPLE_MARK}: true\n---\n")
    assert {len({word in text for word in words}) for text in texts} == {1}
    return [words[0] in text for text in texts]


def feed(place: Path, _: str) -> list[bool]:
    read = feedparser.parse(place / "out" / "cncert.atom")
    assert len(read.entries) == 2
    return ["Sample" in one.title and "示例数据" in one.title for one in (read.feed, *read.entries)]


def export(formats: str, said: Callable[[Path, str], Iterable[object]]) -> Output:
    return Output(ExportCommand, ("--format", formats), said)


OUTPUTS = {
    "gaps": Output(GapsCommand, (), line_on_stderr),
    "gaps as JSON": Output(GapsCommand, ("--json",), line_on_stderr),
    "status": Output(StatusCommand, (), line_on_stderr),
    "warnings": Output(WarningsCommand, (), line_on_stderr),
    "report": Output(ReportCommand, (), report_page),
    "csv": export("csv", column(read_csv)),
    "jsonl": export("jsonl", column(read_jsonl)),
    "parquet": export("parquet", column(read_parquet)),
    "xlsx": export("xlsx", column(read_xlsx)),
    "package": export("datapackage", package),
    "tables of the package": export("datapackage", column(read_csv)),
    "markdown": export("markdown", markdown),
    "feed": export("atom", feed),
}


@pytest.mark.parametrize("sample", [True, False])
@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_says_whether_it_is_of_the_sample(
    name: str, sample: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = f"sqlite:///{tmp_path}/cncert.db"
    ranking = {"metric": "hosts.infected", "by": "province", "section": None, "evidence": "广东", "start": 0, "end": 2}
    rankings = [{**ranking, "items": [{"name": "广东省", "value": 1, "share_pct": None}]}]
    figure = make_figure("hosts.infected", 5, parts=[{"name": "境外", "share_pct": 30.5}])

    async def fill() -> None:
        async with open_store(uri) as store:
            document = {"url": None, "path": None, "checksum": "1" * 64}
            changes = {"rankings": rankings, "figures": [figure], "provenance": {"sample": sample}}
            changes |= {"documents": [document]}
            await take_in(store, make_issue(2025, 2, **changes))
            await take_in(store, read_issue_of(3, sample=sample))

    asyncio.run(fill())
    output = OUTPUTS[name]
    given = {"CNCERT_STORE": uri, "CNCERT_FILES": str(tmp_path / "pictures")}
    args = ("--out", str(tmp_path / "out")) if output.command in (ExportCommand, ReportCommand) else ()
    call(output.command(), *output.args, *args, **given)
    said = set(output.said(tmp_path, capsys.readouterr().err))
    assert said == {sample}


def test_an_entry_of_the_sample_never_has_the_id_of_a_real_one(tmp_path: Path) -> None:
    ids = []
    for sample in (True, False):
        uri = f"sqlite:///{tmp_path}/{sample}.db"

        async def fill(uri: str = uri, sample: bool = sample) -> None:
            async with open_store(uri) as store:
                await put_document(store, make_issue(provenance={"sample": sample}))

        asyncio.run(fill())
        file = tmp_path / f"{sample}.atom"
        assert call(ExportCommand(), "--out", str(file), CNCERT_STORE=uri) == 0
        read = feedparser.parse(file)
        ids += [read.feed.id, read.entries[0].id]
    assert len(set(ids)) == 4
