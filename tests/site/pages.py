"""WeChat's answers, drawn by hand: article pages of every era and all failure pages, as bytes.

What a page looks like is known from pages that others saved (docs/wechat.md); every word, script and style sheet here
is our own. A page is described by an :class:`ArticleSpec`, drawn by :func:`render`; :data:`FAILURES` holds the pages that are
no article. The same call gives the same bytes, always.

    render(ArticleSpec(body="<p>本周</p>"), era="2018")
    render(ArticleSpec(body=report_body(ReportFacts(), pictures, review)), era="2026", pad=3_000_000)
"""

# Markup stands as it is served.
# ruff: noqa: E501

import base64
import hashlib
import html
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import quote

CHINA = timezone(timedelta(hours=8))
CNCERT_BIZ = 3204940813
CNCERT_NAME = "国家互联网应急中心CNCERT"
CNCERT_ID = "gh_0c5e7a31f9d2"
"""Made up, as all account ids here: what the account's true one is does not matter to a test."""

Era = Literal["2016", "2018", "2019", "2021", "2025", "2026"]
ERAS: tuple[Era, ...] = ("2016", "2018", "2019", "2021", "2025", "2026")
"""By when a page was served, which may be years after it was published."""
MODERN: tuple[Era, ...] = ("2025", "2026")

LinkForm = Literal["long", "short", "empty"]
Style = Literal["p", "section", "nested"]
STYLES: tuple[Style, ...] = ("p", "section", "nested")
BodyIn = Literal["both", "dom", "cgi"]

WECHAT_OWN_LINK = "https://mp.weixin.qq.com/s/_2kC-fXw7UjneZSrsC9CVQ"
"""Stands in the scripts of every modern page: whoever collects links from a whole page collects it too."""


