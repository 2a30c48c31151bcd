"""What the page shows of a candidate, as plain data for its scripts."""

from typing import Any

from cncert.infographics.figures.picture_files import NoPictureFile
from cncert.items import Issue, issue_id
from cncert.output.check.check_queue import QueueItem
from cncert.output.check.picture_crops import CroppedPictures
from cncert.quality.series_breaks import are_comparable
from cncert.report.calendar import Week, next_week, previous_week
from cncert.report.preferred_figures import preferred_numbers
from cncert.report.publishers import article_link
from cncert.store import Store
from cncert.store.picture_readings import Correction

Node = dict[str, Any]


def summary(item: QueueItem) -> Node:
    """Return its line of the list."""
    candidate, pair = item.candidate, item.candidate.pair
    is_checked = item.correction is not None and item.state in ("confirmed", "corrected")
    value = item.correction.value if item.correction is not None and is_checked else pair.value
    return {"id": item.id, "issue": candidate.issues[0], "metric": pair.metric, "value": value, "state": item.state}


async def details(item: QueueItem, store: Store, pictures: CroppedPictures) -> Node:
    """Return everything that the page shows of *item*. May raise StoreError."""
    candidate, pair = item.candidate, item.candidate.pair
    issue = await store.get_issue(candidate.issues[0])
    year, number = map(int, candidate.issues[0].split("-"))
    week, metric = (year, number), pair.metric or ""
    try:
        picture = await pictures.get(candidate)
        shown: Node = {"width": picture.width, "height": picture.height, "crop": picture.crop_box(pair.box)}
    except NoPictureFile as error:
        shown = {"missing": str(error)}
    return {
        **summary(item),
        "version": item.version,
        "correction": correction_node(item.correction),
        "issues": candidate.issues,
        "url": article_link(issue) if issue else None,
        "text": _preferred_figure(issue, metric),
        "before": await _neighbour(store, week, previous_week(week), metric),
        "after": await _neighbour(store, week, next_week(week), metric),
        "pair": pair.model_dump(mode="json"),
        "reason": candidate.reason,
        "picture": shown,
    }


async def _neighbour(store: Store, week: Week, other: Week, metric: str) -> Node:
    """Return what the issue of the week *other* states of *metric*."""
    name = issue_id(*other)
    issue = await store.get_issue(name)
    comparable = are_comparable(metric, *sorted((week, other)))
    figure = _preferred_figure(issue, metric)
    return {"issue": name, "stored": issue is not None, "comparable": comparable, "figure": figure}


def _preferred_figure(issue: Issue | None, metric: str) -> Node | None:
    """Return the figure of *metric* in *issue* that counts."""
    found = preferred_numbers(issue.figures).get(metric) if issue else None
    return {"value": found[1], "unit": found[0].unit, "source": found[0].source} if found else None


def correction_node(correction: Correction | None) -> Node | None:
    """Return what a person decided, who it was, and when."""
    fields = {"verdict", "metric", "value", "unit", "change_pct", "by", "at"}
    return correction.model_dump(mode="json", include=fields) if correction else None
