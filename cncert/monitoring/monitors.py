"""The monitors: each looks at the facts and says in one line what is wrong, or nothing.

A rule is about the state of things, not about a moment: it speaks as long as something is wrong, so that it can be told
when that began and when it was over.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from cncert.items import Issue
from cncert.ledger.calendar_gaps import Week
from cncert.monitoring import issue_notes
from cncert.monitoring.dead_runs import CLEAN_REASONS, DIED
from cncert.monitoring.due_dates import came_on, due_by, today
from cncert.monitoring.store_snapshot import Facts
from cncert.quality.series_breaks import are_comparable, register
from cncert.report import calendar
from cncert.store.records import AlertLevel, RunRecord
from cncert.wechat.address import read_address

RECENT = 4
"""Issues that count as new: what is odd about them is worth a message."""
COMPARED = 6
"""Issues before one that it is compared with."""
QUARTER = 13
"""Weeks, the newest ones, of which a missing issue is worth a message; scrapy gaps lists all."""
LISTED = 5
"""Earlier issues that an issue lists: a week that none of the next five names had no issue."""
LOW_BYTES = 500_000_000
"""A disk with less is nearly full; the series takes less than that in a year."""
NAMED = 5
"""So many issues are named in a line."""
PROGRAM = {
    "robots": ("robots.txt denied the pages", "robots.txt 禁止访问"),
    "hosts": ("a page wanted requests to other hosts", "页面试图请求其他主机"),
    "program": ("errors in the program", "程序出错"),
    "items": ("issues that failed in a pipeline", "处理流程出错"),
}
"""Faults (``cncert/monitoring/run_failures.py``) of the program and its settings, not of a page."""
_STATES_ZH = {"unavailable": "暂不可用", "rejected": "被拒收", "known": "未能取得", "never seen": "未见"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says."""

    level: AlertLevel
    about: tuple[str, ...]
    """What it is about, such as issues: more of it is worth another message."""
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class Monitor:
    """A rule, its name, and what to do when it speaks."""

    name: str
    rule: Callable[[Facts], Finding | None]
    advice: str
    advice_zh: str


def examine(facts: Facts) -> list[tuple[Monitor, Finding]]:
    """What the monitors find, those first that need attention."""
    found = [(monitor, finding) for monitor in MONITORS if (finding := monitor.rule(facts))]
    return sorted(found, key=lambda pair: pair[1].level != "attention")


# --- The series


def stale(facts: Facts) -> Finding | None:
    """No new issue, although one is due."""
    if not facts.issues:
        text = "no issue is stored: scrapy crawl weekly has not run yet, or brought none"
        return Finding("attention", (), text, "尚未存入任何一期：scrapy crawl weekly 尚未运行，或没有取得内容")
    newest, day = facts.issues[0], today(facts.now)
    came = came_on(newest)
    due, days = due_by(came, facts.fresh), (day - came).days
    if day <= due:
        return None
    return Finding(
        "attention",
        (newest.id,),
        f"no new issue for {days} days: the newest is {newest.id}, the next was due by {due}",
        f"已有{days}天没有新一期：最新一期为{newest.id}，下一期应不晚于{due}",
    )


def grown_gaps(facts: Facts) -> Finding | None:
    """Weeks of the last quarter without their issue, though there seems to be one."""
    recent = facts.weeks[-QUARTER:]
    lost = [week for place, week in enumerate(recent) if _is_lost(week, recent[place + 1 : place + 1 + LISTED])]
    if not lost:
        return None
    lost.reverse()
    return Finding(
        "attention",
        tuple(week.issue for week in lost),
        f"weeks without their issue: {_named(f'{week.issue} {week.state}' for week in lost)}",
        f"缺少的期次：{_named(f'{week.issue} {_STATES_ZH[week.state]}' for week in lost)}",
    )


def _is_lost(week: Week, after: list[Week]) -> bool:
    """Whether an issue of *week* should be stored, given the weeks *after* it."""
    match week.state:
        case "unavailable" | "rejected":
            return True
        case "known":
            return not week.addresses or week.attempts > 0  # else the next run asks for it
        case "never seen":
            return all(other.state != "stored" for other in after)  # else CNCERT's own list leaves it out
    return False


def blocked(facts: Facts) -> Finding | None:
    """Issues for which WeChat wants a verification."""
    weeks = [week for week in reversed(facts.weeks) if week.state == "blocked"]
    stopped = facts.last_run is not None and facts.last_run.close_reason == "verification_asked"
    if not weeks and not stopped:
        return None
    # Of an address without signature nothing else is to be expected.
    good = any(_is_good(url) for week in weeks for url in week.addresses)
    issues = tuple(week.issue for week in weeks)
    return Finding(
        "attention" if stopped or good else "warning",
        issues,
        f"WeChat asks for a verification: {_named(issues) or 'the last run stopped at it'}",
        f"微信要求验证：{_named(issues) or '上次运行因此中止'}",
    )


