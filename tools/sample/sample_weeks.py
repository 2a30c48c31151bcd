"""The weeks of the sample: titles and addresses from the bundled index, figures that are real or invented."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from tests.site.pages import CHINA
from tests.site.reprints import READING_APP, Kind, Reprinter
from tools.sample.picture_content import Figure, Slice

INDEX = Path(__file__).parents[2] / "cncert" / "data" / "known_issues.csv"
FIRST, LAST = date(2024, 5, 5), date(2025, 1, 19)
"""Sundays of the first and the last week: 2024-18 to 2025-03."""
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


@dataclass(frozen=True, slots=True)
class SampleReprint:
    """How another account has an issue whose own page the archive does not hold."""

    kind: Kind
    by: Reprinter
    words: str
    """For people."""
    around: str = ""
    """What stands above the report."""
    remark: str = ""
    """What the one who shares a card writes above it."""


REPRINTED = {
    "2024-48": SampleReprint(
        "card",
        Reprinter("示例安全公司（示例数据）", 2877000001, "gh_7c20d4b91e3f"),
        "shared by another account as a card, under a short address",
        remark="示例数据：转载周报，供参考。",
    ),
    "2024-52": SampleReprint(
        "whole",
        Reprinter("示例应急响应中心（示例数据）", 2877000002, "gh_91be03f7a6d5"),
        "reprinted in full by another account, under a short address",
        around=f"{READING_APP}<p>示例数据：原帐号的简介，不属于周报。</p>",
    ),
}
"""The index has no signed address of these weeks: WeChat challenges whoever asks for their own pages."""


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the series: its issue in the bundled index, and its place in the sample."""

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
        """The day on which a feed first listed it, else the Thursday; the time of day is invented."""
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
