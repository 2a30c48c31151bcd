"""Prepares the words around a number for comparison with labels, and tells which time they speak of."""

import re
from functools import cache

from cncert.report.metrics import definitions, fold

CONTEXT_CHARACTERS = 120
"""Characters beside a number that are looked at: more than any label and clause has."""

_CLAUSE_END = re.compile(r"[,;:()]")
# (ANVA), (GOV类), (conficker), [1]: what stands in brackets inside of labels; a bracket may be missing.
_IN_BRACKETS = re.compile(r"\(+[a-z0-9./]{1,20}类*\)*|(?:gov|conficker)类*\)*|\[[0-9]{1,2}\]")
# 网络病毒1的主机: a digit between words that counts nothing.
_FOOTNOTE = re.compile(r"(?<=[^\W0-9a-z])[0-9](?=[^\W0-9a-z万亿个起家次条台款种年月日号期])")
_COMPARISON_WORDS = "较比与和同是"
_YEAR_OR_MONTH = r"(?<![0-9])(?:[0-9]{4}年(?!第?[0-9])|[0-9]{1,2}月(?!份?[0-9]))"
_OTHER_COMPARISON = re.compile(rf"同比|[{_COMPARISON_WORDS}](?:上月|去年|上年|同期)")


def without_asides(text: str) -> str:
    """Return *text* without Latin words in brackets and without footnote marks, neither of which is part of a label."""
    return _FOOTNOTE.sub("", _IN_BRACKETS.sub("", text))


def clause_before(text: str) -> str:
    """Return the clause that *text* ends with."""
    return _CLAUSE_END.split(text)[-1]


@cache
def _times() -> re.Pattern[str]:
    words = definitions()
    other, this = ("|".join(map(re.escape, map(fold, words[name]))) for name in ("other_times", "this_time"))
    return re.compile(rf"[{_COMPARISON_WORDS}](?:{other})|(?P<other>{other}|{_YEAR_OR_MONTH})|(?P<this>{this})")


def of_other_time(before: str) -> bool:
    """Whether what follows *before*, the beginning of a sentence, speaks of another time than the week."""
    words = [match.lastgroup for match in _times().finditer(before) if match.lastgroup]
    return words[-1:] == ["other"]


def compares_with_other_time(before: str) -> bool:
    """Whether the clause that *before* ends with compares with another time than the week before."""
    return _OTHER_COMPARISON.search(clause_before(before)) is not None
