"""The lines that people read of a record, and the JSON form of records with these lines."""

from collections.abc import Iterator
from typing import Any

from cncert.monitoring.alert_words import text_and_advice
from cncert.monitoring.exit_status import failure_lines
from cncert.monitoring.feed_looks import missed_lines
from cncert.monitoring.issue_notes import note_lines
from cncert.store.run_records import Alert, RunRecord


def source_lines(record: RunRecord) -> Iterator[str]:
    """Yield a line for each feed, album or web archive that could not be read, or not to its end."""
    for source in record.sources:
        yield f"{source.kind} {source.name}: {source.detail}"


def all_lines(record: RunRecord, language: str = "en") -> list[str]:
    """Return all lines in *language* for a person, those that make the run unclean first."""
    sources = (*source_lines(record), *missed_lines(record))
    return [*failure_lines(record, language), *note_lines(record.notes, language), *record.former_lines, *sources]


def run_document(record: RunRecord) -> dict[str, Any]:
    """Return *record* in JSON form, with its lines (``warnings``: why the run is not clean) and those of its alerts."""
    document = record.model_dump(mode="json")
    document |= {"warnings": list(failure_lines(record)), "remarks": all_lines(record)}
    if record.alerts is not None:
        document["alerts"] = list(map(alert_document, record.alerts))
    return document


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return *alert* in JSON form, with its sentences in both languages."""
    (text, advice), (text_zh, advice_zh) = text_and_advice(alert, "en"), text_and_advice(alert, "zh")
    words = {"text": text, "advice": advice, "text_zh": text_zh, "advice_zh": advice_zh}
    return alert.model_dump(mode="json") | words
