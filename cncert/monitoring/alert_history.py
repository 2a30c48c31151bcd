"""Which alerts to send: each when it begins, grows or ends, and again every week while it needs attention.

What was sent before stands in the records of earlier runs; nothing else is kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cncert.monitoring.believed_times import believed, end_moment
from cncert.monitoring.monitors import Finding
from cncert.store.run_records import Alert, RunRecord

REMIND_AFTER = timedelta(days=7)
ABOUT_LIMIT = 200
"""The most things that an alert remembers to be about."""


def previous_alerts(runs: Iterable[RunRecord], now: datetime) -> list[Alert]:
    """Return the alerts of the run that ended last, by times that are believed, of those that the monitors followed."""
    watched = [run for run in runs if run.alerts is not None and run.ended_at is not None]
    never = datetime.min.replace(tzinfo=UTC)
    last = max(watched, key=lambda run: end_moment(run, now) or never, default=None)
    return (last.alerts if last is not None else None) or []


def update_alerts(previous: Iterable[Alert], findings: Iterable[tuple[str, Finding]], now: datetime) -> list[Alert]:
    """Return the alerts of *findings* as continuations of *previous* ones, and those that are over and not sent yet."""
    old = {alert.name: alert for alert in previous}
    alerts = [_alert(name, finding, old.pop(name, None), now) for name, finding in findings]
    # Whoever got no message about an alert needs none about its end.
    ended = [alert.model_copy(update={"over": True, "news": True}) for alert in old.values() if alert.told_at]
    return alerts + ended


def _alert(name: str, finding: Finding, old: Alert | None, now: datetime) -> Alert:
    about = list(finding.about[:ABOUT_LIMIT])
    alert = Alert(
        name=name,
        level=finding.level,
        about=about,
        number=len(finding.about),
        sentence=finding.sentence,
        facts=finding.facts,
        since=now,
    )
    if old is None:
        return alert
    grown = old.over or (finding.level, old.level) == ("attention", "warning") or not set(about) <= set(old.about)
    told_at = believed(old.told_at, now)
    # Of a message of the future nobody knows when it was sent: it is sent again.
    news = grown or old.news or (old.told_at is not None and told_at is None)
    return alert.model_copy(update={"since": min(old.since, now), "told_at": told_at, "news": news})


def pending(alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """Return those of *alerts* that a message should be about."""
    return [
        alert
        for alert in alerts
        if alert.news or (alert.level == "attention" and alert.told_at and now - alert.told_at >= REMIND_AFTER)
    ]


def mark_sent(alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """Return *alerts* as they are once a message about the pending ones was delivered, without those that are over."""
    kept = [alert for alert in alerts if not alert.over]
    names = {alert.name for alert in pending(kept, now)}
    return [
        alert.model_copy(update={"told_at": now, "news": False}) if alert.name in names else alert for alert in kept
    ]
