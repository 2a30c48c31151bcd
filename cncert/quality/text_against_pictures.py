"""Warns where text and pictures of an issue state different figures, or the same."""

from collections.abc import Iterator

from cncert.items import Issue, IssueWarning
from cncert.quality.rounding import Range, ReportedNumber, number_text


def picture_warnings(issue: Issue) -> list[IssueWarning]:
    """Return the warnings about metrics that *issue* states in a picture and in its text or another picture."""
    numbers: dict[str, list[ReportedNumber]] = {}
    for figure in sorted(issue.figures, key=lambda figure: figure.source != "text"):
        if not isinstance(figure.value, str):
            numbers.setdefault(figure.metric, []).append(ReportedNumber(issue, figure, figure.value))
    warnings, agreed = [], []
    for metric, (first, *others) in numbers.items():
        if not others or others[-1].figure.source == "text":
            continue
        differences = [text for other in others for text in _differences(first, other)]
        warnings += [IssueWarning(code="picture_disagrees", message=f"{metric}: {text}") for text in differences]
        if not differences:
            agreed.append(metric)
    if agreed:
        warnings.append(IssueWarning(code="picture_agrees", message=f"stated twice, and the same: {', '.join(agreed)}"))
    return warnings


def _differences(one: ReportedNumber, other: ReportedNumber) -> Iterator[str]:
    if not _alike((one.value, one.range), (other.value, other.range)):
        yield f"{number_text(one.value)} in {_place(one)}, {number_text(other.value)} in {_place(other)}"
    first, second = one.figure.change_pct, other.figure.change_pct
    if first is None or second is None:
        return
    if not _alike((first, one.change_pct_range), (second, other.change_pct_range)):
        yield f"a change of {first:+g} % in {_place(one)}, {second:+g} % in {_place(other)}"


def _alike(one: tuple[float, Range | None], other: tuple[float, Range | None]) -> bool:
    """Whether one number is the other, or a rounding of it."""
    (value, around), (other_value, around_other) = one, other
    if value == other_value:
        return True
    pairs = ((value, around_other), (other_value, around))
    return any(known is not None and known.overlaps(Range(number, number)) for number, known in pairs)


def _place(reported: ReportedNumber) -> str:
    return "the text" if reported.figure.source == "text" else f"picture {reported.figure.picture}"
