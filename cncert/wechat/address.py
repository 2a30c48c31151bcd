"""Reads addresses of WeChat articles and pictures: which article or picture they name, and which may be fetched.

An address is kept as it was found (only unescaped, https, without fragment and without somebody's credentials), because
since mid-2026 WeChat challenges long addresses that have lost their ``chksm``. Two addresses are compared by what they
name: :class:`ArticleKey` for articles, ``BUCKET/ID`` for pictures.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

from cncert.wechat.text import unescape_html

ARTICLE_HOST = "mp.weixin.qq.com"
PICTURE_HOSTS = frozenset({"mmbiz.qpic.cn", "mmbiz.qlogo.cn", "mmecoa.qpic.cn"})
_PREFIXES = tuple(f"https://{host}/" for host in (ARTICLE_HOST, *PICTURE_HOSTS))

AddressForm = Literal["signed", "short", "unsigned", "temporary"]
FORMS: tuple[AddressForm, ...] = ("signed", "short", "unsigned", "temporary")
"""The forms of an article's address, the one that WeChat most likely answers first."""

MAX_URL_CHARACTERS = 2048
MAX_ESCAPES = 8
# Credentials of the person who copied the link: never stored, never sent.
_CREDENTIALS = frozenset(
    {"key", "uin", "pass_ticket", "exportkey", "wxtoken", "appmsg_token", "poc_token", "session_us"}
)
_OLD_NAMES = {"appmsgid": "mid", "itemidx": "idx", "sign": "sn"}
_TOKEN = re.compile(r"/s/([A-Za-z0-9_-]{10,64})/?")
# Avatars and stickers stand on the same hosts as pictures.
_PICTURE_PATH = re.compile(r"/((?!mmhead|mmemoticon)[a-z0-9_]{2,24})/([A-Za-z0-9_-]{8,200})(?:/[0-9]{1,4})?/?")
_JS_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u00([0-9a-fA-F]{2})|/)")
_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f-\x9f\ud800-\udfff\\\"'<>`{}|^]")
# Behind a slash, a colon or an equals sign, or alone: no part of the name of another host.
_PROXIED_PICTURE = re.compile(rf"(?<![^/:=])(?:{'|'.join(sorted(map(re.escape, PICTURE_HOSTS)))})/.*", re.DOTALL)
_MAX_QUOTED = 4
"""How often an address inside of another is quoted, at most."""
_PICTURE_FORMAT = re.compile(r"[a-z0-9]{2,8}")


@dataclass(frozen=True, slots=True, order=True)
class ArticleKey:
    """Identity of an article: account number, message and place in the message. An edit keeps it."""

    biz: int
    mid: int
    idx: int

    def __str__(self) -> str:
        return f"{self.biz}-{self.mid}-{self.idx}"


@dataclass(frozen=True, slots=True)
class Address:
    """An article's address; it names its article by ``key``, or has only a ``token``."""

    url: str
    form: AddressForm
    key: ArticleKey | None = None
    token: str | None = None
    sn: str | None = None


@dataclass(frozen=True, slots=True)
class PictureAddress:
    """A picture's address: ``url`` as found (https), ``key`` its identity, ``largest`` where its largest form is."""

    url: str
    key: str
    largest: str


def biz_text(biz: int) -> str:
    """Return the account number as WeChat writes it: padded base64 of the decimal digits."""
    return base64.b64encode(str(biz).encode()).decode()


def biz_number(text: str) -> int | None:
    """Return the account number that ``__biz`` encodes, with or without padding; None if it encodes none."""
    text = text.strip().rstrip("=")
    if not 1 <= len(text) <= 24:  # 18 digits: what every store can hold
        return None
    try:
        digits = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return int(digits) if digits.isdigit() else None


def unescape(text: str) -> str:
    """*text* without the escapes that stand around addresses: ``&amp;``, ``&amp;amp;``, ``\\x26amp;``, ``\\/``."""
    text = _JS_ESCAPE.sub(lambda match: chr(int(match[1] or match[2] or "2f", 16)), text.strip())
    for _ in range(MAX_ESCAPES):
        once = unescape_html(text)
        if once == text:
            break
        text = once
    return text


