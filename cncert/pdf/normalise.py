"""The characters of a PDF as a text has them: radicals, ligatures, bullets of symbol fonts, raised digits."""

import unicodedata
from functools import lru_cache

# Fonts whose glyphs serve two characters give some words in radicals: ⽹⻚ for 网页, ⽊⻢ for 木马. Those of the block
# at U+2F00 have compatibility mappings; of those at U+2E80, here are what Unicode names as the same ideograph.
_RADICALS = str.maketrans(
    "⺁⺃⺄⺅⺆⺇⺈⺉⺋⺌⺎⺏⺐⺒⺓⺔⺕⺖⺗⺘⺙⺛⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺫⺬⺭⺮⺯⺰⺱⺲⺹⺺⺼⺽⺾⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
    "厂乚乙亻冂几刀刂㔾小兀尣尢巳幺彑彐忄心扌攵旡月歺母民氵氺灬爫爫丬牛犭王目示礻竹糹纟罓罒耂肀肉臼艹艹虎衤西西见角角讠贝足车辶辶辶阝钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
)
# Compatibility ideographs, ligatures, and the punctuation of vertical text; full width stays as printed.
_MAPPED = ((0x2F00, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFB06), (0xFE10, 0xFE19), (0xFE30, 0xFE4F), (0x2F800, 0x2FA1F))
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
UNREADABLE = "\ufffd"
"""Stands for a character of which the PDF does not say which it is."""
_HYPHENS = "\x02\xad\u2010\u2011"
_VERTICAL_BARS = "|｜¦│┃┆┇┊┋║▏▕"
_BOX_DRAWING = (0x2500, 0x257F)


@lru_cache(maxsize=8192)
def readable(code: int) -> str:
    """Return the character *code* of a PDF as a text has it: empty if it shows nothing, UNREADABLE if it is unknown.

    The private use area of symbol fonts (U+F020 to U+F0FF) holds bullets and arrows, which are left out.
    """
    if code < 0x20:
        return "-" if code == 2 else ""
    if 0x4E00 <= code <= 0x9FFF or 0x21 <= code < 0x7C:
        return chr(code)
    character = chr(code) if code <= 0x10FFFF else UNREADABLE
    if character in _HYPHENS:
        return "-"
    if character.isspace() or character in _VERTICAL_BARS or _BOX_DRAWING[0] <= code <= _BOX_DRAWING[1]:
        return ""
    if 0xF020 <= code <= 0xF0FF:
        return ""
    if unicodedata.category(character) in ("Co", "Cn", "Cs") or character == UNREADABLE:
        return UNREADABLE
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    if any(first <= code <= last for first, last in _MAPPED):
        return unicodedata.normalize("NFKC", character)
    return character.translate(_RADICALS)


def raised(text: str) -> str:
    """Return *text*, which stands above the line, with raised digits: a footnote's mark is no part of a number."""
    return text.translate(_RAISED)


def lowered(text: str) -> str:
    """Return *text*, which stands below the line, with lowered digits."""
    return text.translate(_LOWERED)


def is_wide(character: str) -> bool:
    """Whether *character* is one of those that stand without spaces: Chinese, or full width."""
    return character >= "\u2e80" or character in "“”‘’…—·"
