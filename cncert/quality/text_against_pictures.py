"""Whether text and pictures of an issue state the same: warnings that follow from its figures alone."""

from collections.abc import Iterator

from cncert.items import Issue, IssueWarning
from cncert.quality.rounding import WHOLE_PERCENT, Range, Stated, plain, rounded, step_of


def agreement_doubts(issue: Issue) -> list[IssueWarning]:
    """The warnings about metrics that a picture of *issue* states, and its text or another picture too."""
    doubts, agreed = [], []
    for metric, (first, *others) in _figures(issue).items():
        differences = [text for other in others for text in _differences(first, other)]
        doubts += [IssueWarning(code="picture_disagrees", message=f"{metric}: {text}") for text in differences]
        if others and not differences:
            agreed.append(metric)
    if agreed:
        doubts.append(IssueWarning(code="picture_agrees", message=f"stated twice, and the same: {', '.join(agreed)}"))
    return doubts


def _figures(issue: Issue) -> dict[str, list[Stated]]:
    """The numbers by metric, what the text states first."""
    found: dict[str, list[Stated]] = {}
    for figure in sorted(issue.figures, key=lambda figure: figure.source != "text"):
        if not isinstance(figure.value, str):
            found.setdefault(figure.metric, []).append(Stated(issue, figure, figure.value))
    return {metric: some for metric, some in found.items() if some[-1].figure.source == "picture"}


def _differences(one: Stated, other: Stated) -> Iterator[str]:
    if not _alike((one.value, one.range), (other.value, other.range)):
        yield f"{plain(one.value)} in {_place(one)}, {plain(other.value)} in {_place(other)}"
    first, second = one.figure.change_pct, other.figure.change_pct
    if first is not None and second is not None and not _alike((first, _change(one)), (second, _change(other))):
        yield f"a change of {first:+g} % in {_place(one)}, {second:+g} % in {_place(other)}"


def _alike(one: tuple[float, Range | None], other: tuple[float, Range | None]) -> bool:
    """Whether one number is the other, or a rounding of it."""
    (value, around), (other_value, around_other) = one, other
    if value == other_value:
        return True
    return any(r is not None and r.holds(v) for v, r in ((value, around_other), (other_value, around)))


def _change(stated: Stated) -> Range:
    change = stated.figure.change_pct or 0.0
    step = step_of(stated.figure.evidence, abs(change), percent=True)
    return rounded(change, WHOLE_PERCENT if step is None else step)


def _place(stated: Stated) -> str:
    return "the text" if stated.figure.source == "text" else f"picture {stated.figure.picture}"
