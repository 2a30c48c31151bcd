"""The status as metrics in Prometheus' text format, for the textfile collector of node_exporter.

Without prometheus-client: it saves five lines, but would be one more requirement and writes counts as ``219.0``.
"""

from collections.abc import Iterator

from cncert.monitoring.believed_times import end_moment
from cncert.monitoring.monitors import MONITORS
from cncert.monitoring.store_status import Status


def metrics(state: Status | None) -> Iterator[str]:
    """Yield the metrics of *state*, which is None if the store cannot be reached."""
    yield _gauge("cncert_store_up", "Whether the store can be reached.", int(state is not None))
    if state is None:
        return
    yield _gauge("cncert_issues", "Issues in the store.", state.issues)
    weeks = {f'{{state="{name.replace(" ", "_")}"}}': number for name, number in state.weeks.items()}
    yield _gauge("cncert_weeks", "Weeks of the calendar by what became of their issue.", weeks)
    sources = {f'{{source="{name}"}}': number for name, number in state.sources.items()}
    yield _gauge("cncert_stored_weeks", "Stored weeks by what their issue was read from.", sources)
    if newest := state.newest:
        yield _gauge(
            "cncert_newest_issue_age_seconds", "Time since the newest issue was published.", newest.age_seconds
        )
        yield _gauge("cncert_newest_issue_warnings", "Warnings of the newest issue.", len(newest.warnings))
    if run := state.last_run:
        yield _gauge("cncert_last_run_clean", "Whether the last run that ended was clean.", int(bool(run.clean)))
        ended = end_moment(run, state.at)
        text = "When it ended, or was last seen if it died; 0 if that is in the future."
        yield _gauge("cncert_last_run_timestamp_seconds", text, int(ended.timestamp()) if ended else 0)
    yield _gauge("cncert_runs_running", "Runs that go on.", len(state.running))
    due = {'{when="now"}': state.due_now, '{when="later"}': state.due_later}
    yield _gauge("cncert_due_articles", "Articles that are to be asked for.", due)
    yield _gauge("cncert_pictures_outstanding", "Pictures that are to be asked for.", state.pictures)
    levels = {alert.name: 2 if alert.level == "attention" else 1 for alert in state.alerts}
    yield _gauge(
        "cncert_alert",
        "0 all is well, 1 somebody should look, 2 somebody has to act.",
        {f'{{name="{name}"}}': levels.get(name, 0) for name in MONITORS},
    )
    yield _gauge("cncert_status_timestamp_seconds", "When this was written.", int(state.at.timestamp()))


def _gauge(name: str, text: str, values: int | dict[str, int]) -> str:
    """Return a metric of one number, or of one for each set of labels."""
    lines = values if isinstance(values, dict) else {"": values}
    samples = "".join(f"{name}{labels} {number}\n" for labels, number in lines.items())
    return f"# HELP {name} {text}\n# TYPE {name} gauge\n{samples}"
