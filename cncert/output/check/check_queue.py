"""What lies before the reviewers: the candidates, what became of each, and their judgements in the store."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, get_args

from cncert.infographics.figures.figures_of_issue import Candidate
from cncert.infographics.figures.human_checks import CheckedNumber, CheckVerdict, remove_check, save_check
from cncert.infographics.figures.update_issue import load_pictures, update_issues
from cncert.output.check.typed_values import NotMeant
from cncert.quality import renew_warnings
from cncert.store import Store
from cncert.store.picture_readings import Correction

State = Literal["open", "accepted", "confirmed", "corrected", "refused", "settled"]
"""``accepted``: a figure that nothing contradicts; ``settled``: another answer, or a new reading, has settled it."""

VERDICTS: tuple[CheckVerdict, ...] = get_args(CheckVerdict)
Answer = tuple[Candidate, CheckVerdict, CheckedNumber | None]


@dataclass(slots=True)
class Item:
    """A candidate on the desk."""

    id: str
    candidate: Candidate
    state: State = "open"
    said: Correction | None = None
    """The last that was said of it, or that settles it."""

    @property
    def mark(self) -> str:
        """Tells whether anything has been said since."""
        return f"{self.said.id} {self.said.at.isoformat()}" if self.said else ""

    def renew(self, known: Iterable[Correction], asked: State) -> None:
        """Take over what is *known* to be said of its file; *asked*: what it is if nobody has judged it."""
        pair = self.candidate.pair
        own = [one for one in known if one.pair.box == pair.box and one.metric == pair.metric]
        moved = [one for one in known if one.pair.box == pair.box and one.metric != pair.metric]
        told = moved or own or [one for one in known if one.settles(pair)]
        self.said = max(told, key=lambda one: one.at, default=None)
        self.state = "corrected" if own and moved else own[0].verdict if own else asked


@dataclass(frozen=True, slots=True)
class Step:
    """A correction that was put, replaced or taken back."""

    before: Correction | None
    after: Correction | None

    @property
    def id(self) -> str:
        """Of the correction."""
        one = self.before or self.after
        assert one is not None
        return one.id


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one answer did."""

    item: Item
    verdict: CheckVerdict
    steps: tuple[Step, ...]


class Meanwhile(Exception):
    """Somebody else has judged it since it was shown. Raised from :meth:`Desk.judge` and :meth:`Desk.undo`."""


class Desk:
    """The *candidates*, judged in *store*. The methods may raise StoreError."""

    def __init__(self, store: Store, candidates: Iterable[Candidate]) -> None:
        items = (Item(item_id(one), one) for one in candidates)
        self.items = {item.id: item for item in items}
        """In the order in which they are shown."""
        self._store = store
        self._acting = asyncio.Lock()

    @property
    def left(self) -> int:
        """How many wait for an answer."""
        return sum(item.state == "open" for item in self.items.values())

    async def begin(self) -> None:
        """See what was said of the items before."""
        files: dict[str, list[Item]] = {}
        for item in self.items.values():
            files.setdefault(item.candidate.checksum, []).append(item)
        for checksum, items in files.items():
            known = await self._store.corrections(checksum)
            for item in items:
                item.renew(known, "open" if item.candidate.reason else "accepted")

    def beside(self, item: Item) -> list[Item]:
        """The items of the same issues, it too: those that an answer to it may settle."""
        return [one for one in self.items.values() if not set(one.candidate.issues).isdisjoint(item.candidate.issues)]

    async def refresh(self, item: Item) -> None:
        """See what has become of *item* by now, and of those beside it."""
        asked: dict[str, State] = {}
        for issue_id in item.candidate.issues:
            if (loaded := await load_pictures(self._store, issue_id)) is not None:
                asked |= {item_id(one): "accepted" for one in loaded.found.accepted}
                asked |= {item_id(one): "open" for one in loaded.found.candidates}
        known: dict[str, list[Correction]] = {}
        for one in self.beside(item):
            checksum = one.candidate.checksum
            if checksum not in known:
                known[checksum] = await self._store.corrections(checksum)
            one.renew(known[checksum], asked.get(one.id, "settled"))

    async def judge(
        self,
        item: Item,
        verdict: CheckVerdict,
        by: str,
        seen: str,
        stated: CheckedNumber | None = None,
        metric: str | None = None,
    ) -> Judgement:
        """Keep what *by* says of *item*, and has *seen* of it (:attr:`Item.mark`).

        A correction may give it another *metric*. Raises Meanwhile, NotMeant, ArgumentError.
        """
        async with self._acting:
            await self.refresh(item)
            if item.mark != seen:
                raise Meanwhile
            answers: list[Answer] = [(item.candidate, verdict, stated)]
            if metric not in (None, item.candidate.pair.metric):
                moved = await self._moved(item.candidate, metric)
                answers = [(moved, verdict, stated), (item.candidate, "refused", None)]
            known = {one.id: one for one in await self._store.corrections(item.candidate.checksum)}
            steps = []
            for one in _replaced(answers, known.values()):
                await self._renew_warnings(await remove_check(self._store, one))
                steps.append(Step(one, None))
            for candidate, answer, value in answers:
                said, changed = await save_check(self._store, candidate, answer, by, value)
                await self._renew_warnings(changed)
                steps.append(Step(known.get(said.id), said))
            await self.refresh(item)
            return Judgement(item, verdict, tuple(steps))

    async def undo(self, judgement: Judgement) -> None:
        """Take *judgement* back. Raises Meanwhile if it does not stand any more."""
        async with self._acting:
            candidate = judgement.item.candidate
            known = {one.id: one for one in await self._store.corrections(candidate.checksum)}
            if any(known.get(step.id) != step.after for step in judgement.steps):
                await self.refresh(judgement.item)
                raise Meanwhile
            for step in reversed(judgement.steps):
                if step.before is not None:
                    await self._store.put_correction(step.before)
                elif step.after is not None:
                    await self._renew_warnings(await remove_check(self._store, step.after))
            await self._renew_warnings(await update_issues(self._store, candidate.issues))
            await self.refresh(judgement.item)

    async def _renew_warnings(self, changed: Iterable[str]) -> None:
        """Renew the warnings that rest on the *changed* issues."""
        for issue_id in changed:
            await renew_warnings.renew(self._store, issue_id)

    async def _moved(self, candidate: Candidate, metric: str | None) -> Candidate:
        """*candidate* as one of *metric*. Raises NotMeant if its picture has a figure of that."""
        loaded = await load_pictures(self._store, candidate.issues[0])
        for one in loaded.found.accepted if loaded is not None else ():
            if (one.checksum, one.pair.metric) == (candidate.checksum, metric) and one.pair.box != candidate.pair.box:
                raise NotMeant("refused_taken")
        return replace(candidate, pair=candidate.pair.model_copy(update={"metric": metric}), is_one_of_several=False)


def item_id(candidate: Candidate) -> str:
    """The same for the same number of the same file, whoever reads the store."""
    pair = candidate.pair
    return sha256(f"{candidate.checksum} {pair.metric} {pair.box}".encode()).hexdigest()[:16]


def _replaced(answers: Sequence[Answer], known: Iterable[Correction]) -> list[Correction]:
    """What was said before of the same number as another metric, or of another number as the same metric."""
    candidate, verdict, _ = answers[0]
    metrics = {one.pair.metric for one, _, _ in answers}
    return [
        one
        for one in known
        if (one.pair.box == candidate.pair.box and one.metric not in metrics)
        or (
            verdict != "refused"
            and one.verdict != "refused"
            and one.metric == candidate.pair.metric
            and one.pair.box != candidate.pair.box
        )
    ]
