"""Reads numbers as the report prints them: 657, 2,410, 27.8万, 约95万, 5160余."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from cncert.items import Qualifier

DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,4})?(?![0-9]|,[0-9]{3})|[0-9]{1,12}(?:\.[0-9]{1,4})?(?![0-9.]))"
"""Pattern of a number without its scale."""
LARGEST_NUMBER = 10**15
"""A larger number is a misprint."""
# Not part of an address, a name, a date, a range or a share.
COUNT = re.compile(
    r"(?<![0-9a-z第图表年月-])(?<![0-9a-z][.,:/~=_])(?<!百分之)"
    rf"(?P<digits>{DIGITS})(?:(?P<more>[余多])(?=[万亿]))?(?P<scale>[万亿])?"
    r"(?![0-9年月日号期%‰万亿]|(?!ip(?![a-z0-9]))[a-z])(?![个起家次]?[-.,:/~至到][0-9])"
)
"""A number that may be a count, in a folded text."""
FACTORS = {"万": 10_000, "亿": 100_000_000}
UNITS = "起个家台次条款种例项"
"""What numbers of the report count."""

_QUALIFIERS: dict[str, Qualifier] = {
    **dict.fromkeys(("大约", "约", "左右", "上下"), "约"),
    **dict.fromkeys(("将近", "接近", "近"), "近"),
    **dict.fromkeys(("超过", "超", "逾", "余", "多"), "超"),
    **dict.fromkeys(("不少于", "不低于", "至少", "以上"), "以上"),
}
_WORDS_BEFORE = "大约|约|将近|接近|近|超过|超|逾|不少于|不低于|至少"
_BEFORE = re.compile(rf"(?:{_WORDS_BEFORE})?(?P<verb>为|达到|达|占)?(?P=verb)?(?:{_WORDS_BEFORE})?$")
_WORD_BEFORE = re.compile(_WORDS_BEFORE)
_AFTER = re.compile(r"(?P<more>余|多)?(?P<unit>.?)(?P<word>以上|左右|上下)?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in plain units, and how far its last printed digit reaches: 27.8万 is 278000, step 1000."""

    value: int | float
    step: int | float

    def agrees(self, other: "Number") -> bool:
        """Whether both may be the same number, one of them more rounded."""
        return self.value == other.value or abs(self.value - other.value) <= max(self.step, other.step) / 2

    def rounded(self) -> "Number":
        """Return the same number, its last zeros taken for a rounding: 约700 may be 731."""
        step = self.step
        while self.value and self.value % (step * 10) == 0:
            step *= 10
        return Number(self.value, step)


def read_number(digits: str, scale: str | None) -> Number:
    """Return the number that *digits* and *scale* (万, 亿 or None) print."""
    printed = Decimal(digits.replace(",", ""))
    exponent = cast("int", printed.as_tuple().exponent)
    factor = FACTORS.get(scale or "", 1)
    return Number(_plain(printed * factor), _plain(Decimal(10) ** exponent * factor))


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def strip_qualifier_before(before: str) -> tuple[str, Qualifier | None]:
    """Return the text *before* a number without the words that qualify it, and what these say: 数约为 is 数为, 约."""
    match = _BEFORE.search(before)
    assert match is not None  # it may be empty
    words = _WORD_BEFORE.findall(match[0])
    return before[: match.start()] + (match["verb"] or ""), _QUALIFIERS[words[-1]] if words else None


def strip_qualifier_after(after: str, unit: str) -> tuple[str, Qualifier | None]:
    """Return the text *after* a number without the words that qualify it, and what these say: 余起 is 起, 超."""
    match = _AFTER.match(after)
    assert match is not None  # it may be empty
    if match["more"] and after.startswith(match["more"] + unit):
        return after[len(match["more"]) :], _QUALIFIERS[match["more"]]
    if match["word"] and match["unit"] == unit:
        return unit + after[match.end() :], _QUALIFIERS[match["word"]]
    return after, None
