"""The upgrade of run records of the first version, in which sentences stood for what is typed now.

The patterns are those sentences as that version wrote them: they do not change any more.
"""

import re
from typing import Any, Final

from cncert.store.close_reasons import read_reason

Document = dict[str, Any]

_FAULTS: Final[dict[str, str]] = {
    "blocked": "pages answered with a verification: N",
    "failed": "pages without an answer: N",
    "unavailable": "pages not available: N",
    "unknown": "answers that are no page that is known: N",
    "expired": "addresses that led nowhere: N",
    "rejected": "articles that are not the issue that was expected: N",
    "empty": "pages with nothing under a right title: N",
    "invalid": "issues rejected by validation: N",
    "pictures": "pictures that could not be had: N",
    "robots": "pages that robots.txt denied (ROBOTSTXT_OBEY decides whether that counts): N",
    "hosts": "requests to other hosts, refused: N",
    "archive": "the archive could not be written",
    "program": "errors in the program (see the log): N",
    "items": "items that failed in a pipeline (see the log): N",
    "no_issue": "files, no issue: N",
    "unread": "files, unread: N",
}
"""Lines of ``warnings`` by the kind of the failure, with N in place of the number."""
_FAULT_PATTERNS: Final = {
    kind: re.compile(re.escape(line.removesuffix("N")) + "([0-9]{1,9})" * line.endswith("N"))
    for kind, line in _FAULTS.items()
}
_GAPS: Final = re.compile(r"([0-9]{1,9}) weeks are missing, ([0-9]{1,9}) were before")
_SOURCE: Final = re.compile(r"(feed|album) (.+?): (.*)", re.DOTALL)
_SOURCE_FAULTS: Final = (
    ("incomplete", re.compile(r".*: read up to there", re.DOTALL)),
    ("no_answer", re.compile(r"no answer \(.*")),
    ("robots", re.compile(r"robots\.txt denies it.*")),
    ("too_large", re.compile(r"larger than .*")),
    ("refused", re.compile(r"refused \(.*")),
    ("status", re.compile(r"HTTP status .*")),
    ("verification", re.compile(r"WeChat asks for a verification")),
    ("redirect", re.compile(r"redirects .*")),
    ("empty", re.compile(r"the answer is empty|the feed holds no entry")),
    ("unreadable", re.compile(r"the answer is no .*|the answer holds no album|its XML is broken .*", re.DOTALL)),
)
_ALERTS: Final = {
    "stale": (
        (
            "text",
            re.compile(
                r"no new issue for (?P<days>[0-9]{1,9}) days: "
                r"the newest is (?P<newest>\S+), the next was due by (?P<due>[0-9]{4}-[0-9]{2}-[0-9]{2})"
            ),
        ),
        ("nothing_stored", re.compile(r"no issue is stored: .*")),
    ),
    "gaps": (("text", re.compile(r"weeks without their issue: (?P<states>.*)")),),
    "blocked": (
        ("run_stopped", re.compile(r"WeChat asks for a verification: the last run stopped at it")),
        ("text", re.compile(r"WeChat asks for a verification: .*")),
    ),
    "disk": (("text", re.compile(r"less than (?P<limit_mb>[0-9]{1,9}) MB of disk space left: .*")),),
    "run": (
        ("ended_early", re.compile(r"the last run ended with .*")),
        ("text", re.compile(r"the last run: .*")),
    ),
    "idle": (("text", re.compile(r"no run for (?P<days>[0-9]{1,9}) days")),),
    "store": (("text", re.compile(r"the store failed: (?P<error>.*)", re.DOTALL)),),
}
"""The English sentences of alerts that have facts or several sentences, by monitor."""
_FORMER_STATE: Final = "never seen"
"""How the state ``never named`` of weeks was called."""
_ALERT_WORDS: Final = ("text", "advice", "text_zh", "advice_zh")