def _split(text: str, base: str | None = None) -> SplitResult | None:
    """Return the parts of a plain web address, upgraded to https; None for anything else that a page may put there."""
    if len(text) > MAX_ESCAPES * MAX_URL_CHARACTERS:
        return None
    text = unescape(text).strip()
    if text.startswith("//"):
        text = "https:" + text
    try:
        if base is not None:
            text = urljoin(base, text)
        if len(text) > MAX_URL_CHARACTERS or _FORBIDDEN.search(text):
            return None
        parts = urlsplit(text)
        default_port = parts.port in (None, 80, 443)
    except ValueError:
        return None
    if (
        parts.scheme not in ("http", "https")
        or parts.username is not None
        or parts.password is not None
        or not default_port
    ):
        return None
    return parts._replace(scheme="https", netloc=(parts.hostname or "").rstrip("."), fragment="")


def read_address(text: str, base: str | None = None) -> Address | None:
    """Return the article's address in *text* (relative to *base*, if given), or None."""
    parts = _split(text, base)
    if parts is None or parts.netloc != ARTICLE_HOST:
        return None
    if token := _TOKEN.fullmatch(parts.path):
        return Address(f"https://{ARTICLE_HOST}/s/{token[1]}", "short", token=token[1])
    if parts.path.rstrip("/") not in ("/s", "/mp/appmsg/show"):
        return None
    named = [(unquote(pair.partition("=")[0]).lower(), pair) for pair in parts.query.split("&") if pair]
    pairs = [pair for name, pair in named if name not in _CREDENTIALS]
    query = {_OLD_NAMES.get(name, name): value for name, value in parse_qsl("&".join(pairs))}
    # parse_qsl reads + as a space, which base64 never holds but may itself contain.
    key = _key(query.get("__biz", "").replace(" ", "+"), query.get("mid", ""), query.get("idx", ""))
    url = parts._replace(query="&".join(pairs)).geturl()
    if key is not None:
        form: AddressForm = "signed" if query.get("chksm") else "unsigned"
        return Address(url, form, key=key, sn=read_sn(query.get("sn", "")))
    if query.get("signature") and query.get("timestamp"):
        return Address(url, "temporary")
    return None


def _key(biz: str, mid: str, idx: str) -> ArticleKey | None:
    number = biz_number(biz)
    if number is None or not re.fullmatch(r"[0-9]{1,12}", mid) or not re.fullmatch(r"[0-9]{1,2}", idx):
        return None
    return ArticleKey(number, int(mid), int(idx))


def read_sn(text: str) -> str | None:
    """Return *text* if it is an article's ``sn``: 32 hexadecimal digits."""
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{32}", text) else None


def rank(form: AddressForm) -> int:
    """Return the place of *form* in the order in which addresses are tried."""
    return FORMS.index(form)


def is_verification(url: str) -> bool:
    """Whether *url* is where WeChat sends a request that it wants verified."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.hostname == ARTICLE_HOST and "captcha" in parts.path and not parts.path.startswith("/s/")


def read_picture(text: str) -> PictureAddress | None:
    """Return the picture's address in *text*; None for anything else: an emoji, an avatar, another host."""
    parts = _split(text)
    if parts is None or parts.netloc not in PICTURE_HOSTS:
        return None
    path = _PICTURE_PATH.fullmatch(parts.path)
    if path is None:
        return None
    key = f"{path[1]}/{path[2]}"
    form = dict(parse_qsl(parts.query)).get("wx_fmt", "")
    query = f"?wx_fmt={form}" if _PICTURE_FORMAT.fullmatch(form) else ""
    return PictureAddress(parts.geturl(), key, f"https://{parts.netloc}/{key}/0{query}")


def read_proxied_picture(text: str) -> PictureAddress | None:
    """Return the address of WeChat's picture inside of the address *text* of a cache or a proxy that serves it.

    It stands in a parameter (``?url=https%3A%2F%2Fmmbiz.qpic.cn%2F…``) or behind the path, with or without a scheme.
    """
    text = unescape(text)
    if len(text) > MAX_ESCAPES * MAX_URL_CHARACTERS or not any(host in text for host in PICTURE_HOSTS):
        return None
    try:
        values = [value for _, value in parse_qsl(text.partition("?")[2], max_num_fields=100)]
    except ValueError:
        return None
    for value in (*values, text):
        for _ in range(_MAX_QUOTED):
            inner = _PROXIED_PICTURE.search(value)
            if inner is not None and (found := read_picture(f"https://{inner[0]}")) is not None:
                return found
            value = unquote(value)
    return None


def may_fetch(url: str) -> bool:
    """Whether a request may go to *url*: https, and an article or a picture of WeChat. The crawl sends nothing else."""
    # A reader that undoes escapes may see another host than the client that connects: the host has to be unescaped.
    return url.startswith(_PREFIXES) and (read_address(url) is not None or read_picture(url) is not None)
