"""Splits the words of a picture into tokens: numbers, percentages, labels, units, dates."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cncert.infographics.labels.paragraphs import Paragraph
from cncert.infographics.labels.words_and_marks import Rectangle, Word
from cncert.items import Qualifier
from cncert.report.label_context import of_other_time
from cncert.report.metrics import fold
from cncert.report.numbers import (
    DIGITS,
    LARGEST_NUMBER,
    UNITS,
    Number,
    read_number,
    strip_qualifier_after,
    strip_qualifier_before,
)
from cncert.store.picture_readings import Direction

Kind = Literal["number", "percent", "delta", "odd", "unit", "scale", "label", "date", "trend"]
"""``delta`` a change in units, ``odd`` digits that are no number, ``scale`` 单位：万台, ``trend`` 环比 alone."""

_NUMBERING = re.compile(r"^(?:\(?[0-9]{1,2}[.、)](?![0-9])|[一二三四五六七八九十]{1,2}[、.])")
_EDGES = " :;,.。、·•●○■□◆◇★☆▪▶►※|-—_()[]<>【】《》「」“”\"'*=~"
_NOTE = re.compile(
    r"^[\W_]*(?:(?:注|备注|说明|声明|来源|数据来源|资料来源|联系电话|电话|热线|传真|网址|邮箱|地址)[0-9]{0,2}[:.]|注[0-9]{1,2}|扫码|长按|扫描)"
)
"""What begins so states nothing."""
_VERB = re.compile(r"(?:为|达到|达|是|共有|共计|共|:)+$")
_STOP = re.compile(r"[,;:。、()!]")
_SENTENCE_END = re.compile(r"[。!]")
_FLAT = re.compile(r"(?:[较比与]上周|周?环比)?(?:相比)?(?:基本)?(?:持平|不变|无变化)")
_FLAT_FIRST = re.compile(rf"[\W_]*(?P<flat>{_FLAT.pattern})")
_END = re.compile(rf"[余多]?[{UNITS}]?(?:左右|以上|上下)?(?:/周)?[\W_]*")
"""What may stand behind a number and says nothing more."""
_BROKEN = re.compile(r"(?:[较比与]上周|环比)[^0-9。;!]{0,12}$")
_COUNTER = re.compile(r"0[0-9]")
_ARROWS = {**dict.fromkeys("↑▲△⬆⇧⇑", "up"), **dict.fromkeys("↓▼▽⬇⇩⇓", "down")}
_UP, _DOWN = "上升|增加|增长|上涨|升高|提高|增|升|涨|[↑▲△⬆⇧⇑+]", "下降|减少|降低|下跌|回落|下滑|减|降|跌|[↓▼▽⬇⇩⇓]|[-−–]"
_TOKEN = re.compile(
    r"(?P<date>"
    r"[0-9]{4}年(?:第?[0-9]{1,2}[期周]|[0-9]{1,2}月(?:[0-9]{1,2}日)?)?|[0-9]{1,2}月[0-9]{1,2}日|[0-9]{1,2}月(?!份?[0-9])"
    r"|第[0-9]{1,3}[期周页号届]|[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|(?<![0-9.,])[0-9]{1,2}[./][0-9]{1,2}[-~至—][0-9]{1,2}[./][0-9]{1,2}"
    r"|(?<![0-9])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9])|(?<![0-9])[0-9]{1,3}/[0-9]{1,3}(?![0-9])|[0-9]+[x×*][0-9]+小?时?|[0-9]+(?:小时|分钟|天|年|页)"
    r"|[图表注][0-9]{1,2}"
    r")"
    # Names with digits: IPv6, CVE-2024-1, TOP5, 10.0.0.1
    r"|(?P<name>(?:https?:|www\.)[\x21-\x7e]+|[a-z][a-z_-]*[0-9][0-9a-z.-]*|[0-9]+(?:\.[0-9]+){2,}|[0-9]+(?=[a-z]))"
    rf"|(?P<percent>(?P<percentage>{DIGITS})(?:%|个?百分点))"
    rf"|(?P<number>(?P<digits>{DIGITS})(?P<more>[余多])?(?P<scale>[万亿])?(?P<unit>[余多]?[{UNITS}](?!百分点))?)"
    r"|(?P<odd>[0-9][0-9.,]*[%万亿]?)"
)
_TREND = re.compile(
    rf"[(,;:]*(?P<compared>[较比与][上前]一?[周期]相?比?|周?环比|同比|[较比与](?:上月|去年|上年|同期|去年同期)相?比?)?"
    rf"[总新增数量变化率幅度环比:,]{{0,6}}?(?P<move>(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<flat>基?本?持平|不变|无变化))?了?[:]?(?:大约|约|近|超过?)?$"
)
_OTHER = re.compile(r"同比|上月|去年|上年|同期")
_SHARE = re.compile(r"(?:占|占比|比例|占总数|占比为)(?:[^0-9]{0,8})$")
_SCALE = re.compile(r"(?:计量)?单位:?\(?(?P<scale>[万亿])?(?P<unit>[^\W0-9a-z]{0,2})\)?")
_UNIT = re.compile(rf"\(?(?P<scale>[万亿])?(?P<unit>[{UNITS}])?\)?")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a word."""

    kind: Kind
    text: str
    """Folded."""
    printed: str
    box: Rectangle
    score: float
    """Of a label the mean of its characters, of all others the least sure of them: a digit is no part of a word."""
    agreed: bool
    word: int
    """Which word it is a piece of."""
    number: Number | None = None
    scale: str | None = None
    unit: str | None = None
    qualifier: Qualifier | None = None
    direction: Direction | None = None
    role: Literal["change", "share", "other"] | None = None
    """What a percentage is of; ``other`` compares with another time than the week before."""
    is_running: bool = False
    """Whether it is a piece of a sentence."""
    colour: str | None = None

    @property
    def line(self) -> float:
        """The height of its line; of one that runs downwards its width."""
        is_upright = len(self.text) > 2 and self.box.height > 2 * self.box.width
        return self.box.width if is_upright else self.box.height

    @property
    def is_arrow(self) -> bool:
        """Whether it is a sign: engines read those badly, pixels tell what they are."""
        return self.text in _ARROWS


