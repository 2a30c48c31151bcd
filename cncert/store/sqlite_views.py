"""The views of a store in SQLite: read with plain SQL, by sqlite3, Datasette, pandas and others.

A document may be anything: each is looked at before a JSON function gets it, because one that is no JSON would end
every query. DuckDB parses a view's SQL, and writes it anew for SQLite: what does not come through (GLOB as an operator,
UNION, so recursion too) is not used here.
"""

import sqlite3
from typing import Final

from cncert.report.metrics import metrics
from cncert.store.endings import Ending, State
from cncert.store.views import (
    FIRST_YEAR,
    LAST_YEAR,
    NEVER_NAMED,
    NO_ADDRESS,
    OWN_ARTICLE,
    STATE_ORDER,
    VIEWS,
    WAS_REMOVED,
    WEEKS,
    WIDE,
    View,
    ViewColumn,
)

MARK: Final = "-- made by cncert, which makes it anew where it differs"
"""In the SQL of a view: one of the same name without it is somebody else's, and stays."""
_WEEK: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]"
_IS_WEEK: Final = f"glob('{_WEEK}', {{0}}) AND {{0}} BETWEEN '{FIRST_YEAR}-01' AND '{LAST_YEAR}-53'"
_DAY: Final = "strftime('%Y-%m-%d', {})"
"""A day, as ``date()`` returns it; DuckDB has a word of that name."""
_LABELS: Final = " ".join(f"WHEN '{metric.name}' THEN '{metric.zh}'" for metric in metrics())


def _documents(table: str) -> str:
    """Return SQL for the documents of *table* that are JSON objects."""
    is_object = "iif(json_valid(document), json_type(document) = 'object', FALSE)"
    return f"(SELECT id, iif(json_valid(document), document, '{{}}') AS document FROM {table} WHERE {is_object})"


def _cell(column: ViewColumn) -> str:
    """Return SQL for a cell of *column*: ``i`` is the issue, ``p`` the item of its array."""
    place, _, path = column.path.partition(".")
    source = "p.value" if place == "item" else "i.document"
    value = f"json_extract({source}, '$.{path}')"
    match column.form:
        case "number":
            return f"iif(json_type({source}, '$.{path}') = 'text', NULL, {value})"
        case "word":
            return f"iif(json_type({source}, '$.{path}') = 'text', {value}, NULL)"
        case "list":
            return f"(SELECT group_concat(value, ' ') FROM json_each({source}, '$.{path}'))"
        case "place":
            return "p.key + 1"
        case "label":
            return f"CASE {value} {_LABELS} END"
        case "bound":
            own, *copied = (
                f"coalesce(substr(json_extract(i.document, '$.{at}published_at'), 1, 10),"
                f" json_extract(i.document, '$.{at}published_on'))"
                for at in ("", f"{path}.reprint.", f"{path}.stated_source.")
            )
            return f"iif({own} IS NULL, coalesce({', '.join(copied)}), NULL)"
    return "i.id" if column.path == "issue._id" else value


def _select(view: View) -> str:
    cells = ",\n    ".join(f'{_cell(column)} AS "{column.name}"' for column in view.columns)
    items = f", json_each(i.document, '$.{view.array}') AS p WHERE p.type = 'object'" if view.array else ""
    order = "i.id, p.key" if view.array else "i.id"
    return f"SELECT\n    {cells}\nFROM {_documents('issues')} AS i{items}\nORDER BY {order}"


def _wide() -> str:
    """Return SQL for the figure of each metric that counts (``report/preferred_figures.py``), in a column for each."""
    order = "coalesce(source, '') <> 'text', confidence DESC, place"
    cells = "".join(
        f",\n    max(f.value) FILTER (WHERE f.metric = '{one.name}' AND f.is_word = {int(not one.unit)})"
        f' AS "{one.name}"'
        for one in metrics()
    )
    return f"""SELECT i.issue, i.sample, i.week_start, i.week_end, i.rating{cells}
FROM issue_list AS i LEFT JOIN (
    SELECT issue, metric, coalesce(value, word) AS value, word IS NOT NULL AS is_word,
        row_number() OVER (PARTITION BY issue, metric, word IS NOT NULL ORDER BY {order}) AS number
    FROM figures
) AS f ON f.issue = i.issue AND f.number = 1
GROUP BY i.issue, i.sample, i.week_start, i.week_end, i.rating"""


