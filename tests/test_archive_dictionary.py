"""Dictionaries made of pages, and those of others: one that lies is refused, and costs neither time nor memory."""

import io
import os

import pytest

from cncert.archive.compression import zstd
from cncert.archive.packed_members import PackedFile
from cncert.archive.page_dictionary import dictionary_frame, make_dictionary, pack
from cncert.archive.unpacked import DICTIONARY_FRAME, MAX_DICTIONARY_BYTES
from cncert.exceptions import ArchiveError
from tests import series
from tests.site import pages

WEEKS = series.week_ids("2024-10", "2024-12")
SCRIPTS = f"<script>{pages._pool('archive', pages._CODE, 200_000)}</script></body>".encode()


def page_of(issue: str) -> bytes:
    """The page of *issue*, most of which is scripts that all have."""
    return series.page_of(issue, linked=lambda _: None).replace(b"</body>", SCRIPTS)


def test_pages_have_nearly_everything_in_common() -> None:
    page = page_of(WEEKS[2])
    packed = [sum(map(len, pack([page], len(page), one))) for one in (None, make_dictionary([page_of(WEEKS[0])]))]
    assert packed[1] < 0.2 * packed[0]


def test_what_packs_badly_is_unpacked_too() -> None:
    data = b"WARC/1.0\r\n" + os.urandom(2 << 20).hex().encode()
    opened = PackedFile(io.BytesIO(b"".join(pack([data], len(data), None))))
    (member,) = opened.members()
    assert b"".join(opened.unpacked(member.offset)) == data


def test_a_page_that_differs_is_added() -> None:
    other = os.urandom(100_000)
    one, two = (make_dictionary(some) for some in ([page_of(WEEKS[0])], [page_of(WEEKS[0]), page_of(WEEKS[1]), other]))
    assert one is not None and two is not None
    assert 0 < len(two.dict_content) - len(one.dict_content) - len(other) < 40_000


def frame(data: bytes) -> bytes:
    return DICTIONARY_FRAME + len(data).to_bytes(4, "little") + data


LYING = {
    "none": (frame(b"no dictionary"), "cannot be used"),
    "nothing": (frame(b""), "cannot be used"),
    "only its beginning": (frame(b"\x37\xa4\x30\xec"), "cannot be used"),
    "longer than the file": (
        DICTIONARY_FRAME + (1 << 20).to_bytes(4, "little") + b"\x37\xa4\x30\xec",
        "cannot be used",
    ),
    "longer than any": (DICTIONARY_FRAME + b"\xff\xff\xff\x7f", "has more than"),
    "a bomb": (frame(zstd.compress(bytes(1 << 28))), "too large"),
    "breaks off": (frame(zstd.compress(os.urandom(1000))[:-10]), "cannot be used"),
    "a huge window": (
        frame(zstd.compress(b"x" * 9, options={zstd.CompressionParameter.window_log: 27})),
        "cannot be used",
    ),
}


@pytest.mark.parametrize(("data", "reason"), LYING.values(), ids=LYING)
def test_a_dictionary_that_lies_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ArchiveError, match=reason):
        PackedFile(io.BytesIO(data))


def test_a_frame_with_a_huge_window_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    compressor = zstd.ZstdCompressor(options=options)
    packed = compressor.compress(b"WARC/1.0\r\n") + compressor.flush()  # without its size, the window is as stated
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        list(PackedFile(io.BytesIO(packed)).members())


def test_another_dictionary_is_no_dictionary_of_a_frame() -> None:
    one, other = (make_dictionary([page_of(issue)]) for issue in WEEKS[:2])
    assert one is not None and other is not None
    page = page_of(WEEKS[2])
    packed = dictionary_frame(other) + b"".join(pack([page], len(page), one))
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        list(PackedFile(io.BytesIO(packed)).members())


def test_a_dictionary_is_no_larger_than_readers_take() -> None:
    dictionary = make_dictionary([os.urandom(3 << 20) for _ in range(4)])
    assert dictionary is not None
    assert 6 << 20 < len(dictionary.dict_content) <= MAX_DICTIONARY_BYTES
    assert make_dictionary([bytes(9 << 20)]) is None
