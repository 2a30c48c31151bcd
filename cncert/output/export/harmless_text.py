"""Text of pages, harmless in whatever opens it: titles, evidence and names are somebody else's."""

import re

from cncert.terminal.safe_text import UNSAFE_CHARACTERS

# What acts on a terminal, but for line ends, tabs and what joins emoji; and noncharacters, which are no XML.
_UNSAFE = re.compile(f"(?:{UNSAFE_CHARACTERS.pattern}|[\ufdd0-\ufdef\ufffe\uffff])(?<![\n\t\u200d])")
# Excel takes the full-width and the small forms of = + - @ for the sign itself, and looks behind blanks. Where ; or a
# tab separates cells it splits a cell of ours there, and at line ends, whatever quotes stand around it.
_ACTING = re.compile(
    "(?:\\A|(?<=[;\t\r\n]))(?=(?:[^\\S\t\r\n]|[\u00ad\u200b-\u200f\u2060\ufeff])*"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207c\u207a\u207b\u208c\u208a\u208b\u2212\ufb29\u2a75\u2a76'])"
    "|\\A(?=[\t\r\n])"
)


def replace_unsafe(text: str) -> str:
    """Return *text* with each character that acts on its reader replaced by U+FFFD, one for one: places in it stay."""
    return _UNSAFE.sub("\ufffd", text)


def escape_formula(text: str) -> str:
    """Return *text* as a cell that no spreadsheet takes for a formula: an apostrophe before what may be one.

    What begins with an apostrophe gets one, too: to drop one at the beginning of the cell, and behind each ``;``, tab
    and line end, gives *text* back.
    """
    return _ACTING.sub("'", text)
