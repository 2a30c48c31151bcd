"""Figures as a person reads them, in Markdown and in the feed."""

from typing import Final

from cncert.items import Figure
from cncert.report.metrics import metrics

SAMPLE_NOTE: Final = "示例数据：数字多为虚构，不得引用。Sample data: mostly invented, not to be cited."
"""What every file for people says where the store holds the sample series."""
_ZH = {metric.name: metric.zh for metric in metrics()}


def metric_label(figure: Figure) -> str:
    """Return what the figure counts, in Chinese; its metric where nobody gave it a name."""
    return _ZH.get(figure.metric, figure.metric)


def number_text(figure: Figure) -> str:
    """Return the value: ``约 278,000 个``."""
    value = figure.value if isinstance(figure.value, str) else f"{figure.value:,}"
    after = figure.qualifier == "以上"
    parts = (None if after else figure.qualifier, value, figure.unit, figure.qualifier if after else None)
    return " ".join(part for part in parts if part)


def change_text(figure: Figure) -> str:
    """Return the change against the week before: ``-20.0%``, ``-12``, or nothing."""
    percent = "" if figure.change_pct is None else f"{figure.change_pct:+}%"
    return percent if figure.change is None else f"{figure.change:+,} {percent}".rstrip()
