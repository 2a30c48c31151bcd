"""Files of kept archives that an import has read, so that the next one passes over them."""

from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field

from cncert.items import Model

FINGERPRINT_BYTES = 12
"""Of a fingerprint: among a million files no two have the same."""
MAX_FINGERPRINTS = 4_096
"""In one document, of 64 kB: a document for each file would be the largest part of a store."""


class SettledFiles(Model):
    """Some files that one reader has read, by their fingerprints, which change with their content."""

    id: Annotated[str, Field(alias="_id")]
    reader: str
    """What read them: another version of the parser, or other options, read them again."""
    files: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*$", max_length=FINGERPRINT_BYTES * MAX_FINGERPRINTS * 2)]
    """The fingerprints one behind the other, in base64."""

    @classmethod
    def of(cls, document_id: str, reader: str, fingerprints: Collection[bytes]) -> Self:
        """Return the document of *fingerprints*, at most MAX_FINGERPRINTS."""
        return cls(id=document_id, reader=reader, files=b64encode(b"".join(fingerprints)).decode())

    @property
    def fingerprints(self) -> list[bytes]:
        """The fingerprints."""
        data = b64decode(self.files)
        return [data[start : start + FINGERPRINT_BYTES] for start in range(0, len(data), FINGERPRINT_BYTES)]
