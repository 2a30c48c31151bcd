"""Makes the sample archive: ``python -m cncert.data.sample.make`` in the repository's root, by a developer.

It writes ``weekly.warc.gz``, ``figures.csv`` and ``pictures.json`` beside itself; the same bytes every time (with the
same fonts, Pillow and zlib). What is real in them and what is invented: README.md.
"""

import argparse
import csv
import io
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO

from PIL import Image
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cncert.data.sample.draw import BLUE, TEAL, Figure, Format, Slice, Style, change_text, cover, draw
from tests.site.pages import (
    CHINA,
    CNCERT_BIZ,
    FAILURES,
    ArticleSpec,
    BodyIn,
    Era,
    Picture,
    ReportFacts,
    Reprint,
    ReviewLine,
    inner_link,
    picture_url,
    render,
    report_body,
    token,
)
from tests.site.pages import Style as Markup

HERE = Path(__file__).parent
INDEX = HERE.parent / "known_issues.csv"
FIRST, LAST = date(2024, 5, 5), date(2025, 1, 19)
"""Sundays of the first and the last week: 2024-18 to 2025-03."""
MAX_SIZE = 4_000_000
INVENTED_NOTE = "（示例数据：本期数字为虚构，仅供演示）"
REAL_NOTE = "（示例数据：本期配图为自绘示意，图中数字为虚构；正文数字取自原文）"

# Rating and the five figures of the text, as CNCERT published them; all other weeks are invented.
REAL: dict[str, tuple[str, int, int, int, int, int]] = {
    "2024-18": ("良", 276, 132, 215, 5, 7),
    "2024-27": ("良", 495, 228, 454, 11, 12),
    "2024-29": ("良", 177, 51, 152, 42, 80),
    "2024-33": ("良", 415, 186, 385, 24, 60),
    "2024-36": ("良", 763, 98, 747, 7, 12),
    "2024-37": ("良", 187, 85, 156, 5, 5),
    "2024-41": ("良", 271, 198, 204, 15, 15),
    "2024-43": ("良", 295, 140, 253, 16, 18),
    "2024-45": ("良", 345, 255, 299, 4, 6),
    "2024-47": ("良", 191, 141, 154, 7, 10),
    "2025-03": ("良", 657, 337, 640, 8, 9),
}
METRICS = (
    "incidents.handled", "incidents.cross_border", "incidents.phishing_complaints",
    "mobile_malware.platforms", "mobile_malware.urls",
)  # fmt: skip

