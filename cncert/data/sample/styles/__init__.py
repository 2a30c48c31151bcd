"""The styles of the examination pictures: each draws a slice on a canvas, and names the slices that suit it."""

from cncert.data.sample.styles import bands, cards, charts, empty, long, rows, tables, words
from cncert.data.sample.styles.style import STYLES, Style

__all__ = ["STYLES", "Style", "bands", "cards", "charts", "empty", "long", "rows", "tables", "words"]
