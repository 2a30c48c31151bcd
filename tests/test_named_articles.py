"""Saved texts that are no issue and name some: stubs with title and address, lists, pages that WeChat gave instead."""

from datetime import UTC, datetime

import pytest

from cncert.sources.listed_articles import find_issues
from cncert.sources.saved_files.first_look import first_look
from cncert.sources.saved_files.no_issue import NoIssue
from cncert.sources.saved_files.saved_page import read_saved_page, unwrap_saved_page
from tests.site import pages

TITLE = "网络安全信息与动态周报2024年第9期（2月26日-3月3日）"
OTHER_TITLE = "网络安全信息与动态周报2024年第8期（2月19日-2月25日）"
SHORT = "https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF"
OTHER = "https://mp.weixin.qq.com/s/GGGGHHHHIIIIJJJJKKKKLL"
FOREIGN = "https://mp.weixin.qq.com/s?__biz=MzA3MDAwMDAwMA==&mid=2650000001&idx=1&sn=00112233445566778899aabbccddee09"
VERIFICATION = "环境异常\n\n当前环境异常，完成验证后即可继续访问。\n\n[去验证](javascript:;)\n"
STUB, LIST, BLOCKED = NoIssue.STUB, NoIssue.LIST, NoIssue.BLOCKED


def read(text: str | bytes, name: str = "a.md") -> tuple[NoIssue | None, list[tuple[str, str]]]:
    """Why a text is no issue, and the issues that it names with their addresses. The first look lets it through."""
    data = text if isinstance(text, bytes) else text.encode()
    found = read_saved_page(unwrap_saved_page(data, datetime(2026, 1, 1, tzinfo=UTC), name))
    assert found.issue is None
    issues, _ = find_issues(found.listed, reprints=True)
    assert not issues or first_look(data, name, is_all=True) is None
    return found.no_issue, [(one.issue, one.address.url) for one in issues]


@pytest.mark.parametrize(
    ("text", "name", "reason", "issues"),
    [
        (f"---\ntitle: {TITLE}\nurl: {SHORT}\n---\n", "a.md", STUB, [("2024-09", SHORT)]),
        (f"# {TITLE}\n\n原文链接：{SHORT}\n", "a.md", STUB, [("2024-09", SHORT)]),
        (f"# {TITLE}\n\n原创 CNCERT\n\n[阅读原文]({SHORT})\n", "a.md", STUB, [("2024-09", SHORT)]),
        (f"[{TITLE}]({SHORT})\n", "a.md", STUB, [("2024-09", SHORT)]),
        (f"---\ntitle: {TITLE}\nurl: {SHORT}\n---\n{VERIFICATION}", "a.md", BLOCKED, [("2024-09", SHORT)]),
        (f"{VERIFICATION}\n{SHORT}\n", f"{TITLE}.md", BLOCKED, [("2024-09", SHORT)]),
        (f"原文 {SHORT}\n", f"{TITLE}.md", STUB, [("2024-09", SHORT)]),
        (f"- [{TITLE}]({SHORT})\n- [{OTHER_TITLE}]({OTHER})\n", "a", LIST, [("2024-09", SHORT), ("2024-08", OTHER)]),
        (f"{TITLE},{SHORT}\n{OTHER_TITLE},{OTHER}\n", "a.csv", LIST, [("2024-09", SHORT), ("2024-08", OTHER)]),
        (
            f"| 标题 | 链接 |\n|---|---|\n| {TITLE} | {SHORT} |\n| {OTHER_TITLE} | <{OTHER}> |\n",
            "README.md", LIST, [("2024-09", SHORT), ("2024-08", OTHER)],
        ),
        (
            f'<html><body><a href="{SHORT}">{TITLE}</a><p><a href="{OTHER}">{OTHER_TITLE}</a></body></html>',
            "a.html", LIST, [("2024-09", SHORT), ("2024-08", OTHER)],
        ),
        (f"# {TITLE}\n\n{FOREIGN}\n", "a.md", STUB, [("2024-09", FOREIGN)]),
        (f"# {TITLE}\n", "a.md", STUB, []),
        (f"# {TITLE}\n\nhttps://example.org/\n", "a.md", STUB, []),
        (f"# 其他文章\n\n{SHORT}\n\n参见{TITLE}。\n", "a.md", NoIssue.OTHER_TEXT, []),
        (f"---\ncncert_sample: yes\ntitle: {TITLE}\nurl: {SHORT}\n---\n", "a.md", STUB, []),
    ],
)  # fmt: skip
def test_what_a_text_names(text: str, name: str, reason: NoIssue, issues: list[tuple[str, str]]) -> None:
    assert read(text, name) == (reason, issues)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("verification", NoIssue.BLOCKED), ("deleted_zh", NoIssue.GONE)],
)
def test_a_page_of_wechat_in_place_of_the_article(kind: str, reason: NoIssue) -> None:
    saved = b"<!--\n Page saved with SingleFile\n url: " + SHORT.encode() + b"\n-->" + pages.FAILURES[kind].page
    assert read(saved, f"{TITLE}.html") == (reason, [("2024-09", SHORT)])
