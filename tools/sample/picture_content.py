"""The content of a picture slice, a title and figures: the expected result of reading the picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as a slice prints it."""

    metric: str | None
    """The name of the figure in data/metric_labels.toml, None for numbers that are none of the series' figures."""
    label: str
    printed: str
    value: float
    """What the printed number means, in plain units."""
    unit: str = "个"
    change: float | None = None
    """Percent against the week before; a fall is negative; 0 is printed as 持平."""
    before: str = ""
    """The number of the week before, where the slice prints it too."""
    part: bool = False
    """Whether it is a part of the figure before it that is none."""
    qualifier: str = ""
    """约, 近 or 超, printed before the number."""
    share: str = ""
    """What it is of its whole, where the slice says so: 约占5.0%."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A picture: a title and the figures below it, in order."""

    title: str
    figures: tuple[Figure, ...]
    footnote: str = ""
    subtitle: str = ""
