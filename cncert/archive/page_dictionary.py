"""Makes the dictionary of a file of pages: whole pages, which have nearly all of their scripts in common.

Ten pages of 2.3 to 3.7 MB, served in 2025 and 2026: 60 to 130 kB a page with another one as dictionary, 10 to 30 kB
with one of its own months; 350 kB without, and hardly less with a dictionary that zstd trains, which keeps only what
is short.
"""

from collections.abc import Iterable, Iterator

from cncert.archive.compression import zstd
from cncert.archive.unpacked import DICTIONARY_FRAME, MAX_DICTIONARY_BYTES

LEVEL = 9
"""Of the records: 7 pages with two others as dictionary take 255 kB and 57 ms each; 607 kB and 25 ms at level 6 (with
long-distance matching; 2.4 MB at level 3), 234 kB and 145 ms at 12, 202 kB and 880 ms at 19."""
DICTIONARY_LEVEL = 15
WINDOW_LOG = 23
"""The largest that every reader opens; a frame that is no larger reaches all of the dictionary from all of it."""
MAX_CONTENT_BYTES = MAX_DICTIONARY_BYTES - (1 << 16)
"""Of pages in a dictionary: tables come before them."""
MIN_GAIN_RATIO = 50
"""A page that the dictionary packs better than this adds nothing to it."""
_SAMPLE_BYTES = 1 << 17

_PARAMETER = zstd.CompressionParameter


def make_dictionary(pages: Iterable[bytes]) -> zstd.ZstdDict | None:
    """Return a dictionary made of some of *pages*, the first and what differs most from it; None without a page."""
    left = [page for page in pages if len(page) <= MAX_CONTENT_BYTES]
    if not left:
        return None
    samples = [page[start : start + _SAMPLE_BYTES] for page in left for start in (0, len(page) // 2)]
    content = left.pop(0)
    while left:
        raw = zstd.ZstdDict(content, is_raw=True)
        sizes = {page: sum(map(len, pack([page], len(page), raw))) for page in left}
        room = MAX_CONTENT_BYTES - len(content)
        left = [page for page in left if sizes[page] * MIN_GAIN_RATIO > len(page) and len(page) <= room]
        if left:
            worst = max(left, key=sizes.__getitem__)
            left.remove(worst)
            content = worst + content
    return zstd.finalize_dict(zstd.ZstdDict(content, is_raw=True), samples, MAX_DICTIONARY_BYTES, LEVEL)


def dictionary_frame(dictionary: zstd.ZstdDict) -> bytes:
    """Return the frame that the file begins with, the dictionary compressed in it."""
    content = dictionary.dict_content
    packed = b"".join(pack([content], len(content), None, DICTIONARY_LEVEL))
    return DICTIONARY_FRAME + len(packed).to_bytes(4, "little") + packed


def pack(pieces: Iterable[bytes], size: int, dictionary: zstd.ZstdDict | None, level: int = LEVEL) -> Iterator[bytes]:
    """Yield the frame of *pieces*, *size* bytes, with its size and checksum, which the draft wants."""
    options = {_PARAMETER.compression_level: level, _PARAMETER.window_log: WINDOW_LOG, _PARAMETER.checksum_flag: 1}
    numbers = {int(name): value for name, value in options.items()}
    compressor = zstd.ZstdCompressor(options=numbers, zstd_dict=dictionary)
    compressor.set_pledged_input_size(size)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()
