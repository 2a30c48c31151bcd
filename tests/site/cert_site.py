"""A loopback cert.org.cn: lists of pages in the layouts that were seen, pages of all eras, and their PDFs.

The wording of the reports is made up after the labels of each era; nothing is copied from a real issue.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from cncert.report.calendar import Week, period
from tests.site.server import Answer, LoopbackWeChat

HOST = "www.cert.org.cn"
ROOT = f"https://{HOST}"
ALLOW = b"User-agent: *\nDisallow: /publish/english/\n"
LINE_CHARACTERS = 40


def title(week: Week) -> str:
    """The title of an issue in the form of its time."""
    year, number = week
    days = period(*week)
    if year < 2015:
        return f"网络安全信息与动态周报({days.start:%Y.%m.%d}至{days.end:%Y.%m.%d})"
    if year < 2020:
        return f"CNCERT网络安全信息与动态周报{year}年第{number}期"
    return f"网络安全信息与动态周报-{year}年第{number}期"


def published(week: Week) -> date:
    """The day that the page of an issue states."""
    return period(*week).end + timedelta(days=4)


def path(week: Week, column: int = 44) -> str:
    """The path of an issue's page."""
    digits = f"{published(week):%Y%m%d}{week[0] * 100 + week[1]:013d}"
    return f"/publish/main/{column}/{published(week).year}/{digits}/{digits}_.html"


def handled(week: Week) -> int:
    """How many incidents an issue says were handled."""
    return 300 + (week[0] * 53 + week[1]) % 1700


def report(week: Week, *, handled: int | None = None, rating: str | None = None, full: bool = False) -> list[str]:
    """The lines of an issue, in the wording of its time, with news that state figures of others.

    *full*: with the paragraphs that only the issues before 2020 have here.
    """
    seed = week[0] * 53 + week[1]
    lines = ["本周网络安全基本态势"]
    lines += [f"本周，互联网网络安全态势整体评价为{rating or '优良中'[seed % 3]}。"]
    if week[0] < 2020 or full:
        lines += ["本周网络病毒活动情况", f"本周境内感染网络病毒的主机数量约为{seed % 90 + 10}.5万个。"]
        lines += [f"放马站点共涉及域名{seed % 400 + 20}个，涉及IP地址{seed % 300 + 30}个。"]
        lines += ["本周网站安全情况", f"本周境内被篡改网站数量为{seed % 4000 + 900}个。"]
    number = handled if handled is not None else globals()["handled"](week)
    lines += ["本周事件处理情况", f"本周，共处理了网络安全事件{number}起，其中跨境网络安全事件{number // 3}起。"]
    lines += ["业界新闻速递", "1、某机构称其一年内共处理网络安全事件98765起，被篡改网站数量为30000个。"]
    return [*lines, "关于国家互联网应急中心", "本单位同50个国家的120家机构往来，共处理事件3000起。"]


