"""The first look at a file: it lets through whatever the reader would take for an issue, a stub or a list."""

import gzip
import html
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.report.series import SERIES
from cncert.report.title import read_title
from cncert.sources.saved_files.first_look import HEAD_BYTES, first_look, names_series
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from cncert.wechat.text import dense
from tests import series
from tests.site import pages
from tests.test_archive_import import mhtml, single_file

SAVED = Path(__file__).parent / "saved"
WEEK = "2024年第9期（2月26日-3月3日）"
REPORT = "\n\n本周网络安全基本态势\n\n本周，网络安全态势整体评价为良。\n"
OTHER = (
    "# 某厂商网络安全信息通报与动态\n\n本周报告：网络安全 信息与动态，今日周一报道。[链接](https://example.org/)\n" * 9
)
PAGE = series.page_of("2025-03")
KEPT = {path.name: path.read_bytes() for path in SAVED.iterdir() if path.suffix != ".json"}


def look(data: bytes, name: str = "a.md") -> NoIssue | None:
    return first_look(data[:HEAD_BYTES], name, is_all=len(data) <= HEAD_BYTES)


@pytest.mark.parametrize("name", KEPT)
def test_every_kind_of_copy_is_read(name: str) -> None:
    assert look(KEPT[name]) is None


@pytest.mark.parametrize(
    "data",
    [
        PAGE, mhtml(PAGE), single_file(PAGE), gzip.compress(PAGE), f"{SERIES}{WEEK}".encode("gb18030"), b"%PDF-1.7\n",
        f"{SERIES}{WEEK}".encode("utf-16"), b"WARC/1.1\r\n", b"PK\x03\x04", pages.FAILURES["deleted_zh"].page + PAGE,
        "".join(f"<p>&#{ord(character)};" for character in SERIES).encode(), f"<b>&#x{ord('网'):X};</b>".encode(),
    ],
)  # fmt: skip
def test_what_is_not_plain_text_is_read(data: bytes) -> None:
    assert look(data) is None


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (OTHER.encode(), NoIssue.OTHER_TEXT),
        (b"", NoIssue.OTHER_TEXT),
        (b"<html><title>\xe7\xbd\x91</title>", NoIssue.OTHER_TEXT),
        (OTHER.encode() + "报".encode()[:2], None),  # cut within a character, and nothing follows
        (b"\x89PNG\r\n\x1a\n" + bytes(99), NoIssue.OTHER_KIND),
        (b"SQLite format 3\0", NoIssue.OTHER_KIND),
    ],
)
def test_what_is_something_else_is_not(data: bytes, found: NoIssue | None) -> None:
    assert look(data) is found


def test_a_character_that_the_end_of_the_head_cuts() -> None:
    head = ("字" * HEAD_BYTES).encode()[:HEAD_BYTES]
    assert first_look(head, "a.md", is_all=False) is NoIssue.OTHER_TEXT
    assert first_look(head, "a.md", is_all=True) is None


def test_the_name_of_the_file_counts() -> None:
    assert look(OTHER.encode(), f"{SERIES}{WEEK}.md") is None


def test_other_forms_of_characters_are_those_of_unicode() -> None:
    """All code points that stand for a character of the name alone, and all that are dropped."""
    for code in range(128, sys.maxunicode + 1):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        form = dense(character)
        if form == "":
            assert names_series(SERIES.replace("信", f"信{character}")), hex(code)
        elif form in SERIES:
            assert names_series(SERIES.replace(form, character)), hex(code)


BETWEEN = st.sampled_from(["", "", "", " ", "\u3000", "\u200b", "\xa0", "**", "~~", "\\*", "\ufeff", "\t", "\xad"])


@settings(max_examples=300)
@given(st.data())
def test_a_title_that_is_read_is_seen(data: st.DataObject) -> None:
    """Of a copy in Markdown or HTML, whatever stands between the characters, and with one missing or some twice."""
    missing = data.draw(st.integers(-1, len(SERIES) - 1))
    characters = [character * data.draw(st.sampled_from([1, 1, 1, 2])) for character in SERIES]
    if missing >= 0:
        del characters[missing]
    is_html = data.draw(st.booleans())
    gaps = st.sampled_from(["", "<b>", "</b>", "&nbsp;", "&#8203;", '<i title="中文">']) if is_html else BETWEEN
    title = "".join(character + data.draw(gaps) for character in characters) + WEEK
    if is_html:
        text = f"<html><body><h1>{title}</h1><p>{html.escape(REPORT)}</p></body></html>"
    else:
        text = f"# {title}{REPORT}"
    found = read_saved_page(unwrap_saved_page(text.encode(), datetime(2026, 1, 1, tzinfo=UTC)))
    if found.issue is not None or read_title(title) is not None:
        assert look(text.encode()) is None
