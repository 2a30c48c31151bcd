"""Reads what a sentence adds to a figure: its share of a whole, its change against the week before."""

import re
from dataclasses import dataclass

from cncert.report.numbers import DIGITS, read_number

_WORDS_BETWEEN = r"[^0-9,;()%、和及与而但]{0,20}?"
"""Between a number and the clause: its unit and the rest of its label."""
_ABOUT = "(?:大约|约|近|超过?)?"
_SHARE = re.compile(
    rf"{_WORDS_BETWEEN}[,(]*(?:约{{0,2}}占{{1,2}}|约(?=境内))[^0-9,;()%]{{0,20}}?{_ABOUT}(?P<number>{DIGITS})%"
    r"[^0-9,;()%]{0,8}?\)?"
)

# 较上周环比, 较上周新增数量, 环比, with a character missing perhaps; but 同比 and 较上月 are of other times.
_COMPARED = r"(?=[^0-9,;()%]{0,14}?(?:上周|较|比|环))(?:但|且|并)?[较与比相上一前周期总新增数量环的]{1,14}?"
# The words of a direction, each of whose characters may be missing or doubled: 上升, 增长, 减少, 升, 下下降.
_UP, _DOWN = "[增加长多上升涨提高攀]{1,3}", "[下降减少低跌滑回落]{1,3}"
_CHANGE = re.compile(
    rf"{_WORDS_BETWEEN}[,;(]?{_COMPARED}"
    rf"(?:(?<!基本)(?P<level>持平)|(?:(?P<up>{_UP})|{_DOWN})了{{0,2}}{_ABOUT}"
    rf"(?P<number>{DIGITS})(?P<scale>[万亿])?(?:(?P<unit>个百分点|百分点|%|倍|[^0-9,;()%。])|(?=[,;()。!?]|$)))\)?"
    # Two changes in a row are of two figures.
    rf"(?![和及与、](?:{_UP}|{_DOWN}|[0-9]))"
)
_OTHER_CHANGE = re.compile(
    rf"{_WORDS_BETWEEN}[,;(]?(?:同比|[较比与](?:上月|去年|上年|同期))[^0-9,;()%]{{0,12}}(?:{DIGITS}%?)\)?"
)


@dataclass(frozen=True, slots=True)
class Clauses:
    """The share and the change of a figure, and where in the sentence they end. A fall is negative."""

    share_pct: float | None
    change_pct: float | None
    change: int | float | None
    end: int


NO_CLAUSES = Clauses(None, None, None, 0)


def read_clauses(text: str, start: int, unit: str | None) -> Clauses:
    """Return the share and the change that the folded *text* states for a number of *unit* that ends at *start*."""
    share_pct = change_pct = None
    change: int | float | None = None
    end = start
    for _ in range(3):  # in any order
        match = _SHARE.match(text, end) if share_pct is None else None
        if match and (share := float(match["number"].replace(",", ""))) <= 100:
            share_pct, end = share, match.end()
        elif match := _OTHER_CHANGE.match(text, end):
            end = match.end()
        elif (match := _CHANGE.match(text, end)) and (found := _change(match, unit)):
            if (found[0] is not None and change_pct is not None) or (found[1] is not None and change is not None):
                break
            change_pct = change_pct if found[0] is None else found[0]
            change = change if found[1] is None else found[1]
            end = match.end()
        else:
            break
    return Clauses(share_pct, change_pct, change, end)


def _change(match: re.Match[str], unit: str | None) -> tuple[float | None, int | float | None] | None:
    """Return the change in percent and in units, one of them None; None if it is stated in another unit."""
    if match["level"]:
        return 0.0, None
    number = read_number(match["number"], match["scale"]).value
    signed = number if match["up"] else -number
    if match["unit"] == "%" and not match["scale"]:
        return float(signed), None
    if match["unit"] == "倍" and match["up"]:
        return round(float(signed) * 100, 6), None
    if match["unit"] in (unit, None):
        return None, signed
    return None
