"""The list of series breaks, and which weeks they let be compared."""

import itertools
import tomllib
from pathlib import Path

import pytest

from cncert.quality.series_breaks import all_breaks, are_comparable, breaks, read_break
from cncert.report.calendar import is_week
from cncert.report.metrics import definitions

ENTRY = {
    "metrics": ["sites.tampered"],
    "kind": "renamed",
    "note": "another name",
    "note_zh": "改名",
    "source": "two texts",
}


def test_every_break_is_of_metrics_that_exist() -> None:
    known = {entry["name"] for entry in definitions()["metric"]} | {"rating"}
    assert all_breaks()
    for one in all_breaks():
        assert set(one.metrics) <= known
        assert len(set(one.metrics)) == len(one.metrics)


def test_every_break_is_between_real_weeks() -> None:
    for one in all_breaks():
        assert is_week(*one.old)
        assert is_week(*one.new)
        assert one.old < one.new


def test_breaks_of_a_metric_stand_in_order_and_do_not_overlap() -> None:
    for metric in {metric for one in all_breaks() for metric in one.metrics}:
        for earlier, later in itertools.pairwise(breaks(metric)):
            assert earlier.new <= later.old, metric


def test_a_known_week_parts_what_is_before_it_from_the_rest() -> None:
    known = read_break(ENTRY | {"from": "2023-01"})
    assert (known.old, known.new, known.when) == ((2022, 52), (2023, 1), "from 2023-01")
    assert known.separates((2022, 52), (2023, 1))
    assert known.separates((2024, 1), (2012, 1))
    assert not known.separates((2022, 51), (2022, 52))
    assert not known.separates((2023, 1), (2023, 2))


def test_an_unknown_week_parts_all_that_lies_in_its_time() -> None:
    unknown = read_break(ENTRY | {"between": ["2018-14", "2022-27"]})
    assert unknown.when == "between 2018-14 and 2022-27"
    assert unknown.separates((2018, 14), (2022, 27))
    assert unknown.separates((2018, 14), (2018, 15))
    assert unknown.separates((2020, 1), (2020, 2))
    assert unknown.separates((2022, 27), (2022, 26))
    assert not unknown.separates((2018, 13), (2018, 14))
    assert not unknown.separates((2022, 27), (2022, 28))
    assert not unknown.separates((2020, 1), (2020, 1))


@pytest.mark.parametrize(
    ("metric", "one", "other", "answer"),
    [
        ("incidents.handled", (2022, 27), (2026, 36), True),
        ("incidents.handled", (2018, 6), (2018, 14), True),
        ("incidents.handled", (2018, 14), (2022, 41), False),
        ("rating", (2015, 1), (2018, 6), False),
        ("rating", (2018, 6), (2025, 3), True),
        ("hosts.infected", (2012, 1), (2018, 14), True),
        ("hosts.infected", (2018, 14), (2022, 41), False),
        ("vulnerabilities.new", (2012, 1), (2013, 10), False),
        ("no.such_metric", (2012, 1), (2026, 1), True),
    ],
)
def test_what_may_be_compared(metric: str, one: tuple[int, int], other: tuple[int, int], answer: bool) -> None:
    assert are_comparable(metric, one, other) is answer
    assert are_comparable(metric, other, one) is answer


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ENTRY, "either from or between"),
        (ENTRY | {"from": "2023-01", "between": ["2022-01", "2023-01"]}, "either from or between"),
        (ENTRY | {"from": "2023-60"}, "2023 has no issue 60"),
        (ENTRY | {"between": ["2023-01", "2023-01"]}, "between two weeks"),
        (ENTRY | {"between": ["2023-01"]}, "not enough values"),
        (ENTRY | {"from": "2023-01", "kind": "other"}, "no kind of break"),
        (ENTRY | {"from": "2023-01", "note_zh": ""}, "note_zh"),
        (ENTRY | {"from": "2023-01", "metrics": []}, "metrics"),
        (ENTRY | {"from": "2023-01", "remark": "x"}, "no field remark"),
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_break(entry)


def test_the_file_stands_in_the_order_of_the_eras() -> None:
    """Not needed by the program, but by whoever reads the file: each entry is read as it stands."""
    entries = tomllib.loads(Path("cncert/data/series_breaks.toml").read_text(encoding="utf-8"))["break"]
    assert sorted(map(read_break, entries), key=lambda one: (one.old, one.new)) == list(all_breaks())
