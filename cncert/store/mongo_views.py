"""The views of a store in MongoDB, with the rows and columns of those in SQLite; moments are dates."""

from typing import Any, Final

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

Stage = dict[str, Any]
Expression = Any

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_WEEK: Final = {"$type": "string", "$regex": r"^\d{4}-\d\d$", "$gte": f"{FIRST_YEAR}-01", "$lte": f"{LAST_YEAR}-53"}


def _or_null(expression: Expression) -> Expression:
    """Return an expression that is null, not left out, where the value is missing."""
    return {"$ifNull": [expression, None]}


def _array(path: str) -> Expression:
    """Return the array at *path*, an empty one where there is none."""
    return {"$cond": [{"$isArray": path}, path, []]}


def _cell(column: ViewColumn) -> Expression:
    """Return the expression of a cell; the issue is the document, ``item`` the item of its array."""
    place, _, path = column.path.partition(".")
    value = f"$item.{path}" if place == "item" else f"${path}"
    match column.form:
        case "number":
            return {"$cond": [{"$eq": [{"$type": value}, "string"]}, None, _or_null(value)]}
        case "word":
            return {"$cond": [{"$eq": [{"$type": value}, "string"]}, value, None]}
        case "list":
            spaced = {"$concat": ["$$value", {"$cond": [{"$eq": ["$$value", ""]}, "", " "]}, {"$toString": "$$this"}]}
            joined = {"$reduce": {"input": value, "initialValue": "", "in": spaced}}
            return {"$cond": [{"$isArray": value}, joined, None]}
        case "place":
            return {"$add": ["$place", 1]}
        case "label":
            branches = [{"case": {"$eq": [value, metric.name]}, "then": metric.zh} for metric in metrics()]
            return {"$switch": {"branches": branches, "default": None}}
        case "bound":
            own, *copied = (_day(f"{at}published_at", f"{at}published_on") for at in
                            ("$", f"{value}.reprint.", f"{value}.stated_source."))  # fmt: skip
            return {"$cond": [{"$eq": [own, None]}, {"$ifNull": [*copied, None]}, None]}
    return _or_null(value)


def _day(moment: str, day: str) -> Expression:
    """Return the expression of the day in China of *moment*, or else *day*."""
    of_moment = {"$dateToString": {"date": moment, "format": "%Y-%m-%d", "timezone": "+08:00"}}
    return {"$cond": [{"$eq": [{"$type": moment}, "date"]}, of_moment, _or_null(day)]}


def _pipeline(view: View) -> list[Stage]:
    items: list[Stage] = []
    if view.array:
        items = [
            {"$match": {view.array: {"$type": "array"}}},
            {"$unwind": {"path": f"${view.array}", "includeArrayIndex": "place"}},
            {"$addFields": {"item": f"${view.array}"}},
            {"$match": {"item": {"$type": "object"}}},
        ]
    return [
        {"$sort": {"_id": 1}},
        *items,
        {"$project": {"_id": 0, **{column.name: _cell(column) for column in view.columns}}},
    ]


def _wide() -> list[Stage]:
    """Return the pipeline of the figure of each metric that counts (``report/preferred_figures.py``)."""

    def better(one: str, other: str) -> Expression:
        """Whether *one*, which stands behind *other*, counts before it."""
        texts = [{"$eq": [f"{name}.source", "text"]} for name in (one, other)]
        surer = {"$gt": [f"{one}.confidence", f"{other}.confidence"]}
        return {"$or": [
            {"$eq": [other, None]},
            {"$and": [texts[0], {"$not": [texts[1]]}]},
            {"$and": [{"$eq": texts}, surer]},
        ]}  # fmt: skip

    def counting(name: str, unit: str | None) -> Expression:
        is_word = {"$eq": [{"$type": "$$one.value"}, "string"]}
        fits = [
            {"$eq": [{"$type": "$$one"}, "object"]},
            {"$eq": ["$$one.metric", name]},
            {"$not": [is_word]} if unit else is_word,
        ]
        some = {"$filter": {"input": _array("$figures"), "as": "one", "cond": {"$and": fits}}}
        best = {"$cond": [better("$$this", "$$value"), "$$this", "$$value"]}
        return {
            "$let": {
                "vars": {"best": {"$reduce": {"input": some, "initialValue": None, "in": best}}},
                "in": _or_null("$$best.value"),
            }
        }

    named = [{"k": {"$literal": metric.name}, "v": counting(metric.name, metric.unit)} for metric in metrics()]
    week: Stage = {"issue": "$_id", "sample": "$provenance.sample", "week_start": "$period.start"}
    week |= {"week_end": "$period.end", "rating": "$rating"}
    known = {name: _or_null(value) for name, value in week.items()}
    # The names of metrics have dots, which only an array of names and values may have.
    return [
        {"$sort": {"_id": 1}},
        {"$replaceWith": {"$mergeObjects": [known, {"$arrayToObject": [named]}]}},
    ]


