"""Decodes the bytes of a saved page, in the charset that a site or an editor used."""

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_HEAD_BYTES = 4096
"""Bytes in which a page declares its charset."""
# Chinese pages are in one of these. GB18030 reads all that GB2312 and GBK do, and is what browsers take for them.
_CODECS = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk", "gb_2312-80", "cp936"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
}
_TOLERATED = 0.01
"""Share of broken characters that a text in UTF-8 may have."""


def decode(data: bytes) -> str:
    """Return *data* as text: by its byte order mark, as UTF-8, by its declared charset, else as GB18030."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # Text of another charset is hardly ever valid UTF-8, but a page that breaks off or is patched together nearly is.
    names = (match[1].decode("ascii").lower() for match in _DECLARED.finditer(data[:_HEAD_BYTES]))
    declared = next((_CODECS[name] for name in names if name in _CODECS), "gb18030")
    candidates = [data.decode("utf-8", "replace"), data.decode(declared, "replace")]
    beyond_ascii = sum(character > "\x7f" for character in candidates[0])
    if candidates[0].count("\ufffd") <= _TOLERATED * beyond_ascii:
        return candidates[0]
    return min(reversed(candidates), key=lambda text: text.count("\ufffd"))