# The weeks in which something goes as it goes in life.
DELETED = "2024-31"
REPOSTED, REPOST_LISTED_IN = "2024-39", "2024-42"
REPOST_BIZ, REPOST_MID = 2866836095, 2247529999
NOT_LINKED = {"2024-25": "2024-22", "2024-49": "2024-46"}
"""In the list of the one, the line of the other is no link."""
SHORT_TITLE = "2024-26"
NO_MOBILE = "2024-21"
EXCELLENT = "2024-40"
SLIPS = {
    "2024-35": ("重点处理", "重点处"),
    "2024-44": ("恶意URL链接", "恶意URL链"),
    "2025-03": ("重点处理", "重点处"),
}
LIES_ABOUT_FORMAT = {("2024-23", 2), ("2024-47", 1)}
"""Pictures (of an issue, the nth) whose address says png and which are JPEG."""
SPECIAL = {
    DELETED: "deleted: the address answers with the page of a deleted article",
    REPOSTED: f"reposted: the list of {REPOST_LISTED_IN} links to a stub of another account by a short address",
    REPOST_LISTED_IN: f"its list links to a repost of {REPOSTED}",
    SHORT_TITLE: "the title prints a range that is a day short",
    NO_MOBILE: "the sentence on mobile malware is missing",
    EXCELLENT: "the rating is 优",
    **{issue: f"the line of {line} in its list is no link" for issue, line in NOT_LINKED.items()},
    **{issue: f"slip: {wrong} for {right}" for issue, (right, wrong) in SLIPS.items()},
    "2025-03": "slip (as CNCERT printed it): 重点处 for 重点处理; also under a short address",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a page was served."""

    era: Era
    markup: Markup
    pad: int
    body_in: BodyIn = "both"
    ids_in_cgi: bool = True
    value_last: bool = False

    @property
    def name(self) -> str:
        """For people."""
        return (
            self.era
            + (" body in scripts only" if self.body_in == "cgi" else "")
            + ("" if self.ids_in_cgi else " few ids")
        )


FORMS = (
    Form("2025", "section", 2_350_000),
    Form("2026", "nested", 2_150_000),
    Form("2021", "p", 150_000),
    Form("2026", "section", 2_050_000, ids_in_cgi=False, value_last=True),
    Form("2018", "p", 90_000),
    Form("2025", "section", 2_250_000, body_in="cgi"),
    Form("2026", "p", 2_100_000),
    Form("2019", "nested", 110_000),
)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the series: what the index knows of it, and its place in the sample."""

    sunday: date
    sn: str = ""
    chksm: str | None = None
    mid: int = 0
    idx: int = 1
    url: str = ""
    first_seen: date | None = None

    @property
    def number(self) -> int:
        """The issue's number within the Sunday's year."""
        return (self.sunday.timetuple().tm_yday - 1) // 7 + 1

    @property
    def issue(self) -> str:
        """The issue's name."""
        return f"{self.sunday.year}-{self.number:02d}"

    def title(self, with_years: bool = True, end: date | None = None) -> str:
        """The title, its range in full or (as later lists print it) without years."""
        monday, last = self.sunday - timedelta(days=6), end or self.sunday
        crosses = with_years and monday.year != last.year
        days = [f"{f'{day.year}年' if crosses else ''}{day.month}月{day.day}日" for day in (monday, last)]
        return f"网络安全信息与动态周报{self.sunday.year}年第{self.number}期（{'-'.join(days)}）"

    @property
    def published(self) -> datetime:
        """On the day on which a feed first had it, else on the Thursday; the time of day is invented."""
        day = self.first_seen or self.sunday + timedelta(days=4)
        return datetime.combine(day, time(16, 5 + self.number % 50, self.number), tzinfo=CHINA)


def read_index() -> dict[date, Week]:
    """The weeks of the bundled index, by their Sunday."""
    weeks: dict[date, Week] = {}
    with INDEX.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sunday = date.fromisoformat(row["end"])
            sunday += timedelta(days=6 - sunday.weekday())
            if not row["url"]:
                continue
            query = dict(pair.split("=", 1) for pair in row["url"].split("?", 1)[1].split("&"))
            seen = date.fromisoformat(row["first_seen"]) if row["first_seen"] else None
            weeks[sunday] = Week(
                sunday, query["sn"], query.get("chksm"), int(row["mid"]), int(row["idx"]), row["url"], seen
            )  # fmt: skip
            if FIRST <= sunday <= LAST and weeks[sunday].title() != row["title"]:
                raise SystemExit(f"the index's title is not what the calendar makes of it: {row['title']}")
    return weeks


def invented_facts(rng: random.Random) -> tuple[str, int, int, int, int, int]:
    """A week's text figures in plausible proportions."""
    handled = round(rng.lognormvariate(5.7, 0.45))
    platforms = rng.choice((2, 3, 4, 5, 5, 6, 7, 8, 9, 11, 12, 14, 17, 21))
    return (
        "良",
        handled,
        round(handled * rng.uniform(0.22, 0.7)),
        round(handled * rng.uniform(0.76, 0.96)),
        platforms,
        platforms + rng.choice((0, 0, 1, 2, 3, 5, 8, 14)),
    )


def walks(rng: random.Random) -> Iterator[dict[str, int]]:
    """The picture figures, week by week: each wanders about its own level."""
    levels = {
        "hosts.infected": 940_000, "sites.tampered": 3_600, "sites.backdoored": 430, "phishing.pages": 2_300,
        "vulnerabilities.new": 460, "malware_sites.domains": 1_450, "sites.tampered_gov": 14, "sites.backdoored_gov": 4,
    }  # fmt: skip
    state = dict.fromkeys(levels, 0.0)
    while True:
        for name in levels:
            state[name] = 0.72 * state[name] + rng.gauss(0, 0.16)
        week = {name: max(1, round(level * 2.718 ** state[name])) for name, level in levels.items()}
        week["hosts.infected"] = round(week["hosts.infected"], -3)
        week["hosts.trojan_botnet"] = round(week["hosts.infected"] * rng.uniform(0.62, 0.8), -3)
        week["hosts.conficker"] = week["hosts.infected"] - week["hosts.trojan_botnet"]
        week["malware_sites.ips"] = round(week["malware_sites.domains"] * rng.uniform(1.2, 2.4))
        week["phishing.domains"] = round(week["phishing.pages"] * rng.uniform(0.5, 0.8))
        week["phishing.ips"] = round(week["phishing.domains"] * rng.uniform(0.25, 0.5))
        new = week["vulnerabilities.new"]
        week["vulnerabilities.high"] = round(new * rng.uniform(0.22, 0.42))
        week["vulnerabilities.low"] = round(new * rng.uniform(0.04, 0.12))
        week["vulnerabilities.medium"] = new - week["vulnerabilities.high"] - week["vulnerabilities.low"]
        yield week


LABELS = {
    "hosts.infected": ("境内感染网络病毒的主机数量", "感染网络病毒的主机数量", "境内感染病毒主机数"),
    "hosts.trojan_botnet": ("木马或僵尸程序控制的主机", "被木马或僵尸程序控制的主机数量", "木马僵尸网络受控主机"),
    "hosts.conficker": ("感染飞客蠕虫的主机", "感染飞客（Conficker）蠕虫的主机", "飞客蠕虫感染主机"),
    "malware_sites.domains": ("放马站点涉及域名", "放马站点域名数量", "放马站点涉及域名"),
    "malware_sites.ips": ("放马站点涉及IP地址", "放马站点IP地址数量", "放马站点涉及IP"),
    "sites.tampered": ("境内被篡改网站数量", "被篡改网站数量", "境内被篡改网站"),
    "sites.tampered_gov": ("其中被篡改政府网站", "被篡改政府网站数量", "其中政府网站（篡改）"),
    "sites.backdoored": ("境内被植入后门的网站数量", "被植入后门网站数量", "境内被植入后门网站"),
    "sites.backdoored_gov": ("其中被植入后门的政府网站", "被植入后门政府网站数量", "其中政府网站（后门）"),
    "phishing.pages": ("针对境内网站的仿冒页面数量", "仿冒页面数量", "仿冒境内网站的页面"),
    "phishing.domains": ("仿冒页面涉及域名", "仿冒页面域名数量", "仿冒涉及域名"),
    "phishing.ips": ("仿冒页面涉及IP地址", "仿冒页面IP地址数量", "仿冒涉及IP地址"),
    "vulnerabilities.new": ("新增信息安全漏洞数量", "新增信息安全漏洞", "新收录信息安全漏洞"),
    "vulnerabilities.high": ("高危漏洞", "其中高危漏洞", "高危漏洞数量"),
    "vulnerabilities.medium": ("中危漏洞", "其中中危漏洞", "中危漏洞数量"),
    "vulnerabilities.low": ("低危漏洞", "其中低危漏洞", "低危漏洞数量"),
}
SLICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "overview": (
        "本周网络安全基本态势",
        ("hosts.infected", "sites.tampered", "sites.backdoored", "phishing.pages", "vulnerabilities.new"),
    ),
    "virus": (
        "网络病毒活动情况",
        ("hosts.infected", "hosts.trojan_botnet", "malware_sites.domains", "malware_sites.ips"),
    ),
    "worm": ("网络病毒监测情况", ("hosts.infected", "hosts.trojan_botnet", "hosts.conficker")),
    "sites": ("网站安全情况", ("sites.tampered", "sites.tampered_gov", "sites.backdoored", "sites.backdoored_gov")),
    "phishing": ("仿冒页面监测情况", ("phishing.pages", "phishing.domains", "phishing.ips")),
    "vulnerabilities": (
        "重要漏洞情况",
        ("vulnerabilities.new", "vulnerabilities.high", "vulnerabilities.medium", "vulnerabilities.low"),
    ),
}
LAYOUTS = {
    4: ("worm", "sites", "phishing", "vulnerabilities"),
    5: ("overview", "virus", "sites", "phishing", "vulnerabilities"),
    6: ("overview", "worm", "sites", "phishing", "vulnerabilities", "objects"),
}
LOOKS: tuple[tuple[Style, Style], ...] = (
    ("cards", "bars"),
    ("table", "bars"),
    ("dark", "dark"),
    ("rings", "cards"),
    ("table", "rings"),
)
"""The style of an issue's slices, and of those on vulnerabilities."""


