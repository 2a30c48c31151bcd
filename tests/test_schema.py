"""The JSON Schema and docs/data.md say what the model says."""

import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from cncert.items import Issue
from cncert.report.issue_warnings import WARNING_CODES
from cncert.report.metrics import metrics
from tests.factories import make_figure, make_issue
from tests.site.crawl import run_scrapy
from tools import write_docs

SCHEMA = write_docs.issue_schema()
RANKING = {
    "metric": "hosts.infected", "by": "province", "items": [{"name": "广东省", "value": 12000, "share_pct": None}],
    "section": None, "evidence": "广东省约1.2万个", "start": 3, "end": 7,
}  # fmt: skip
COMPLETE = make_issue(
    figures=[
        make_figure("hosts.infected", 278000, qualifier="约", change=-3, start=0, end=5,
                    parts=[{"name": "境外注册", "share_pct": 30.5}]),
        make_figure("vulnerabilities.rating", "中"),
    ],
    rankings=[RANKING],
)  # fmt: skip


def validator() -> Draft202012Validator:
    """What a user's program would make of the file in the package."""
    schema = json.loads(files("cncert").joinpath("data/schema/issue.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of every model."""
    for name, model in {"Issue": SCHEMA, **SCHEMA["$defs"]}.items():
        for field, node in model["properties"].items():
            yield f"{name}.{field}", node


def test_the_files_are_what_the_model_gives() -> None:
    """After a change of the model or of metric_labels.toml: make docs."""
    assert write_docs.SCHEMA.read_text(encoding="utf-8") == write_docs.schema_text()
    page = write_docs.PAGE.read_text(encoding="utf-8")
    assert page == write_docs.filled(page)


def test_the_command_prints_the_schema(tmp_path: Path) -> None:
    result = run_scrapy("schema", env={"CNCERT_STORE": f"sqlite:///{tmp_path}/x.db"})
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == SCHEMA
    assert not (tmp_path / "x.db").exists()
    wrong = run_scrapy("schema", "x")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "cncert: schema takes no argument 'x'\n"


@pytest.mark.parametrize(("name", "node"), [*fields()], ids=lambda value: value if isinstance(value, str) else "")
def test_a_field_is_described_with_examples_that_hold(name: str, node: dict[str, Any]) -> None:
    assert node["description"].endswith("."), name
    assert "examples" in node or "$ref" in json.dumps(node), name  # another model has its own
    for example in node.get("examples", ()):
        Draft202012Validator(node, format_checker=FormatChecker()).validate(example)


@pytest.mark.parametrize("issue", [COMPLETE, make_issue(published_at=None, rating=None), make_issue(2012, 52)], ids=str)
def test_a_document_is_valid(issue: Issue) -> None:
    validator().validate(json.loads(issue.model_dump_json()))


def test_only_a_field_that_was_added_may_be_missing() -> None:
    """Documents of this version were written before it was there."""
    document = json.loads(COMPLETE.model_dump_json())
    added = {"schema_version", "series", "rankings", "editions", "documents", "published_on"}
    validator().validate({key: value for key, value in document.items() if key not in added})
    for name in document.keys() - added:
        with pytest.raises(ValidationError, match=f"'{name}' is a required property"):
            validator().validate({key: value for key, value in document.items() if key != name})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda issue: issue.update(extra=1), "'extra' was unexpected"),
        (lambda issue: issue.update(_id="2025-3"), "does not match"),
        (lambda issue: issue.update(schema_version=1), "2 was expected"),
        (lambda issue: issue.update(rating="很好"), "not valid under any"),
        (lambda issue: issue.update(published_at=20250123), "not valid under any"),
        (lambda issue: issue["figures"][0].update(value="5"), "not valid under any"),
        (lambda issue: issue["figures"][0].update(value=-5), "not valid under any"),
        (lambda issue: issue["figures"][0].update(metric="Hosts"), "does not match"),
        (lambda issue: issue["figures"][0]["parts"][0].update(share_pct=101), "greater than the maximum"),
        (lambda issue: issue["rankings"][0].update(items=[]), "should be non-empty"),
        (lambda issue: issue["rankings"][0].update(by="colour"), "is not one of"),
        (lambda issue: issue["images"][0].update(status="lost"), "is not one of"),
        (lambda issue: issue["provenance"].update(sha256="x"), "does not match"),
        (lambda issue: issue["period"].update(start="13.1.2025"), "is not a 'date'"),
    ],
)
def test_a_broken_document_is_refused(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    document = json.loads(COMPLETE.model_dump_json())
    spoil(document)
    with pytest.raises(ValidationError, match=said):
        validator().validate(document)


def test_a_table_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="fields of Nobody"):
        write_docs.filled("<!-- generated: fields of Nobody -->\n<!-- end -->")


def test_the_page_has_every_model_metric_and_warning() -> None:
    page = write_docs.PAGE.read_text(encoding="utf-8")
    tables = re.findall(r"<!-- generated: fields of (\w+) -->", page)
    assert sorted(tables) == sorted(["Issue", *SCHEMA["$defs"]])
    assert all(f"| `{metric.name}` |" in page for metric in metrics())
    assert all(f"| `{code}` |" in page for code in WARNING_CODES)