def read_tokens(words: Sequence[Word], paragraphs: Sequence[Paragraph]) -> list[Token]:
    """Return the tokens of all *words* and *paragraphs*, in their order and that of their characters."""
    found = [token for place, word in enumerate(words) for token in _tokens(word, place, is_running=False)]
    for place, paragraph in enumerate(paragraphs, start=len(words)):
        found += [replace(token, is_running=True) for token in _tokens(paragraph, place, is_running=True)]
    return found


def _folded(text: str) -> tuple[str, list[int]]:
    """*text* folded, and its characters' places in it. Space stays where digits meet: 1,040 23.4% are two numbers."""
    characters: list[tuple[str, int]] = []
    for place, character in enumerate(text):
        folded = fold(character) or (" " if character.isspace() else "")
        characters += [(one, place) for one in folded]
    kept = [
        (one, place)
        for n, (one, place) in enumerate(characters)
        if one != " "
        or (n and n + 1 < len(characters) and characters[n - 1][0] in _DIGITLIKE and characters[n + 1][0] in _BEFORE)
    ]
    return "".join(one for one, _ in kept), [place for _, place in kept]


_DIGITLIKE = frozenset("0123456789%万亿" + UNITS)
_BEFORE = frozenset("0123456789+-(" + "".join(_ARROWS))
_Maker = Callable[..., Token]
"""Makes a token of its kind, of the characters from one place to another, and of what else is known of it."""


