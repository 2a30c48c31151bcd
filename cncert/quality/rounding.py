"""Compares rounded numbers: which true numbers each of them leaves possible."""

import re
from dataclasses import dataclass

from cncert.items import Figure, Issue
from cncert.report.numbers import DIGITS, read_number

_NUMBER = re.compile(rf"(?P<about>约)?(?<![0-9.,])(?P<digits>{DIGITS})\s?(?P<scale>[万亿])?(?P<percent>\s?[%％])?")
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Range:
    """The range in which the true number lies, of which a rounded one is printed."""

    low: float
    high: float

    def overlaps(self, other: "Range") -> bool:
        """Whether one number can be in both."""
        return self.low <= other.high + _NOISE and other.low <= self.high + _NOISE


@dataclass(frozen=True, slots=True)
class ReportedNumber:
    """A number with its figure and the issue that reports it."""

    issue: Issue
    figure: Figure
    value: float

    @property
    def range(self) -> Range | None:
        """Where the true number lies; None if the number is not found as printed."""
        figure, text = self.figure, self.issue.text
        printed = figure.evidence if figure.start is None else text[figure.start : figure.end]
        step = step_of(printed, self.value, about=figure.qualifier is not None)
        if step is None:
            return None
        match figure.qualifier:
            case "近":
                return Range(max(self.value - step, 0), self.value)
            case "超" | "以上":
                return Range(self.value, self.value + step)
        return rounded(self.value, step)

    @property
    def change_pct_range(self) -> Range | None:
        """Where the true change in percent lies; None if no change is stated."""
        change = self.figure.change_pct
        if change is None:
            return None
        step = step_of(self.figure.evidence, abs(change), percent=True)
        return rounded(change, 1.0 if step is None else step)  # as of a whole percentage, if it is printed otherwise


def step_of(printed: str, value: float, *, about: bool = False, percent: bool = False) -> float | None:
    """Return the smallest difference that *value* can show as it stands in *printed*; None if it does not stand there.

    0 for an exact count. Where several numbers fit, the coarsest counts. Trailing zeros of an approximate whole number
    (*about*, or 约 before it) are not exact.
    """
    steps: list[float] = []
    for match in _NUMBER.finditer(printed):
        number = read_number(match["digits"], match["scale"])
        if number.value != value or bool(match["percent"]) is not percent:
            continue
        if "." in match["digits"]:
            steps.append(number.step)
        elif about or match["about"]:
            digits = match["digits"].replace(",", "")
            steps.append(number.step * 10 ** (len(digits) - len(digits.rstrip("0") or "0")))
        else:
            steps.append(number.step if percent or match["scale"] else 0)
    return max(steps, default=None)


def rounded(value: float, step: float) -> Range:
    """Return where the number lies that is printed as *value*, rounded to the nearest *step*."""
    return Range(value - step / 2, value + step / 2)


def number_text(value: float) -> str:
    """Return *value* as text for a person."""
    return f"{value:.12g}"