# ---------------------------------------------------------------------------------------------------------------------
# The description of a page


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a page refers to it."""

    url: str
    width: int = 1080
    height: int = 600
    type: str = "png"
    """What the page says of the format; ``wx_fmt`` and this may lie."""


@dataclass(frozen=True, slots=True)
class Reprint:
    """Where the article comes from. Kind 2 is a share card (empty ``#js_content``), kind 3 a whole reprint."""

    biz: int
    mid: int
    idx: int
    sn: str
    account_id: str
    account_name: str
    kind: Literal[2, 3] = 2
    remark: str = "推荐阅读。"

    @property
    def url(self) -> str:
        """Address of the original, unsigned as such addresses are."""
        return long_address(self.biz, self.mid, self.idx, self.sn, fragment="", scheme="http")


@dataclass(frozen=True, slots=True)
class ArticleSpec:
    """The facts of an article and how its page tells them. The defaults are CNCERT's account."""

    title: str = "网络安全信息与动态周报2025年第3期（1月13日-1月19日）"
    body: str = "<p>本周网络安全基本态势</p>"
    """HTML; for kinds 8 and 10 the plain text with ``\\n``, for kind 5 the description."""
    account_name: str = CNCERT_NAME
    account_id: str = CNCERT_ID
    alias: str = "CNCERTCC"
    biz: int = CNCERT_BIZ
    mid: int = 2247499624
    idx: int = 1
    sn: str = "5a3c0d9e7b1f4826a0c4e8d2f6b71935"
    chksm: str | None = "973acc0aa04d451c" + "6f" * 30
    published: datetime = datetime(2025, 1, 23, 17, 30, 12, tzinfo=CHINA)
    modified: datetime | None = None
    served: datetime | None = None
    """When the page was fetched; an hour after publication if not said."""
    kind: Literal[0, 5, 8, 10] = 0
    pictures: tuple[Picture, ...] = ()
    """The shared pictures of kind 8."""
    cover: str = "https://mmbiz.qpic.cn/sz_mmbiz_jpg/SampleCoverOfTheWeeklyReportib7f2Kx0Qm4Zt9Vw/0?wx_fmt=jpeg"
    author: str = "CNCERT"
    original: bool = True
    description: str = ""
    source_url: str = ""
    province: str = "北京"
    reprint: Reprint | None = None
    short: str | None = None
    """The 22 characters of the short address."""
    link_form: LinkForm = "long"
    """Which form of its own address the page echoes: the one it was asked by."""
    body_in: BodyIn = "both"
    """Where a modern page of kind 0 holds its body: in ``#js_content``, in ``content_noencode``, or in both."""
    ids_in_cgi: bool = True
    """False: ``cgiDataNew`` has no bizuin, mid, idx and sn, only the variables have."""
    value_last: bool = False
    """True: ``"" || "X"`` instead of ``"X" || ""``."""
    temporary: bool = False
    """True: asked by a temporary Sogou address; the page keeps back sn and its own address."""
    user_title: bool = True
    """Kind 10: whether the author gave a title; without one the title is the text."""
    album_before: tuple[str, str] = ("", "")
    """Title and address of the article before it in its album."""
    album_after: tuple[str, str] = ("", "")
    extra_head: str = ""
    """Put before ``</head>``: for tests of one strange thing."""
    extra_scripts: str = ""
    """Put after the article: for tests of one strange thing."""

    @property
    def biz_text(self) -> str:
        """``__biz`` as it stands in addresses."""
        return biz_text(self.biz)

    @property
    def long_url(self) -> str:
        """The signed long address (unsigned if there is no chksm), https, without fragment."""
        return long_address(self.biz, self.mid, self.idx, self.sn, self.chksm, fragment="")

    @property
    def short_url(self) -> str:
        """The short address; a token is made of the identity if none is given."""
        return f"https://mp.weixin.qq.com/s/{self.short or token(f'{self.biz}-{self.mid}-{self.idx}')}"


def biz_text(biz: int) -> str:
    """The account number in base64, padded."""
    return base64.b64encode(str(biz).encode()).decode()


def token(seed: str) -> str:
    """22 characters such as short addresses have, made of *seed*."""
    return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode()[:22]


def long_address(
    biz: int, mid: int, idx: int, sn: str, chksm: str | None = None, *, fragment: str = "rd", scheme: str = "https"
) -> str:
    """A long address: signed with *chksm*, unsigned without."""
    signature = f"&chksm={chksm}" if chksm else ""
    end = f"#{fragment}" if fragment else ""
    return f"{scheme}://mp.weixin.qq.com/s?__biz={biz_text(biz)}&mid={mid}&idx={idx}&sn={sn}{signature}{end}"


def inner_link(biz: int, mid: int, idx: int, sn: str, chksm: str | None = None) -> str:
    """The address of another article as a body links to it: signed and http until 2024, unsigned and https since."""
    address = long_address(biz, mid, idx, sn, chksm, fragment="", scheme="http" if chksm else "https")
    return f"{address}&scene=21#wechat_redirect"


def picture_id(seed: str) -> str:
    """An invented picture id of WeChat's shape: letters and digits with runs of ``ib`` and ``ic``, case mattering."""
    letters = base64.b64encode(hashlib.sha512(seed.encode()).digest()).decode()
    return "Sample" + re.sub(r"[+/=]", "ib", letters)[:70].replace("Q", "ic")


def picture_url(seed: str, form: str = "png", size: int = 640, bucket: str | None = None) -> str:
    """The address of an invented picture as a body has it (``/640?wx_fmt=…&from=appmsg``) or in full size (``/0``)."""
    folder = bucket or {"jpeg": "sz_mmbiz_jpg", "gif": "sz_mmbiz_gif"}.get(form, "sz_mmbiz_png")
    end = "&from=appmsg" if size == 640 else ""
    return f"https://mmbiz.qpic.cn/{folder}/{picture_id(seed)}/{size}?wx_fmt={form}{end}"


# ---------------------------------------------------------------------------------------------------------------------
# The body of a weekly report


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the text of an issue states. None leaves the sentence out."""

    rating: str | None = "良"
    handled: int | None = 657
    cross_border: int | None = 337
    phishing: int | None = 640
    platforms: int | None = 8
    urls: int | None = 9
    note: str = ""
    """A paragraph of its own after the figures."""
    slips: tuple[tuple[str, str], ...] = ()
    """Misprints: (right, as printed)."""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A line of 近期回顾."""

    title: str
    url: str | None = None


def report_body(
    facts: ReportFacts, pictures: Sequence[Picture] = (), review: Sequence[ReviewLine] = (), style: Style = "p"
) -> str:
    """The HTML of an issue's body in the layout of 2022-2025, in one of three kinds of markup."""
    overview, *rest = _sentences(facts)
    blocks = _BLOCKS[style]
    lines = [_line(line, style) for line in review]
    return "".join(
        [
            blocks.heading("本周网络安全基本态势"),
            blocks.text(overview) if overview else "",
            blocks.pictures([image_tag(picture) for picture in pictures]),
            blocks.heading("本周事件处理情况"),
            blocks.text("".join(rest)) if any(rest) else "",
            blocks.text(facts.note) if facts.note else "",
            blocks.heading("近期回顾") if lines else "",
            blocks.lines(lines) if lines else "",
            blocks.end,
        ]
    )


def _sentences(facts: ReportFacts) -> Iterator[str]:
    """Overview, incidents, phishing, mobile malware: fixed labels in words of our own."""
    texts = [
        "" if facts.rating is None else
        f"本周，监测数据显示网络安全态势整体评价为{facts.rating}，骨干网络与重要系统运转正常，"
        "未见波及多个省份的中断。漏洞利用、恶意程序扩散与网页仿冒仍是各类用户面对的主要风险，有关数据见下图。",
        "" if facts.handled is None else
        f"本周，CNCERT与云服务商、域名注册服务机构、应用商店及各地分支机构协同，共处理网络安全事件{facts.handled}起"
        + ("" if facts.cross_border is None else f"，含跨境网络安全事件{facts.cross_border}起") + "。",
        "" if facts.phishing is None else f"在境内外域名机构和其他CERT组织配合下，重点处理{facts.phishing}起仿冒投诉事件。",
        "" if facts.platforms is None else
        f"移动互联网方面，协调{facts.platforms}个提供恶意移动应用程序下载服务的平台开展清理"
        + ("" if facts.urls is None else f"，处置用于传播的恶意URL链接{facts.urls}个") + "。",
    ]  # fmt: skip
    for text in texts:
        for right, printed in facts.slips:
            text = text.replace(right, printed)
        yield text


def image_tag(picture: Picture) -> str:
    """A body's picture as WeChat writes it: lazy, with its size and without ``src``."""
    ratio = picture.height / picture.width
    return (
        f'<img class="rich_pages wxw-img" data-src="{html.escape(picture.url)}" data-ratio="{ratio:.16g}" '
        f'data-s="300,640" data-type="{picture.type}" data-w="{picture.width}" type="block"  />'
    )


def anchor(url: str, inner: str, title: str = "") -> str:
    """A link to another article around *inner*: the form of 2025-26 for unsigned https addresses, else that of 2019-21."""
    address = html.escape(url)
    if url.startswith("https:") and "chksm" not in url:
        return (
            f'<a class="normal_text_link" target="_blank" style="" href="{address}" textvalue="" '
            f'data-itemshowtype="0" linktype="text" data-linktype="2">{inner}</a>'
        )
    return (
        f'<a href="{address}" target="_blank" textvalue="{html.escape(title)}" data-itemshowtype="0" tab="innerlink" '
        f'data-linktype="2" hasload="1">{inner}</a>'
    )


def _line(line: ReviewLine, style: Style) -> str:
    title = html.escape(line.title, quote=False)
    if line.url is None:
        return f"●{title}"
    if style == "nested":
        # An editor splits a link's text into several pieces.
        half = len(line.title) // 2
        pieces = (html.escape(piece, quote=False) for piece in (line.title[:half], line.title[half:]))
        title = "".join(f"<span>{piece}</span>" for piece in pieces)
    elif style == "section":
        title = f'<span leaf="">{title}</span>'
    return "●" + anchor(line.url, title, line.title)


class _Markup:
    """How an editor of that kind marks up the parts of a body."""

    end = ""

    def heading(self, text: str) -> str:
        raise NotImplementedError

    def text(self, text: str) -> str:
        raise NotImplementedError

    def pictures(self, tags: Sequence[str]) -> str:
        raise NotImplementedError

    def lines(self, lines: Sequence[str]) -> str:
        raise NotImplementedError


class _Paragraphs(_Markup):
    """Plain paragraphs: one for each line and each picture, empty ones between."""

    end = "<p><br  /></p>"

    def heading(self, text: str) -> str:
        return (
            f'<p style="text-align: center;"><strong><span style="color: rgb(0, 82, 155);">{text}</span></strong></p>'
        )

    def text(self, text: str) -> str:
        return f'<p style="text-indent: 2em;line-height: 1.75em;"><span style="font-size: 15px;">{text}</span></p><p><br  /></p>'

    def pictures(self, tags: Sequence[str]) -> str:
        return "".join(f'<p style="text-align: center;">{tag}</p>' for tag in tags)

    def lines(self, lines: Sequence[str]) -> str:
        return "".join(
            f'<p style="line-height: 1.75em;"><span style="font-size: 14px;">{line}</span></p>' for line in lines
        )


class _Sections(_Markup):
    """Sections of today's editor: ``span leaf`` around every text, ``section nodeleaf`` around every picture."""

    end = '<mp-style-type data-value="3"></mp-style-type>'

    def heading(self, text: str) -> str:
        return f'<section style="text-align: center;"><strong><span leaf="">{text}</span></strong></section>'

    def text(self, text: str) -> str:
        return f'<section style="text-indent: 2em;"><span leaf="">{text}</span></section><section><span leaf=""><br  /></span></section>'

    def pictures(self, tags: Sequence[str]) -> str:
        return "".join(f'<section style="text-align: center;" nodeleaf="">{tag}</section>' for tag in tags)

    def lines(self, lines: Sequence[str]) -> str:
        return "".join(f'<section style="line-height: 1.75em;"><span leaf="">{line}</span></section>' for line in lines)


class _Nested(_Markup):
    """What layout tools leave: deep wrappers, blocks inside spans, one block for all lines, NBSP and invisible signs."""

    end = (
        '<section><img class="rich_pages wxw-img" data-src="" style="height: auto;"  /></section>'
        '<section><mp-common-profile data-id="MzI0MDAwMDAwMQ==" '
        'data-nickname="示例名片" data-alias="" data-signature="并非本文的帐号"></mp-common-profile></section>'
    )
    _open = (
        '<section data-tools="layout" style="box-sizing: border-box;"><section style="margin: 0 8px;"><span><section>'
    )
    _close = "</section></span></section></section>"

    def heading(self, text: str) -> str:
        half = len(text) // 2
        inner = f'<strong><span>{text[:half]}</span><span style="letter-spacing: 1px;">{text[half:]}</span></strong>'
        return f"{self._open}<h2>&nbsp;{inner}&nbsp;</h2>{self._close}"

    def text(self, text: str) -> str:
        pieces = re.split(r"(?<=，)", text)
        inner = "".join(f'<span style="font-size: 15px;">{piece}</span>' for piece in pieces)
        return f"{self._open}<p>&nbsp;&nbsp;&nbsp;&nbsp;\u200b{inner}</p>{self._close}"

    def pictures(self, tags: Sequence[str]) -> str:
        return f'{self._open}<section style="line-height: 0;">{"".join(tags)}</section>{self._close}' if tags else ""

    def lines(self, lines: Sequence[str]) -> str:
        return f"{self._open}<p>{'<br  />'.join(lines)}</p>{self._close}"


_BLOCKS: Mapping[Style, _Markup] = {"p": _Paragraphs(), "section": _Sections(), "nested": _Nested()}


# ---------------------------------------------------------------------------------------------------------------------
# Filler: what nine tenths of a page are

_HEAD_LINKS = 130
_BEFORE = 0.14
"""Share of the filler before the article."""


def _words(seed: str) -> Iterator[str]:
    """Short names as a minifier makes them, without end."""
    rng = random.Random(seed)
    while True:
        yield rng.choice("abcdefghijklmnopqrstuvwxyz") + rng.choice("abcdefghijklmnopqrstuvwxyz$_0123456789")


# Pieces of our own code; they hold the decoys that real libraries hold: names of the page's facts without a literal,
# the ids of the article in quotes, keys with a colon, braces and quotes in strings, comments and regular expressions.
_CODE = (
    'function {a}({b},{c}){{var {d}={b}&&{b}.list||[];for(var {e}=0;{e}<{d}.length;{e}++){{if({d}[{e}]==={c})return {e}}}return-1}}',
    'var {a}={{width:{n},height:0,ready:!1,wait:[],on:function({b}){{this.ready?{b}():this.wait.push({b})}},title:"",idx:{n}}};',
    '{a}.prototype.draw=function({b}){{var {c}=document.getElementById("js_content");if(!{c})return;{c}.style.visibility="visible";{b}({c})}};',
    'var {a}=function({b}){{return String({b}).replace(/[<>"\'&]/g,function({c}){{return"&#"+{c}.charCodeAt(0)+";"}})}};',
    'if(typeof {a}==="undefined"){{var {a}={{}}}}{a}.{b}_{c}=function({d}){{try{{return JSON.parse({d})}}catch({e}){{return null}}}};',
    'var biz = null;function {a}(opt){{biz = opt.biz || window.biz;mid=opt.mid||window.mid;return biz+"_"+mid}}',
    'var ct = {{start:{n},end:0}};ct.end=+new Date;{a}.push({{key:"ct",value:ct.end-ct.start}});',
    '{a}={{data:{{title:window.msg_title||"",link:window.msg_link||"",type:window.item_show_type==="0"?{n}:0}}}};',
    'var {a}=[{n},{m},{k}].map(function({b}){{return{b}%{n}?{b}*2:{b}/2}}).filter(Boolean);/* {{ " */',
    'switch({a}.kind){{case"0":case"5":{b}.show("#js_article");break;case"8":{b}.show("#img_list");break;default:{b}.hide()}}',
    'var {a}=new RegExp("^https?://[^/]+/s[/?]");{a}.test(location.href)&&{b}.report({n},{{scene:{m}}}); // {c}\'s own page\n',
    'var title = showTitle;var link={a}.link;function {b}(){{return title?title+" - "+link:link}}',
    '{a}.tpl=["<div class=\\"card {b}\\">","<span>{{{{={c}}}}}</span>","<\\/div>"].join("");',
    'var {a}=Math.max({n},{m})-({k}>>2);while({a}>{n}){{{a}-={m}||1}}{b}.offset={a};',
    'Object.keys({a}||{{}}).forEach(function({b}){{if({b}.indexOf("{c}_")===0)delete {a}[{b}]}});',
    'window.{a}_{b}=window.{a}_{b}||[];window.{a}_{b}.push([{n},"{c}",{{retry:{m},host:"//res.wx.qq.com/"}}]);',
)  # fmt: skip
_STYLE = (
    ".{a}_{b}{{display:flex;padding:{n}px {m}px;color:rgba(0,0,0,.{k})}}",
    '.{a}_{b}:before{{content:"\\{n}";position:absolute;left:-{m}px;width:{n}%}}',
    "@media (prefers-color-scheme:dark){{.{a}_{b}{{background-color:#19{n};border:{m}px solid #2{k}}}}}",
    ".rich_media_content .{a}{{max-width:100%;line-height:{m}px}}.{b}__{c}{{margin:{n}px auto 0}}",
)


@lru_cache(maxsize=512)
def _pool(seed: str, templates: tuple[str, ...], size: int) -> str:
    """About *size* characters of statements; what a bundle repeats."""
    rng, names = random.Random(seed), _words(seed + "names")
    parts: list[str] = []
    length = 0
    while length < size:
        piece = rng.choice(templates).format(
            a=next(names), b=next(names), c=next(names), d=next(names), e=next(names),
            n=rng.randint(10, 99), m=rng.randint(2, 60), k=rng.randint(10, 99),
        )  # fmt: skip
        parts.append(piece)
        length += len(piece)
    return "".join(parts)


def _bundle(seed: str, size: int, templates: tuple[str, ...] = _CODE) -> str:
    """*size* characters of plausible code. It repeats, so that it packs well, as the true one does not."""
    if size <= 0:
        return ""
    pool = _pool(seed, templates, min(size, 640))
    code = pool * (size // len(pool))
    return code + "/*" + "-" * (size - len(code) - 4) + "*/" if size - len(code) > 4 else code


def _script(code: str, attributes: str = ' type="text/javascript"') -> str:
    return f'<script{attributes} nonce="1048576001" reportloaderror>{code}</script>\n'


_QUOTED_FAILURES = """
  var pageTips = { deleted: '该内容已被发布者删除', violation: "此内容因违规无法查看", later: '该内容暂时无法查看',
    expired: '链接已过期', wrong: '参数错误', busy: '系统出错', env: "环境异常 当前环境异常，完成验证后即可继续访问。", many: '访问过于频繁' };
  var helpLink = '%s';
  function showTip(name) { var box = document.getElementById('js_content'); box.innerHTML = pageTips[name] || ''; }
"""
_STICKERS = "微笑 加油 鼓掌 抱拳 强 玫瑰 太阳 月亮 礼物 庆祝 👍 🎉 🌹 🌞 🌙 🎁 😀 😂 🤝 🙏 🔥".split()
"""Pages of today hold a dozen emoji and thousands of Chinese characters in scripts: decoded, all takes four bytes each."""
_SHARES = (0.5, 0.12, 0.08, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01)
"""Sizes of the scripts behind the article, of the filler there: one bundle is half of a page."""


def _filler_before(era: Era, pad: int) -> str:
    """The scripts before the article."""
    if not pad:
        return _script(_QUOTED_FAILURES % WECHAT_OWN_LINK)
    size = int(pad * _BEFORE)
    parts = [_script(_bundle(f"{era}-head-{n}", size // 9)) for n in range(9)]
    if era in MODERN:
        names = ",".join(f'{{name:"[{word}]",tip:"发送表情：{word}",no:{n}}}' for n, word in enumerate(_STICKERS * 24))
        parts[0] += _script(f"var stickers=[{names}];")
    return "".join(parts[:5]) + _script(_QUOTED_FAILURES % WECHAT_OWN_LINK) + "".join(parts[5:])


def _filler_after(era: Era, pad: int) -> str:
    """The scripts behind the article: many small ones and one that is half of all."""
    tail = _script(_QUOTED_FAILURES % WECHAT_OWN_LINK)
    if not pad:
        return tail
    size = pad * (1 - _BEFORE)
    parts = [_script(_bundle(f"{era}-tail-{n}", int(size * share))) for n, share in enumerate(_SHARES)]
    small = [_script(_bundle(f"{era}-small-{n}", 260)) for n in range(14)]
    return "".join(parts[1:8] + small[:7] + parts[:1] + parts[8:] + small[7:]) + tail


def _head_links(era: Era, pad: int) -> str:
    count = _HEAD_LINKS if pad and era in MODERN else 2
    return "".join(
        f'<link rel="preload" as="script" href="//res.wx.qq.com/filler/part{n:03d}.{token(era + str(n))[:8]}.js">\n'
        for n in range(count)
    )


_LABELS = ("：", "，", "。", "视频", "小程序", "赞", "在看", "分享", "留言", "收藏", "听过")


def _panels(pad: int) -> str:
    """The hidden boxes, dialogs and labels behind an article; some hold words that are none of the article's."""
    dialogs = "".join(
        f'<div hidden class="ask" id="ask_{name}"><div class="ask_shade"></div><div class="ask_box"><h3></h3>'
        '<div class="ask_text"><p></p></div><div class="ask_keys"><a href="javascript:void(0);">取消</a> '
        '<a href="javascript:void(0);">允许</a></div></div></div>\n'
        for name in (("visit", "leave", "buy", "vote", "follow") if pad else ("visit",))
    )
    labels = "".join(
        f'<span hidden class="spoken" id="spoken_{n}">{word}</span>\n'
        for n, word in enumerate(_LABELS * (3 if pad else 1))
    )
    bars = "".join(
        f'<div class="bar_{n}" id="bar_{n}"><div><span><i></i></span></div></div>\n' for n in range(20 if pad else 1)
    )
    return f'{bars}{dialogs}<div class="code_box"><p>微信扫一扫<br>关注该公众号</p></div>\n{labels}'


# ---------------------------------------------------------------------------------------------------------------------
# JavaScript literals


def js(text: str) -> str:
    """*text* inside a JavaScript string literal, escaped as WeChat does."""
    for char, escape in _JS_ESCAPES:
        text = text.replace(char, escape)
    return text


_JS_ESCAPES = (
    ("\\", "\\x5c"), ("&", "\\x26"), ("<", "\\x3c"), (">", "\\x3e"), ('"', "\\x22"), ("'", "\\x27"),
    ("\r", "\\x0d"), ("\n", "\\x0a"),
)  # fmt: skip


def _twice(text: str) -> str:
    """*text* HTML-escaped and then escaped for JavaScript, as titles and addresses are."""
    return js(html.escape(text, quote=True).replace("&#x27;", "&#39;"))


class _Html(str):
    """A value that is JavaScript-escaped only: HTML stays HTML."""


def _cgi(value: object, indent: int = 18) -> str:
    """A value of ``cgiDataNew``: strings in ``JsDecode``, numbers as ``'1' * 1``, a comma after every element."""
    space = " " * indent
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"'{value}' * 1"
    if isinstance(value, _Html):
        return f"JsDecode('{js(value)}')"
    if isinstance(value, str):
        return f"JsDecode('{_twice(value)}')"
    if isinstance(value, Mapping):
        inner = "".join(f"\n{space}    {key}: {_cgi(item, indent + 4)}," for key, item in value.items())
        return f"{{{inner}\n{space}}}"
    assert isinstance(value, Sequence)
    inner = "".join(f"\n{space}    {_cgi(item, indent + 4)}," for item in value)
    return f"[{inner}\n{space}]"


def _chain(value: str | int, spec: ArticleSpec, quote_mark: str = '"', spaced: bool = True, parts: int = 2) -> str:
    """``"X" || ""`` or ``"" || "X"``: which literal is the filled one depends on how the page was asked for."""
    literals = [f"{quote_mark}{value}{quote_mark}", *[quote_mark * 2] * (parts - 1)]
    if spec.value_last:
        literals = [*literals[1:], literals[0]]
    return (" || " if spaced else "||").join(literals)


# ---------------------------------------------------------------------------------------------------------------------
# Article pages


def render(spec: ArticleSpec, era: Era = "2026", pad: int = 0) -> bytes:
    """The page of *spec* as it was served in *era*, with about *pad* bytes of scripts and styles around the article.

    Real pages have pads of 2,300,000 to 4,000,000 (2025-26), 200,000 (2021) and 60,000 to 130,000 (2016-19).
    """
    if spec.kind in (8, 10) and era not in MODERN:
        raise ValueError(f"kind {spec.kind} is drawn in its form of 2025-26 only, not of {era}")
    if spec.kind == 5:
        if era in MODERN:
            raise ValueError("kind 5 is drawn in its form of 2018-21 only")
        page = _video_page(spec, era, pad)
    elif era in MODERN:
        page = _modern_page(spec, era, pad)
    else:
        page = _old_page(spec, era, pad)
    return page.encode()


def own_link(spec: ArticleSpec, era: Era) -> str:
    """The page's own address as the page states it."""
    if spec.temporary or spec.link_form == "empty":
        return ""
    if spec.link_form == "short":
        return spec.short_url + ("?nwr_flag=1" if era == "2026" else "")
    scheme = "https" if era in MODERN else "http"
    return long_address(spec.biz, spec.mid, spec.idx, spec.sn, spec.chksm, scheme=scheme)


def _epoch(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0


def _served(spec: ArticleSpec) -> int:
    return _epoch(spec.served or spec.published + timedelta(hours=1))


def _copyright_stat(spec: ArticleSpec) -> int:
    return 2 if spec.reprint else int(spec.original)


def _metas(spec: ArticleSpec, era: Era) -> str:
    """The tags that say the article's facts to other sites; pages of before 2019-11 have none."""
    # The title of a text share without a title of its own is its text, line ends written out.
    title = html.escape(spec.title.replace("\n", "\\n"))
    facts = {
        "og:title": title,
        "og:url": html.escape(own_link(spec, era)),
        "og:image": html.escape(spec.cover),
        "twitter:title": title,
        "og:description": html.escape(spec.description),
    }
    names = f'<meta name="author" content="{html.escape(spec.author)}">\n'
    names += f'<meta name="description" content="{html.escape(spec.description)}">\n'
    return "".join(f'<meta property="{key}" content="{value}">\n' for key, value in facts.items()) + names


def _variables(spec: ArticleSpec, era: Era) -> str:
    """The big ``var`` block of a kind-0 page, decoys included."""
    link, title, name = own_link(spec, era), html.escape(spec.title), html.escape(spec.account_name)
    source = spec.reprint
    no_ids = era == "2019"
    modified = _epoch(spec.modified) or ""
    first = {
        "2016": f'var msg_title = "{title}";',
        "2018": f'var msg_title = "{title}";',
        "2019": f'var msg_title = "{title}";',
    }.get(era, f"var msg_title = '{_twice(spec.title)}'.html(false);")
    nickname = f'htmlDecode("{name}")' if era in MODERN else f'"{name}"'
    # In 2018 the ampersands are escaped for JavaScript, before and after only for HTML.
    address = _twice(link) if era == "2018" else html.escape(link)
    mid = "" if no_ids or era == "2016" else spec.mid
    lines = [
        f'var item_show_type = "{spec.kind}";' if era != "2016" else "",
        f"var nickname = {nickname};",
        f'var ct = "{_epoch(spec.published)}";',
        f'var publish_time = "{spec.published.astimezone(CHINA):%Y-%m-%d}" || "";' if era == "2018" else "",
        f'var user_name = "{spec.account_id}";',
        first,
        f'var msg_desc = "{_twice(spec.description)}";',
        f'var msg_cdn_url = "{html.escape(spec.cover)}"; // 封面',
        f'var msg_link = "{address}";',
        f"var msg_source_url = '{_twice(spec.source_url)}';",
        f"var appmsgid = '' || '{spec.mid}';" if era == "2016" else f"var appmsgid = '' || '' || \"{mid}\";",
        f'var source_encode_biz = "{biz_text(source.biz) if source else ""}";',
        f'var source_username = "{source.account_id if source else ""}";',
        f'var source_mid = "{source.mid if source else ""}";',
        f'var source_idx = "{source.idx if source else ""}";',
        f'var copyright_stat = "{_copyright_stat(spec)}" * 1;',
        f'var svr_time = "{_served(spec)}" * 1;',
        f'var modify_time = "{modified}" * 1;' if era in MODERN else f'var modify_time = "{modified}";',
        # The account's name, not the article's.
        f'var title ="{name}";' if era not in MODERN else f'var title = "{name}";',
    ]
    return "\n    ".join(line for line in lines if line)


def _ids(spec: ArticleSpec, era: Era) -> str:
    """The first script of a page's body: ``var biz``, ``sn``, ``mid``, ``idx``."""
    sn = "" if spec.temporary else spec.sn
    if era == "2016":
        return ""
    if era == "2018":
        return (
            f'var biz = ""||"{spec.biz_text}";\n    var sn = "" || ""|| "{sn}";\n'
            f'    var mid = "" || ""|| "{spec.mid}";\n    var idx = "" || "" || "{spec.idx}";'
        )
    if era == "2019":
        return (
            f'var biz = "{spec.biz_text}"||"";\n    var sn = "" || ""|| "";\n'
            '    var mid = "" || ""|| "";\n    var idx = "" || "" || "";'
        )
    return (
        f"var biz = {_chain(spec.biz_text, spec)};\n    var sn = {_chain(sn, spec, parts=3)};\n"
        f"    var mid = {_chain(spec.mid, spec, parts=3)};\n    var idx = {_chain(spec.idx, spec, parts=3)};"
    )


def _time_script(spec: ArticleSpec, era: Era) -> str:
    """The script that writes the date into ``#publish_time``."""
    ct, day = _epoch(spec.published), f"{spec.published.astimezone(CHINA):%Y-%m-%d}"
    if era == "2016":
        return ""
    if era == "2018":
        return (
            f'(function(){{var today={_served(spec)};var ct="{ct}"*1;var publish_time = "{day}" || "";'
            "var place=document.querySelector('#publish_time');place&&(place.innerText=publish_time)})();"
        )
    if era in ("2019", "2021"):
        return (
            "var putDay=function(now,then,words,place){place&&(place.innerText=words)};\n"
            f'(function(){{var t="{_served(spec)}",n="{ct}",s="{day}";\n'
            'putDay(t,n,s,document.getElementById("publish_time"))})();'
        )
    minute = f"{spec.published.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return (
        f"(function (now) {{\n    var oriCreateTime = '{ct}';\n    var createTime = '{minute}';\n"
        "    var place = document.querySelector('#publish_time');\n"
        f"    if (place && now > oriCreateTime * 1) place.innerText = createTime;\n  }})({_served(spec)});"
    )


def _old_page(spec: ArticleSpec, era: Era, pad: int) -> str:
    """A page served 2016-2021."""
    tags = _metas(spec, era) if era == "2021" else ""
    shown = html.escape(spec.title, quote=False)
    account = html.escape(spec.account_name, quote=False)
    day = f"{spec.published.astimezone(CHINA):%Y-%m-%d}"
    css = _bundle(f"{era}-css", int(pad * (0.5 if era == "2021" else 0.25)), _STYLE)
    code = int(pad * (0.5 if era == "2021" else 0.75))
    if era == "2016":
        meta = f'<em id="post-date">{day}</em>\n<a href="javascript:void(0);" id="post-user">{account}</a>'
    else:
        meta = (
            f'<span class="who"><a href="javascript:void(0);" id="js_name">\n  {account}  </a>\n'
            f'<div hidden class="who_card"><strong class="profile_nickname">{account}</strong><img src="" alt="">'
            f"<p>微信号 {spec.alias}</p></div></span>\n"
            '<em id="publish_time" class="when"></em>'
        )
    mark = '<span id="copyright_logo">原创</span>\n' if spec.original else ""
    hidden = ' style="visibility: hidden;"' if era == "2021" else ""
    language = ' lang=="en"' if era == "2018" else ""
    classes = "zh_CN wx_wap_page\n\n  mm_appmsg" if era == "2021" else "zh_CN mm_appmsg"
    if spec.temporary:
        classes += " sougou_body"
    return f"""<!DOCTYPE html>
<!--headTrap--><html{' class=""' if era == "2021" else ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
{tags}{_script("window.began = +new Date;")}<title>{"" if era == "2019" else shown}</title>
<style>{css}</style>
<!--[if lt IE 9]><style>.old{{display:block}}</style><![endif]-->
{spec.extra_head}</head>
<body class="{classes}" id="activity-detail">
{_script(_ids(spec, era))}{_filler_before(era, code)}<div class="rich_media" id="js_article">
<div class="column"><div class="sheet">
<h2 id="activity-name" class="rich_media_title">
{shown}
</h2>
<div class="facts">
{mark}{meta}
</div>
<div class="rich_media_content "{language} id="js_content"{hidden}>
{spec.body}
</div>
{_script(SHOW_BODY) if era == "2021" else ""}{_script(_time_script(spec, era))}</div>
<p hidden class="hint">预览时标签不可点</p>
<div class="below"><a href="##">阅读原文</a> <div hidden>阅读 <b></b></div></div>
</div></div>
{_panels(code)}{_script(_variables(spec, era))}{_filler_after(era, code)}{spec.extra_scripts}</body>
</html>
"""


def _video_page(spec: ArticleSpec, era: Era, pad: int) -> str:
    """A video share (kind 5) of 2018-21: facts in ``d.…``, the description written by a script inside ``#js_content``."""

    def stated(value: str | int, path: str = "", last: str = " || ''") -> str:
        if era != "2021":
            return f'"{value}"' if not last else f'"{value}" || ""'
        return f"xml ? getXmlValue('{path}.DATA') : '{value}'{last}"

    tags = _metas(spec, era) if era == "2021" else ""
    title, name = html.escape(spec.title), html.escape(spec.account_name)
    day = f"{spec.published.astimezone(CHINA):%Y-%m-%d}"
    lines = [
        f'd.create_time = "{_epoch(spec.published)}"*1;',
        f"d.ct = {stated(_epoch(spec.published), 'ori_create_time', '')};",
        f"d.title = {stated(title, 'title', '')};",
        f"d.nick_name = {stated(name, 'nick_name', '')};",
        f"d.biz = {stated(spec.biz_text, 'bizuin')};",
        f"d.sn = {stated(spec.sn, 'sn')};",
        f"d.mid = {stated(spec.mid, 'mid')};",
        f"d.idx = {stated(spec.idx, 'idx')};",
        f"d.msg_link = {stated(_twice(own_link(spec, era)), 'link', '')};",
        f"d.user_name = {stated(spec.account_id, 'user_name', '')};",
        f'd.svr_time = "{_served(spec)}" * 1;',
    ]
    facts = _script(
        "\n(function (page) {\n  var d = page.cgiData = page.cgiData || {};\n  "
        + "\n  ".join(lines)
        + "\n})(window);\n"
        "window.msg_title = window.cgiData.title;\nwindow.item_show_type = '5';\nwindow.vid = 'n0000000xyz';\n"
    )
    return f"""<!DOCTYPE html>
<!--headTrap--><html>
<head>
<meta charset="utf-8">
{tags}<title>视频</title>
{spec.extra_head}</head>
<body class="zh_CN detail video">
{_filler_before(era, pad)}<div id="js_article">
<div class="who"><strong>
    {name}    </strong>
<span id="publish_time">
    {day}    </span></div>
<div id="js_content">
  <p id="js_video_desc">
  <script nonce="1048576001">
    document.getElementById('js_video_desc').innerHTML = "{_twice(spec.body)}";
  </script>
  </p>
  <div class="player"></div>
  <h2><span id="video_title">{html.escape(spec.title, quote=False)}</span></h2>
</div>
</div>
{_panels(pad)}{facts}{_filler_after(era, pad)}{spec.extra_scripts}</body>
</html>
"""


def _cgi_data(spec: ArticleSpec, era: Era, body: str) -> str:
    """``window.cgiDataNew = {…};`` with its decoys: nested objects that repeat the names of the article's facts."""
    source = spec.reprint
    info: dict[str, object] = {"copyright_stat": _copyright_stat(spec)}
    if source:
        info |= {
            "platform": source.account_name,
            "reprint_url": source.url,
            "source_username": source.account_id,
            "source_mid": source.mid,
            "source_idx": source.idx,
            "source_biz": source.biz,
            "source_encode_biz": biz_text(source.biz),
            "reprint_type": source.kind,
            "reprint_style": source.kind,
            "guide_words": source.remark,
        }
    info["is_cartoon_copyright"] = 0
    decoy = "https://mmbiz.qpic.cn/mmbiz_png/DecoyOfAWatermarkib000000000000000000/0?wx_fmt=png"
    facts: dict[str, object] = {
        "base_resp": {"ret": 0, "title": ""},
        "title": spec.title,
        "nick_name": spec.account_name,
        "user_name": spec.account_id,
        "alias": spec.alias,
        "author": spec.author,
        "desc": spec.description,
        "signature": "示例帐号的介绍。",
        "link": own_link(spec, era),
        "source_url": spec.source_url,
        "svr_time": _served(spec),
        "create_time": f"{spec.published.astimezone(CHINA):%Y-%m-%d %H:%M}",
        "ori_create_time": _epoch(spec.published),
        "create_timestamp": _epoch(spec.published),
        "ori_send_time": _epoch(spec.published),
        "modify_time": _epoch(spec.modified),
        "item_show_type": spec.kind,
        "real_item_show_type": spec.kind,
    }
    if spec.ids_in_cgi:
        sn = "" if spec.temporary else spec.sn
        facts |= {"bizuin": spec.biz_text, "mid": spec.mid, "idx": spec.idx, "sn": sn}
    facts |= {
        "cdn_url": spec.cover,
        "hd_head_img": "http://mmbiz.qpic.cn/mmbiz_png/HeadOfTheAccountib00000000000/0?wx_fmt=png",
        "content_noencode": _Html(body),
        "notices": [],
        "copyright_info": info,
        "picture_page_info_list": [
            {
                # Escaped once more than elsewhere.
                "cdn_url": picture.url.replace("&", "&amp;"),
                "width": picture.width,
                "height": picture.height,
                "watermark_info": {"cdn_url": f"{decoy}&amp;n={n}", "shown": True},
                "share_cover": {"cdn_url": decoy, "width": 1, "height": 1},
            }
            for n, picture in enumerate(spec.pictures)
        ],
        "user_info": {
            "is_paid": 0,
            "title": "登录者的标题，不是文章的",
            "link": "https://mp.weixin.qq.com/s/NotTheArticleButAVisit",
            "cdn_url": decoy,
            "visit": {"title": "", "idx": 99, "mid": 1},
        },
        "is_pay_subscribe": 0,
        "pay_subscribe_info": {"preview_percent": 0, "desc": ""},
        "appmsgalbuminfo": {
            "title": "示例合集",
            "link": WECHAT_OWN_LINK,
            "article_titles": [],
            "pre_article_link": spec.album_before[1].replace("&", "&amp;"),
            "next_article_link": spec.album_after[1].replace("&", "&amp;"),
            "pre_article_title": spec.album_before[0],
            "next_article_title": spec.album_after[0],
            "album_id_str": "3000000000000000001",
        },
        "ip_wording": {"province_name": spec.province, "country_name": "中国"},
        "lang": "zh_CN",
        "claim_source": {"claim_source": ""},
    }
    if spec.kind == 10:
        facts["text_page_info"] = {
            "content": _Html(spec.body),
            "content_noencode": _Html(spec.body),
            "is_user_title": int(spec.user_title),
        }
    if spec.kind in (8, 10):
        facts["appmsg_link"] = {"content_url": "", "title": ""}
    lines = []
    for key, value in facts.items():
        if key == "copyright_info":
            lines.append("                  // what it's a copy of: { 'title': never mind }")
        if key == "user_info":
            lines.append("                  /* the visitor's, not the article's: title: 'x', */")
        lines.append(f"                  {key}: {_cgi(value)},")
    return (
        "\n    function JsDecode(text) { return undoEscapes(text, '\\\\x'); }\n"
        "    window.cgiDataNew = {\n" + "\n".join(lines) + "\n    };\n    window.cgiReady = true;\n"
    )


def _modern_page(spec: ArticleSpec, era: Era, pad: int) -> str:
    """A page served 2025-26, of any kind but video."""
    share_card = spec.reprint is not None and spec.reprint.kind == 2 and spec.kind == 0
    in_dom = spec.body if spec.body_in != "cgi" and not share_card else ""
    in_cgi = "" if spec.body_in == "dom" else spec.body
    data = _script(_cgi_data(spec, era, in_cgi), ' h5only type="text/javascript"')
    ids = _script(_ids(spec, era))
    if spec.kind == 0:
        article = _modern_article(spec, era, in_dom, share_card)
        facts = _script(_variables(spec, era))
        mid_mark = "mmbizwap:appmsg/newindex.html"
        classes = "zh_CN wx_wap_page\n\n      mm_appmsg"
    else:
        article = _share_article(spec)
        facts = _script(_share_variables(spec, era))
        ids = ""
        mid_mark = "mmbizwap:pages/common_share.html"
        classes = "zh_CN wx_wap_page\n\n  " + ("page_share_img" if spec.kind == 8 else "page_share_text")
    if spec.temporary:
        classes += " sougou_body"
    if share_card:
        facts += (
            f'<script id="content_tpl" type="text/html" nonce="1048576001" reportloaderror>\n{spec.body}\n</script>\n'
        )
    before = data if era == "2026" else ""
    after = data if era == "2025" else ""
    return f"""<!DOCTYPE html>
<html class="
">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
{_script(f'window.PAGE_MID="{mid_mark}"')}{_metas(spec, era)}<title></title>
{_head_links(era, pad)}<style>.sheet{{margin:0 auto;max-width:677px}}</style>
{spec.extra_head}</head>
<body class="{classes}" id="activity-detail">
{ids}{before}{_filler_before(era, pad)}{article}
{_panels(pad)}{_script(_time_script(spec, era))}{facts}{_filler_after(era, pad)}{after}{spec.extra_scripts}</body>
</html>
"""


SHOW_BODY = """window.bodyShown = +new Date;
(function (style) { style.removeProperty('visibility'); style.removeProperty('opacity'); })
  (document.getElementById('js_content').style);"""
"""Shows the body, which a page hides until its pictures have been set aside."""


def _modern_article(spec: ArticleSpec, era: Era, body: str, share_card: bool) -> str:
    shown, account = html.escape(spec.title, quote=False), html.escape(spec.account_name, quote=False)
    title = f'<span class="js_title_inner">{shown}</span>' if era == "2026" else shown
    mark = '<span id="copyright_logo">原创</span>' if spec.original and not share_card else ""
    if share_card:
        source = spec.reprint
        assert source is not None
        address = source.url.replace("__biz=" + biz_text(source.biz), "__biz=" + quote(biz_text(source.biz)))
        content = f"""<p id="js_share_notice"></p>
<div class="card">
<strong id="js_share_author">{html.escape(source.account_name)}</strong>
<div class="card_title">{shown}</div>
<div aria-hidden="true" class="original_panel_content
     js_underline_content" id="js_content"></div>
<p><span id="js_share_source" data-url="{html.escape(address)}">阅读全文</span></p>
</div>"""
    else:
        content = _named_source(spec) if spec.reprint else ""
        content += f"""<div class="rich_media_content js_underline_content
              autoTypeSetting24psection
      " id="js_content" style="visibility: hidden; opacity: 0; ">{body}</div>"""
    return f"""<div id="js_article" class="rich_media">
<div id="js_row_immersive_cover_img"><img alt="" src="{html.escape(spec.cover)}"></div>
<div class="column"><div class="sheet">
<h1 class="rich_media_title " id="activity-name">
{title}
</h1>
<div class="facts">
{mark}<span class="who"><a href="javascript:void(0);" id="js_name">
      {account}      </a></span>
<em id="publish_time"></em> <em hidden><span></span></em>
</div>
{content}
{_script(SHOW_BODY)}</div>
<p hidden class="hint">预览时标签不可点</p>
</div>
<div class="next">继续滑动看下一个</div>
</div>"""


def _named_source(spec: ArticleSpec) -> str:
    """What WeChat shows above a whole reprint: whose article it is, and what that account says of itself."""
    assert spec.reprint is not None
    name = html.escape(spec.reprint.account_name)
    return (
        f'<div class="original"><p>以下文章来源于<a href="javascript:void(0);">{name}</a> ，作者CNCERT</p>\n'
        f'<img alt="" src="http://wx.qlogo.cn/mmhead/SampleHeadOfTheOriginal/0"><strong>{name}</strong>.\n'
        "<p>负责协调处理网络安全事件的技术机构（示例介绍）。</p></div>\n"
    )


def _share_article(spec: ArticleSpec) -> str:
    """The shell of a picture or text share: what the page shows stands only in its scripts."""
    if spec.kind == 8:
        return '<div id="js_article" class="share_content_page"><div id="img_swiper_content"></div>\n<div><p></p></div>\n</div>'
    account = html.escape(spec.account_name, quote=False)
    return (
        '<div id="js_article" data-server-rendered="true" class="page_pages share_content_page">\n'
        f'<div id="js_content"><div><strong>{account}</strong></div><p id="js_text_desc"></p></div>\n</div>'
    )


def _share_variables(spec: ArticleSpec, era: Era) -> str:
    """``d.…`` of the share pages, which may be filled from an answer in XML."""

    def stated(path: str, value: str | int, chain: str = "") -> str:
        return f"xml ? getXmlValue('{path}.DATA'){chain} : '{value}'"

    link = _twice(own_link(spec, era))
    lines = [
        f"d.create_time = {stated('ori_create_time', _epoch(spec.published), ' * 1')} * 1;",
        f"d.ct = {stated('ori_create_time', _epoch(spec.published))};",
        f"d.title = {stated('title', _twice(spec.title))};",
        f"d.biz = {stated('bizuin', spec.biz_text, chr(32) + '|| getXmlValue(' + chr(39) + '__biz' + chr(39) + ')')} || '';",
        f"d.sn = {stated('sn', '' if spec.temporary else spec.sn)} || '' || '';",
        f"d.mid = {stated('mid', spec.mid)} || '' || '';",
        f"d.idx = {stated('idx', spec.idx)} || '' || '';",
        f"d.msg_link = {stated('link', link)};",
        f"d.user_name = {stated('user_name', spec.account_id)};",
        f"d.nick_name = (xml ? getXmlValue('nick_name.DATA') : '{_twice(spec.account_name)}').html(false);",
    ]
    return "(function (page) {\n  var d = page.cgiData = page.cgiData || {};\n  " + "\n  ".join(lines) + "\n})(window);"


# ---------------------------------------------------------------------------------------------------------------------
# Pages that are no article


class Failure(NamedTuple):
    """A page that is no article, and what it has to be taken for."""

    verdict: str
    """blocked, gone, moved, expired, unavailable or unknown."""
    page: bytes


def _to_size(page: str, size: int, seed: str) -> bytes:
    """*page* with filler scripts at its ``<!--filler-->``, so that it has about *size* bytes."""
    room = size - len(page.encode())
    parts = max(1, min(12, room // 2000))
    filler = "".join(_script(_bundle(f"{seed}-{n}", room // parts - 70)) for n in range(parts)) if room > 400 else ""
    return page.replace("<!--filler-->", filler).encode()


def message_page(
    title: str, *, tag: str = "div", classes: str = "weui-msg__title warn", desc: str = "", script: str = "", body_id: str = "",
    size: int = 37_000,
) -> bytes:  # fmt: skip
    """A failure page of today's markup: one ``.weui-msg`` with the sentence, no article."""
    tips = f'\n<div class="weui-msg__desc">{desc}</div>' if desc else ""
    facts = _script("\n  var biz = '' || '';\n  " + script + "\n")
    page = f"""<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<!--filler--><title></title>
<style>.weui-msg{{margin:48px auto;text-align:center}}.weui-msg__title{{font-size:1.3em}}</style>
</head>
<body class="zh_CN wx_wap_page" id="{body_id}">
{facts}<div class="weui-msg">
<i class="sign"></i>
<{tag} class="{classes}">{title}</{tag}>{tips}
<p class="foot"><a href="https://mp.weixin.qq.com/">公众平台</a></p>
</div>
{_panels(0)}</body>
</html>
"""
    return _to_size(page, size, title)


def plain_page(text: str, size: int = 4_000) -> bytes:
    """A failure page of which only the sentence is known."""
    page = f"""<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title></title>
<!--filler--></head>
<body class="zh_CN">
<div class="notice"><h4>{text}</h4></div>
</body>
</html>
"""
    return _to_size(page, size, text)


def unavailable_page() -> bytes:
    """该内容暂时无法查看 in its form of 934 bytes: no script, no class of the others."""
    sentence = "该内容暂时无法查看"
    page = f"""<!DOCTYPE html>
<html><head>
<meta charset="utf8">
<title>{sentence}</title>
<style>
body {{ background: #eee; color: #222; font-family: sans-serif; }}
.mesg-block {{ margin: 30% 10% 0; padding: 1.5em; background: white; }}
.mesg-block p {{ text-align: center; }}
/*room*/
</style>
</head><body>
<div class="mesg-block"><p>{sentence}</p></div>
</body></html>
""".encode()
    return page.replace(b"/*room*/", b"/*" + b" " * (934 - len(page) + 4) + b"*/")


def rate_limit_page_2018() -> bytes:
    """访问过于频繁 of 2018: everything that is shown is written by a script."""
    page = """<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title></title>
<style>.qrcheck_box{margin:1em auto}</style><!--filler--></head>
<body class="zh_CN">
<script>
  var appmsgqrcode_ticket = "", hour = 60 * 60 * 1000;
  document.write('<div class="weui-msg"><h2 class="weui-msg__title">验证身份</h2>' +
    '<p class="weui-msg__desc">你的访问过于频繁，需要从微信打开验证身份</p></div>');
  if (appmsgqrcode_ticket) document.write('<div class="qrcheck_box"><img alt="" src="' + appmsgqrcode_ticket + '"></div>');
  setTimeout(function () { window.location.reload(); }, hour);
</script>
</body>
</html>
"""
    return _to_size(page, 10_200, "rate2018")


def verification_address(target: str) -> str:
    """Where a challenged request for *target* is redirected."""
    return f"https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=HSampleToken0000&target_url={quote(target, safe='')}"


def verification_page(target: str = "https://mp.weixin.qq.com/s/SampleSampleSample0000", words: bool = True) -> bytes:
    """The page behind :func:`verification_address`: 环境异常 and a button, or the 17 KB shell without any visible word."""
    shown = """<div class="weui-msg">
<h2 class="weui-msg__title">环境异常</h2>
<p class="weui-msg__desc">当前环境异常，完成验证后即可继续访问。</p>
<p><a href="javascript:;" id="js_verify">去验证</a></p>
</div>
<div hidden class="top_tips warning" id="tips"></div>"""
    page = f"""<!DOCTYPE html>
<html lang="zh_CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title></title>
<script nonce="1048576001">var PAGE_MID='mmbizwap:secitptpage/verify.html';</script>
<!--filler-->
</head>
<body class="zh_CN">
{shown if words else '<div id="app"></div>'}
<script src="https://captcha.gtimg.com/TCaptcha.js" nonce="1048576001"></script>
<script nonce="1048576001">
var cap_appid = '2000000001', cap_sid = '', poc_token = 'HSampleToken0000', target_url = '{quote(target, safe="")}';
</script>
</body>
</html>
"""
    return _to_size(page, 17_000, "verify")


def moved_page(
    target: str = "http://mp.weixin.qq.com/s?__biz=MzIwMDAwMDAwMQ==&mid=2247480001&idx=1&sn=" + "ab" * 16,
) -> bytes:
    """该公众号已迁移: the new address stands in a script."""
    script = f"var transferTargetLink = '{_twice(target)}';\nfunction go() {{ location.href = transferTargetLink; }}"
    return message_page(
        "该公众号已迁移",
        tag="h2",
        classes="weui-msg__title",
        desc="内容已随帐号搬到新的地址。",
        script=script,
        size=30_000,
    )


def violation_page(desc: str = "此内容违反相关规则", reason: int = 10001) -> bytes:
    """此内容因违规无法查看, with the account's name in a script."""
    script = f"window.cgiData = {{ del_reason_id: '{reason}', del_reason: '{js(desc)}', user_name: 'gh_00000000abcd', nick_name: '示例帐号' }};"
    return message_page(
        "此内容因违规无法查看", tag="h2", classes="weui-msg__title title", desc=desc, script=script, size=38_000
    )


def system_error_page() -> bytes:
    """系统出错 in its own markup."""
    page = """<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title></title><!--filler--></head>
<body class="zh_CN"><div><p class="global_error_msg warn">系统出错，请稍后再试</p></div></body>
</html>
"""
    return _to_size(page, 5_000, "system")


def open_in_client_page() -> bytes:
    """请在微信客户端打开链接, in the older markup."""
    page = """<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>抱歉，出错了</title><!--filler--></head>
<body><div><h4 class="weui_msg_title">请在微信客户端打开链接</h4></div></body>
</html>
"""
    return _to_size(page, 3_000, "client")


def account_page(name: str = CNCERT_NAME) -> bytes:
    """An account's own page: WeChat's, and neither an article nor a failure."""
    page = f"""<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{name}</title>
<style>.about{{margin:2em}}</style><!--filler--></head>
<body class="zh_CN"><div class="about"><strong class="profile_nickname">{name}</strong>
<p>示例帐号的介绍。</p></div><div class="list"></div></body>
</html>
"""
    return _to_size(page, 28_000, "account")


FAILURES: dict[str, Failure] = {
    "deleted_zh": Failure("gone", message_page("该内容已被发布者删除", body_id="activity-detail")),
    "deleted_en": Failure(
        "gone", message_page("The content has been deleted by the author.", body_id="activity-detail")
    ),
    "violation": Failure("gone", violation_page()),
    "violation_marketing": Failure("gone", violation_page("由用户投诉并经平台审核，涉嫌过度营销、骚扰用户")),
    "unavailable": Failure("unavailable", unavailable_page()),
    "in_review": Failure("unavailable", message_page("内容审核中")),
    "expired": Failure(
        "expired",
        message_page("链接已过期", tag="h2", classes="weui-msg__title", body_id="activity-detail", size=4_900),
    ),
    "parameter_error": Failure("expired", message_page("参数错误", script="var ret = '-2' * 1;", size=31_000)),
    "rate_limit_2018": Failure("blocked", rate_limit_page_2018()),
    "verification": Failure("blocked", verification_page()),
    "verification_shell": Failure("blocked", verification_page(words=False)),
    "moved": Failure("moved", moved_page()),
    "account_migrating": Failure("unavailable", plain_page("此帐号处于帐号迁移流程中")),
    "account_frozen": Failure("unavailable", plain_page("此帐号已申请公众号帐号迁移流程，被冻结")),
    "account_reclaimed": Failure("unavailable", plain_page("此帐号已申请公众号帐号迁移流程，被回收")),
    "account_banned": Failure("gone", plain_page("此帐号已被屏蔽, 内容无法查看")),
    "account_cancelled": Failure("gone", plain_page("此帐号已自主注销，内容无法查看")),
    "infringing": Failure("gone", plain_page("该内容被投诉且经审核涉嫌侵权，无法查看")),
    "impersonating": Failure("gone", plain_page("此内容无法查看。投诉类型：冒名侵权")),
    "rumour": Failure("gone", plain_page('<span class="page_rumor">此内容被认定为不实信息</span>')),
    "send_failed": Failure("gone", plain_page("此内容发送失败无法查看<br>涉嫌违反相关法律法规和政策发送失败")),
    "system_error": Failure("unavailable", system_error_page()),
    "open_in_client": Failure("unavailable", open_in_client_page()),
    "account_page": Failure("unknown", account_page()),
    "bad_gateway": Failure(
        "unknown", b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
    ),
    "empty": Failure("unknown", b""),
}
"""Every page that WeChat answers with instead of an article, by name, with the verdict it deserves."""
