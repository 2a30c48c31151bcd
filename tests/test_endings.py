"""The table of endings: every name in it is known where it is used."""

import pytest

from cncert.monitoring.exit_status import FAILURE_KINDS
from cncert.store.endings import Ending, State
from cncert.wechat.failure_pages import Verdict


@pytest.mark.parametrize("ending", Ending)
def test_a_failure_has_a_sentence(ending: Ending) -> None:
    assert ending.failure is None or ending.failure in {one.kind for one in FAILURE_KINDS}


@pytest.mark.parametrize("verdict", [one for one in Verdict if one not in (Verdict.ARTICLE, Verdict.MOVED)])
def test_a_refusal_is_an_ending_that_brings_no_article(verdict: Verdict) -> None:
    assert Ending(verdict).state not in (State.STORED, State.KNOWN, State.REJECTED)


def test_an_ending_is_stored_as_its_name() -> None:
    assert (str(Ending.TITLE), Ending("title"), Ending.TITLE.state) == ("title", Ending.TITLE, State.REJECTED)