def rejected(facts: Facts) -> Finding | None:
    """Issues that validation refused."""
    issues = tuple(sorted((reject.issue or reject.id for reject in facts.rejects), reverse=True))
    return _about("attention", issues, "issues refused because they break the model", "未通过校验而被拒收")


# --- What the newest issues say


def lost_figures(facts: Facts) -> Finding | None:
    """A figure that every issue before states, and a new one does not."""
    lost = tuple(
        f"{issue.id} {metric}"
        for issue, before in _with_those_before(facts.issues)
        for metric in sorted(set.intersection(*map(_stated, before)) - _stated(issue))
        if all(are_comparable(metric, _week(issue), _week(other)) for other in before)
    )
    return _about("warning", lost, "a figure is missing", "缺少数据项")


def odd_figures(facts: Facts) -> Finding | None:
    """New issues with numbers that nothing read, contradictions, outliers."""
    found = issue_notes.count(facts.issues[:RECENT])
    odd = {issue for counter in found.keys() - {"missing"} for issue in found[counter]}
    return _about("warning", tuple(sorted(odd, reverse=True)), "doubts about figures", "数据存疑")


def few_pictures(facts: Facts) -> Finding | None:
    """Far fewer pictures than the issues before have: most figures are only in pictures."""
    few = tuple(
        issue.id
        for issue, before in _with_those_before(facts.issues)
        if _pictures(issue) < median(map(_pictures, before)) / 2 and not any(_moved(issue, other) for other in before)
    )
    return _about("warning", few, "far fewer pictures than before", "图片数量明显减少")


# --- The crawl


def failed_pictures(facts: Facts) -> Finding | None:
    """Pictures that could not be had."""
    issues = tuple(sorted(facts.pictures, reverse=True))
    new = {issue.id for issue in facts.issues[:RECENT]}
    level: AlertLevel = "warning" if new.isdisjoint(issues) else "attention"
    return _about(level, issues, "pictures could not be had", "图片未能下载")


def feeds(facts: Facts) -> Finding | None:
    """Feeds and albums that could not be read twice in a row."""
    ended = [run for run in facts.runs if run.clean is not None and run.close_reason != DIED]
    if len(ended) < 2:
        return None
    last, before = (dict.fromkeys(_failed_sources(run)) for run in ended[:2])
    down = tuple(source for source in last if source in before)  # once is an accident
    return _about("attention" if stale(facts) else "warning", down, "feeds cannot be read", "订阅源无法读取")


def archive(facts: Facts) -> Finding | None:
    """Raw pages that are not kept."""
    last = facts.last_run
    if last is None or ("archive" not in last.faults and last.close_reason != "archive_failed"):
        return None
    return Finding("attention", (), "the archive of raw pages cannot be written", "原始网页存档无法写入")


def disk(facts: Facts) -> Finding | None:
    """Disks that are nearly full."""
    full = tuple(name for name, free in facts.free_bytes.items() if free < LOW_BYTES)
    return _about("attention", full, f"less than {LOW_BYTES // 1_000_000} MB of disk space left", "磁盘空间不足")


def died(facts: Facts) -> Finding | None:
    """Runs that were killed: the last one, or those before it since one ended by itself."""
    ended = [run for run in facts.runs if run.clean is not None]
    by_itself = bool(ended) and ended[0].close_reason != DIED
    dead = takewhile(lambda run: run.close_reason == DIED, ended[by_itself:])
    starts = tuple(f"{run.started_at:%Y-%m-%d %H:%M}" for run in dead)
    return _about("warning" if by_itself else "attention", starts, "runs died before their end", "运行中途异常终止")


def bad_end(facts: Facts) -> Finding | None:
    """The last run did not come to its end, or met an error in the program."""
    last = facts.last_run
    if last is None or last.close_reason in (DIED, "verification_asked", "archive_failed"):
        return None  # others tell of these
    if last.close_reason not in CLEAN_REASONS:
        level: AlertLevel = "warning" if last.close_reason == "shutdown" else "attention"
        reason = last.close_reason or "unknown"
        return Finding(level, (reason,), f"the last run ended with {reason}", f"上次运行以 {reason} 结束")
    kinds = tuple(kind for kind in PROGRAM if kind in last.faults)
    if not kinds:
        return None
    what, what_zh = (", ".join(PROGRAM[kind][place] for kind in kinds) for place in (0, 1))
    return Finding("attention", kinds, f"the last run: {what}", f"上次运行：{what_zh}")


def idle(facts: Facts) -> Finding | None:
    """No run for a long time."""
    if not facts.runs or (pause := facts.now - facts.runs[0].started_at) <= facts.fresh:
        return None
    return Finding("attention", (), f"no run for {pause.days} days", f"已有{pause.days}天没有运行")


