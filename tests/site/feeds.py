"""Feeds and albums as the services write them that make them of WeChat accounts, in small."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from cncert.items import CHINA
from tests.site import pages

PROXY = "https://wechat2rss.example"


@dataclass(frozen=True, slots=True)
class Post:
    """An article as a feed names it."""

    title: str
    url: str
    html: str = ""
    published: datetime = datetime(2024, 4, 25, 17, 30, tzinfo=CHINA)
    account: str = "国家互联网应急中心CNCERT"
    """Named by aggregators, which list the articles of many accounts."""


def wechat2rss(posts: Sequence[Post]) -> bytes:
    """Wechat2RSS: RSS 2.0, the article in ``content:encoded`` with a line above it, pictures by a proxy of its own."""
    items = [
        f"<item><title>{escape(post.title)}</title><link>{escape(post.url)}</link><description></description>"
        f"<content:encoded><![CDATA[{_by_proxy(post) if post.html else ''}]]></content:encoded>"
        f"<pubDate>{format_datetime(post.published)}</pubDate></item>"
        for post in posts
    ]
    return _rss(items, ' xmlns:content="http://purl.org/rss/1.0/modules/content/"')


def rsshub(posts: Sequence[Post]) -> bytes:
    """RSSHub: RSS 2.0, the article escaped in ``description``, the account as author."""
    items = [
        f"<item><title>{escape(post.title)}</title><description>{escape(post.html)}</description>"
        f'<link>{escape(post.url)}</link><guid isPermaLink="false">{escape(post.url)}</guid>'
        f"<pubDate>{format_datetime(post.published.astimezone(UTC), usegmt=True)}</pubDate>"
        "<author>CNCERT</author></item>"
        for post in posts
    ]
    return _rss(items, ' xmlns:atom="http://www.w3.org/2005/Atom"')


def we_mp_rss(posts: Sequence[Post]) -> bytes:
    """we-mp-rss: an ``id`` that is no address, the CDATA section escaped once more, pictures behind an own path."""
    items = [
        f"<item><id>3204940813-{number}</id><title>{escape(post.title)}</title><description></description>"
        f'<guid>{escape(post.url)}</guid><enclosure url="https://mmbiz.qpic.cn/c/0" length="0" type="image/jpeg"/>'
        f"<content:encoded>{escape(f'<![CDATA[{_behind_path(post)}]]>')}</content:encoded>"
        f"<link>{escape(post.url)}</link><pubDate>{post.published:%a, %d %b %Y %H:%M:%S }</pubDate></item>"
        for number, post in enumerate(posts)
    ]
    return _rss(items, ' xmlns:content="http://purl.org/rss/1.0/modules/content/"')


def wewe_rss(posts: Sequence[Post]) -> bytes:
    """WeWe RSS: Atom, short addresses, the article in ``summary``."""
    entries = [
        f'<entry><title type="html"><![CDATA[{post.title}]]></title><id>{post.url.rpartition("/")[2]}</id>'
        f'<link href="{escape(post.url)}"/><updated>{post.published.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}</updated>'
        f'<summary type="html"><![CDATA[{post.html.replace("data-src=", "src=")}]]></summary></entry>'
        for post in posts
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>https://wewe.example/</id>'
        f"<title>国家互联网应急中心CNCERT</title><generator>WeWe-RSS</generator>{''.join(entries)}</feed>"
    ).encode()


FORMS = {"wechat2rss": wechat2rss, "rsshub": rsshub, "we-mp-rss": we_mp_rss, "wewe-rss": wewe_rss}


def doonsec(posts: Sequence[Post]) -> bytes:
    """Doonsec's feed, an aggregator: RSS 2.0, the account as author and category, text or its beginning escaped in
    ``description``, Chinese time without a zone.
    """
    items = [
        f"<item><title>{escape(post.title)}</title><link>{escape(post.url)}</link>"
        f"<description>{escape(post.html)}</description><author>{escape(post.account)}</author>"
        f"<category>{escape(post.account)}</category>"
        f"<pubDate>{post.published.astimezone(CHINA):%Y-%m-%dT%H:%M:%S}</pubDate></item>"
        for post in posts
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Doonsec\'s feed</title>'
        f"<link>https://wechat.doonsec.com</link><description></description>\n{''.join(items)}</channel></rss>"
    ).encode()


TOPICS = (
    "漏洞复现",
    "应急响应",
    "渗透测试",
    "威胁情报",
    "代码审计",
    "安全运营",
    "攻防演练",
    "数据安全",
    "漏洞周报",
    "一周简报",
)
"""Of articles that are not of the series; some are other accounts' weekly reports."""