def figure(name: str, value: int, before: int, wording: int, separators: bool) -> Figure:
    """A figure as a slice prints it."""
    hosts = name.startswith("hosts.")
    printed = f"{value / 10_000:.1f}万" if hosts else f"{value:,}" if separators else str(value)
    # A picture states a change of what it prints; of a handful it states none.
    change = round((value - before) * 100 / before, 1) if before >= 10 else None
    return Figure(name, LABELS[name][wording], printed, value, "台" if hosts else "个", change)


def issue_slices(
    order: int, week: dict[str, int], before: dict[str, int], count: int, rng: random.Random
) -> Iterator[Slice]:
    """The slices of an issue."""
    wording, separators = order % 3, order % 5 != 2
    for kind in LAYOUTS[count]:
        if kind == "objects":
            weights = [
                rng.uniform(30, 45),
                rng.uniform(20, 32),
                rng.uniform(10, 16),
                rng.uniform(5, 9),
                rng.uniform(2, 5),
            ]
            shares = [round(weight * 100 / sum(weights), 1) for weight in weights]
            names = ("WEB应用", "应用程序", "网络设备", "操作系统", "安全产品")
            shown = tuple(
                Figure(None, label, f"{share}", share, "%") for label, share in zip(names, shares, strict=True)
            )
            yield Slice("漏洞影响对象类型分布", shown)
        else:
            title, metrics = SLICES[kind]
            yield Slice(title, tuple(figure(name, week[name], before[name], wording, separators) for name in metrics))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of the archive."""

    issue: str
    order: int
    seed: str
    slice: Slice
    style: Style
    form: Format
    says: str
    """The format of which its address speaks."""
    data: bytes
    size: tuple[int, int]

    @property
    def url(self) -> str:
        """Its address in the body."""
        return picture_url(self.seed, self.says)

    @property
    def archived(self) -> str:
        """The address under which the archive has it: mostly the largest size, sometimes the body's own."""
        return (
            self.url
            if (self.order + len(self.issue) + int(self.issue[-2:])) % 5 == 0
            else picture_url(self.seed, self.says, size=0)
        )

    def truth(self) -> dict[str, object]:
        """What is printed on it."""
        return {
            "issue": self.issue,
            "order": self.order,
            "key": self.url.split("/", 3)[3].rsplit("/", 1)[0],
            "archived": self.archived,
            "format": self.form,
            "style": self.style,
            "width": self.size[0],
            "height": self.size[1],
            "title": self.slice.title,
            "figures": [
                {
                    "metric": shown.metric,
                    "label": shown.label,
                    "printed": shown.printed,
                    "unit": shown.unit,
                    "value": shown.value,
                    "change_pct": shown.change,
                    "change_printed": change_text(self.style, shown.change),
                }
                for shown in self.slice.figures
            ],
        }


