"""What became of each picture: its file belongs to the picture's key, whatever issues and editions show it."""

from typing import Annotated, Self

from pydantic import Field

from cncert.items import Model, Moment, Picture, PictureStatus


class KeptPicture(Model):
    """A picture that was requested."""

    id: Annotated[str, Field(alias="_id", min_length=1)]
    """Its key."""
    status: PictureStatus
    path: str | None
    """Of the file, below ``CNCERT_FILES``."""
    checksum: str | None
    width: int | None
    height: int | None
    tried_at: Moment | None
    """When it was requested last; None if that is not known."""
    captures_looked_up: Moment | None = None
    """When the Wayback Machine was last asked whether it has captures of it."""

    @classmethod
    def of(cls, picture: Picture, tried_at: Moment | None) -> Self:
        """Return what is known of *picture*, which was requested at *tried_at*."""
        return cls(
            id=picture.key,
            status=picture.status,
            path=picture.path,
            checksum=picture.checksum,
            width=picture.width,
            height=picture.height,
            tried_at=tried_at,
        )

    def merged_with(self, other: Self) -> Self:
        """Return the better of two results: a stored file, else the last attempt. Their order makes no difference."""
        looked_up = max(filter(None, (self.captures_looked_up, other.captures_looked_up)), default=None)
        return max(self, other, key=_rank).model_copy(update={"captures_looked_up": looked_up})

    def looks_like(self, other: Self) -> bool:
        """Whether documents show both alike: they differ at most in when they were requested."""
        return (self.status, self.path, self.checksum) == (other.status, other.path, other.checksum)

    def put_into(self, picture: Picture) -> Picture:
        """Return *picture*, which has this key, with its file and status."""
        update: dict[str, object] = {"status": self.status, "path": self.path, "checksum": self.checksum}
        if self.status == "stored":
            update |= {"width": self.width, "height": self.height}
        return picture.model_copy(update=update)


def _rank(one: KeptPicture) -> tuple[bool, float, str, str, str]:
    # The later of two files: the first one may have been lost.
    seconds = one.tried_at.timestamp() if one.tried_at else 0.0
    return one.status == "stored", seconds, one.status, one.checksum or "", one.path or ""