def _sunday(issue: str) -> Expression:
    """Return the Sunday of the week that *issue* names."""
    year = {"$toInt": {"$substrBytes": [issue, 0, 4]}}
    number = {"$toInt": {"$substrBytes": [issue, 5, 2]}}
    first = {"$dateFromParts": {"year": year}}
    days = {"$add": [{"$mod": [{"$subtract": [8, {"$dayOfWeek": first}]}, 7]}, {"$multiply": [7, number]}, -7]}
    return {"$add": [first, {"$multiply": [days, _DAY_MS]}]}


def _articles() -> list[Stage]:
    """Return the pipeline of the ledger's rows that claim a week, the telling ones first."""
    addresses = _array("$addresses")
    sources = {
        "$reduce": {
            "input": addresses,
            "initialValue": [],
            "in": {"$concatArrays": ["$$value", _array("$$this.sources")]},
        }
    }
    is_pages_only = {"$regexMatch": {"input": {"$toString": "$$one"}, "regex": r"^\d{4}-\d\d$"}}
    is_other = {"$regexMatch": {"input": {"$toString": "$_id"}, "regex": rf"^(?!{OWN_ARTICLE})\d.*-"}}
    places = [{"case": {"$eq": ["$state", state.value]}, "then": place} for place, state in enumerate(STATE_ORDER)]
    was_asked = {"$and": [{"$ne": ["$state", State.KNOWN.value]}, {"$ne": ["$ending", Ending.NOT_ARCHIVED.value]}]}
    is_over = {"$in": ["$state", [State.GONE.value, State.REJECTED.value]]}
    return [
        {"$match": {"issue": _WEEK}},
        {"$project": {
            "issue": 1, "state": 1, "ending": 1, "reason": 1, "next_try": 1,
            "tries": {"$sum": "$addresses.tries"},
            "is_reprint": {"$or": [is_other, {"$ne": [_or_null("$original"), None]}]},
            "has_address": {"$anyElementTrue": [
                {"$map": {"input": addresses, "as": "one", "in": {"$ne": ["$$one.form", "capture"]}}}
            ]},
            "sources": sources,
            "place": {"$switch": {"branches": places, "default": len(places)}},
        }},
        {"$set": {
            "is_indexed": {"$in": ["index", "$sources"]},
            "is_named": {"$anyElementTrue": [
                {"$map": {"input": "$sources", "as": "one", "in": {"$not": [is_pages_only]}}}
            ]},
            "is_telling": {"$or": [was_asked, {"$and": ["$has_address", {"$not": ["$is_reprint"]}]}]},
            "may_be_asked": {"$and": [
                "$has_address", {"$or": [{"$not": [is_over]}, {"$eq": ["$ending", Ending.REPRINT.value]}]}
            ]},
        }},
        {"$sort": {"is_telling": -1, "place": 1, "_id": 1}},
    ]  # fmt: skip