def draw_issue(issue: str, order: int, slices: list[Slice]) -> list[Drawn]:
    """The slices of an issue as pictures."""
    drawn = []
    look, other = LOOKS[order % len(LOOKS)]
    for n, picture in enumerate(slices):
        style = (
            "bars"
            if picture.figures[0].metric is None
            else other
            if n >= len(LAYOUTS[4]) - 1 and "漏洞" in picture.title
            else look
        )
        lies = (issue, n) in LIES_ABOUT_FORMAT
        form: Format = "JPEG" if lies or (order % 7 == 4 and len(picture.figures) < 5) else "PNG"
        width = 1080 if order % 16 == 9 and len(picture.figures) == 3 else 720 if order % 9 == 1 else 640
        data = draw(picture, style, width, form)
        size = Image.open(io.BytesIO(data)).size
        says = "png" if form == "PNG" or lies else "jpeg"
        drawn.append(Drawn(issue, n, f"sample {issue} {n}", picture, style, form, says, data, size))
    return drawn


class Archive:
    """The WARC: records with ids made of their addresses and dates that are given."""

    def __init__(self, file: IO[bytes]) -> None:
        self._writer = WARCWriter(file, gzip=True)

    @staticmethod
    def _id(name: str) -> str:
        return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'cncert sample ' + name)}>"

    @staticmethod
    def _date(moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def info(self, lines: dict[str, str], moment: datetime) -> None:
        """The record that says what the file is."""
        payload = "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode()
        headers = {
            "WARC-Record-ID": self._id("info"),
            "WARC-Date": self._date(moment),
            "WARC-Filename": "weekly.warc.gz",
        }
        record = self._writer.create_warc_record(
            "", "warcinfo", payload=io.BytesIO(payload), length=len(payload), warc_headers_dict=headers
        )
        self._writer.write_record(record)

    def response(self, url: str, body: bytes, kind: str, moment: datetime) -> None:
        """An answer."""
        http = StatusAndHeaders(
            "200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))], protocol="HTTP/1.1"
        )  # fmt: skip
        headers = {"WARC-Record-ID": self._id(url), "WARC-Date": self._date(moment)}
        record = self._writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=headers
        )
        self._writer.write_record(record)


