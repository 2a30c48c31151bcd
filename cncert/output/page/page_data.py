"""The data of the report page: a store as plain data, in the form that the page's scripts read.

The same store gives the same data: no clock is read, the newest time in the store stands for now. In the two
long lists, figures and pictures, a field that is null or usual is left out: static/data.js puts it there again.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from cncert import __version__
from cncert.items import DocumentFile, Figure, Issue, IssueWarning, Picture, issue_id
from cncert.ledger import calendar_gaps
from cncert.monitoring.exit_status import failure_lines
from cncert.quality.all_warnings import issues_with_warnings
from cncert.quality.series_breaks import are_comparable, breaks
from cncert.report.calendar import Week, parse_week, previous_week
from cncert.report.metrics import Metric, metrics
from cncert.report.preferred_figures import preferred_numbers, preferred_words
from cncert.report.publication_time import publication_time
from cncert.report.publishers import article_link, safe_link
from cncert.store import Store
from cncert.store.endings import State
from cncert.wechat.address import ArticleKey, biz_number, read_picture

Node = dict[str, Any]
Compared = tuple[float, float | None]
"""The figure of another week, and the change from it in percent (None from 0)."""

NEWEST_RUNS = 20
_UNITS = {metric.name: metric.unit for metric in metrics()}


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """The directory that holds the pictures, and the folder in which the page will be."""

    directory: Path | None
    """None if they are kept in a bucket."""
    page: Path

    def path(self, picture: Picture) -> Path | None:
        """Return the file of *picture*, None if there is none."""
        return self._file(picture.path) if picture.status == "stored" else None

    def link(self, kept: Picture | DocumentFile) -> str | None:
        """Return the relative address of the file of a picture or PDF from the page."""
        path = self.path(kept) if isinstance(kept, Picture) else self._file(kept.path)
        return quote(Path(os.path.relpath(path, self.page)).as_posix()) if path else None

    def _file(self, name: str | None) -> Path | None:
        """Return the file *name* of the directory, None if there is none; nothing outside the directory is one."""
        if self.directory is None or not name:
            return None
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\\" in name or "\0" in name:
            return None
        path = self.directory / parts
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture of the page, and the issue that shows it."""

    issue: str
    picture: Picture
    node: Node
    """What the page's scripts read of it."""


async def read_page(
    store: Store, *, first: str | None = None, last: str | None = None, files: PictureFiles | None = None
) -> tuple[Node, list[ShownPicture]] | None:
    """Return what *store* holds of the weeks from *first* to *last*, with its pictures unless *files* is None.

    The pictures stand in the data too; the list has them in the order of the issues. Return None if
    no issue is among them. May raise StoreError.
    """
    rows, runs = await store.rows(), await store.runs(NEWEST_RUNS)
    reader = _Reader(files, {row.id for row in rows if row.state is State.GONE})
    # The year before is read too: the figures of the first weeks are compared as well.
    year, number = parse_week(first) if first else (0, 0)
    async for issue, warnings in issues_with_warnings(store, issue_id(year - 1, number) if first else None, last):
        reader.read(issue, warnings, shown=first is None or issue.id >= first)
    if not reader.issues:
        return None
    await reader.mark_withdrawn(store)
    noted = {row.updated_at for row in rows} | {run.ended_at or run.started_at for run in runs}
    now = max(noted.union(reader.read_at.values()))
    today = max(now.date(), reader.newest + timedelta(days=1))
    sources, is_sample = await store.issue_sources(), await store.is_sample()
    weeks = calendar_gaps.weeks(rows, sources, first=first, last=last, today=today, reprints=not is_sample)
    data = {
        "version": __version__,
        "first": weeks[0].issue,
        "last": weeks[-1].issue,
        "read_at": now.isoformat(),
        "store": store.name,
        "sample": is_sample,
        "metrics": [
            {
                "name": metric.name,
                "zh": metric.zh,
                "en": metric.meaning,
                "unit": metric.unit,
                "part_of": metric.part_of,
                "breaks": _breaks(metric.name),
            }
            for metric in reader.name_metrics()
        ],
        "rating_breaks": _breaks("rating"),
        "weeks": [
            {
                "id": week.issue,
                "start": week.period.start.isoformat(),
                "end": week.period.end.isoformat(),
                "state": week.state,
                "source": week.source,
                "from_wayback": week.from_wayback,
                "captures": week.captures,
                "reason": week.reason,
                "advice": week.advice,
            }
            for week in weeks
        ],
        "issues": reader.issues,
        "thumbs": [],
        "rejects": [
            {
                "issue": reject.issue,
                "reason": reject.reason,
                "address": safe_link(reject.address),
                "at": reject.rejected_at.isoformat(),
            }
            for reject in await store.rejects()
            if reject.issue is None
            # If the issue has not been read since.
            or (
                (first or "") <= reject.issue <= (last or "~")
                and ((read := reader.read_at.get(reject.issue)) is None or read < reject.rejected_at)
            )
        ],
        "runs": [
            {
                "id": run.id,
                "started": run.started_at.isoformat(),
                "ended": run.ended_at.isoformat() if run.ended_at else None,
                "clean": run.clean,
                "close_reason": run.reason or None,
                "new": len(run.new),
                "changed": len(run.changed),
                "rejected": len(run.rejected),
                "missing": run.gaps_after,
                "warnings": list(failure_lines(run)),
            }
            for run in runs
        ],
        "sources": [{"name": name, "issues": number} for name, number in reader.sources.most_common()],
    }
    return data, reader.pictures


