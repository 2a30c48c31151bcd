"""Notes on the issues that a run stored: which have warnings to look at. The run may be clean all the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cncert.items import IssueWarning
from cncert.store.run_records import IssueNote
from cncert.terminal.translation import translated

LISTED_ISSUES = 5
"""The most issues that a line lists; ``scrapy warnings`` lists all."""


@dataclass(frozen=True, slots=True)
class WarningGroup:
    """Codes of warnings that are counted together."""

    counter: str
    """The end of the name of Scrapy's counter, behind ``cncert/figures/``."""
    codes: frozenset[str]
    text: str
    """What is said of an issue with such a warning."""


WARNING_GROUPS = (
    WarningGroup("unread", frozenset({"figures_unread", "figure_ambiguous"}), "with numbers that nothing read"),
    WarningGroup(
        "missing", frozenset({"figure_missing", "rating_missing"}), "without a figure that others of its time state"
    ),
    WarningGroup(
        "disagree",
        frozenset({"figures_disagree", "figure_conflict", "change_disagrees", "picture_disagrees"}),
        "with figures that contradict each other or the week before",
    ),
    WarningGroup(
        "editions",
        frozenset({"editions_disagree", "page_emptied", "newer_not_chosen"}),
        "whose editions contradict each other (scrapy edit ISSUE shows them)",
    ),
    WarningGroup(
        "weeks",
        frozenset({"number_differs", "week_changed", "lists_itself"}),
        "whose title names another week",
    ),
    WarningGroup("times", frozenset({"time_in_future"}), "with a time in the future, which is left out"),
    WarningGroup(
        "corrections", frozenset({"correction_not_applied"}), "with a person's correction that fits the text no more"
    ),
    WarningGroup("outlier", frozenset({"figure_outlier"}), "with a figure far from those of the weeks around it"),
)

RUN_NOTES = {
    "not_followed": "of which pages alone name so many articles that not all were requested (the next run goes on)",
}
"""What is said of an issue with a note that is none of its warnings, by its code."""


def count(warnings: Mapping[str, Sequence[IssueWarning]]) -> dict[str, dict[str, int]]:
    """Count *warnings*, given by issue, for each group: by counter, then by issue; without zeros."""
    found: dict[str, dict[str, int]] = {}
    for issue, its_warnings in warnings.items():
        for group in WARNING_GROUPS:
            if number := sum(warning.code in group.codes for warning in its_warnings):
                found.setdefault(group.counter, {})[issue] = number
    return found


def notes_on(issue: str, warnings: Iterable[IssueWarning]) -> list[IssueNote]:
    """Return a note for each code in WARNING_GROUPS of which *issue* has one of *warnings*."""
    noted = {code for group in WARNING_GROUPS for code in group.codes}
    codes = dict.fromkeys(warning.code for warning in warnings if warning.code in noted)
    return [IssueNote(issue=issue, code=code) for code in codes]


def note_lines(notes: Iterable[IssueNote], language: str = "en") -> Iterator[str]:
    """Yield a line in *language* for each group of *notes*, and for each message of a note."""
    texts = {code: group.text for group in WARNING_GROUPS for code in group.codes} | RUN_NOTES
    texts = {code: translated(text, language) for code, text in texts.items()}
    issues: dict[str, set[str]] = {translated(group.text, language): set() for group in WARNING_GROUPS}
    messages = []
    for note in notes:
        if note.message is not None:
            messages.append(f"{note.issue}: {note.message}")
        else:
            other = translated("with the warning {code}", language).format(code=note.code)
            issues.setdefault(texts.get(note.code, other), set()).add(note.issue)
    for text, noted in issues.items():
        if noted:
            ids = sorted(noted)
            listed = ", ".join(ids[:LISTED_ISSUES])
            if len(ids) > LISTED_ISSUES:
                listed += translated(" and {number} more", language).format(number=len(ids) - LISTED_ISSUES)
            line = "{number} issues {what}: {issues}" if len(ids) > 1 else "{number} issue {what}: {issues}"
            yield translated(line, language).format(number=len(ids), what=text, issues=listed)
    yield from messages
