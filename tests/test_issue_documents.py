"""Our own documents, imported: what they state is read again, and what they claim of their source is not believed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.items import Issue, Provenance
from cncert.report.cleaning import clean_issue
from cncert.report.issue import read_issue
from cncert.report.validation import validate_issue
from cncert.sources.saved_files.file_reader import FileReader, FileResult, FileToRead, PageFromFile, UnreadFile
from cncert.sources.saved_files.issue_documents import read_document
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from cncert.store import open_store
from cncert.wechat.failure_pages import read_page
from tests import series
from tests.site.crawl import project_env, run_scrapy

PROVENANCE = Provenance(source="page", via="http", fetched_at=None, address=None, sha256="0" * 64, parser="1")
WEEKS = ("2024-14", "2024-15", "2024-16")


def issue_of(week: str) -> Issue:
    """An issue as a crawl reads it."""
    article = read_page(series.page_of(week), "").article
    assert article is not None
    return validate_issue(clean_issue(read_issue(article, PROVENANCE)))


ISSUES = [issue_of(week) for week in WEEKS]


def documents(path: Path, *more: bytes) -> Path:
    lines = [issue.model_dump_json().encode() for issue in ISSUES]
    path.write_bytes(b"\n".join([*lines, *more]))
    return path


def read(path: Path) -> list[FileResult]:
    return list(FileReader().read(FileToRead(str(path))))


def issue_in(document: dict[str, Any]) -> Issue:
    saved = read_saved_page(unwrap_saved_page(json.dumps(document).encode(), datetime(2026, 1, 2, tzinfo=UTC)))
    assert saved.issue is not None, saved.reason
    return validate_issue(clean_issue(saved.issue))


def test_a_document_read_again_states_the_same(tmp_path: Path) -> None:
    found = read(documents(tmp_path / "issues.jsonl"))
    for number, (result, issue) in enumerate(zip(found, ISSUES, strict=True), 1):
        assert isinstance(result, PageFromFile)
        assert result.name.endswith(f"issues.jsonl#{number}")
        copy = result.issue
        assert copy is not None
        for name in ("id", "title", "text", "published_at", "rating", "sections", "figures", "review"):
            assert getattr(copy, name) == getattr(issue, name)
        assert [one.key for one in copy.images] == [one.key for one in issue.images if one.role == "body"]


def test_a_document_cannot_claim_to_be_a_page() -> None:
    document = ISSUES[0].model_dump(mode="json")
    document["figures"][0]["value"] = 7
    document["provenance"] |= {"source": "page", "via": "http"}
    copy = issue_in(document)
    assert (copy.provenance.source, copy.provenance.via) == ("file", "file")
    assert (copy.account.biz, copy.article.mid) == (None, None)
    assert copy.figures == ISSUES[0].figures


@pytest.mark.parametrize(
    ("stated", "expected"),
    [({"name": " 某 \n号 "}, "某 号"), ({"name": ["x"]}, None), ("x", "x"), (None, None)],
    ids=str,
)
def test_it_names_the_source_that_its_copy_stated(stated: object, expected: str | None) -> None:
    document = ISSUES[0].model_dump(mode="json")
    document["provenance"]["stated_source"] = stated
    source = issue_in(document).provenance.stated_source
    assert (source and source.name) == expected


def test_a_document_of_the_sample_stays_of_the_sample() -> None:
    document = ISSUES[0].model_dump(mode="json")
    document["provenance"]["sample"] = True
    assert issue_in(document).provenance.sample


def test_a_broken_line_is_named_and_hides_no_other(tmp_path: Path) -> None:
    path = documents(
        tmp_path / "issues.jsonl", b"", b'{"_id": "2024-17", "title": "cut', ISSUES[0].model_dump_json().encode()
    )
    *_, broken, last = read(path)
    assert isinstance(broken, UnreadFile)
    assert (broken.name.rpartition("#")[2], broken.reason) == ("5", "no document of an issue")
    assert isinstance(last, PageFromFile)
    assert last.issue is not None


@pytest.mark.parametrize(
    "line",
    [
        '{"_id": "2024-16"}',
        '{"_id": "2024-16", "title": 7, "text": "x"}',
        '{"_id": "2024-16", "title": "x", "text": null}',
        '{"issue": "2024-16", "metric": "incidents.handled", "value": 7}',
        '{"title": "x", "text": "y"}',
        '[{"_id": "2024-16"}]',
        '{"_id": "2024-16", "a": ' + "[" * 100_000,
    ],
    ids=lambda line: line[:40],
)
def test_what_is_no_document(line: str) -> None:
    assert read_document(line) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(ISSUES[0].model_dump(by_alias=True).keys() - {"_id", "title", "text"})), ANYTHING)
def test_any_value_of_a_field_is_read(name: str, value: object) -> None:
    document = ISSUES[0].model_dump(mode="json") | {name: value}
    assert issue_in(document).text == ISSUES[0].text


async def test_an_export_is_imported(tmp_path: Path) -> None:
    path = documents(tmp_path / "issues.jsonl")
    filled = project_env(None, tmp_path / "first")
    assert run_scrapy("import", str(path), env=filled).returncode == 0
    exported = run_scrapy("export", "--format", "jsonl", "--table", "issues", "--out", "-", env=filled)
    (tmp_path / "table.jsonl").write_text(exported.stdout, encoding="utf-8")
    again = project_env(None, tmp_path / "again")
    imported = run_scrapy("import", str(tmp_path / "table.jsonl"), env=again)
    assert imported.returncode == 0, imported.stderr
    async with open_store(again["CNCERT_STORE"]) as store:
        assert await store.issue_ids() == list(WEEKS)