def stated(week: Week) -> dict[str, object]:
    """The rating and the figures that the report of *week* states."""
    seed = week[0] * 53 + week[1]
    found: dict[str, object] = {"rating": "优良中"[seed % 3]}
    if week[0] < 2020:
        found |= {"hosts.infected": (seed % 90 + 10) * 10_000 + 5_000, "sites.tampered": seed % 4000 + 900}
        found |= {"malware_sites.domains": seed % 400 + 20, "malware_sites.ips": seed % 300 + 30}
    return found | {"incidents.handled": handled(week), "incidents.cross_border": handled(week) // 3}


@cache
def _font() -> str:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"


def pdf(lines: Sequence[str], head: str = "", **options: object) -> bytes:
    """A PDF of *lines* under *head*, with page numbers."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1, **options)
    font, place, number = _font(), 90.0, 1

    def feet() -> None:
        canvas.setFont(font, 9)
        canvas.drawCentredString(A4[0] / 2, 30, str(number))

    for line in filter(None, (head, *lines)):
        pieces = [line[start : start + LINE_CHARACTERS] for start in range(0, len(line), LINE_CHARACTERS)]
        for piece in pieces:
            canvas.setFont(font, 11)
            canvas.drawString(72, A4[1] - place, piece)
            place += 17
        place += 9
        if place > 700:
            feet()
            canvas.showPage()
            place, number = 90.0, number + 1
    feet()
    canvas.save()
    return stream.getvalue()


def empty_pdf() -> bytes:
    """A PDF of a drawing."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1)
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.save()
    return stream.getvalue()


@cache
def weekly_pdf(week: Week, **changes: Any) -> bytes:
    """The PDF of an issue."""
    return pdf(report(week, **changes), title(week))


def html(body: str) -> bytes:
    """A page of the site around *body*."""
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'.encode()


def page(name: str, day: date, content: str) -> bytes:
    """The page of a report."""
    return html(
        f'<h2 class="artil_tit"><font>{name}</font></h2><div class="artil_art">来源：CNCERT\u3000时间：{day}</div>'
        f'<div class="artil_content">{content}</div>'
    )


def link(target: str, name: str) -> str:
    """A link to a file of a page."""
    return f'<p><font><a href="{target}">{name}</a></font>(点击下载)</p>'


def entry(name: str, day: date, target: str, form: str) -> str:
    """A line of a list; *form* is how its address is written."""
    attributes = {
        "quoted": f"""href="javascript:void(0)" onclick="window.open('{target}')" """,
        "unquoted": f'href="javascript:void(0)" onclick=window.open("{target}")',
        "href": f'href="{target}"',
    }[form]
    return f"<li><span>[{day}]</span><a {attributes}>{name}</a></li>"


def listing(entries: Iterable[str]) -> bytes:
    """A list page."""
    return html(f'<ul class="waring_con">{"".join(entries)}</ul>')


class CertSite:
    """What *site* has of cert.org.cn: *weeks*, newest first, *per_page* on a list page."""

    def __init__(self, site: LoopbackWeChat, weeks: Iterable[Week] = (), *, per_page: int = 10) -> None:
        self.site, self.per_page = site, per_page
        self.weeks: list[Week] = []
        self.add("/robots.txt", Answer(ALLOW, content_type="text/plain"))
        self.extend(weeks)

    def add(self, target: str, answer: Answer | bytes) -> None:
        """Anything at the path *target*."""
        self.site.add_path(HOST, target, answer)

    def extend(self, weeks: Iterable[Week], made: Callable[[Week], bytes] = weekly_pdf) -> None:
        """Publish *weeks*: their pages, their PDFs, and the lists."""
        for week in weeks:
            self.weeks.append(week)
            self.put(week, Answer(made(week), content_type="application/octet-stream"))
        self.relist()

    def put(self, week: Week, file: Answer | bytes, name: str = "") -> None:
        """The page of *week*, with a link to its *file*."""
        target = file_path(week)
        self.add(path(week), page(name or title(week), published(week), link(target, f"{title(week)}.pdf")))
        self.add(quote(target), file)

    def relist(self) -> None:
        """Write the lists anew."""
        weeks = sorted(self.weeks, reverse=True)
        forms = ("quoted", "unquoted", "href")
        for start in range(0, max(1, len(weeks)), self.per_page):
            number = start // self.per_page + 1
            entries = [
                entry(title(week), published(week), path(week), forms[(start + place) % 3])
                for place, week in enumerate(weeks[start : start + self.per_page])
            ]
            other = entry("每周移动恶意程序传播渠道安全监测报告", date(2020, 1, 1), "/publish/main/44/x.html", "href")
            self.add(list_path(number), listing([*entries, other]))

    def asked(self, start: str = "/publish/") -> list[str]:
        """The paths that were requested."""
        return [one.path for one in self.site.requests if one.host == HOST and one.path.startswith(start)]


def list_path(number: int = 1, column: int = 44) -> str:
    """The path of a list page."""
    return f"/publish/main/{column}/index{f'_{number}' if number > 1 else ''}.html"


def file_path(week: Week) -> str:
    """The path of an issue's PDF, with a name as people give them."""
    return f"/publish/main/upload/File/{week[0]} weekly（{week[1]}）.pdf"