def upgraded_run(document: Document) -> Document:
    """Return the run record *document* in the present version, not validated; itself if it has that already.

    Failures that a sentence states become counts, a failed feed gets a code, an alert its facts. What a sentence says
    beyond that stays in ``error`` or in ``former_lines``.
    """
    new, kept = dict(document), []
    reason = new.get("close_reason")
    if type(reason) is str and new.get("other_reason") is None:
        known, other = read_reason(reason)
        new["close_reason"] = known.value
        if other is not None:
            new["other_reason"] = other
    if "warnings" in new:
        kept += _read_warnings(new, new.pop("warnings"))
    if any(isinstance(note, str) for note in _list(new.get("notes"))):
        kept += [note for note in new["notes"] if isinstance(note, str)]
        new["notes"] = [note for note in new["notes"] if not isinstance(note, str)]
    if any(isinstance(line, str) for line in _list(new.get("sources"))):
        read = [_read_source(line) for line in new["sources"]]
        kept += [line for line in read if isinstance(line, str)]
        new["sources"] = [source for source in read if not isinstance(source, str)]
    if any(_is_former_alert(alert) for alert in _list(new.get("alerts"))):
        new["alerts"] = [_upgraded_alert(one, kept) if _is_former_alert(one) else one for one in new["alerts"]]
    if any(_FORMER_STATE in _states(alert) for alert in _list(new.get("alerts"))):
        new["alerts"] = [_with_present_states(alert) for alert in new["alerts"]]
    if kept:
        new["former_lines"] = [*_list(new.get("former_lines")), *kept]
    return new if new != document else document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_warnings(run: Document, lines: Any) -> list[Any]:
    """Put what *lines* say into the fields of *run*; return the lines that are left."""
    left: list[Any] = []
    counted = run.get("faults")
    faults = dict(counted) if isinstance(counted, dict) else {}
    for line in _list(lines):
        text = str(line)
        if (gaps := _GAPS.fullmatch(text)) is not None:
            for name, number in (("gaps_after", gaps[1]), ("gaps_before", gaps[2])):
                if run.get(name) is None:
                    run[name] = int(number)
            continue
        for kind, pattern in _FAULT_PATTERNS.items():
            if (found := pattern.fullmatch(text)) is not None:
                faults.setdefault(kind, int(found[1]) if found.groups() else 1)
                break
        else:
            left.append(text)
    if faults:
        run["faults"] = faults
    if left and run.get("error") is None:
        run["error"] = left.pop(0)  # the first failure stood before the counts
    return left


def _read_source(line: Any) -> Any:
    """Return the failed source that *line* names; *line* itself if it names none."""
    if not isinstance(line, str) or (found := _SOURCE.fullmatch(line)) is None:
        return line
    code = next((code for code, pattern in _SOURCE_FAULTS if pattern.fullmatch(found[3])), "other")
    return {"kind": found[1], "name": found[2], "code": code, "detail": found[3]}


def _states(alert: Any) -> list[Any]:
    facts = alert.get("facts") if isinstance(alert, dict) else None
    return _list(facts.get("states")) if isinstance(facts, dict) else []


def _with_present_states(alert: Any) -> Any:
    """Return *alert* with the present name of the state of weeks that had another one."""
    if _FORMER_STATE not in (states := _states(alert)):
        return alert
    present = ["never named" if state == _FORMER_STATE else state for state in states]
    return {**alert, "facts": {**alert["facts"], "states": present}}


def _is_former_alert(alert: Any) -> bool:
    return isinstance(alert, dict) and any(word in alert for word in _ALERT_WORDS)


def _upgraded_alert(alert: Document, kept: list[Any]) -> Document:
    """Return *alert* with the facts of its text; add the text to *kept* if they cannot be read in it."""
    text, name = str(alert.get("text", "")), alert.get("name")
    new = {key: value for key, value in alert.items() if key not in _ALERT_WORDS}
    new.setdefault("number", len(_list(alert.get("about"))))
    for sentence, pattern in _ALERTS.get(name, ()) if isinstance(name, str) else ():
        if (found := pattern.fullmatch(text)) is not None:
            new["sentence"], new["facts"] = sentence, _alert_facts(found, _list(alert.get("about")))
            return new
    if name in _ALERTS and text:
        kept.append(text)
    return new


def _alert_facts(found: re.Match[str], about: list[Any]) -> Document:
    facts: Document = {}
    for name, value in found.groupdict().items():
        if name == "states":
            # "2025-02 never seen, 2025-01 unavailable (+3)": of a sixth week and those behind it no state was kept.
            listed = dict(part.partition(" ")[::2] for part in re.sub(r" \(\+[0-9]+\)$", "", value).split(", "))
            facts["states"] = [listed.get(str(issue), "?") for issue in about]
        else:
            facts[name] = int(value) if name in ("days", "limit_mb") else value
    return facts
