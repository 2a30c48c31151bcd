"""What the test PDFs say: the invented issues of tests/test_eras.py, with all that a PDF has around them."""

import html
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

Kind = Literal["heading", "text", "caption", "table", "list"]

_TRUTH: Any = import_module("tests.test_eras")  # by name: mypy would check the tests too
ERAS: dict[str, tuple[Any, ...]] = {
    "e1-2012": _TRUTH.OF_2012,
    "e2-2013": _TRUTH.OF_2013,
    "e4-2018": _TRUTH.OF_2018,
    "e6-2025": _TRUTH.OF_2025,
}
"""Title, time, HTML and figures of an issue of each era."""
MARK = "TEST DATA of the cncert project, not published by anybody"
"""Stands in the metadata of each PDF."""
RUNNING_HEAD = "网络安全信息与动态周报 测试数据"
_HEADINGS = re.compile(r"(?:[0-9]、)?(?:本周\w+(?:态势|情况)|网络病毒监测情况|TOP5活跃网络病毒|网络病毒捕获和传播情况)")
_LATER_HEADINGS = ("业界新闻速递", "关于国家互联网应急中心", "近期回顾")
# In OF_2012 the marks of the first footnote alone are raised.
_MARKS_OF_2012 = re.compile(r"(?<=[）毒件称族])([2-6])(?=[整如，按统])")
_NOTES = {
    "1": "网络病毒是特指有害的程序，分为四类，这里不逐一说明。",
    "2": "该联盟2009年发起，现有45个成员。",
    "3": "按传播的次数排列，共5种。",
}
_VIRUSES = (
    ("排名", "名称", "本周", "上周"),
    ("1", "Trojan.Generic", "16342", "15980"),
    ("2", "Worm.Conficker.b", "9120", "10245"),
    ("3", "Backdoor.Agent", "880", "912"),
)
_KINDS_OF_FLAWS = (
    ("类型", "数量", "占比"),
    ("应用程序漏洞", "154", "51.9%"),
    ("WEB应用漏洞", "98", "33.0%"),
    ("操作系统漏洞", "45", "15.1%"),
)
# Everything in here is of the form of a figure, and none of this week.
_NEWS = (
    (
        "1、某国3月9日发布报告称，其境内被篡改网站数量为30000个，较上周环比上升了40.0%，被植入后门的网站数量为5210个。"
        "该报告全文共128页，由12家机构合作完成，涉及的时间为2011年1月至2012年12月。"
    ),
    "2、某研究机构4月1日称，感染网络病毒的主机数量约为812.4万个，新收录网络安全漏洞4410个，其中高危漏洞1200个。",
    (
        "3、据7月15日消息，某跨国组织一年内共处理网络安全事件98765起，含跨境网络安全事件4321起，重点处理777起仿冒投诉事件。"
        "有关人员表示，今后五年内将投入25亿元，其中3.5亿元用于2个国家级平台的建设。"
    ),
    "4、某公司修复了CVE-2018-1056等37个漏洞，Windows Server 2008至2016均受影响，补丁编号为KB4074588。",
)
_ABOUT = "本单位2002年设立，同50个国家的120家机构往来，共处理事件3000起。电话：010-12345678，邮箱：test@example.org"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of an edition, or a table. Text between ``<sup>`` and ``</sup>`` is raised."""

    kind: Kind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedEdition:
    """An issue as it is printed."""

    name: str
    title: str
    contents: tuple[tuple[str, int], ...]
    """Headings and their pages."""
    blocks: tuple[Block, ...]
    notes: dict[str, str]


def printed_edition(name: str) -> PrintedEdition:
    """Return the printed edition of the era *name*."""
    title, _, body = ERAS[name][:3]
    texts = [_plain(text) for text in re.split(r"</?(?:p|section)[^>]*>", body)]
    texts = [text for text in texts if text]
    cut = next((place for place, text in enumerate(texts) if text in _LATER_HEADINGS), len(texts))
    blocks = [_block(text) for text in texts[:cut]]
    table = _VIRUSES if name < "e3" else _KINDS_OF_FLAWS
    place = next((n for n, block in enumerate(blocks) if "如下表" in block.text or "漏洞占比最高" in block.text), None)
    if place is not None:
        blocks.insert(place + 1, Block("table", rows=table))
    blocks.append(Block("heading", "业界新闻速递"))
    blocks += [Block("text", text) for text in _NEWS]
    blocks += [Block("heading", "关于国家互联网应急中心"), Block("text", _ABOUT)]
    if name == "e6-2025":
        earlier = texts[texts.index("近期回顾") + 1 :]
        blocks += [Block("heading", "近期回顾"), *(Block("list", text) for text in earlier)]
    headings = [block.text for block in blocks if block.kind == "heading" and not block.text[0].isdigit()]
    contents = tuple((heading, 1 + place // 3) for place, heading in enumerate(headings))
    return PrintedEdition(name, title, contents, tuple(blocks), _NOTES if name == "e1-2012" else {})


def _plain(markup: str) -> str:
    text = re.sub(r"\s*\n\s*", "", re.sub(r"<(?!/?sup>)[^>]*>", "", markup)).strip()
    return _MARKS_OF_2012.sub(r"<sup>\1</sup>", html.unescape(text))


def _block(text: str) -> Block:
    if _HEADINGS.fullmatch(text) or text in _LATER_HEADINGS:
        return Block("heading", text)
    return Block("caption" if re.match(r"图[0-9]", text) and len(text) < 30 else "text", text)
