"""The way through the store: once, however many formats there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from cncert.items import CHINA
from cncert.ledger import calendar_gaps
from cncert.output.export.atom_format import Atom
from cncert.output.export.base_format import Format, Plan
from cncert.output.export.column_types import Table
from cncert.output.export.csv_format import Csv
from cncert.output.export.datapackage_format import Datapackage
from cncert.output.export.jsonl_format import Jsonl
from cncert.output.export.markdown_format import Markdown
from cncert.output.export.parquet_format import Parquet
from cncert.output.export.xlsx_format import Xlsx
from cncert.report.calendar import parse_week, period
from cncert.store import Store
from cncert.store.records import LedgerRow

FORMATS: Final[dict[str, type[Format]]] = {
    "jsonl": Jsonl,
    "csv": Csv,
    "parquet": Parquet,
    "xlsx": Xlsx,
    "datapackage": Datapackage,
    "markdown": Markdown,
    "atom": Atom,
}


async def export(store: Store, plan: Plan, formats: Sequence[Format], step: Callable[[], object]) -> Counter[str]:
    """Give *formats* what *plan* wants of *store*; the number of rows of each table, and of issues as ``issue``.

    *step* is called after each issue. Raises ExportError and OSError as the formats do, StoreError as the store does.
    """
    counts: Counter[str] = Counter()
    selection, tables = plan.selection, plan.tables
    rows = await store.rows()
    ids = await store.issue_ids()
    weeks = calendar_gaps.weeks(rows, ids, first=selection.first, last=selection.last, today=_today(rows, ids))
    for table in tables:
        _add(formats, table, table.of_weeks(weeks), counts)
    async for issue in store.issues(selection.first, selection.last):
        for table in tables:
            _add(formats, table, table.of_issue(issue), counts)
        narrowed = selection.narrowed(issue)
        for one in formats:
            one.add_issue(narrowed)
        counts["issue"] += 1
        step()
    for one in formats:
        one.finish()
    return counts


def _add(formats: Sequence[Format], table: Table, records: Iterable[object], counts: Counter[str]) -> None:
    rows = table.rows(records)
    counts[table.name] += len(rows)
    for one in formats:
        if one.has_tables:
            one.add_rows(table, rows)


def _today(rows: Sequence[LedgerRow], ids: Sequence[str]) -> date:
    """The day on which the store was last written to, as far as it says: the clock is not to change an export."""
    days = [row.updated_at.astimezone(CHINA).date() for row in rows]
    days += [period(*parse_week(issue)).end + timedelta(days=1) for issue in ids[-1:]]
    return max(days, default=date.min)
