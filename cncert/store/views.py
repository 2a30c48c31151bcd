"""The views of a store: tables for people and programs that read it without knowing its documents.

Both backends make them of this list; their columns are those of the exported tables (``output/export/``), which a test
compares with them. They show what is stored: what is computed where it is shown, such as warnings that rest on other
weeks, stands in no view.
"""

from typing import Final, Literal, NamedTuple

from cncert.report.series import CNCERT_BIZ
from cncert.store.endings import State

Form = Literal["plain", "number", "word", "list", "place", "label", "bound"]
"""``number`` and ``word``: the value if it is one, else null; ``list``: its items with blanks between; ``place``: the
item's place from 1; ``label``: the metric in Chinese; ``bound``: when a copy was published, where no more is known."""


class ViewColumn(NamedTuple):
    """A column of a view, and where its value stands: in the document (``issue.rating``) or in an item of its array."""

    name: str
    path: str
    form: Form = "plain"


class View(NamedTuple):
    """A view of issues: a row for each, or for each item of an *array* of theirs."""

    name: str
    array: str | None
    columns: tuple[ViewColumn, ...]


def _columns(place: str, *names: str) -> tuple[ViewColumn, ...]:
    """Return columns of fields in *place*; ``account=name``: the column ``account`` has the field ``name``."""
    pairs = [name.split("=") for name in names]
    return tuple(ViewColumn(pair[0], f"{place}.{pair[-1]}") for pair in pairs)


_ISSUE: Final = _columns("issue", "issue=_id", "sample=provenance.sample")
_WEEK: Final = (*_ISSUE, *_columns("issue", "week_start=period.start", "week_end=period.end"))
_PLACE: Final = ViewColumn("place", "", "place")

FIGURES: Final = View("figures", "figures", (
    *_WEEK, _PLACE,
    *_columns("item", "metric"),
    ViewColumn("label", "item.metric", "label"),
    ViewColumn("value", "item.value", "number"),
    ViewColumn("word", "item.value", "word"),
    *_columns("item", "unit", "qualifier", "change", "change_pct", "share_pct", "source", "confidence"),
    *_columns("item", "words_confidence", "pairing_confidence", "picture"),
    ViewColumn("box", "item.box", "list"),
    *_columns("item", "checked=checked.verdict", "section", "evidence", "text_start=start", "text_end=end", "edition"),
))  # fmt: skip
ISSUE_LIST: Final = View("issue_list", None, (
    *_WEEK,
    *_columns("issue", "year", "number", "title", "published_at", "published_on"),
    ViewColumn("published_by", "issue.provenance", "bound"),
    *_columns("issue", "rating", "printed_start=printed_period.start", "printed_end=printed_period.end"),
    *_columns("issue", "account=account.name", "url=article.url", "mid=article.mid", "idx=article.idx"),
    *_columns("issue", "original=article.original", "modified_at=article.modified_at"),
    *_columns("issue", "fetched_at=provenance.fetched_at", "read_from=provenance.source", "via=provenance.via"),
    *_columns("issue", "reprinted_by=provenance.reprint.account", "stated_source=provenance.stated_source.name"),
    *_columns("issue", "sha256=provenance.sha256", "parser=provenance.parser", "text"),
))  # fmt: skip
PICTURE_LIST: Final = View("picture_list", "images", (
    *_WEEK, _PLACE, *_columns("item", "role", "key", "url", "width", "height", "path", "checksum", "status"),
))  # fmt: skip
WARNING_LIST: Final = View("warning_list", "warnings", (*_WEEK, _PLACE, *_columns("item", "code", "message")))
EDITION_LIST: Final = View("edition_list", "editions", (
    *_ISSUE,
    *_columns("item", "id", "source", "via", "address", "account", "first_seen", "last_seen"),
    *_columns("item", "published_at", "published_on", "chosen"),
))  # fmt: skip

VIEWS: Final = (ISSUE_LIST, FIGURES, PICTURE_LIST, WARNING_LIST, EDITION_LIST)
"""Those that are made of this list alone; ``figures_wide`` and ``weeks`` each backend writes down itself."""
WIDE: Final = "figures_wide"
WEEKS: Final = "weeks"
WEEK_COLUMNS: Final = ("week_start", "week_end", "state", "source", "reason", "attempts", "next_try")
"""Columns of ``weeks`` behind the issue and whether it is of the sample."""

STATE_ORDER: Final = (State.BLOCKED, State.UNAVAILABLE, State.KNOWN, State.GONE, State.REJECTED, State.STORED)
"""Of several articles that claim a week, the first of these states is the state of the week."""
OWN_ARTICLE: Final = f"{CNCERT_BIZ}-"
"""How the ids of ledger rows of CNCERT's own articles begin."""
NEVER_NAMED: Final = "no list, no index names it"
WAS_REMOVED: Final = "its document was removed"
NO_ADDRESS: Final = "no address is known"
FIRST_YEAR, LAST_YEAR = 2009, 2100
"""Between which years an issue can be: a document of somebody else does not stretch the calendar."""

EXPORTED_AS: Final = {
    ISSUE_LIST.name: "issues",
    FIGURES.name: "figures",
    WIDE: "wide",
    WEEKS: "gaps",
    PICTURE_LIST.name: "pictures",
    WARNING_LIST.name: "warnings",
    EDITION_LIST.name: "editions",
}
"""By view the exported table whose columns it has; ``weeks`` has some of them."""
