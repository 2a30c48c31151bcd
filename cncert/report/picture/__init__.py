"""What the pictures of a report state: words and marks on a plane in, readings of figures out. Knows no picture format
and no engine.
"""

from cncert.report.picture.model import Box, Mark, Pair, Word, sides
from cncert.report.picture.reading import DEFAULT, Thresholds, read_words

__all__ = ["DEFAULT", "Box", "Mark", "Pair", "Thresholds", "Word", "read_words", "sides"]