def _weeks() -> str:
    """Return SQL for the weeks from the first to the last that the store knows, each with what became of its issue.

    It is the rule of ``ledger/calendar_gaps.py`` without what that knows beside the store: the bundled index, and the
    day on which an issue is due.
    """
    order = " ".join(f"WHEN '{state.value}' THEN {place}" for place, state in enumerate(STATE_ORDER))
    sample = f"coalesce((SELECT json_extract(document, '$.sample') FROM {_documents('meta')} WHERE id = 'content'), 0)"
    is_reprint = f"(glob('[0-9]*-*', id) AND NOT glob('{OWN_ARTICLE}*', id) OR original IS NOT NULL)"
    sources = "json_each(iif(a.type = 'object', a.value, '{}'), '$.sources')"
    days = "'+' || (7 * substr(issue, 6, 2) - 7) || ' days'"
    sunday = _DAY.format(f"substr(issue, 1, 4) || '-01-01', 'weekday 0', {days}")
    has_ended = "sunday < " + _DAY.format("'now', '+8 hours'")
    later = _DAY.format("first, '+' || (7 * week.key) || ' days'")
    monday = _DAY.format("n.sunday, '-6 days'")
    count = "(julianday(last) - julianday(first)) / 7"
    fields = ", ".join(f"json_extract(d.document, '$.{name}') AS {name}" for name in
                       ("issue", "state", "ending", "reason", "next_try", "original"))  # fmt: skip
    return f"""WITH
articles AS (
    SELECT d.id, {fields},
        (SELECT total(json_extract(iif(type = 'object', value, '{{}}'), '$.tries'))
            FROM json_each(d.document, '$.addresses')) AS tries,
        (SELECT sum(coalesce(json_extract(iif(type = 'object', value, '{{}}'), '$.form'), '') <> 'capture')
            FROM json_each(d.document, '$.addresses')) > 0 AS has_address,
        EXISTS (SELECT 1 FROM json_each(d.document, '$.addresses') AS a, {sources} AS s
            WHERE s.value = 'index') AS is_indexed,
        EXISTS (SELECT 1 FROM json_each(d.document, '$.addresses') AS a, {sources} AS s
            WHERE NOT glob('{_WEEK}', s.value)) AS is_named
    FROM {_documents("ledger")} AS d
),
claims AS (
    SELECT *, {sunday} AS sunday,
        state <> '{State.KNOWN.value}' AND coalesce(ending, '') <> '{Ending.NOT_ARCHIVED.value}'
            OR has_address AND NOT {is_reprint} AS is_telling,
        has_address AND (state NOT IN ('{State.GONE.value}', '{State.REJECTED.value}')
            OR coalesce(ending, '') = '{Ending.REPRINT.value}') AS may_be_asked
    FROM articles
    WHERE {_IS_WEEK.format("issue")} AND NOT ({sample} AND {is_reprint} AND state <> '{State.STORED.value}')
),
ranked AS (
    SELECT *, sum(tries) OVER (PARTITION BY issue) AS attempts, max(may_be_asked) OVER (PARTITION BY issue) AS has_any,
        row_number() OVER (PARTITION BY issue ORDER BY is_telling DESC, CASE state {order} END, id) AS number
    FROM claims
),
stored AS (
    SELECT issue, source, {sunday} AS sunday FROM (
        SELECT id AS issue, json_extract(document, '$.provenance.source') AS source FROM {_documents("issues")}
        WHERE {_IS_WEEK.format("id")}
    )
),
bounds AS (
    SELECT min(coalesce(s.first, c.first), coalesce(c.first, s.first)) AS first,
        max(coalesce(s.last, c.last), coalesce(c.last, s.last)) AS last
    FROM (SELECT min(sunday) AS first, max(sunday) AS last FROM stored WHERE {has_ended}) AS s,
        (SELECT min(iif(is_indexed, sunday, NULL)) AS first, max(sunday) AS last
            FROM claims WHERE is_named AND {has_ended}) AS c
),
calendar AS (
    SELECT {later} AS sunday
    FROM bounds, json_each('[0' || replace(hex(zeroblob({count})), '00', ',0') || ']') AS week WHERE first IS NOT NULL
),
named AS (
    SELECT printf('%s-%02d', substr(sunday, 1, 4), (strftime('%j', sunday) - 1) / 7 + 1) AS issue, sunday FROM calendar
)
SELECT n.issue AS issue, {sample} AS sample,
    {monday} AS week_start, n.sunday AS week_end,
    CASE WHEN s.issue IS NOT NULL THEN 'stored' WHEN r.state = 'stored' THEN 'known'
        ELSE coalesce(r.state, 'never named') END AS state,
    s.source AS source,
    CASE WHEN s.issue IS NOT NULL THEN NULL WHEN r.issue IS NULL THEN '{NEVER_NAMED}'
        WHEN r.state = 'stored' THEN '{WAS_REMOVED}'
        ELSE coalesce(r.reason, iif(r.has_any, NULL, '{NO_ADDRESS}')) END AS reason,
    CAST(coalesce(r.attempts, 0) AS INTEGER) AS attempts,
    iif(s.issue IS NULL, r.next_try, NULL) AS next_try
FROM named AS n
LEFT JOIN stored AS s ON s.issue = n.issue
LEFT JOIN ranked AS r ON r.issue = n.issue AND r.number = 1
ORDER BY n.issue"""


def _created(name: str, select: str) -> str:
    return f"CREATE VIEW {name} AS {MARK}\n{select}"


STATEMENTS: Final = {
    name: _created(name, select)
    for name, select in {**{view.name: _select(view) for view in VIEWS}, WIDE: _wide(), WEEKS: _weeks()}.items()
}
"""By name of the view, as SQLite keeps it."""


def outdated_views(db: sqlite3.Connection) -> list[str]:
    """Return the names of the views that are not there, or are there as another version of cncert made them.

    A table, or a view that somebody else made, keeps the name.
    """
    there = {name: sql or "" for name, sql in db.execute("SELECT name, sql FROM sqlite_master")}
    return [
        name for name, sql in STATEMENTS.items()
        if there.get(name, "") != sql and (name not in there or MARK in there[name])
    ]  # fmt: skip


def make_views(db: sqlite3.Connection) -> None:
    """Make the views that are outdated; to be called in a writing transaction."""
    for name in outdated_views(db):
        db.execute(f"DROP VIEW IF EXISTS {name}")
        db.execute(STATEMENTS[name])