def _tokens(word: Word | Paragraph, place: int, *, is_running: bool) -> Iterator[Token]:
    text, places = _folded(word.text)
    if _NOTE.match(text):
        return
    start = match.end() if (match := _NUMBERING.match(text)) and match.end() < len(text) else 0

    def token(kind: Kind, begin: int, end: int, **facts: object) -> Token:
        part = word.part(places[begin], places[end - 1] + 1)
        scores = [one for one, character in zip(part.scores, part.text, strict=True) if not character.isspace()]
        score = sum(scores) / max(len(scores), 1) if kind == "label" else min(scores, default=0.0)
        # What its callers give is typed as their fields are; mypy cannot see that through **facts.
        return Token(kind, text[begin:end], part.text.strip(), part.box, score, word.agreed, place, **facts)  # type: ignore[arg-type]

    if match := _SCALE.fullmatch(text):
        yield token("scale", 0, len(text), scale=match["scale"], unit=match["unit"] or None)
        return
    if text and (match := _UNIT.fullmatch(text)) and (match["scale"] or match["unit"]):
        yield token("unit", 0, len(text), scale=match["scale"], unit=match["unit"])
        return
    for match in _TOKEN.finditer(text, start):
        begin, end = match.span()
        before = text[start:begin]
        rest, qualifier = strip_qualifier_before(before)
        trend = _trend(rest)
        if trend is not None:
            rest = rest[: trend.start()]
        elif share := _SHARE.search(rest):
            rest = rest[: share.start()]
        label_end = start + len(_VERB.sub("", rest))
        if match["name"]:
            yield token("date", start, end)
            start = end
            continue
        first = max([start, *(stop.end() for stop in _STOP.finditer(text, start, label_end))]) if is_running else start
        if is_running:
            yield from _trend_in_sentence(token, text, start, label_end)
        elif start and (flat := _FLAT_FIRST.match(text, start, label_end)):  # 342个(持平) | 高危漏洞数量:
            yield token("trend", *flat.span("flat"), direction="flat", role="change")
            first = flat.end()
        yield from _label(token, text, first, label_end)
        if match["date"]:
            yield token("date", begin, end)
        elif _COUNTER.fullmatch(match[0]):
            pass  # 01, 02: the numbers of the items themselves
        elif is_running and of_other_time(_SENTENCE_END.split(text[:begin])[-1]):
            yield token("odd", begin, end)
        elif match["percent"]:
            percent = token("percent", begin, end, **_percent(match, before, trend))
            whole = word.part(places[label_end], places[end - 1] + 1)
            yield replace(percent, box=percent.box.around(whole.box), colour=whole.colour)
        elif match["number"] and (number := read_number(match["digits"], match["scale"])).value <= LARGEST_NUMBER:
            _, later = strip_qualifier_after(text[end:], match["unit"] or "")
            moved = trend is not None and trend["move"] is not None
            yield token(
                "delta" if moved else "number",
                begin,
                end,
                number=number,
                scale=match["scale"],
                unit=(match["unit"] or "")[-1:] or None,
                qualifier=qualifier or later or ("超" if match["more"] else None),
            )
        else:
            yield token("odd", begin, end)
        start = end
    if is_running:
        yield from _trend_in_sentence(token, text, start, len(text))
    else:
        yield from _tail(token, text, start)


def _trend(text: str) -> re.Match[str] | None:
    """The words of a comparison that *text* ends with."""
    match = _TREND.search(text)
    return match if match and (match["compared"] or match["move"]) else None


def _percent(match: re.Match[str], before: str, trend: re.Match[str] | None) -> dict[str, object]:
    facts: dict[str, object] = {"number": read_number(match["percentage"], None)}
    if trend is not None:
        facts["role"] = "other" if _OTHER.search(trend[0]) else "change"
        facts["direction"] = "up" if trend["up"] else "down" if trend["down"] else None
    elif _SHARE.search(before):
        facts["role"] = "share"
    elif _OTHER.search(before):
        facts["role"] = "other"
    return facts


def _label(token: _Maker, text: str, start: int, end: int) -> Iterator[Token]:
    while start < end and text[start] in _EDGES and not (text[start] == "." and text[start + 1 : start + 2].isalpha()):
        start += 1
    while start < end and text[end - 1] in _EDGES and not (text[end - 1] in ")）" and "(" in text[start:end]):
        end -= 1
    if end - start >= 2 and any(character.isalpha() for character in text[start:end]):
        yield token("label", start, end)


def _trend_in_sentence(token: _Maker, text: str, start: int, end: int) -> Iterator[Token]:
    """What a sentence says of a number without another one: 较上周持平, or that it breaks off."""
    if match := _FLAT.search(text, start, end):
        yield token("trend", *match.span(), direction="flat", role="change")
    elif end == len(text) and (match := _BROKEN.search(text, start, end)):
        yield token("trend", *match.span(), role="change")


def _tail(token: _Maker, text: str, start: int) -> Iterator[Token]:
    """What stands behind the last number."""
    rest = text[start:]
    if start == 0 and (trend := _trend(rest.rstrip(_EDGES))) and trend.start() == 0:
        direction = "up" if trend["up"] else "down" if trend["down"] else "flat" if trend["flat"] else None
        yield token("trend", 0, len(text), direction=direction, role="other" if _OTHER.search(rest) else "change")
        return
    if start and (match := _FLAT.search(rest)):
        yield token("trend", start + match.start(), start + match.end(), direction="flat", role="change")
        return
    if start and (_END.fullmatch(rest) or not rest):
        return
    if len(rest) == 1 and rest in _ARROWS:
        yield token("trend", start, len(text), direction=_ARROWS[rest], role="change")
        return
    yield from _label(token, text, start, len(text))
