"""The figures that wait for a check: what the store says of each, and how checks are saved and undone."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, get_args

from cncert.editions.remake_documents import remake
from cncert.infographics.figures.figures_of_issue import Candidate, load_pictures
from cncert.infographics.figures.human_checks import CheckedNumber, CheckVerdict, remove_check, save_check
from cncert.output.check.typed_values import InvalidInput
from cncert.quality.all_warnings import issue_with_warnings
from cncert.store import Store
from cncert.store.picture_readings import Correction

ItemState = Literal["open", "accepted", "confirmed", "corrected", "refused", "settled"]
"""``accepted``: a figure that nothing contradicts; ``settled``: another check or a new reading made it superfluous."""

VERDICTS: tuple[CheckVerdict, ...] = get_args(CheckVerdict)


@dataclass(slots=True)
class QueueItem:
    """A candidate and what has become of it."""

    id: str
    candidate: Candidate
    state: ItemState = "open"
    correction: Correction | None = None
    """The latest check of it, or the one that settles it."""

    @property
    def version(self) -> str:
        """Changes with every check of the item."""
        return f"{self.correction.id} {self.correction.at.isoformat()}" if self.correction else ""

    def update(self, corrections: Iterable[Correction], unchecked: ItemState) -> None:
        """Take over the *corrections* of its file; *unchecked* is its state if nobody has checked it."""
        pair = self.candidate.pair
        own = [one for one in corrections if one.pair.box == pair.box and one.metric == pair.metric]
        moved = [one for one in corrections if one.pair.box == pair.box and one.metric != pair.metric]
        latest = moved or own or [one for one in corrections if one.settles(pair)]
        self.correction = max(latest, key=lambda one: one.at, default=None)
        self.state = "corrected" if own and moved else own[0].verdict if own else unchecked


@dataclass(frozen=True, slots=True)
class SavedCheck:
    """What saving one check changed in the store."""

    item: QueueItem
    verdict: CheckVerdict
    changes: dict[str, tuple[Correction | None, Correction | None]]
    """Each correction that was added, replaced or removed, by its id: before and after; None where there is none."""


class EditConflict(Exception):
    """Somebody else has checked the item since it was shown."""


class CheckQueue:
    """The *candidates* and their checks in *store*. The methods may raise StoreError."""

    def __init__(self, store: Store, candidates: Iterable[Candidate]) -> None:
        items = (QueueItem(item_id(one), one) for one in candidates)
        self.items = {item.id: item for item in items}
        """In the order in which they are shown."""
        self._store = store
        self._saving = asyncio.Lock()

    @property
    def open_count(self) -> int:
        """The number of items that wait for a check."""
        return sum(item.state == "open" for item in self.items.values())

    async def load(self) -> None:
        """Take over the checks that the store has."""
        files: dict[str, list[QueueItem]] = {}
        for item in self.items.values():
            files.setdefault(item.candidate.checksum, []).append(item)
        for checksum, items in files.items():
            corrections = await self._store.corrections([checksum])
            for item in items:
                item.update(corrections, "open" if item.candidate.reason else "accepted")

    def related(self, item: QueueItem) -> list[QueueItem]:
        """Return the items of the same issues, *item* among them: those that a check of it may settle."""
        return [one for one in self.items.values() if not set(one.candidate.issues).isdisjoint(item.candidate.issues)]

    async def refresh(self, item: QueueItem) -> None:
        """Bring *item* and the related ones up to date with the store."""
        unchecked: dict[str, ItemState] = {}
        for issue_id in item.candidate.issues:
            if (stored := await issue_with_warnings(self._store, issue_id)) is not None:
                loaded = await load_pictures(self._store, *stored)
                unchecked |= {item_id(one): "accepted" for one in loaded.found.accepted}
                unchecked |= {item_id(one): "open" for one in loaded.found.candidates}
        corrections: dict[str, list[Correction]] = {}
        for one in self.related(item):
            checksum = one.candidate.checksum
            if checksum not in corrections:
                corrections[checksum] = await self._store.corrections([checksum])
            one.update(corrections[checksum], unchecked.get(one.id, "settled"))

    async def save(
        self,
        item: QueueItem,
        verdict: CheckVerdict,
        by: str,
        version: str,
        stated: CheckedNumber | None,
        metric: str | None,
    ) -> SavedCheck:
        """Store the check of *item* by the person *by*, who was shown that *version* of it.

        A correction may give it another *metric*. Raises EditConflict, InvalidInput, ArgumentError.
        """
        async with self._saving:
            await self.refresh(item)
            if item.version != version:
                raise EditConflict
            checks = [(item.candidate, verdict, stated)]
            if metric not in (None, item.candidate.pair.metric):
                moved = await self._with_metric(item.candidate, metric)
                checks = [(moved, verdict, stated), (item.candidate, "refused", None)]
            known = {one.id: one for one in await self._store.corrections([item.candidate.checksum])}
            changes: dict[str, tuple[Correction | None, Correction | None]] = {}
            box, metrics = item.candidate.pair.box, {candidate.pair.metric for candidate, _, _ in checks}
            for one in known.values():
                if one.pair.box == box:
                    superseded = one.metric not in metrics
                else:
                    superseded = one.metric == checks[0][0].pair.metric and "refused" not in (verdict, one.verdict)
                if not superseded:
                    continue
                await remake(self._store, await remove_check(self._store, one))
                changes[one.id] = one, None
            for candidate, its_verdict, its_value in checks:
                after = await save_check(self._store, candidate, its_verdict, by, its_value)
                await remake(self._store, candidate.issues)
                changes[after.id] = known.get(after.id), after
            await self.refresh(item)
            return SavedCheck(item, verdict, changes)

    async def undo(self, check: SavedCheck) -> None:
        """Take *check* back. Raises EditConflict if somebody has changed it since."""
        async with self._saving:
            candidate = check.item.candidate
            known = {one.id: one for one in await self._store.corrections([candidate.checksum])}
            if any(known.get(name) != after for name, (_, after) in check.changes.items()):
                await self.refresh(check.item)
                raise EditConflict
            for before, after in reversed(check.changes.values()):
                if before is not None:
                    await self._store.put_correction(before)
                elif after is not None:
                    await remake(self._store, await remove_check(self._store, after))
            await remake(self._store, candidate.issues)
            await self.refresh(check.item)

    async def _with_metric(self, candidate: Candidate, metric: str | None) -> Candidate:
        """Return *candidate* as one of *metric*. Raises InvalidInput if its picture has a figure of that."""
        stored = await issue_with_warnings(self._store, candidate.issues[0])
        for one in (await load_pictures(self._store, *stored)).found.accepted if stored is not None else ():
            if (one.checksum, one.pair.metric) == (candidate.checksum, metric) and one.pair.box != candidate.pair.box:
                raise InvalidInput("refused_taken")
        return replace(candidate, pair=candidate.pair.model_copy(update={"metric": metric}), is_one_of_several=False)


def item_id(candidate: Candidate) -> str:
    """Return an id that is the same for the same number of the same file, whoever reads the store."""
    pair = candidate.pair
    return sha256(f"{candidate.checksum} {pair.metric} {pair.box}".encode()).hexdigest()[:16]
