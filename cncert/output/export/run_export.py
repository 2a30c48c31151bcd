"""Reading the store for an export: once, however many formats there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from cncert.items import CHINA
from cncert.ledger import calendar_gaps
from cncert.output.export.base_format import ExportOptions, Format
from cncert.output.export.base_table import SAMPLE, Table
from cncert.quality.all_warnings import issues_with_warnings
from cncert.report.calendar import parse_week, period
from cncert.store import Store
from cncert.store.ledger_rows import LedgerRow


async def run_export(
    store: Store, options: ExportOptions, formats: Sequence[Format], step: Callable[[], object]
) -> Counter[str]:
    """Give *formats* what *options* ask of *store*; return the number of rows by table, and of issues as ``issue``.

    *step* is called after each issue. Raises ExportError and OSError as the formats do, StoreError as the store does.
    """
    counts: Counter[str] = Counter()
    scope, tables = options.scope, options.tables
    rows = await store.rows()
    sources = await store.issue_sources()
    weeks = calendar_gaps.weeks(
        rows,
        sources,
        first=scope.first,
        last=scope.last,
        today=_today(rows, list(sources)),
        reprints=not options.is_sample,
    )
    for table in tables:
        _add(formats, table, table.of_weeks(weeks), options.is_sample, counts)
    async for stored, warnings in issues_with_warnings(store, scope.first, scope.last):
        issue = stored.model_copy(update={"warnings": warnings})
        for table in tables:
            _add(formats, table, table.of_issue(issue), options.is_sample, counts)
        exported = scope.apply(issue)
        for one in formats:
            one.add_issue(exported)
        counts["issue"] += 1
        step()
    for one in formats:
        one.finish()
    return counts


def _add(
    formats: Sequence[Format], table: Table, records: Iterable[object], is_sample: bool, counts: Counter[str]
) -> None:
    columns = table.columns
    rows = [tuple(is_sample if column is SAMPLE else column.cell(record) for column in columns) for record in records]
    counts[table.name] += len(rows)
    for one in formats:
        if one.has_tables:
            one.add_rows(table, rows)


def _today(rows: Sequence[LedgerRow], ids: Sequence[str]) -> date:
    """The day on which the store was last written to, as far as it says: the clock is not to change an export."""
    days = [row.updated_at.astimezone(CHINA).date() for row in rows]
    days += [period(*parse_week(issue)).end + timedelta(days=1) for issue in ids[-1:]]
    return max(days, default=date.min)
