"""Reads the rankings in the text of a report: provinces by infected hosts, kinds of vulnerabilities."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from cncert.items import Ranked, Ranking
from cncert.report.label_context import clause_before, of_other_time, without_asides
from cncert.report.metric_of_number import find_word
from cncert.report.metrics import RankingForm, ranking_forms
from cncert.report.numbers import DIGITS, read_number
from cncert.report.sentences import Sentence, Span
from cncert.report.typos import with_one_doubled, without_one_character

_ABOUT = "(?:大约|约|近|超过?)?"
_JOINT = r"[,;]?(?:(?:其次|依次|分别)[是为]?)?[、,]?(?:以及|和|及|与|是)?"
_END = r"(?:[,;。()!?](?!其次)|等|$)"
_MAX_RANKINGS_OF_A_KIND = 5
"""In one sentence."""
_WORDS_BEFORE_CUE = ("", "其中", "其")
"""What may stand between a comma and the cue, if the clause before it says what is counted."""


def read_rankings(sentence: Sentence) -> Iterator[tuple[Ranking, Span]]:
    """Yield the rankings of *sentence*, each with its place. A list with an unknown name is left out."""
    for form in ranking_forms():
        for cue in islice(_cue(form).finditer(sentence.text), _MAX_RANKINGS_OF_A_KIND):
            before = sentence.text[: cue.start()]
            metric = _metric(form, without_asides(before))
            items = _listed_names(form, sentence.text, cue.start())
            if metric is None or not items or of_other_time(before):
                continue
            span = items[0].start(), items[-1].end()
            start, end = sentence.place(*span)
            ranking = Ranking.model_construct(
                metric=metric,
                by=form.by,
                items=[_ranked(form, match) for match in items],
                section=sentence.section,
                evidence=sentence.printed(*span),
                start=start,
                end=end,
            )
            yield ranking, (sentence, *span)


@cache
def _cue(form: RankingForm) -> re.Pattern[str]:
    """Pattern of the cues of *form*, any of their characters missing or doubled."""
    exact = sorted(form.cues, key=len, reverse=True)
    misspelt = [spelling for cue in exact for spelling in (*with_one_doubled(cue), *without_one_character(cue))]
    return re.compile("|".join(map(re.escape, dict.fromkeys([*exact, *misspelt]))))


def _metric(form: RankingForm, before: str) -> str | None:
    """Return the metric of which *before*, the words up to the cue, speak last."""
    if any(word in before for word in form.unless):
        return None
    clause = clause_before(before)
    if clause not in _WORDS_BEFORE_CUE:
        before = clause
    found = [(find_word(before, word), name) for name, word in form.metrics]
    place, name = max(found)
    return name if place >= 0 else None


@cache
def _list_patterns(form: RankingForm) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of an item of the list, of what stands between two, and of the end of the list."""
    cue = _cue(form).pattern

    def any_of(words: tuple[str, ...]) -> str:
        return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))

    item = re.compile(
        rf"(?P<name>{any_of(form.names)})(?P<suffix>{any_of(form.suffixes)})?"
        rf"(?:{_ABOUT}(?P<number>{DIGITS})(?P<scale>[万亿])?[个起家]?)?"
        rf"(?:(?:{cue})?[(,]*(?:约?占[^0-9,;()%]{{0,20}}?)?为?{_ABOUT}(?P<share>{DIGITS})%\)?)?"
    )
    return item, re.compile(rf"(?:{cue})?{_JOINT}"), re.compile(rf"(?:{cue})?{_END}")


def _listed_names(form: RankingForm, text: str, cue: int) -> list[re.Match[str]]:
    """Return the listed names: provinces after the *cue*, kinds around it; none if one of the names is unknown."""
    items: list[re.Match[str]] = []
    item, joint, end = _list_patterns(form)
    begin = cue if form.by == "province" else 0
    for match in item.finditer(text, begin):
        if items and not joint.fullmatch(text[items[-1].end() : match.start()]):
            break
        items.append(match)
    # A list that is cut would be worse than none.
    return items if items and end.match(text, items[-1].end()) else []


def _ranked(form: RankingForm, match: re.Match[str]) -> Ranked:
    # Provinces are known by their full name, kinds without the word 漏洞 that follows each.
    name = match["name"] + ((match["suffix"] or "") if form.by == "province" else "")
    return Ranked.model_construct(
        name=name.upper(),
        value=read_number(match["number"], match["scale"]).value if match["number"] else None,
        share_pct=float(match["share"].replace(",", "")) if match["share"] else None,
    )
