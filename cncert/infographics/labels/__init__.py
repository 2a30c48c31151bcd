"""What the pictures of a report state: words and marks on a plane in, readings of figures out. Knows no picture format
and no engine.
"""

from cncert.infographics.labels.read_pairs import DEFAULT, Thresholds, read_words
from cncert.infographics.labels.words_and_marks import Mark, Rectangle, Word, sides

__all__ = ["DEFAULT", "Mark", "Rectangle", "Thresholds", "Word", "read_words", "sides"]