def visited(week: Week, form: Form, order: int) -> datetime:
    """When the archive's maker came by: soon for old forms, in 2025 or 2026 for new ones."""
    if form.era == "2025":
        return datetime(2025, 6, 2, 9, 30, tzinfo=CHINA) + timedelta(days=3 * order, minutes=7 * order)
    if form.era == "2026":
        return datetime(2026, 1, 12, 14, 0, tzinfo=CHINA) + timedelta(days=order, minutes=11 * order)
    return week.published + timedelta(days=2, minutes=order)


def review(week: Week, weeks: dict[date, Week]) -> list[ReviewLine]:
    """The five preceding issues as the issue's own list has them."""
    lines = []
    for back in range(1, 6):
        sunday = week.sunday - timedelta(weeks=back)
        other = weeks.get(sunday, Week(sunday))
        url: str | None = None
        if other.mid:
            # Lists link with chksm until 2024, without since.
            signature = other.chksm if week.sunday.year < 2025 else None
            url = inner_link(CNCERT_BIZ, other.mid, other.idx, other.sn, signature)
        if NOT_LINKED.get(week.issue) == other.issue:
            url = None
        elif week.issue == REPOST_LISTED_IN and other.issue == REPOSTED:
            url = f"https://mp.weixin.qq.com/s/{token('sample repost of ' + REPOSTED)}"
        lines.append(ReviewLine(other.title(with_years=False), url))
    return lines


def repost(week: Week) -> bytes:
    """The page of the repost: the same title, another account, a stub for a body."""
    source = Reprint(CNCERT_BIZ, week.mid, week.idx, week.sn, ArticleSpec().account_id, ArticleSpec().account_name)
    spec = ArticleSpec(
        title=week.title(),
        body="<p>转自国家互联网应急中心CNCERT，点击下方阅读全文。</p>",
        account_name="示例转载帐号",
        account_id="gh_5a3b1e0d7c44",
        alias="",
        biz=REPOST_BIZ,
        mid=REPOST_MID,
        idx=4,
        sn="0fd1" * 8,
        chksm=None,
        published=week.published + timedelta(hours=20),
        author="",
        original=False,
        reprint=source,
        short=token("sample repost of " + REPOSTED),
        link_form="short",
        cover=picture_url("sample cover of a repost", "jpeg", size=0),
    )
    return render(spec, "2026", 2_050_000)


