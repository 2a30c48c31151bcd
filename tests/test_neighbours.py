"""Figures among those of the weeks around them: changes that do not fit, numbers that are far off."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.items import Issue
from cncert.quality.all_warnings import RELATIVE_WARNINGS
from cncert.quality.outliers_between_weeks import neighbour_warnings
from cncert.report.issue_warnings import WARNING_CODES
from tests.factories import make_figure, make_issue


def issue(number: int, *figures: dict[str, Any], year: int = 2025) -> Issue:
    return make_issue(year, number, figures=list(figures))


def gov(value: float, evidence: str = "", **changes: Any) -> dict[str, Any]:
    """A figure of ``sites.tampered_gov``."""
    return make_figure("sites.tampered_gov", value, **{"evidence": evidence or f"数量为{value}个", **changes})


def codes(one: Issue, *others: Issue) -> list[str]:
    return [warning.code for warning in neighbour_warnings(one, others)]


def series(*values: float, first: int = 3) -> list[Issue]:
    return [issue(first + place, gov(value)) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("before", "now", "fits"),
    [
        # Exact counts: the printed digits of the percentage decide.
        (gov(104), gov(118, "118个，较上周环比增加了13.5%", change_pct=13.5), True),
        (gov(104), gov(118, "118个，较上周环比增加了13.4%", change_pct=13.4), False),
        (gov(104), gov(118, "118个，较上周环比增加了13.46％", change_pct=13.46), True),
        (gov(5), gov(4, "4个，较上周环比下降20.0%", change_pct=-20), True),
        (gov(5), gov(4, "4个，较上周环比上升20.0%", change_pct=20), False),
        (gov(10), gov(21, "21个，较上周环比上升了110.0%", change_pct=110), True),
        (gov(103), gov(124, "124个，环比增加了20%", change_pct=20), True),
        (gov(103), gov(124, "124个，环比增加了20.0%", change_pct=20), False),
        (gov(100), gov(124, "124个，环比增加约20%", change_pct=20), True),
        (gov(100), gov(126, "126个，环比增加约20%", change_pct=20), False),
        (gov(17), gov(17, "17个，与上周持平", change_pct=0), True),
        (gov(17), gov(20, "20个，与上周持平", change_pct=0), False),
        (gov(0), gov(3, "3个，环比增加了50.0%", change_pct=50), False),
        (gov(2410, "2,410个"), gov(1205, "1,205个，下降50.0%", change_pct=-50), True),
        # Rounded counts: 24.95 to 25.05, 27.75 to 27.85.
        (
            gov(250_000, "约25.0万个", qualifier="约"),
            gov(278_000, "约27.8万个，环比增加约11.6%", qualifier="约", change_pct=11.6),
            True,
        ),
        (
            gov(250_000, "约25.0万个", qualifier="约"),
            gov(278_000, "约27.8万个，环比增加约11.8%", qualifier="约", change_pct=11.8),
            False,
        ),
        (gov(950_000, "约95万", qualifier="约"), gov(960_000, "96万，增加0.1%", change_pct=0.1), True),
        (gov(1000, "约1000个", qualifier="约"), gov(1200, "1200个，增加70.0%", change_pct=70), True),
        (gov(1000), gov(1200, "1200个，增加70.0%", change_pct=70), False),
        (gov(100, "近100个", qualifier="近"), gov(100, "100个，增加了5.0%", change_pct=5), True),
        (gov(100, "近100个", qualifier="近"), gov(100, "100个，减少了5.0%", change_pct=-5), False),
        (gov(100, "超100个", qualifier="超"), gov(100, "100个，减少了5.0%", change_pct=-5), True),
        (gov(100, "100个以上", qualifier="以上"), gov(100, "100个，增加了5.0%", change_pct=5), False),
        # Changes in numbers.
        (gov(6), gov(9, "9个，较上周新增数量增加了3个", change=3), True),
        (gov(5), gov(9, "9个，较上周新增数量增加了3个", change=3), False),
        (gov(12), gov(9, "9个，减少3个", change=-3), True),
        (gov(20_000, "2万个"), gov(31_000, "3.1万个，增加1.2万个", change=12_000), True),
        (gov(20_000, "2.0万个"), gov(35_000, "3.5万个，增加1.2万个", change=12_000), False),
        # What cannot be told says nothing.
        (gov(5, "五个"), gov(4, "4个，上升90.0%", change_pct=90), True),
        (gov(5), gov(4, "四个，上升90.0%", change_pct=90), True),
        (gov(5), gov(9, "9个，增加了三个", change=3), True),
        (gov(5), gov(40), True),
    ],
)
def test_a_stated_change_is_compared_with_the_week_before(
    before: dict[str, Any], now: dict[str, Any], fits: bool
) -> None:
    assert codes(issue(4, now), issue(3, before)) == ([] if fits else ["change_disagrees"])


def test_the_warning_tells_what_is_stated_and_what_comes_out() -> None:
    stated = gov(118, "118个，较上周环比增加了3.5%", change_pct=3.5)
    (warning,) = neighbour_warnings(issue(1, stated), [issue(52, gov(104), year=2024)])
    assert warning.message == (
        "sites.tampered_gov: a change of +3.5 % is stated, 104 in 2024-52 and 118 now make +13.5 %"
    )


def test_the_number_is_looked_up_where_the_text_has_it() -> None:
    """The sentence may hold the same number twice, rounded and exact: the place decides."""
    text = "上周约100个，本周100个，增加了5.0%"
    start = text.index("100个，增")
    exact = gov(100, text, change_pct=5, start=start, end=start + 3)
    assert codes(make_issue(2025, 4, text=text, figures=[exact]), issue(3, gov(100))) == ["change_disagrees"]


@pytest.mark.parametrize("number", [2, 5, 4])
def test_only_the_week_before_counts(number: int) -> None:
    now = gov(4, "4个，上升90.0%", change_pct=90)
    assert codes(issue(4, now), issue(number, gov(5))) == []


def test_what_the_text_states_counts_more_than_a_picture() -> None:
    picture = gov(50, source="picture", picture="mmbiz_png/slice")
    now = gov(4, "4个，较上周环比下降20.0%", change_pct=-20)
    assert codes(issue(4, picture, now), issue(3, picture, gov(5))) == []
    assert codes(issue(4, now), issue(3, picture)) == ["change_disagrees"]


def test_a_word_is_no_number() -> None:
    word = make_figure("vulnerabilities.rating", 1) | {"value": "低", "evidence": "级别为低"}
    assert codes(issue(4, word), *(issue(number, word) for number in (3, 5, 6))) == []


@pytest.mark.parametrize(
    ("year", "number", "warned"), [(2022, 27, False), (2022, 30, True), (2018, 14, True), (2018, 15, False)]
)
def test_nothing_is_compared_across_a_break(year: int, number: int, warned: bool) -> None:
    def platforms(value: float, evidence: str = "", **changes: Any) -> dict[str, Any]:
        return make_figure("mobile_malware.platforms", value, evidence=evidence or f"协调{value}个", **changes)

    now, before = platforms(400, "协调400个，上升1.0%", change_pct=1), platforms(15)
    one = issue(number, now, year=year)
    earlier = [issue(number - weeks, before, year=year) for weeks in (1, 2, 3)]
    assert codes(one, *earlier) == (["change_disagrees", "figure_outlier"] if warned else [])


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ((60, 70, 65, 650, 75, 66), [6]),
        ((600, 700, 650, 65, 750, 660), [6]),
        ((27, 30, 29, 290_000, 31), [6]),
        ((60, 70, 65, 400, 75, 66), []),  # that happens
        ((2, 3, 1, 30, 2, 4), []),  # small counts say nothing
        ((65, 650, 75), []),  # too few
        ((60, 900, 700, 650, 62, 70), []),  # they go up and down
        ((0, 0, 0, 0), []),
        ((100, 120, 0, 110, 90), [5]),
    ],
)
def test_a_figure_far_off_is_an_outlier(values: tuple[float, ...], odd: list[int]) -> None:
    issues = series(*values)
    assert [one.number for one in issues if codes(one, *issues) == ["figure_outlier"]] == odd


def test_the_warning_tells_how_far_off_it_is() -> None:
    *others, last = series(65, 70, 60, 650)
    (warning,) = neighbour_warnings(last, others)
    assert warning.message == "sites.tampered_gov: 650 is stated, the median of the 3 nearest issues is 65"


def test_the_nearest_four_of_each_side_are_looked_at_and_none_is_too_far() -> None:
    near = [issue(20 + weeks, gov(650)) for weeks in (1, 2, 3, 4, -1, -2, -3, -4)]
    far = [issue(20 + weeks, gov(6)) for weeks in (5, 6, 7, 8, 9, 10, -5, -6, -7, -8, -9, -10)]
    assert codes(issue(20, gov(650)), *near, *far) == []
    distant = [issue(20 + weeks, gov(6)) for weeks in (13, 14, 15)]
    assert codes(issue(20, gov(650)), *distant) == []


def test_its_codes_are_known_to_rest_on_more_than_the_page() -> None:
    assert {"change_disagrees", "figure_outlier"} < RELATIVE_WARNINGS < WARNING_CODES.keys()


NUMBERS = st.one_of(st.integers(0, 10**12), st.floats(0, 10**12), st.sampled_from([0, 5, 278_000]))
FIGURES = st.lists(
    st.builds(
        make_figure,
        st.sampled_from(["sites.tampered", "hosts.infected"]),
        NUMBERS,
        evidence=st.text("0123456789.,%万亿约 ", min_size=1, max_size=30),
        qualifier=st.sampled_from([None, "约", "近", "超", "以上"]),
        change_pct=st.none() | st.floats(-1e6, 1e6),
        change=st.none() | st.integers(-(10**9), 10**9),
        start=st.none() | st.integers(0, 50),
        end=st.integers(0, 60),
        source=st.sampled_from(["text", "picture"]),
    ),
    max_size=4,
)


@given(st.lists(FIGURES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_figures_can_be_looked_at_in_any_order(figures: list[list[dict[str, Any]]], rng: Any) -> None:
    first, *others = [issue(3 + place, *some) for place, some in enumerate(figures)]
    warnings = neighbour_warnings(first, others)
    shuffled = [first, *others]
    rng.shuffle(shuffled)
    assert neighbour_warnings(first, shuffled) == warnings
    assert {warning.code for warning in warnings} <= RELATIVE_WARNINGS
