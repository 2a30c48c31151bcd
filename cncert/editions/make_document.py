"""Makes the document of an issue from the edition that counts, and says where other editions contradict it."""

from collections.abc import Iterator, Mapping, Sequence

from cncert.editions.choose import PAGES, Choice, choose
from cncert.editions.make_edition import edition_of
from cncert.infographics.figures.figures_of_issue import figures_of_issue
from cncert.items import Check, Figure, Issue, IssueWarning, issue_id
from cncert.report.preferred_figures import preferred_numbers, preferred_words
from cncert.report.validation import validate_issue
from cncert.report.which_week import dated
from cncert.store.editions import Edition, TextCorrection
from cncert.store.kept_pictures import KeptPicture
from cncert.store.picture_readings import Correction, PictureReading
from cncert.wechat.text import dense


def make_document(
    choice: Choice,
    pictures: Mapping[str, KeptPicture],
    readings: Mapping[str, PictureReading],
    corrections: Mapping[str, Sequence[Correction]],
    text_corrections: Sequence[TextCorrection],
) -> Issue | None:
    """Return the document of the issue of *choice*; None if none of its editions counts.

    *pictures* by key, *readings* and *corrections* by the checksums of picture files.
    """
    chosen = choice.chosen
    if chosen is None:
        return None
    issue = dated(chosen.issue.model_copy(update={"title": choice.title}), choice.week)
    figures, not_applied = _corrected(issue, chosen, text_corrections)
    rating = issue.rating
    if choice.site is not None:
        rating = rating or choice.site.issue.rating
        stated = {figure.metric for figure in figures}
        of_site, _ = _corrected(choice.site.issue, choice.site, text_corrections)
        figures += [
            figure.model_copy(update={"edition": choice.site.id, "start": None, "end": None})
            for figure in of_site
            if figure.metric not in stated
        ]
    listed = [*issue.documents, *(choice.site.issue.documents if choice.site is not None else ())]
    documents = [*{one.checksum: one for one in reversed(listed)}.values()][::-1]  # one that was imported too, once
    images = [pictures[one.key].put_into(one) if one.key in pictures else one for one in issue.images]
    warnings = [*_contradictions(choice, chosen), *not_applied]
    issue = issue.model_copy(
        update={
            "rating": rating,
            "figures": figures,
            "images": images,
            "documents": documents,
            "review": [line for line in issue.review if issue_id(line.year, line.number) != issue.id],
            "warnings": [*issue.warnings, *warnings],
            "editions": [one.record(chosen=one is chosen) for one in choice.editions],
        }
    )
    found = figures_of_issue(issue, readings, corrections)
    return validate_issue(issue.model_copy(update={"figures": figures + found.figures}))


def sole_document(issue: Issue) -> Issue:
    """Return the document of what was read of an issue, if nothing else is known of that."""
    edition = edition_of(issue)
    (choice,) = choose([edition]).values()
    return make_document(choice, {}, {}, {}, []) or issue


def _corrected(
    issue: Issue, edition: Edition, corrections: Sequence[TextCorrection]
) -> tuple[list[Figure], list[IssueWarning]]:
    """Return the figures of the text of *issue*, of *edition*, as persons corrected them, and what fits no more.

    A correction belongs to the sentence: another parser may read another figure in it, or none.
    """
    figures = [figure for figure in issue.figures if figure.source == "text"]
    text, warnings = dense(issue.text), []
    for one in corrections:
        if one.article != (edition.article or edition.id):
            continue
        if dense(one.sentence) not in text:
            message = f"{one.metric}: {one.by} corrected it to {one.value:.12g} in a sentence that has changed since"
            warnings.append(IssueWarning(code="correction_not_applied", message=message))
            continue
        stating = [figure for figure in figures if figure.metric == one.metric]
        known = next((figure for figure in stating if figure.evidence == one.sentence), stating[0] if stating else None)
        base = known or Figure(
            metric=one.metric,
            value=one.value,
            unit=one.unit,
            change_pct=None,
            share_pct=None,
            section=None,
            evidence=one.sentence,
            source="text",
            confidence=1.0,
            picture=None,
        )
        checked = Check(by=one.by, at=one.at, verdict="corrected")
        update = {"value": one.value, "unit": one.unit, "confidence": 1.0, "checked": checked}
        corrected = base.model_copy(update=update)
        figures = [corrected if figure is known else figure for figure in figures] + ([] if known else [corrected])
    return figures, warnings


def _contradictions(choice: Choice, chosen: Edition) -> Iterator[IssueWarning]:
    """Yield the warnings about what other editions of the issue say, in a fixed order."""
    if choice.emptied:
        message = f"the page states neither a rating nor a figure any more: {_name(chosen)} is kept"
        yield IssueWarning(code="page_emptied", message=message)
    if choice.former_weeks:
        message = f"an earlier state of its article was {', '.join(choice.former_weeks)}"
        yield IssueWarning(code="week_changed", message=message)
    if chosen.issue.rating is None and choice.site is not None and choice.site.issue.rating is not None:
        message = f"the rating {choice.site.issue.rating} is stated by {_name(choice.site)} only"
        yield IssueWarning(code="rating_joined", message=message)
    stated = _stated(chosen.issue)
    for other in choice.editions:
        if other is chosen or other.is_withdrawn:
            continue
        is_of_site = choice.site is not None and other.article == choice.site.article
        counting = choice.site if choice.site is not None and is_of_site else chosen
        is_earlier_state = other.article == counting.article and other.issue.provenance.source in PAGES
        if other is not counting and is_earlier_state and not _was_seen_later(other, counting):
            continue
        if other.issue.provenance.source == "page" and other.states_something and _was_seen_later(other, chosen):
            yield IssueWarning(code="newer_not_chosen", message=f"{_name(other)} was seen later, and is not chosen")
        of_other, is_whole = _stated(other.issue), _show_the_same(chosen, other)
        for name in dict.fromkeys([*stated, *of_other]):
            one, two = stated.get(name), of_other.get(name)
            if one != two and (is_whole or (one is not None and two is not None)):
                message = f"{name}: {_text(one)} here, {_text(two)} in {_name(other)}"
                yield IssueWarning(code="editions_disagree", message=message)


def _stated(issue: Issue) -> dict[str, float | str]:
    """Return the rating and, by metric, the figure that counts, of what was read of *issue*."""
    found: dict[str, float | str] = {"rating": issue.rating} if issue.rating else {}
    found |= {name: number for name, (_, number) in preferred_numbers(issue.figures).items()}
    found |= {name: word for name, (_, word) in preferred_words(issue.figures).items()}
    return found


def _text(value: float | str | None) -> str:
    return "not stated" if value is None else value if isinstance(value, str) else f"{value:.12g}"


def _show_the_same(one: Edition, other: Edition) -> bool:
    """Whether both show all of one article, by WeChat's own word: a page and a reprint, or two reprints.

    A text from elsewhere may have lost some of it, and a page that states nothing was emptied.
    """
    sources = ("page", "reprint_card", "reprint")
    are_pages = all(edition.issue.provenance.source in sources for edition in (one, other))
    return are_pages and one.article == other.article and one.states_something and other.states_something


def _was_seen_later(other: Edition, chosen: Edition) -> bool:
    one, two = other.last.seen_at, chosen.last.seen_at
    return one is not None and (two is None or one > two)


def _name(edition: Edition) -> str:
    return f"edition {edition.id[:8]} ({edition.issue.provenance.source.replace('_', ' ')})"
