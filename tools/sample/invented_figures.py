"""Invents what slices state: figures that could be a week's, in words that a weekly report could use."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from tools.sample.label_wordings import FOOTNOTES, SHORT, STRANGERS, WORDINGS
from tools.sample.picture_content import Figure, Slice

Invent = Callable[[random.Random], Slice]

_LEVELS: Mapping[str, tuple[int, int]] = {
    "hosts.infected": (220_000, 1_900_000),
    "malware_sites.domains": (120, 3_400),
    "malware_names.new": (4, 60),
    "sites.tampered": (180, 6_800),
    "sites.backdoored": (60, 2_400),
    "phishing.pages": (240, 5_900),
    "vulnerabilities.new": (120, 980),
    "incidents.handled": (150, 2_400),
    "mobile_malware.platforms": (2, 40),
}
_PARTS: Mapping[str, tuple[str, float, float]] = {
    "hosts.trojan_botnet": ("hosts.infected", 0.55, 0.82),
    "malware_sites.ips": ("malware_sites.domains", 0.8, 2.4),
    "malware_families.new": ("malware_names.new", 0.2, 0.6),
    "sites.tampered_gov": ("sites.tampered", 0.002, 0.05),
    "sites.backdoored_gov": ("sites.backdoored", 0.003, 0.06),
    "phishing.domains": ("phishing.pages", 0.4, 0.85),
    "phishing.ips": ("phishing.domains", 0.2, 0.6),
    "vulnerabilities.high": ("vulnerabilities.new", 0.2, 0.45),
    "vulnerabilities.low": ("vulnerabilities.new", 0.03, 0.14),
    "incidents.cross_border": ("incidents.handled", 0.2, 0.7),
    "incidents.phishing_complaints": ("incidents.handled", 0.6, 0.95),
    "mobile_malware.urls": ("mobile_malware.platforms", 1, 3),
}
"""The figure that a figure depends on, and how much of it it is."""
THEMES: Mapping[str, tuple[str, ...]] = {
    "本周网络安全基本态势": (
        "hosts.infected", "sites.tampered", "sites.backdoored", "phishing.pages", "vulnerabilities.new",
        "vulnerabilities.high", "sites.tampered_gov", "malware_sites.domains",
    ),
    "网络病毒活动情况": (
        "hosts.infected", "hosts.trojan_botnet", "hosts.conficker", "malware_sites.domains", "malware_sites.ips",
        "malware_names.new", "malware_families.new",
    ),
    "网站安全情况": (
        "sites.tampered", "sites.tampered_gov", "sites.backdoored", "sites.backdoored_gov", "phishing.pages",
        "phishing.domains", "phishing.ips",
    ),
    "本周事件处理情况": (
        "incidents.handled", "incidents.cross_border", "incidents.phishing_complaints", "mobile_malware.platforms",
        "mobile_malware.urls",
    ),
}  # fmt: skip
_SEVERITY = ("vulnerabilities.new", "vulnerabilities.high", "vulnerabilities.medium", "vulnerabilities.low")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "hosts.infected": ("hosts.trojan_botnet", "hosts.conficker"),
    "sites.tampered": ("sites.tampered_gov",),
    "sites.backdoored": ("sites.backdoored_gov",),
    "phishing.pages": ("phishing.domains", "phishing.ips"),
    "vulnerabilities.new": ("vulnerabilities.high", "vulnerabilities.medium", "vulnerabilities.low"),
    "incidents.handled": ("incidents.cross_border",),
}


def unit_of(metric: str) -> str:
    """The unit in which the report counts *metric*."""
    return "台" if metric.startswith("hosts.") else "起" if metric.startswith("incidents.") else "个"


Week = Mapping[str, int]


def invent_weeks(rng: random.Random) -> tuple[Week, Week]:
    """All figures of a week and of the one before; parts are no more than their wholes, sums are right."""
    levels = {metric: round(low * (high / low) ** rng.random()) for metric, (low, high) in _LEVELS.items()}
    if rng.random() < 0.06:
        levels["phishing.pages"] = rng.randint(1_000_000, 3_000_000)
    earlier = {
        metric: level if rng.random() < 0.08 else max(1, round(level * 2.718 ** rng.gauss(0, 0.35)))
        for metric, level in levels.items()
    }
    return _whole_week(rng, levels), _whole_week(rng, earlier)


def _whole_week(rng: random.Random, levels: Week) -> Week:
    """The *levels* and all that depends on them."""
    week = dict(levels)
    for metric, (whole, low, high) in _PARTS.items():
        week[metric] = round(week[whole] * rng.uniform(low, high))
    for metric in ("sites.tampered_gov", "sites.backdoored_gov", "mobile_malware.urls"):
        if rng.random() < 0.2:
            week[metric] = rng.choice((0, 1, 1, 7))
    week["hosts.conficker"] = week["hosts.infected"] - week["hosts.trojan_botnet"]
    week["vulnerabilities.medium"] = (
        week["vulnerabilities.new"] - week["vulnerabilities.high"] - week["vulnerabilities.low"]
    )
    return week


class Printer:
    """How a picture prints its numbers: one way for all of them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._separators = rng.random() < 0.5
        self._hosts = rng.choice(("tenths", "tenths", "tenths", "whole", "plain"))
        self._about = rng.random() < 0.25

    def count(self, value: int) -> str:
        """A number in digits."""
        return f"{value:,}" if self._separators else str(value)

    def number(self, value: int, large: bool) -> tuple[str, int, str]:
        """*value* as printed, the value that this is, and the word before it."""
        if value >= 100_000_000:
            return f"{value / 1e8:.2f}亿", round(value / 1e6) * 1_000_000, ""
        if value < 20_000 or not large or self._hosts == "plain":
            return self.count(value), value, ""
        if self._hosts == "tenths" and self._about:
            return f"{value / 1e4:.1f}万", round(value / 1e3) * 1_000, "约"
        if self._hosts == "tenths":
            return f"{value / 1e4:.1f}万", round(value / 1e3) * 1_000, ""
        # Without decimals the number is rounded, and says so.
        word = self._rng.choice(("近", "超", "约"))
        whole = {"近": -(-value // 10_000), "超": value // 10_000, "约": round(value / 10_000)}[word]
        return f"{whole}万", whole * 10_000, word


def figures_of(
    rng: random.Random, metrics: Sequence[str], changes: bool = True, printer: Printer | None = None
) -> list[Figure]:
    """The *metrics* of a week, as one picture prints them."""
    (week, earlier), printer = invent_weeks(rng), printer or Printer(rng)
    figures = []
    for metric in metrics:
        hosts = metric.startswith("hosts.")
        printed, value, qualifier = printer.number(week[metric], hosts)
        before = earlier[metric]
        states_change = changes and week[metric] and before >= 10 and (hosts or rng.random() > 0.04)
        change = round((week[metric] - before) * 100 / before, 1) if states_change else None
        label, same = rng.choice(WORDINGS[metric]), printer.number(before, hosts)[0]
        figures.append(Figure(metric, label, printed, value, unit_of(metric), change, same, qualifier=qualifier))
    return figures


def stranger(rng: random.Random, printer: Printer) -> Figure:
    """A number that is none of the series' figures."""
    label, unit, low, high = rng.choice(STRANGERS)
    printed, value, qualifier = printer.number(round(low * (high / low) ** rng.random()), True)
    return Figure(None, label, printed, value, unit, round(rng.uniform(-60, 90), 1), qualifier=qualifier)


def week_words(rng: random.Random) -> str:
    """A line with the issue's number and dates: digits that are no figures."""
    sunday = date(2022, 7, 10) + timedelta(weeks=rng.randrange(180))
    monday, number = sunday - timedelta(days=6), (sunday.timetuple().tm_yday - 1) // 7 + 1
    days = f"{monday.month}月{monday.day}日-{sunday.month}月{sunday.day}日"
    return rng.choice((f"{sunday.year}年第{number}期  {days}", days, f"第{number}期", f"（{days}）", "", ""))


def _footnote(rng: random.Random) -> str:
    return rng.choice(FOOTNOTES) if rng.random() < 0.7 else ""


def _slice(rng: random.Random, title: str, figures: Sequence[Figure]) -> Slice:
    return Slice(title, tuple(figures), _footnote(rng), week_words(rng))


def some(low: int, high: int, changes: bool = True, severity: bool = True) -> Invent:
    """An invention: *low* to *high* figures of one theme, now and then a stranger among them."""

    def invent(rng: random.Random) -> Slice:
        count = rng.randint(low, high)
        themes = {title: metrics for title, metrics in THEMES.items() if len(metrics) >= count}
        if severity and count <= 4:
            themes["重要漏洞情况"] = _SEVERITY
        title, metrics = rng.choice(sorted(themes.items()))
        chosen = sorted(rng.sample(range(len(metrics)), count))
        printer = Printer(rng)
        figures = figures_of(rng, [metrics[n] for n in chosen], changes, printer)
        if count > 2 and rng.random() < 0.2:
            other = stranger(rng, printer)
            figures[rng.randrange(1, count)] = other if changes else replace(other, change=None)
        return _slice(rng, title, figures)

    return invent


def some_of(metrics: Sequence[str], low: int, high: int, title: str, changes: bool = False) -> Invent:
    """An invention: *low* to *high* of *metrics*."""

    def invent(rng: random.Random) -> Slice:
        chosen = sorted(rng.sample(range(len(metrics)), rng.randint(low, high)))
        return _slice(rng, title, figures_of(rng, [metrics[n] for n in chosen], changes))

    return invent


def hosts(rng: random.Random) -> Slice:
    """An invention: infected hosts and their parts, all in ten thousands with a decimal."""
    while True:
        figures = figures_of(rng, ("hosts.infected", "hosts.trojan_botnet", "hosts.conficker"))
        if all(figure.printed.endswith("万") and "." in figure.before for figure in figures):
            return _slice(rng, "网络病毒感染主机情况", [replace(figure, qualifier="") for figure in figures])


def either(*inventions: Invent) -> Invent:
    """An invention: one of these."""
    return lambda rng: rng.choice(inventions)(rng)


def short_labels(invention: Invent) -> Invent:
    """An invention: what *invention* makes, with labels short enough for a narrow place, in Chinese alone."""

    def invent(rng: random.Random) -> Slice:
        while True:
            made = invention(rng)
            if all(len(f.label) <= 13 and not re.search("[（A-Za-z]", f.label) for f in made.figures):
                return made

    return invent


def families(low: int, high: int) -> Invent:
    """An invention: *low* to *high* wholes, each with its parts below it under their short names."""

    def invent(rng: random.Random) -> Slice:
        wholes = rng.sample(sorted(FAMILIES), rng.randint(low, high))
        metrics = [metric for whole in wholes for metric in (whole, *FAMILIES[whole])]
        whole, figures = 1.0, []
        for figure in figures_of(rng, metrics):
            if figure.metric in FAMILIES:
                whole = figure.value
            else:
                states_share = (figure.metric or "").endswith("_gov") and figure.value and rng.random() < 0.6
                share = f"约占{figure.value * 100 / whole:.1f}%" if states_share else ""
                figure = replace(figure, label=rng.choice(SHORT[figure.metric or ""]), part=True, share=share)
            figures.append(figure)
        return _slice(rng, rng.choice(("本周网络安全态势", "监测数据一览", "网络安全数据概览")), figures)

    return invent


def counts(names: Sequence[str], title: str, low: int = 4, high: int = 7, hosts: bool = False) -> Invent:
    """An invention: numbers of kinds, none of them a figure of the series; *hosts* are in ten thousands."""

    def invent(rng: random.Random) -> Slice:
        printer = Printer(rng)
        chosen = rng.sample(names, min(len(names), rng.randint(low, high)))
        top = rng.randint(60_000, 210_000) if hosts else rng.randint(90, 420)
        figures = []
        for name in chosen:
            printed = f"{top / 1e4:.1f}万" if hosts else printer.count(top)
            figures.append(Figure(None, name, printed, round(top, -3) if hosts else top, "台" if hosts else "个"))
            top = max(1, round(top * rng.uniform(0.45, 0.9)))
        return _slice(rng, title, figures)

    return invent


def shares(names: Sequence[str], title: str, low: int = 3, high: int = 6) -> Invent:
    """An invention: percentages of kinds that make 100, none of them a figure of the series."""

    def invent(rng: random.Random) -> Slice:
        chosen = list(names[: min(len(names), rng.randint(low, high))])
        weights = sorted((rng.uniform(4, 40) for _ in chosen), reverse=True)
        tenths = [round(weight * 1000 / sum(weights)) for weight in weights]
        tenths[0] += 1000 - sum(tenths)
        figures = [
            Figure(None, name, f"{part / 10:.1f}%", part / 10, "") for name, part in zip(chosen, tenths, strict=True)
        ]
        return _slice(rng, title, figures)

    return invent


def weeks(rng: random.Random) -> Slice:
    """An invention: one metric over some weeks; each number belongs to its date, which is its label."""
    title, low, high = rng.choice(
        (("境内被篡改网站数量", 900, 6_000), ("仿冒页面数量", 300, 4_000), ("新增信息安全漏洞数量", 120, 900))
    )
    printer, day = Printer(rng), date(2023, 1, 8) + timedelta(weeks=rng.randrange(100))
    level, figures = rng.randint(low, high), []
    for n in range(rng.randint(4, 7)):
        sunday = day + timedelta(weeks=n)
        value = max(1, round(level * rng.uniform(0.7, 1.3)))
        figures.append(Figure(None, f"{sunday.month}月{sunday.day}日", printer.count(value), value))
    return Slice(f"{title}近{'四五六七'[len(figures) - 4]}周变化", tuple(figures), _footnote(rng))


def severity(rng: random.Random) -> Slice:
    """An invention: the new vulnerabilities and their three degrees."""
    return _slice(rng, "新增信息安全漏洞威胁级别", figures_of(rng, _SEVERITY, changes=False))
