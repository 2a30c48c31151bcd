"""Reads the pictures of the stored issues: each once, and kept at once.

A process that is killed loses no reading. What it left, the next one does: it compares every issue with what its
pictures give before it begins.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from cncert.exceptions import DocumentError
from cncert.infographics.figures.figures_of_issue import IssuePictures, load_pictures
from cncert.infographics.figures.ocr_workers import PictureGroup, PictureResult, ReaderOptions, read_all
from cncert.infographics.figures.picture_files import PicturePlace, places
from cncert.items import Issue, IssueWarning
from cncert.store import Store
from cncert.store.picture_readings import ReadPicture


@dataclass(slots=True)
class KnownFile:
    """A picture file and what is known of it."""

    places: list[PicturePlace]
    """One for each issue that shows it."""
    state: str = "unread"
    """Of its reading."""
    is_older: bool = False
    """Whether another version of the reader read it, or this one could not."""


class StoredPictures:
    """The pictures of the issues from *first* to *last* (None: no bound) in *store*.

    *reader*: the present version, as :attr:`PictureReading.reader` names it; without it none is older.
    The methods may raise StoreError.
    """

    def __init__(
        self, store: Store, reader: tuple[str, str] | None, first: str | None = None, last: str | None = None
    ) -> None:
        self.files: dict[str, KnownFile] = {}
        """By checksum; issue by issue, in reading order."""
        self.outdated: dict[str, None] = {}
        """The ids of issues whose pictures give something else than their documents have. The caller makes these anew,
        and clears it."""
        self._store, self._reader, self._first, self._last = store, reader, first, last

    async def issue_ids(self) -> list[str]:
        """Return the ids of the issues, ascending."""
        first, last = self._first or "", self._last or "~"
        return [one for one in await self._store.issue_ids() if first <= one <= last]

    async def add_issue(self, issue_id: str) -> None:
        """Add the pictures of an issue."""
        if (loaded := await self._load(issue_id)) is None:
            return
        for place in places(loaded.issue):
            file = self.files.setdefault(place.checksum, KnownFile([]))
            file.places.append(place)
            if (known := loaded.readings.get(place.checksum)) is not None:
                self._note(file, known)

    def groups(self, *, again: bool = False) -> list[PictureGroup]:
        """Return the pictures to be read: those that nobody has read yet, or *again* those that are older."""
        wanted = [f.places[0] for f in self.files.values() if (f.is_older if again else f.state == "unread")]
        runs = groupby(enumerate(wanted), key=lambda one: (one[1].issue, one[1].number - one[0]))
        return [tuple(place for _, place in run) for _, run in runs]

    async def read(
        self, groups: list[PictureGroup], reader: ReaderOptions, jobs: int
    ) -> AsyncGenerator[PictureResult | None]:
        """Read pictures, keep each reading, and look at an issue after its last; yields as :func:`read_all` does."""
        due = Counter(place.issue for group in groups for one in group for place in self.files[one.checksum].places)
        with closing(read_all(groups, reader, jobs)) as results:
            for result in results:
                await asyncio.sleep(0)  # a driver looks after its connections
                if result is not None:
                    file = self.files[result.picture.checksum]
                    if result.reading is not None:
                        self._note(file, await self._store.put_reading(result.picture.checksum, result.reading))
                    due.subtract(place.issue for place in file.places)
                    for place in file.places:
                        if due[place.issue] == 0:
                            await self._load(place.issue)
                yield result

    async def proposals(self) -> list[ReadPicture]:
        """Return the files of which another reading is proposed."""
        return [one async for one in self._store.read_pictures() if one.proposed is not None and one.id in self.files]

    async def accept(self) -> list[ReadPicture]:
        """Accept the proposed readings; returns the files as they were before."""
        accepted = [one for one in await self.proposals() if await self._store.accept_reading(one.id)]
        for issue_id in dict.fromkeys(place.issue for one in accepted for place in self.files[one.id].places):
            await self._load(issue_id)
        return accepted

    def states(self) -> Counter[str]:
        """Return how many files are in which state."""
        return Counter(file.state for file in self.files.values())

    async def counts(self, issues: AsyncIterator[tuple[Issue, list[IssueWarning]]]) -> Counter[str]:
        """Count what the issues have from their pictures: figures, of these the checked ones and those with a warning,
        candidates, unnamed numbers. *issues* come with all their warnings.
        """
        counts: Counter[str] = Counter()
        ids = {place.issue for file in self.files.values() for place in file.places}
        async for issue, warnings in issues:
            if issue.id in ids:
                found = (await load_pictures(self._store, issue, warnings)).found
                counts["figures"] += len(found.figures)
                counts["checked"] += sum(figure.checked is not None for figure in found.figures)
                counts["doubted"] += sum(one.is_figure for one in found.candidates)
                counts["candidates"] += sum(not one.is_figure for one in found.candidates)
                counts["unnamed"] += found.unnamed
        return counts

    async def _load(self, issue_id: str) -> IssuePictures | None:
        try:
            if (issue := await self._store.get_issue(issue_id)) is None:
                return None
            loaded = await load_pictures(self._store, issue)
        except DocumentError:
            return None  # it stays as it is
        if loaded.is_outdated:
            self.outdated[issue_id] = None
        return loaded

    def _note(self, file: KnownFile, known: ReadPicture) -> None:
        read_by = {one.reader for one in (known.reading, known.proposed) if one is not None}
        file.state = known.reading.state
        file.is_older = self._reader is not None and (file.state == "failed" or self._reader not in read_by)
