"""The styles of the examination pictures: each draws a slice on a canvas, and names the slices that suit it."""

from tools.sample.styles import bands, cards, charts, empty, long, rows, tables, words
from tools.sample.styles.style import STYLES, Style

__all__ = ["STYLES", "Style", "bands", "cards", "charts", "empty", "long", "rows", "tables", "words"]