def _weeks() -> list[Stage]:
    """Return the pipeline of the weeks from the first to the last that the store knows (as ``sqlite_views.py``)."""

    def only(items: str, condition: Expression) -> Expression:
        return {"$filter": {"input": items, "as": "one", "cond": condition}}

    def sundays(items: Expression, name: str) -> Expression:
        found = {"$map": {"input": items, "as": "one", "in": _sunday(f"$$one.{name}")}}
        is_over = {"$lt": ["$$day", {"$subtract": ["$$NOW", 16 * _HOUR_MS]}]}  # the day after it has begun in China
        return {"$filter": {"input": found, "as": "day", "cond": is_over}}

    is_dropped = ["$sample", "$$one.is_reprint", {"$ne": ["$$one.state", State.STORED.value]}]
    first = {"$concatArrays": [sundays("$stored", "_id"), sundays(only("$articles", "$$one.is_indexed"), "issue")]}
    last = {"$concatArrays": [sundays("$stored", "_id"), sundays(only("$articles", "$$one.is_named"), "issue")]}
    days = {"$range": [0, {"$add": [{"$toInt": {"$divide": [{"$subtract": ["$last", "$first"]}, _DAY_MS]}}, 1]}, 7]}
    number = {"$add": [{"$floor": {"$divide": [{"$subtract": [{"$dayOfYear": "$sunday"}, 1]}, 7]}}, 1]}
    two_digits = {"$cond": [{"$lt": [number, 10]}, "0", ""]}
    name = {"$concat": [{"$toString": {"$year": "$sunday"}}, "-", two_digits, {"$toString": {"$toInt": number}}]}
    is_stored, was_stored = {"$ne": ["$stored", None]}, {"$eq": ["$article.state", State.STORED.value]}
    no_address = {"$cond": [{"$anyElementTrue": ["$articles.may_be_asked"]}, None, NO_ADDRESS]}

    def day(moment: Expression) -> Expression:
        return {"$dateToString": {"date": moment, "format": "%Y-%m-%d"}}

    return [
        {"$match": {"_id": "layout"}},
        {"$lookup": {"from": "meta", "pipeline": [{"$match": {"_id": "content"}}], "as": "content"}},
        {"$lookup": {"from": "issues", "as": "stored", "pipeline": [
            {"$match": {"_id": _WEEK}}, {"$project": {"source": "$provenance.source"}}
        ]}},
        {"$lookup": {"from": "ledger", "as": "articles", "pipeline": _articles()}},
        {"$set": {"sample": {"$in": [True, "$content.sample"]}}},
        {"$set": {"articles": only("$articles", {"$not": [{"$and": is_dropped}]})}},
        {"$set": {"first": {"$min": first}, "last": {"$max": last}}},
        {"$match": {"first": {"$type": "date"}}},
        {"$set": {"day": days}},
        {"$unwind": "$day"},
        {"$set": {"sunday": {"$add": ["$first", {"$multiply": ["$day", _DAY_MS]}]}}},
        {"$set": {"issue": name}},
        {"$set": {
            "stored": {"$ifNull": [{"$first": only("$stored", {"$eq": ["$$one._id", "$issue"]})}, None]},
            "articles": only("$articles", {"$eq": ["$$one.issue", "$issue"]}),
        }},
        {"$set": {"article": {"$ifNull": [{"$first": "$articles"}, None]}}},
        {"$sort": {"issue": 1}},
        {"$project": {
            "_id": 0, "issue": "$issue",
            "sample": "$sample",
            "week_start": day({"$subtract": ["$sunday", 6 * _DAY_MS]}),
            "week_end": day("$sunday"),
            "state": {"$switch": {
                "branches": [{"case": is_stored, "then": "stored"}, {"case": was_stored, "then": "known"}],
                "default": {"$ifNull": ["$article.state", "never named"]},
            }},
            "source": _or_null("$stored.source"),
            "reason": {"$switch": {
                "branches": [
                    {"case": is_stored, "then": None},
                    {"case": {"$eq": ["$article", None]}, "then": NEVER_NAMED},
                    {"case": was_stored, "then": WAS_REMOVED},
                ],
                "default": {"$ifNull": ["$article.reason", no_address]},
            }},
            "attempts": {"$sum": "$articles.tries"},
            "next_try": {"$cond": [is_stored, None, _or_null("$article.next_try")]},
        }},
    ]  # fmt: skip


PIPELINES: Final[dict[str, tuple[str, list[Stage]]]] = {
    **{view.name: ("issues", _pipeline(view)) for view in VIEWS},
    WIDE: ("issues", _wide()),
    WEEKS: ("meta", _weeks()),
}
"""By name of the view: the collection that it is of, and its pipeline."""