def make(folder: Path) -> None:
    """Write the sample into *folder*."""
    rng = random.Random("the sample series of cncert")
    weeks = read_index()
    sundays = [FIRST + timedelta(weeks=n) for n in range((LAST - FIRST).days // 7 + 1)]
    wandering = walks(rng)
    before = next(wandering)
    covers = [picture_url(f"sample cover {n}", "jpeg", size=0) for n in range(2)]
    rows: list[dict[str, object]] = []
    truths: list[dict[str, object]] = []
    sizes = {"pages": 0, "pictures": 0}
    target = folder / "weekly.warc.gz"
    with target.open("wb") as file:
        archive = Archive(file)
        archive.info(
            {
                "software": "cncert.data.sample.make",
                "format": "WARC File Format 1.0",
                "description": "Sample of a weekly series: drawn pages and pictures, invented figures; see README.md",
            },
            datetime(2026, 3, 1, tzinfo=CHINA),
        )
        art = (
            cover("网络安全信息与动态周报", "每周一期 · 数据与回顾", BLUE),
            cover("网络安全周报", "数据 · 处置 · 回顾", TEAL),
        )
        for url, data in zip(covers, art, strict=True):
            archive.response(url, data, "image/jpeg", datetime(2025, 6, 1, tzinfo=CHINA))
        for order, sunday in enumerate(sundays):
            week, form = weeks[sunday], FORMS[order % len(FORMS)]
            issue, seen = week.issue, visited(weeks[sunday], form, order)
            values, invented = next(wandering), invented_facts(rng)
            row: dict[str, object] = {"issue": issue, "special": SPECIAL.get(issue, "")}
            if issue == DELETED:
                archive.response(week.url, FAILURES["deleted_zh"].page, "text/html; charset=UTF-8", seen)
                rows.append(row | {"origin": "none", "pictures": 0, "form": "deleted"})
                before = values
                continue
            facts = REAL.get(issue, invented)
            if issue == EXCELLENT:
                facts = ("优", *facts[1:])
            told: tuple[int | None, int | None, int | None, int | None, int | None] = facts[1:]
            if issue == NO_MOBILE:
                told = (*facts[1:4], None, None)
            count = 4 if issue == "2025-03" else 5 if issue in REAL else (4, 5, 4, 6, 4, 4)[order % 6]
            pictures = draw_issue(issue, order, list(issue_slices(order, values, before, count, rng)))
            before = values
            note = REAL_NOTE if issue in REAL else INVENTED_NOTE
            slips = (SLIPS[issue],) if issue in SLIPS else ()
            text = ReportFacts(facts[0], *told, note=note, slips=slips)
            spec = ArticleSpec(
                title=week.title(end=sunday - timedelta(days=1) if issue == SHORT_TITLE else None),
                body=report_body(
                    text,
                    [Picture(drawn.url, *drawn.size, drawn.says) for drawn in pictures],
                    review(week, weeks),
                    form.markup,
                ),
                mid=week.mid,
                idx=week.idx,
                sn=week.sn,
                chksm=week.chksm,
                published=week.published,
                served=seen,
                cover=covers[order >= 24],
                body_in=form.body_in,
                ids_in_cgi=form.ids_in_cgi,
                value_last=form.value_last,
            )
            page = render(spec, form.era, form.pad)
            archive.response(week.url, page, "text/html; charset=UTF-8", seen)
            sizes["pages"] += len(page)
            for drawn in pictures:
                kind = "image/png" if drawn.says == "png" else "image/jpeg"
                archive.response(drawn.archived, drawn.data, kind, seen + timedelta(seconds=drawn.order + 2))
                sizes["pictures"] += len(drawn.data)
            if issue == REPOSTED:
                address = f"https://mp.weixin.qq.com/s/{token('sample repost of ' + REPOSTED)}"
                archive.response(address, repost(week), "text/html; charset=UTF-8", seen + timedelta(minutes=5))
            if sunday == LAST:
                short = replace(spec, short=token("sample " + issue), link_form="short", body_in="both")
                again = seen + timedelta(days=200)
                archive.response(short.short_url, render(short, "2026", 2_050_000), "text/html; charset=UTF-8", again)
            origin = "real" if issue in REAL else "invented"
            stated = dict(zip(METRICS, told, strict=True))
            rows.append(
                row
                | {
                    "origin": origin,
                    "rating": facts[0],
                    **stated,
                    "pictures": count,
                    "form": form.name,
                    "markup": form.markup,
                }
            )
            truths += [drawn.truth() for drawn in pictures]
    write_tables(folder, rows, truths)
    report(folder, sizes)


def write_tables(folder: Path, rows: list[dict[str, object]], truths: list[dict[str, object]]) -> None:
    """The truth: the figures of the texts, and what is printed on the pictures (one a line)."""
    with (folder / "figures.csv").open("w", encoding="utf-8", newline="") as file:
        names = ["issue", "origin", "rating", *METRICS, "pictures", "form", "markup", "special"]
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = ",\n".join(json.dumps(truth, ensure_ascii=False, separators=(",", ":")) for truth in truths)
    (folder / "pictures.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def report(folder: Path, sizes: dict[str, int]) -> None:
    """Print what was made; too much is an error."""
    total = 0
    for path in sorted(folder.iterdir()):
        if path.is_file():
            total += path.stat().st_size
            print(f"{path.stat().st_size:>10,}  {path.name}")
    print(f"{total:>10,}  in all; unpacked: pages {sizes['pages']:,}, pictures {sizes['pictures']:,}")
    if total > MAX_SIZE:
        raise SystemExit(f"too large: {total:,} bytes, {MAX_SIZE:,} allowed")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    make(folder)


if __name__ == "__main__":
    main()