def _about(level: AlertLevel, things: tuple[str, ...], text: str, text_zh: str) -> Finding | None:
    if not things:
        return None
    return Finding(level, things, f"{text}: {_named(things)}", f"{text_zh}：{_named(things)}")


def _named(things: Iterable[str]) -> str:
    things = list(things)
    more = f" (+{len(things) - NAMED})" if len(things) > NAMED else ""
    return ", ".join(things[:NAMED]) + more


def _failed_sources(run: RunRecord) -> list[str]:
    """Those that the remarks of *run* are about: ``feed host/path: HTTP status 503``."""
    return [line.partition(": ")[0] for line in run.sources if line.startswith(("feed ", "album "))]


def _is_good(url: str) -> bool:
    address = read_address(url)
    return address is not None and address.form in ("signed", "short")


def _with_those_before(issues: list[Issue]) -> Iterator[tuple[Issue, list[Issue]]]:
    """The new ones of *issues*, each with the COMPARED before it; none without so many."""
    for place, issue in enumerate(issues[:RECENT]):
        before = issues[place + 1 : place + 1 + COMPARED]
        if len(before) == COMPARED:
            yield issue, before


def _stated(issue: Issue) -> set[str]:
    """What the text states: a crawl does not read the pictures of the issues that it brings."""
    return {figure.metric for figure in issue.figures if figure.source == "text"} | (
        {"rating"} if issue.rating else set()
    )


def _pictures(issue: Issue) -> int:
    return sum(picture.role == "body" for picture in issue.images)


def _week(issue: Issue) -> calendar.Week:
    return issue.year, issue.number


def _moved(issue: Issue, other: Issue) -> bool:
    """Whether figures moved between text and pictures from one issue to the other: the pictures are others then."""
    kinds = ("moved to pictures", "back in text")
    return any(known.kind in kinds and known.parts(_week(issue), _week(other)) for known in register())


MONITORS = (
    Monitor(
        "stale",
        stale,
        "look whether CNCERT has published; if so, run with start=ADDRESS of the new article",
        "请查看公众号是否已发布；若已发布，请用 start=文章地址 运行一次",
    ),
    Monitor(
        "gaps",
        grown_gaps,
        "scrapy gaps says why; an address of the article, given with start=ADDRESS, helps where none works",
        "scrapy gaps 会说明原因；没有可用地址时，请用 start=文章地址 补充",
    ),
    Monitor(
        "blocked",
        blocked,
        "run later and slower (DOWNLOAD_DELAY), or give a short or signed address with start=ADDRESS",
        "请稍后以更慢的速度（DOWNLOAD_DELAY）重试，或用 start= 提供短链接或带签名的地址",
    ),
    Monitor(
        "rejected",
        rejected,
        "report it with the reason that the ledger shows (scrapy gaps --json): the parser has to learn the page",
        "请附上 scrapy gaps --json 中的原因提交问题：解析程序需要适应新的页面",
    ),
    Monitor(
        "figures",
        lost_figures,
        "open the article: left out by CNCERT, or said in other words (docs/quality.md)",
        "请打开原文核对：CNCERT 未写，或换了说法（见 docs/quality.md）",
    ),
    Monitor(
        "doubts",
        odd_figures,
        "scrapy warnings says what (docs/quality.md)",
        "scrapy warnings 有说明（见 docs/quality.md）",
    ),
    Monitor(
        "picture_count",
        few_pictures,
        "open the article: has its form changed, or did the page come without them?",
        "请打开原文核对：是版式改变，还是页面未包含图片？",
    ),
    Monitor(
        "pictures",
        failed_pictures,
        "the next run asks for them again; if they stay away, look at the article",
        "下次运行会重试；若一直失败，请查看原文",
    ),
    Monitor(
        "feeds",
        feeds,
        "open their addresses; while they are down, new issues come only from review lists and start=ADDRESS",
        "请打开订阅源地址检查；在此期间只能通过“近期回顾”和 start=文章地址 得到新一期",
    ),
    Monitor(
        "archive",
        archive,
        "make CNCERT_ARCHIVE writable, or free its disk",
        "请检查 CNCERT_ARCHIVE 的写权限和磁盘空间",
    ),
    Monitor("disk", disk, "free some space there, or move it to a larger disk", "请清理空间或迁移到更大的磁盘"),
    Monitor(
        "died",
        died,
        "the next run goes on where it stopped; if it repeats, look at memory and at who kills it",
        "下次运行会从中断处继续；若反复出现，请检查内存以及是谁终止了进程",
    ),
    Monitor(
        "run",
        bad_end,
        "docs/logs.md tells what this means; the log of the run tells more",
        "含义见 docs/logs.md，详情见运行日志",
    ),
    Monitor(
        "idle",
        idle,
        "look at the timer, cron or Scrapyd that should start it",
        "请检查定时任务（timer、cron 或 Scrapyd）",
    ),
)