def aggregated(posts: Sequence[Post], *, newest: datetime, entries: int = 500, days: float = 2) -> list[Post]:
    """What an aggregator lists: *entries* articles of many accounts, *posts* in their order among them.

    The first is of *newest*; the others follow evenly until so many *days* before.
    """
    step = timedelta(days=days) / entries
    places = {(2 * number + 1) * entries // (2 * len(posts)): post for number, post in enumerate(posts)}
    listed = (places.get(place) or _other(place) for place in range(entries))
    return [replace(post, published=newest - place * step) for place, post in enumerate(listed)]


def beginning(html: str) -> str:
    """What an aggregator shows of an article: the first words of its text."""
    return " ".join(re.sub("<[^>]*>", " ", html).split())[:120] + "…"


def _other(number: int) -> Post:
    topic, account = TOPICS[number % len(TOPICS)], f"示例安全团队{number * 7 % 83}"
    summary = f"<p>{account}的{topic}，示例第{number}篇，共处理{number}起。</p>"
    title = f"{topic}2026年第{number % 52 + 1}期" if number % 10 > 7 else f"{topic}：示例产品{number}的分析 & 修复"
    return Post(title, f"https://mp.weixin.qq.com/s/{pages.token(f'other-{number}')}", summary, account=account)


def album(posts: Sequence[Post], *, goes_on: bool = False, alone: bool = False) -> bytes:
    """A page of an album in JSON; *alone*: its one article is no list."""
    articles = [
        {"title": post.title, "url": post.url.replace("https:", "http:"), "msgid": str(2_247_000_000 + number),
         "itemidx": "1", "create_time": str(int(post.published.timestamp()))}
        for number, post in enumerate(posts)
    ]  # fmt: skip
    answer = {
        "base_resp": {"ret": 0},
        "getalbum_resp": {
            "article_list": articles[0] if alone else articles,
            "base_info": {"title": "周报", "is_first_screen": "1"},
            "continue_flag": "1" if goes_on else "0",
            "reverse_continue_flag": "0",
        },
    }
    return json.dumps(answer, ensure_ascii=False).encode()


def _rss(items: list[str], names: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"{names}>\n<channel><title>CNCERT风险评估</title>'
        f"<link>https://wechat2rss.example</link>\n{''.join(items)}</channel></rss>"
    ).encode()


def _by_proxy(post: Post) -> str:
    body = post.html.replace("data-src=", "src=")
    for url in sorted({part.split('"')[0] for part in body.split('src="')[1:]}, key=len, reverse=True):
        plain = url.replace("&amp;", "&")
        body = body.replace(f'"{url}"', f'"{PROXY}/img-proxy/?k=4938f3cd&amp;u={quote(plain, safe="")}"')
    return (
        f"<p>原创 <span>CNCERT</span> <span>{post.published:%Y-%m-%d %H:%M}</span> <span>北京</span></p>{body}"
        f'<p><a href="{PROXY}/link-proxy/?k=f8ff3542&amp;r=1&amp;u={quote(post.url, safe="")}">跳转微信打开</a></p>'
    )


def _behind_path(post: Post) -> str:
    return post.html.replace('data-src="', 'src="/static/res/logo/')
