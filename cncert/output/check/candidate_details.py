"""What the page shows of a candidate, as plain data for its scripts."""

from typing import Any

from cncert.infographics.figures.picture_files import NoPictureFile
from cncert.items import Issue, issue_id
from cncert.output.check.check_queue import Item
from cncert.output.check.picture_crops import Pictures
from cncert.quality.series_breaks import are_comparable
from cncert.report.article_link import article_link
from cncert.report.calendar import Week, next_week, previous_week
from cncert.report.preferred_figures import preferred_numbers
from cncert.store import Store
from cncert.store.picture_readings import Correction

Node = dict[str, Any]


def summary(item: Item) -> Node:
    """A line of the list."""
    candidate, pair = item.candidate, item.candidate.pair
    value = item.said.value if item.said and item.state in ("confirmed", "corrected") else pair.value
    return {"id": item.id, "issue": candidate.issues[0], "metric": pair.metric, "value": value, "state": item.state}


async def details(item: Item, store: Store, pictures: Pictures) -> Node:
    """All of a candidate. May raise StoreError."""
    candidate, pair = item.candidate, item.candidate.pair
    issue = await store.get_issue(candidate.issues[0])
    year, number = map(int, candidate.issues[0].split("-"))
    week, metric = (year, number), pair.metric or ""
    return {
        **summary(item),
        "mark": item.mark,
        "said": said(item.said),
        "issues": candidate.issues,
        "url": article_link(issue) if issue else None,
        "text": _stated(issue, metric) if issue else None,
        "before": await _neighbour(store, week, previous_week(week), metric),
        "after": await _neighbour(store, week, next_week(week), metric),
        "pair": pair.model_dump(mode="json"),
        "reason": candidate.reason,
        "picture": await _picture(item, pictures),
    }


async def _neighbour(store: Store, week: Week, other: Week, metric: str) -> Node:
    """What the issue of the week *other* states of *metric*."""
    name = issue_id(*other)
    issue = await store.get_issue(name)
    comparable = are_comparable(metric, *sorted((week, other)))
    return {"issue": name, "stored": issue is not None, "comparable": comparable, "figure": _stated(issue, metric)}


def _stated(issue: Issue | None, metric: str) -> Node | None:
    """The figure of *metric* in *issue* that counts."""
    found = preferred_numbers(issue.figures).get(metric) if issue else None
    return {"value": found[1], "unit": found[0].unit, "source": found[0].source} if found else None


def said(correction: Correction | None) -> Node | None:
    """What a person said, and who."""
    fields = {"verdict", "metric", "value", "unit", "change_pct", "by", "at"}
    return correction.model_dump(mode="json", include=fields) if correction else None


async def _picture(item: Item, pictures: Pictures) -> Node:
    """Its size and the part that is cut out, or why it cannot be shown."""
    try:
        shown = await pictures.get(item.candidate)
    except NoPictureFile as error:
        return {"lost": str(error)}
    return {"width": shown.width, "height": shown.height, "cut": shown.cut_box(item.candidate.pair.box)}
