"""Makes the documents of issues anew from their editions: the only code that writes them.

An edition is written first, then the documents that list it. Whoever is killed in between leaves an edition that is
listed nowhere; :func:`heal` finds it, and a document that a person has removed.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from cncert.editions.choose import Choice, choose
from cncert.editions.make_document import make_document
from cncert.exceptions import DocumentError, StoreError
from cncert.items import Issue
from cncert.store import Store
from cncert.store.backend import MAX_CHANGE_ATTEMPTS, Loaded, Write, wait_for_others
from cncert.store.editions import Edition
from cncert.store.picture_readings import Correction


@dataclass(frozen=True, slots=True)
class Remade:
    """An issue whose document was made anew."""

    before: Issue | None
    after: Issue | None
    """None if none of its editions counts (any more)."""


async def remake(store: Store, weeks: Collection[str], articles: Collection[str] = ()) -> dict[str, Remade]:
    """Make the documents of *weeks*, and of all issues that *articles* may be, anew; return all that were looked at.

    May raise StoreError.
    """
    for _ in range(MAX_CHANGE_ATTEMPTS):
        # In this order: what another process writes into a document after it was read, this one does not overwrite,
        # and what it wrote before is among the editions that are read now.
        documents = await store.load(Issue, weeks)
        editions = await _related(store, weeks, articles)
        touched = {*weeks}
        choices = choose(loaded.document for loaded in editions.values())
        # Until nothing more is met: an edition that came meanwhile may touch weeks whose documents were not read.
        while (
            missing := ({week for one in editions.values() for week in _weeks_of(one.document)} | {*choices}) - touched
        ):
            touched |= missing
            documents |= await store.load(Issue, missing)
            editions = await _related(store, touched, articles)
            choices = choose(loaded.document for loaded in editions.values())
        made = await _make(store, choices)
        written = await store.write_all(
            [
                *(store.write(Issue, week, documents.get(week), made.get(week)) for week in sorted(touched)),
                *(_listed(store, editions[one.id], week) for week in choices for one in choices[week].editions),
            ]
        )
        if written:
            return {
                week: Remade(documents[week].document if week in documents else None, made.get(week))
                for week in sorted(touched)
            }
        weeks = touched
        await wait_for_others()
    raise StoreError(f"{store.name}: {', '.join(weeks)[:200]} were changed by others again and again")


def _weeks_of(edition: Edition) -> Iterator[str]:
    """Yield the issues that *edition* may be, and the one whose document lists it, which may be none of these now."""
    yield from edition.weeks
    if edition.document is not None:
        yield edition.document


async def heal(store: Store) -> list[str]:
    """Make the documents anew that do not list all their editions; return the ids of those that this changed.

    A document that cannot be read stays as it is, and the others are made. May raise StoreError.
    """
    changed = set[str]()
    for week in await store.unsettled_weeks():
        with suppress(DocumentError):
            changed |= {one for one, remade in (await remake(store, [week])).items() if remade.before != remade.after}
    return sorted(changed)


async def _related(store: Store, weeks: Iterable[str], articles: Iterable[str]) -> dict[str, Loaded[Edition]]:
    """Return the editions of *weeks* and *articles*, and all that share an article or a possible week with these."""
    asked_weeks, asked_articles = set[str](), set[str]()
    found: dict[str, Loaded[Edition]] = {}
    new_weeks, new_articles = set(weeks), set(articles)
    while new_weeks or new_articles:
        found |= await store.editions_of(new_articles, new_weeks)
        asked_weeks |= new_weeks
        asked_articles |= new_articles
        # An article whose editions were all found by their weeks may have others of other weeks.
        new_weeks = {week for one in found.values() for week in one.document.weeks} - asked_weeks
        new_articles = {one.document.article for one in found.values() if one.document.article} - asked_articles
    return found


async def _make(store: Store, choices: dict[str, Choice]) -> dict[str, Issue | None]:
    """Return the documents of *choices*, with what is known of their pictures and what persons corrected."""
    chosen = [choice.chosen for choice in choices.values() if choice.chosen is not None]
    pictures = await store.get_pictures({picture.key for one in chosen for picture in one.issue.images})
    files = {one.checksum for one in pictures.values() if one.checksum}
    read = await store.get_read_pictures(files)
    corrections: dict[str, list[Correction]] = {}
    for correction in await store.corrections(files):
        corrections.setdefault(correction.picture, []).append(correction)
    corrected = [*chosen, *(choice.site for choice in choices.values() if choice.site is not None)]
    in_texts = await store.text_corrections({one.article or one.id for one in corrected})
    readings = {checksum: picture.reading for checksum, picture in read.items()}
    return {week: make_document(choice, pictures, readings, corrections, in_texts) for week, choice in choices.items()}


def _listed(store: Store, edition: Loaded[Edition], week: str) -> Write | None:
    """Return what has to be written to note that the document of *week* shows *edition* as it is."""
    after = edition.document.model_copy(update={"document": week, "settled": True})
    return store.write(Edition, after.id, edition, after)
