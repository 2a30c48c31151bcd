"""Reprints as the pages of other accounts show them: both kinds, edited ones, and pages that only look like one.

reprint_page(series.spec_of("2026-05"), "whole", address="unsigned")
reprint_page(series.spec_of("2026-05"), "card", marks="another account")
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from tests.site import pages

Kind = Literal["card", "whole"]
KIND_NUMBERS: dict[Kind, Literal[2, 3]] = {"card": 2, "whole": 3}
"""WeChat's ``reprint_type``."""
Marks = Literal["cncert", "none", "another account"]
"""Of whose article WeChat says that it is: without marks anybody may have typed the text."""
Edit = Literal["figure", "paragraph"]
"""What an account changes that may edit: a number of the text, a paragraph of its own among those of the report."""
AddressForm = Literal["short", "signed", "unsigned"]

SOMEBODY_ELSE = 3217172106
"""Number of an account that is not CNCERT's."""
OWN_PARAGRAPH = "编者提示：请各单位及时修补漏洞，已处理3210起。"
REMARK = "本周周报，供各单位参考。已转载1234起。"
"""What the account that shares a card writes above it (``guide_words``)."""
PROFILE = (
    '<p><img src="http://wx.qlogo.cn/mmhead/SampleHeadOfAnAccount/0"></p><p><strong>国家互联网应急中心CNCERT</strong>.</p>'
    "<p>国家计算机网络应急技术处理协调中心（简称“国家互联网应急中心”）成立于2001年，为非政府非盈利的机构。</p>"
)
READING_APP = "<p>在小说阅读器读本章</p><p>去阅读</p><p>在小说阅读器中沉浸阅读</p>"
AROUND_2026 = READING_APP + PROFILE
"""What stands above the report in whole reprints of 2026."""


@dataclass(frozen=True, slots=True)
class Reprinter:
    """An account that reprints. All are invented."""

    name: str
    biz: int
    account_id: str


REPRINTERS = (
    Reprinter("某某安全", 3070000000, "gh_ffffffffffff"),
    Reprinter("示例应急响应中心", 3080000001, "gh_eeeeeeeeeeee"),
    Reprinter("示例安全实验室", 3090000002, "gh_dddddddddddd"),
)


def reprint_spec(
    original: pages.ArticleSpec, kind: Kind, *, by: Reprinter = REPRINTERS[0], marks: Marks = "cncert",
    edit: Edit | None = None, around: str | None = None, remark: str = REMARK, idx: int = 2,
    address: AddressForm = "short",
) -> pages.ArticleSpec:  # fmt: skip
    """The reprint of *original* by another account, a day later.

    *around* is what stands above the report in its body; in a whole reprint of CNCERT's that of 2026, if not given.
    The one who shares a card can write nothing into it.
    """
    if around is None:
        around = AROUND_2026 if kind == "whole" else ""
    mark = pages.Reprint(
        biz=SOMEBODY_ELSE if marks == "another account" else original.biz,
        mid=original.mid,
        idx=original.idx,
        sn=original.sn,
        account_id=original.account_id,
        account_name="示例企业" if marks == "another account" else original.account_name,
        kind=KIND_NUMBERS[kind],
        remark=remark,
    )
    return replace(
        original,
        body=around + _edited(original.body, edit),
        account_name=by.name,
        account_id=by.account_id,
        alias="",
        biz=by.biz,
        mid=2_600_000_000 + original.mid % 100_000_000,
        idx=idx,
        sn="7b" * 16,
        chksm="84" * 38 if address == "signed" else None,
        author="",
        original=False,
        published=original.published + timedelta(hours=16),
        modified=None,
        served=None,
        reprint=None if marks == "none" else mark,
        link_form="short" if address == "short" else "long",
        short=pages.token(f"{by.biz}-{original.mid}-{original.idx}-{kind}"),
    )


def reprint_url(spec: pages.ArticleSpec) -> str:
    """The address by which the reprint *spec* is known."""
    return spec.short_url if spec.link_form == "short" else spec.long_url


def reprint_page(original: pages.ArticleSpec, kind: Kind, *, contradiction: str | None = None, **options: Any) -> bytes:
    """The page of :func:`reprint_spec`; *contradiction* is one of :data:`CONTRADICTIONS`."""
    spec = reprint_spec(original, kind, **options)
    page = pages.render(spec)
    return contradict(page, spec, contradiction) if contradiction is not None else page


CONTRADICTIONS: dict[str, Callable[[pages.Reprint], tuple[str, str]]] = {
    "another message": lambda mark: (f'var source_mid = "{mark.mid}"', 'var source_mid = "1"'),
    "another place": lambda mark: (f'var source_idx = "{mark.idx}"', f'var source_idx = "{mark.idx + 1}"'),
    "another account": lambda mark: (
        f'var source_encode_biz = "{pages.biz_text(mark.biz)}"',
        f'var source_encode_biz = "{pages.biz_text(SOMEBODY_ELSE)}"',
    ),
    "no reprint": lambda _: ('var copyright_stat = "2"', 'var copyright_stat = "0"'),
}
"""Pages whose marks do not agree: what the variables say instead of what the object says."""


def contradict(page: bytes, spec: pages.ArticleSpec, name: str) -> bytes:
    """The *page* of the marked reprint *spec*, one of its variables replaced."""
    assert spec.reprint is not None
    old, new = CONTRADICTIONS[name](spec.reprint)
    text = page.decode()
    assert old in text
    return text.replace(old, new).encode()


def _edited(body: str, edit: Edit | None) -> str:
    if edit == "figure":
        changed, count = re.subn("(?<=共处理网络安全事件)([0-9]+)", lambda number: str(int(number[0]) + 7), body)
        assert count == 1
        return changed
    if edit == "paragraph":
        heading = body.index("近期回顾")
        start = body.rindex("<p", 0, heading)
        return f"{body[:start]}<p>{OWN_PARAGRAPH}</p>{body[start:]}"
    return body
