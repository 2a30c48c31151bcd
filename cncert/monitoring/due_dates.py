"""The day from which the next issue is waited for."""

from datetime import date, datetime, timedelta

from cncert.items import Issue, day_in_china
from cncert.ledger.publishing_habits import USUAL_DELAY
from cncert.monitoring.believed_times import CLOCK_TOLERANCE
from cncert.report.publication_time import publication_time


def publication_day(issue: Issue, now: datetime) -> date:
    """Return the day in China on which *issue* was published, or the usual Thursday if that is later.

    A time of publication that is in the future is not believed. Where only the time of a reprint is known, that counts
    if it is less than a week late: some issues are reprinted a month later.
    """
    usual = issue.period.end + USUAL_DELAY
    published = publication_time(issue)
    if published is None or published.day > day_in_china(now) or (published.moment or now) > now + CLOCK_TOLERANCE:
        return usual
    day = max(published.day, usual)
    return usual if published.is_bound and day >= usual + timedelta(days=7) else day
