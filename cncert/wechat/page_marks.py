"""Names what a page of WeChat is made of: what is unknown can be told without showing it."""

import re

MAX_VALUES = 3
"""Different values of a mark that are named."""
_ELEMENTS = (
    "js_article", "js_content", "content_tpl", "js_share_source", "activity-name", "js_name", "publish_time",
    "img_list", "img_swiper_content", "js_verify",
)  # fmt: skip
_NAMES = (
    "cgiDataNew", "cgiData", "content_noencode", "copyright_info", "reprint_url", "source_encode_biz", "source_biz",
    "source_mid", "ori_create_time", "oriCreateTime", "picture_page_info_list", "text_page_info", "appmsgalbuminfo",
    "transferTargetLink", "cap_appid",
)  # fmt: skip
_NUMBERS = ("copyright_stat", "reprint_type", "reprint_style", "item_show_type")
_CLASSES = ("weui-msg__title", "weui_msg_title", "mesg-block", "global_error_msg")
_TEXTS = ("secitptpage/verify", "TCaptcha.js", "poc_token")


def page_marks(page: bytes) -> list[str]:
    """Return the names of WeChat's own elements, variables and keys in *page*; of some, the number that they have.

    Nothing that somebody has written is among them. The names may stand in a script that does something else.
    """
    found = [f"era:{_era(page)}"] if b"js_article" in page else []
    found += [f"#{name}" for name in _ELEMENTS if re.search(rb"""\bid=["']%b["']""" % name.encode(), page)]
    found += [name for name in _NAMES if re.search(rb"""\b%b["']?\s*[:=](?!=)""" % name.encode(), page)]
    for name in _NUMBERS:
        values = re.finditer(rb"""\b%b["']?\s*[:=]\s*["']?([0-9]{1,3})\b""" % name.encode(), page)
        found += [f"{name}={value}" for value in sorted({match[1].decode() for match in values})[:MAX_VALUES]]
    found += [f".{name}" for name in _CLASSES if re.search(rb"""class=["'][^"'<>]{0,99}\b%b\b""" % name.encode(), page)]
    return found + [name for name in _TEXTS if name.encode() in page]


def _era(page: bytes) -> str:
    """Return the years in which WeChat served such pages."""
    if re.search(rb"\bcgiDataNew\s*=", page):
        return "2025-"
    return "2019-2024" if b'property="og:' in page else "-2019"
