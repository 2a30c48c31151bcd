"""What is news: each alert is told when it begins, grows or ends, and once a week while somebody still has to act.

What was told before stands in the records of earlier runs; nothing else is kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cncert.monitoring.monitors import Finding, Monitor
from cncert.store.records import Alert, RunRecord

AGAIN_AFTER = timedelta(days=7)
KEPT = 200
"""Of what an alert is about so much is remembered."""


def told_before(runs: Iterable[RunRecord]) -> list[Alert]:
    """The alerts as the run left them that ended last of those in which the monitors looked."""
    looked = [run for run in runs if run.alerts is not None and run.ended_at is not None]
    last = max(looked, key=lambda run: run.ended_at or run.started_at, default=None)
    return (last.alerts or []) if last else []


def continued(before: Iterable[Alert], found: Iterable[tuple[Monitor, Finding]], now: datetime) -> list[Alert]:
    """The alerts of this moment: what was found, in the light of those of *before*, and what has ended untold."""
    old = {alert.name: alert for alert in before}
    alerts = [_alert(monitor, finding, old.pop(monitor.name, None), now) for monitor, finding in found]
    # Nobody need hear the end of what nobody was told.
    ended = [alert.model_copy(update={"over": True, "news": True}) for alert in old.values() if alert.told_at]
    return alerts + ended


def _alert(monitor: Monitor, finding: Finding, old: Alert | None, now: datetime) -> Alert:
    about = list(finding.about[:KEPT])
    grown = old is None or old.over or (finding.level, old.level) == ("attention", "warning")
    return Alert(
        name=monitor.name,
        level=finding.level,
        about=about,
        text=finding.text,
        advice=monitor.advice,
        text_zh=finding.text_zh,
        advice_zh=monitor.advice_zh,
        since=old.since if old else now,
        told_at=old.told_at if old else None,
        news=grown or old is None or old.news or not set(about) <= set(old.about),
    )


def untold(alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """Those of *alerts* that a message should be about."""
    return [alert for alert in alerts if alert.news or _is_due_again(alert, now)]


def _is_due_again(alert: Alert, now: datetime) -> bool:
    return alert.level == "attention" and alert.told_at is not None and now - alert.told_at >= AGAIN_AFTER


def told(alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """*alerts* once a message about those that were untold has reached somebody."""
    kept = [alert for alert in alerts if not alert.over]
    names = {alert.name for alert in untold(kept, now)}
    return [
        alert.model_copy(update={"told_at": now, "news": False}) if alert.name in names else alert for alert in kept
    ]