@dataclass(slots=True)
class _Reader:
    """Reads issues in the order of their weeks, and keeps of them what later ones are compared with."""

    files: PictureFiles | None
    gone: set[str]
    """Keys of the articles that were deleted."""
    issues: list[Node] = field(default_factory=list)
    pictures: list[ShownPicture] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    read_at: dict[str, datetime] = field(default_factory=dict)
    """When each issue was read."""
    newest: date = date.min
    """The last day of the newest issue."""
    _numbers: dict[Week, dict[str, float]] = field(default_factory=dict)

    def read(self, issue: Issue, warnings: list[IssueWarning], *, shown: bool) -> None:
        """Read *issue* with all its *warnings*; one that is not *shown* serves comparisons only."""
        numbers = [(figure, figure.value) for figure in issue.figures if not isinstance(figure.value, str)]
        preferred = preferred_numbers(issue.figures)
        # In the order of the issue, but of several figures of a metric the one that counts comes first.
        numbers.sort(key=lambda pair: (pair[0].source != "text", pair[0] is not preferred[pair[0].metric][0]))
        self._numbers[issue.year, issue.number] = {metric: value for metric, (_, value) in preferred.items()}
        if not shown:
            return
        origin, published = issue.provenance, publication_time(issue)
        self.sources[origin.source] += 1
        if origin.fetched_at is not None:
            self.read_at[issue.id] = origin.fetched_at
        self.newest = issue.period.end
        biz, article = biz_number(issue.account.biz or ""), issue.article
        # The id of its row in the ledger; a text from elsewhere has none.
        key = str(ArticleKey(biz, article.mid, article.idx)) if biz and article.mid and article.idx else None
        evidences: dict[str, int] = {}
        self.issues.append(
            {
                "id": issue.id,
                "title": issue.title,
                "rating": issue.rating,
                "published": (published.moment or published.day).isoformat() if published else None,
                "is_bound": published is not None and published.is_bound,
                "url": article_link(issue),
                "gone": key in self.gone,
                "editions": [
                    {
                        "id": one.id,
                        "source": one.source,
                        "via": one.via,
                        "url": safe_link(one.address),
                        "account": one.account,
                        "published": day.isoformat() if (day := one.published_at or one.published_on) else None,
                        "first_seen": one.first_seen.isoformat() if one.first_seen else None,
                        "last_seen": one.last_seen.isoformat() if one.last_seen else None,
                        "chosen": one.chosen,
                        "withdrawn": False,
                    }
                    for one in issue.editions
                ],
                "source": origin.source,
                "via": origin.via,
                "reprinted_by": origin.reprint.account if origin.reprint else None,
                "stated_source": origin.stated_source.name if origin.stated_source else None,
                "parser": origin.parser,
                "figures": [self._figure(issue, figure, value, evidences) for figure, value in numbers],
                "evidences": list(evidences),
                "words": {metric: word for metric, (_, word) in preferred_words(issue.figures).items()},
                "rankings": [
                    {
                        "m": ranking.metric,
                        "by": ranking.by,
                        "lines": [[line.name, line.value, line.share_pct] for line in ranking.items],
                    }
                    for ranking in issue.rankings
                ],
                "pictures": list(self._pictures(issue)),
                "documents": [
                    _present({"href": self.files and self.files.link(one), "url": safe_link(one.url)})
                    for one in issue.documents
                ],
                "warnings": [[warning.code, warning.message] for warning in warnings],
            }
        )

    async def mark_withdrawn(self, store: Store) -> None:
        """Mark the editions that a person has withdrawn: only the edition itself tells it. May raise StoreError."""
        others = {one["id"]: one for issue in self.issues for one in issue["editions"] if not one["chosen"]}
        for name, edition in (await store.get_editions(others)).items():
            others[name]["withdrawn"] = edition.is_withdrawn

    def name_metrics(self) -> list[Metric]:
        """Return the metrics that occur; figures and rankings name them by their places in this list from now on."""
        naming = [node for issue in self.issues for node in (*issue["figures"], *issue["rankings"])]
        occurring = {node["m"] for node in naming}
        known = [metric for metric in metrics() if metric.name in occurring]
        unknown = sorted(occurring - {metric.name for metric in known})  # of another version's metric_labels.toml
        found = [*known, *(Metric(name, name, name, None, (), None) for name in unknown)]
        places = {metric.name: place for place, metric in enumerate(found)}
        for node in naming:
            node["m"] = places[node["m"]]
        return found

    def _figure(self, issue: Issue, figure: Figure, value: float, evidences: dict[str, int]) -> Node:
        week, place = (issue.year, issue.number), None
        if figure.picture is not None and self.files is not None:
            place = next((n for n, picture in enumerate(issue.images) if picture.key == figure.picture), None)
        optional = {
            "u": figure.unit if figure.unit != _UNITS.get(figure.metric) else None,
            "q": figure.qualifier,
            "c": figure.change_pct,
            "d": figure.change,
            "s": figure.share_pct,
            "parts": [[share.name, share.share_pct] for share in figure.parts] or None,
            "src": "site" if figure.edition else figure.source if figure.source != "text" else None,
            "conf": figure.confidence if figure.confidence != 1 else None,
            "p": place,
            "box": figure.box if place is not None else None,
            "checked": figure.checked.verdict if figure.checked is not None else None,
            "w": self._compared(figure.metric, value, week, previous_week(week)),
            "y": self._compared(figure.metric, value, week, (issue.year - 1, issue.number)),
        }
        evidence = evidences.setdefault(figure.evidence, len(evidences))
        return {"m": figure.metric, "v": value, "e": evidence, **_present(optional)}

    def _compared(self, metric: str, value: float, week: Week, other: Week) -> Compared | None:
        """*value* against what *other* states; None if it does not, or if the two may not be compared."""
        former = self._numbers.get(other, {}).get(metric)
        if former is None or not are_comparable(metric, week, other):
            return None
        try:
            change = (value / former - 1) * 100 if former else math.inf
        except OverflowError:  # a number that only a store written by hand has
            change = math.inf
        # Adding 0 makes 0.0 of -0.0.
        return former, round(change, 1) + 0 if math.isfinite(change) else None

    def _pictures(self, issue: Issue) -> Iterator[Node]:
        if self.files is None:
            return
        for picture in issue.images:
            address = read_picture(picture.url)
            optional = {
                "url": address.url if address is not None and address.url == picture.url else None,
                "href": self.files.link(picture),
                "width": picture.width,
                "height": picture.height,
            }
            node = {"role": picture.role, "status": picture.status, **_present(optional)}
            self.pictures.append(ShownPicture(issue.id, picture, node))
            yield node


def _present(fields: Node) -> Node:
    return {name: value for name, value in fields.items() if value is not None}


def _breaks(metric: str) -> list[Node]:
    return [
        {
            "old": issue_id(*one.old),
            "new": issue_id(*one.new),
            "kind": one.kind,
            "note": one.note,
            "note_zh": one.note_zh,
            "inferred": one.inferred,
        }
        for one in breaks(metric)
    ]
