"""Reading pictures: from hostile bytes to figures, and how sure they are.

``tests/ocr_words.json.gz`` keeps what the engine read in ``tests/pictures``, so that everything else can be
tested on them in little time; ``python -m tests.test_ocr`` makes it anew, after a change of the pictures or the engine.
"""

import gzip
import io
import json
import struct
import sys
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cncert.commands.ocr import OcrCommand
from cncert.exceptions import OcrError
from cncert.infographics.labels.find_labels import metrics_of_label
from cncert.infographics.labels.read_labelled_numbers import Limits, read_labelled_numbers
from cncert.infographics.labels.words_and_marks import Mark, Rectangle, Word, sides
from cncert.infographics.words.cut_pictures import is_next_slice
from cncert.infographics.words.enlarged_numbers import find_missed_units
from cncert.infographics.words.ocr_engine import Engine, TextLine, open_engine
from cncert.infographics.words.open_image import open_picture
from cncert.infographics.words.read_picture import PictureFile, read_pictures
from cncert.infographics.words.triangles_and_arrows import direction_of, find_marks
from cncert.infographics.words.two_passes import bands, compared_content, merge_passes
from cncert.infographics.words.unread_areas import UnreadInk
from cncert.options import Options
from cncert.pdf.draw_pages import draw_pages
from cncert.pdf.read_document import MAX_PAGES
from cncert.report.metrics import definitions
from cncert.store.picture_readings import LabelledNumber, PictureReading
from tests import ocr_double
from tests.calls import call
from tests.site import cert_site

PICTURES = Path(__file__).parent / "pictures"
TRUTH: dict[str, dict[str, Any]] = json.loads((PICTURES / "truth.json").read_text(encoding="utf-8"))
WORDS = PICTURES.with_name("ocr_words.json.gz")


# --- Words on a plane -------------------------------------------------------------------------------------------------


def word(text: str, x: float, y: float, height: float = 20, score: float = 0.99) -> Word:
    """A line of *text* whose characters are as wide as they are high, those of Latin half as wide."""
    width = sum(height if character > "\u2e7f" else 0.55 * height for character in text)
    return Word(text, Rectangle(x, y, width, height), (score,) * len(text))


def no_ink(_: Rectangle) -> bool:
    return False


def read(*words: Word, marks: Iterable[Mark] = ()) -> dict[str, LabelledNumber]:
    """The pairs of a picture by their labels."""
    return {pair.label: pair for pair in read_labelled_numbers(words, tuple(marks), no_ink)}


def table(*rows: tuple[str, ...], heads: tuple[str, ...] = ()) -> list[Word]:
    """Rows of cells; the first cell of each is the label."""
    lines = [heads, *rows] if heads else rows
    return [
        word(text, 20 + 260 * (n > 0) + 120 * n, 30 + 45 * m)
        for m, line in enumerate(lines)
        for n, text in enumerate(line)
    ]


def test_the_number_on_the_right_of_a_label_is_its() -> None:
    found = read(*table(("境内被篡改网站总数", "1,040"), ("境内被植入后门网站总数", "801"), ("零日漏洞", "12")))
    assert [(pair.metric, pair.value, pair.state) for pair in found.values()] == [
        ("sites.tampered", 1040, "figure"),
        ("sites.backdoored", 801, "figure"),
        (None, 12, "candidate"),
    ]
    assert found["零日漏洞"].reason == "no metric"


@pytest.mark.parametrize("is_above", [True, False])
def test_in_a_grid_of_cards_the_side_decides_that_gives_every_label_a_number(is_above: bool) -> None:
    """Between two rows a number stands as near to a strange label as to its own."""
    labels = ("境内被篡改网站总数", "境内被植入后门网站总数", "新增信息安全漏洞数量", "仿冒页面数量")
    places = [(x, y) for y in (40, 160) for x in (30, 400)]
    label, number = (0, 40) if is_above else (60, 0)
    words = [word(text, x, y + label) for text, (x, y) in zip(labels, places, strict=True)]
    words += [word(str(100 + n), x, y + number, 40) for n, (x, y) in enumerate(places)]
    assert [pair.value for pair in read(*words).values()] == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("lines", "metric"),
    [
        (("境内感染网络病", "毒的主机数量"), "hosts.infected"),
        (("针对境内", "网站的仿冒", "页面数量"), "phishing.pages"),
        (("境内被篡改", "政府网站数量"), "sites.tampered_gov"),
        (("仿冒页面", "涉及域名数量"), "phishing.domains"),
    ],
)
def test_the_lines_of_a_label_are_joined(lines: tuple[str, ...], metric: str) -> None:
    words = [word(text, 30, 100 + 23 * n) for n, text in enumerate(lines)]
    (pair,) = read(word("364", 30, 50, 36), *words).values()
    assert (pair.label, pair.metric, pair.state) == ("".join(lines), metric, "figure")


def test_two_labels_are_not_joined_though_both_could_be_one() -> None:
    found = read(*table(("境内被篡改网站总数", "1,040"), ("其中政府网站数量", "70")))
    assert {pair.metric: pair.value for pair in found.values()} == {"sites.tampered": 1040, "sites.tampered_gov": 70}


@pytest.mark.parametrize(
    ("whole", "metric"), [("被篡改", "sites.tampered_gov"), ("被植入后门", "sites.backdoored_gov")]
)
def test_a_sub_row_is_of_the_metric_above_it(whole: str, metric: str) -> None:
    found = read(*table((f"境内{whole}网站总数", "1,040"), ("其中政府网站数量", "70")))
    assert found["其中政府网站数量"].metric == metric


def test_a_sub_row_alone_names_nothing() -> None:
    assert read(*table(("其中政府网站数量", "70")))["其中政府网站数量"].metric is None


def test_a_label_that_may_go_on_is_a_candidate() -> None:
    """境内被篡改网站总数|中的教育网站 counts something else."""
    words = [word("境内被篡改网站总数", 30, 100), word("中的教育类", 30, 122), word("364", 30, 50, 36)]
    (pair,) = read(*words).values()
    assert (pair.state, pair.value) == ("candidate", 364)


@pytest.mark.parametrize(
    ("printed", "value", "unit", "qualifier"),
    [
        (("137.0万",), 1370000, "个", None),
        (("约95万台",), 950000, "个", "约"),
        (("1.2亿",), 120000000, "个", None),
        (("5,036个",), 5036, "个", None),
        (("5036",), 5036, "个", None),
    ],
)
def test_numbers_are_read_as_printed(printed: tuple[str], value: int, unit: str, qualifier: str | None) -> None:
    (pair,) = read(*table(("境内感染网络病毒的主机数量", *printed))).values()
    assert (pair.value, pair.unit, pair.qualifier, pair.state) == (value, unit, qualifier, "figure")


@pytest.mark.parametrize("place", [(135, 52), (60, 84)], ids=["behind", "below"])
def test_a_unit_may_stand_for_itself(place: tuple[float, float]) -> None:
    words = [word("境内感染网络病毒的主机数量", 30, 10), word("104.8", 30, 40, 36), word("万", *place)]
    (pair,) = read(*words).values()
    assert (pair.value, pair.printed, pair.state) == (1048000, "104.8万", "figure")


def test_a_number_whose_unit_was_lost_is_no_figure() -> None:
    (pair,) = read(*table(("境内感染网络病毒的主机数量", "104.8"))).values()
    assert (pair.state, pair.reason) == ("candidate", "no whole number")


def test_the_unit_of_a_table_and_of_a_label() -> None:
    rows = table(("境内感染网络病毒的主机数量", "54.2"), ("感染飞客蠕虫的主机数量", "13.8"))
    found = read(word("单位：万台", 400, 2, 16), *rows)
    assert [pair.value for pair in found.values()] == [542000, 138000]
    (pair,) = read(*table(("境内感染网络病毒的主机数量（万台）", "54.2"))).values()
    assert (pair.value, pair.state) == (542000, "figure")


HEADS = ("指标", "序号", "本周", "上周", "环比变化")


def test_of_several_columns_this_weeks_counts() -> None:
    rows = table(
        ("境内被篡改网站总数", "1", "635", "535", "+18.7%"),
        ("境内被植入后门网站总数", "2", "84", "103", "-18.4%"),
        heads=HEADS,
    )
    found = read(*rows)
    assert [(pair.value, pair.change_pct, pair.state) for pair in found.values()] == [
        (635, 18.7, "figure"),
        (84, -18.4, "figure"),
    ]


def test_of_two_numbers_without_heads_none_is_a_figure() -> None:
    found = read(*table(("境内被篡改网站总数", "635", "535"), ("境内被植入后门网站总数", "84", "103")))
    assert {pair.state for pair in found.values()} == {"candidate"}


def test_bars_of_two_weeks_are_no_figures() -> None:
    legend = [word("本周", 300, 10), word("上周", 400, 10)]
    bars = [word("892", 60, 100), word("645", 110, 120), word("2,353", 260, 60), word("3,161", 330, 40)]
    labels = [word("境内被篡改网站数量", 30, 300), word("仿冒页面数量", 260, 300)]
    assert not [pair for pair in read(*legend, *bars, *labels).values() if pair.state == "figure"]


def test_an_axis_is_no_number_and_a_title_no_label() -> None:
    axis = [word(str(value), 10, 400 - value / 10, 14) for value in (0, 1000, 2000, 3000)]
    numbers = [("2,662", 130), ("2,600", 136), ("1,307", 260)]
    points = [word(text, 80 + 90 * n, y, 14) for n, (text, y) in enumerate(numbers)]
    dates = [word(f"5月{4 + 7 * n}日", 80 + 90 * n, 430, 14) for n in range(3)]
    found = read(word("境内被篡改网站总数近五周变化", 60, 5), *axis, *points, *dates)
    assert {pair.label: (pair.value, pair.metric) for pair in found.values()} == {
        "5月4日": (2662, None),
        "5月11日": (2600, None),
        "5月18日": (1307, None),
    }


@pytest.mark.parametrize(
    "text",
    [
        "2025年第3期",
        "1月13日-1月19日",
        "共5页 第2页",
        "注1：环比指与上一周相比",
        "电话：010-12345678",
        "CVE-2024-21762",
        "10.0.0.1",
        "01",
    ],
)
def test_what_counts_nothing_is_no_number(text: str) -> None:
    assert not read(word("境内被篡改网站总数", 30, 10), word(text, 30, 40))


# --- Changes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "change", "direction"),
    [
        ("环比上升6.4%", 6.4, "up"),
        ("(下降2.6%)", -2.6, "down"),
        ("较上周减少了17.7%", -17.7, "down"),
        ("+3.5%", 3.5, "up"),
        ("-12.3%", -12.3, "down"),
        ("↓61.1%", -61.1, "down"),
        ("▲ 34.5%", 34.5, "up"),
        ("环比持平", 0.0, "flat"),
        ("（持平）", 0.0, "flat"),
    ],
)
def test_a_change_in_words_and_signs(text: str, change: float, direction: str) -> None:
    (pair,) = read(*table(("境内被篡改网站总数", "1,040", text))).values()
    assert (pair.change_pct, pair.direction, pair.state) == (change, direction, "figure")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6.4%", "a percentage without direction"),
        ("下降120.5%", "a fall by more than 100%"),
    ],
)
def test_a_change_that_cannot_be_meant_makes_a_candidate(text: str, reason: str) -> None:
    (pair,) = read(*table(("境内被篡改网站总数", "1,040", text))).values()
    assert (pair.state, pair.reason) == ("candidate", reason)


@pytest.mark.parametrize("text", ["同比上升6.4%", "较去年同期下降3.0%"])
def test_a_comparison_with_another_time_is_no_change(text: str) -> None:
    (pair,) = read(*table(("境内被篡改网站总数", "1,040", text))).values()
    assert (pair.change_pct, pair.state) == (None, "figure")


def test_a_change_may_stand_in_the_line_of_its_number() -> None:
    found = read(
        word("感染网络病毒的主机数：25.1万台（持平）", 30, 30),
        word("境内被篡改网站数量：334个（下降4.8%）", 30, 70),
        word("新收录漏洞：148个（下降5.7%）|高危漏洞：43个（下降4.4%）", 30, 110),
    )
    assert [(pair.value, pair.change_pct, pair.state) for pair in found.values()] == [
        (251000, 0.0, "figure"),
        (334, -4.8, "figure"),
        (148, -5.7, "figure"),
        (43, -4.4, "figure"),
    ]


def test_a_mark_says_where_a_percentage_points_and_a_word_against_it_makes_a_candidate() -> None:
    row = table(("境内被篡改网站总数", "1,040", "6.4%"))
    mark = Mark(Rectangle(row[-1].box.x - 18, 32, 12, 12), "down")
    (pair,) = read(*row, marks=[mark]).values()
    assert (pair.change_pct, pair.state) == (-6.4, "figure")
    row[-1] = word("上升6.4%", row[-1].box.x, 30)
    (pair,) = read(*row, marks=[mark]).values()
    assert (pair.change_pct, pair.state) == (None, "candidate")


def test_a_legend_says_what_a_colour_means() -> None:
    row = table(("境内被篡改网站总数", "1,040", "6.4%"))
    row[-1] = replace(row[-1], colour="绿")
    (pair,) = read(*row, word("绿色表示较上周上升", 30, 200)).values()
    assert (pair.change_pct, pair.state) == (6.4, "figure")


def test_a_share_is_told_from_a_change() -> None:
    (pair,) = read(*table(("境内被篡改政府网站数量", "118", "占5.0%", "+13.5%"))).values()
    assert (pair.share_pct, pair.change_pct, pair.state) == (5.0, 13.5, "figure")


def test_where_others_have_a_change_something_unread_in_its_place_is_a_candidate() -> None:
    words = table(("境内被篡改网站总数", "1,040", "+6.4%"), ("境内被植入后门网站总数", "801"))
    assert {pair.state for pair in read_labelled_numbers(words, (), no_ink)} == {"figure"}
    missing = Rectangle(*(getattr(words[2].box, name) for name in ("x", "y", "width", "height")))
    there = replace(missing, y=missing.y + 45)
    pairs = read_labelled_numbers(
        words, (), lambda box: box.shared_width(there) > 0.5 and box.shared_height(there) > 0.5
    )
    assert [pair.state for pair in pairs] == ["figure", "candidate"]


def test_where_others_have_a_change_another_number_in_its_place_is_a_candidate() -> None:
    """A percent sign that was read as digits: ↑43.296."""
    labels, changes = ("境内被篡改网站总数", "境内被植入后门网站总数", "仿冒页面数量"), ("↑16.6%", "↓29.5%", "↑43.296")
    found = read(
        *table(*((label, f"{n}37", change) for n, (label, change) in enumerate(zip(labels, changes, strict=True), 1)))
    )
    assert [(pair.state, pair.reason) for pair in found.values()] == [
        ("figure", None), ("figure", None), ("candidate", "others of its kind have a change"),
    ]  # fmt: skip


def test_a_number_smaller_than_its_label_is_that_of_a_scale() -> None:
    pair = read(word("仿冒页面涉及IP地址", 100, 100), word("100", 150, 70, height=12))["仿冒页面涉及IP地址"]
    assert (pair.state, pair.reason) == ("candidate", "smaller than its label")


@pytest.mark.parametrize(("shift", "states"), [(0, ["figure"] * 3), (30, [])])
def test_labels_above_bars_and_numbers_at_their_ends_belong_together_in_turn(shift: int, states: list[str]) -> None:
    """Unless one of the numbers does not stand as the others do."""
    labels = ("新增信息安全漏洞数量", "高危漏洞数量", "境内被篡改网站总数")
    words = [word(label, 24, 80 + 70 * n) for n, label in enumerate(labels)]
    numbers = enumerate(("425个", "125个", "3,625个"))
    words += [word(number, 505, 108 + 70 * n + shift * (n == 1)) for n, number in numbers]
    assert [pair.state for pair in read_labelled_numbers(words, (), no_ink)] == states


def test_the_change_beside_a_label_is_that_of_the_number_below_it() -> None:
    """Though the next label's change stands as near to it."""
    labels, numbers = ("新增信息安全漏洞数量", "高危漏洞数量", "境内被篡改网站总数"), ("425个", "125个", "3,625个")
    words = [word(label, 24, 80 + 70 * n) for n, label in enumerate(labels)]
    words += [word(number, 505, 108 + 70 * n) for n, number in enumerate(numbers)]
    words += [word(f"较上周上升{n}5.2%", 480, 81 + 70 * n) for n in (1, 2)]
    assert [(pair.change_pct, pair.state) for pair in read_labelled_numbers(words, (), no_ink)] == [
        (None, "candidate"), (15.2, "figure"), (25.2, "figure"),
    ]  # fmt: skip


def test_two_figures_in_one_line_are_two_though_the_first_has_not_changed() -> None:
    found = read(word("新增信息安全漏洞数量：342个（持平）|高危漏洞数量：91个（↑26.4%）", 20, 30))
    assert {(pair.metric, pair.value, pair.change_pct, pair.direction) for pair in found.values()} == {
        ("vulnerabilities.new", 342, 0.0, "flat"),
        ("vulnerabilities.high", 91, 26.4, "up"),
    }


def test_something_unread_beside_a_number_may_be_a_digit() -> None:
    words = table(("境内被篡改网站总数", "307"))
    left = words[1].box.x
    (pair,) = read_labelled_numbers(words, (), lambda box: box.right > left - 8 and box.x < left)
    assert (pair.state, pair.reason) == ("candidate", "something beside the number was not read")


# --- How sure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("新增信息安全漏洞数量", "373"), ("高危漏洞", "194"), ("中危漏洞", "179"), ("低危漏洞", "37")], "is not"),
        ([("境内被篡改网站总数", "70"), ("其中政府网站数量", "1,040")], "is more than"),
        ([("境内被篡改网站总数", "70"), ("被篡改网站数量", "71")], "read twice, as 70 and 71"),
    ],
)
def test_figures_that_contradict_each_other_are_candidates(rows: list[tuple[str, str]], said: str) -> None:
    found = read(*table(*rows)).values()
    assert {pair.state for pair in found} == {"candidate"}
    assert all(said in (pair.reason or "") for pair in found)


@pytest.mark.parametrize(
    ("rows", "states"),
    [
        ([("被篡改网站总数", "70", "+525%"), ("仿冒页面数量", "90", "+3.5%")], ["candidate", "figure"]),
        ([("被篡改网站总数", "70", "+52%"), ("仿冒页面数量", "90", "+3%")], ["figure", "figure"]),
        ([("被篡改网站总数", "70", "+52%")], ["candidate"]),
        ([("感染病毒主机数量", "1370万"), ("感染飞客蠕虫的主机数量", "27.1万")], ["candidate", "figure"]),
        ([("感染病毒主机数量", "137万"), ("感染飞客蠕虫的主机数量", "27万")], ["figure", "figure"]),
    ],
)
def test_a_decimal_point_that_others_have_may_be_lost(rows: list[tuple[str, ...]], states: list[str]) -> None:
    assert [pair.state for pair in read(*table(*rows)).values()] == states


def test_passes_that_differ_and_words_that_are_not_sure_make_candidates() -> None:
    label, number = table(("境内被篡改网站总数", "1,040"))
    (pair,) = read(label, replace(number, agreed=False)).values()
    assert (pair.state, pair.agreed, pair.reason) == ("candidate", False, "the passes differ")
    (pair,) = read(label, replace(number, scores=(0.99, 0.91, 0.99, 0.99, 0.99))).values()
    assert (pair.state, pair.reason) == ("candidate", "a word is not sure")


@pytest.mark.parametrize(
    "metric", [entry for entry in definitions()["metric"] if "words" not in entry], ids=lambda metric: metric["name"]
)
def test_what_the_text_calls_a_metric_or_the_pictures_do_names_no_other(metric: dict[str, Any]) -> None:
    for form in metric["pictures"]:
        needed, _, optional = form.partition("[")
        words = [group.split("|")[0] for group in needed.split()]
        for label in (
            "".join(words),
            "境内" + "".join([*words, "数量"]),
            "".join([*optional.rstrip("]").split(), *words]),
        ):
            assert {name.metric for name in metrics_of_label("".join(label)) if name.below is None} <= {metric["name"]}
        assert metrics_of_label("".join(words)), form


@pytest.mark.parametrize(
    "label",
    [
        "上周被篡改网站总数",
        "广东省感染病毒主机",
        "境内被篡改网站总数近五周变化",
        "零日漏洞",
        "未处理网络安全事件",
        "漏洞总数",
        "网站总数",
    ],
)
def test_a_label_with_another_word_names_nothing(label: str) -> None:
    assert metrics_of_label(label) == ()


@pytest.mark.parametrize("title", ["上周网络安全基本态势", "广东省网络安全情况", "2024年累计情况"])
def test_a_title_that_speaks_of_something_else_makes_candidates(title: str) -> None:
    rows = table(("境内被篡改网站总数", "1,040"), ("境内被植入后门网站总数", "801"))
    found = read(word(title, 30, -40, 24), *rows)
    assert {pair.state for pair in found.values()} == {"candidate"}


def test_sentences_are_read_as_the_reports_text_is() -> None:
    lines = ["本周境内被篡改网站数量为2,356个，较上周增加", "18.7%；其中政府网站数量达到118个，较上周减少3.0%。"]
    found = {
        pair.metric: pair
        for pair in read_labelled_numbers([word(text, 30, 50 + 30 * n) for n, text in enumerate(lines)], (), no_ink)
    }
    assert (found["sites.tampered"].value, found["sites.tampered"].change_pct) == (2356, 18.7)
    assert (found["sites.tampered_gov"].value, found["sites.tampered_gov"].change_pct) == (118, -3.0)


def test_a_sentence_about_last_week_states_nothing() -> None:
    assert not [
        pair
        for pair in read_labelled_numbers([word("上周，境内被篡改网站数量为2,356个。", 30, 50)], (), no_ink)
        if pair.metric
    ]


@given(
    st.lists(
        st.builds(
            word,
            st.text(
                "境内被篡改网站总数感染病毒主机漏洞高危1234567890.,%万亿个()+-↑▲:：，。 周上本环比",
                min_size=1,
                max_size=20,
            ),
            st.floats(0, 1000),
            st.floats(0, 2000),
            st.floats(1, 90),
        ),
        max_size=25,
    )
)
def test_any_words_are_read_without_an_error(words: list[Word]) -> None:
    for pair in read_labelled_numbers(words, (), no_ink):
        assert pair.state == "candidate" or pair.metric
        assert 0 <= pair.words_confidence <= 1
        assert pair.direction != "down" or (pair.change_pct or 0) >= -100 or pair.state == "candidate"


# --- Marks and ink ----------------------------------------------------------------------------------------------------


def triangle(size: int) -> np.ndarray:
    """One that points up."""
    rows, columns = np.indices((size, size))
    return np.asarray(abs(columns - size / 2 + 0.5) <= (rows + 1) / 2)


def arrow(size: int, shaft: float) -> np.ndarray:
    """One that points up, with a head of half its height."""
    rows, columns = np.indices((size, size))
    away = abs(columns - size / 2 + 0.5)
    return np.where(rows < size / 2, away <= rows + 1, away <= shaft * size / 2)


@pytest.mark.parametrize("shape", [triangle(9), triangle(40), arrow(16, 0.4), arrow(30, 0.2), arrow(24, 0.1)])
def test_triangles_and_arrows_point_to_their_tips(shape: np.ndarray) -> None:
    assert direction_of(shape) == "up"
    assert direction_of(shape[::-1]) == "down"


@pytest.mark.parametrize(
    "shape",
    [
        np.ones((20, 20), bool),
        np.hypot(*(np.indices((21, 21)) - 10)) < 10,
        triangle(20).T,
        np.eye(20, dtype=bool),
        abs(np.indices((21, 21))[0] - 10) + abs(np.indices((21, 21))[1] - 10) < 10,
        np.ones((3, 9), bool),
    ],
    ids=["square", "disc", "to the side", "stroke", "diamond", "flat"],
)
def test_other_shapes_point_nowhere(shape: np.ndarray) -> None:
    assert direction_of(shape) is None


def test_a_mark_is_found_beside_its_percentage_and_no_letter_is_one() -> None:
    pixels = np.full((80, 300, 3), 255, np.uint8)
    pixels[30:46, 60:76][triangle(16)] = (0, 0, 200)
    (mark,) = find_marks(pixels, [word("6.4%", 84, 28)])
    assert (mark.direction, round(mark.box.x), round(mark.box.y)) == ("up", 60, 30)
    assert not find_marks(pixels, [word("6.4%", 84, 28), word("八月", 58, 28)])


def test_ink_is_what_is_neither_word_nor_mark_nor_frame() -> None:
    pixels = np.full((200, 400, 3), 255, np.uint8)
    pixels[5:195, 5:8] = pixels[5:195, 390:393] = 0  # a frame
    pixels[50:70, 100:112] = pixels[50:70, 300:312] = 0
    ink = UnreadInk(pixels, [word("1", 100, 50)], [])
    assert ink.has_ink(Rectangle(295, 45, 20, 30))
    assert not ink.has_ink(Rectangle(95, 45, 20, 30))
    assert not ink.has_ink(Rectangle(0, 60, 20, 30))
    assert not ink.has_ink(Rectangle(500, 500, 20, 30))


# --- Opening ----------------------------------------------------------------------------------------------------------


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    output = io.BytesIO()
    picture.save(output, kind, **options)
    return output.getvalue()


def striped(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Left half black, right half white."""
    picture = Image.new("L", size, 255)
    picture.paste(0, (0, 0, size[0] // 2, size[1]))
    return picture.convert(mode)


def huge() -> bytes:
    """A PNG of 10,000 by 10,000 pixels in 60 bytes: what it says of itself is all that may be looked at."""
    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize(
    ("data", "state", "reason"),
    [
        (b"", "unsupported", "not a picture of a known format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported", "not a picture of a known format"),
        (encoded(striped())[:-30], "broken", None),
        (encoded(striped(), "JPEG")[:300], "broken", None),
        (huge(), "too_large", "10000x10000 pixels are more than 16000000"),
        (encoded(Image.new("RGB", (1, 1))), "nothing", "1x1 pixels hold no words"),
        (encoded(Image.new("RGB", (600, 4))), "nothing", "600x4 pixels hold no words"),
        (encoded(Image.new("RGB", (600, 400), "navy")), "nothing", "one colour"),
    ],
    ids=["empty", "svg", "cut png", "cut jpeg", "huge", "pixel", "line", "plain"],
)
def test_what_cannot_be_read_has_a_state(data: bytes, state: str, reason: str | None) -> None:
    opened = open_picture(data)
    assert (opened.state, opened.pixels) == (state, None)
    assert opened.reason == reason if reason else opened.reason


@pytest.mark.parametrize(
    "data",
    [encoded(striped(mode)) for mode in ("1", "L", "P", "LA", "RGBA", "RGB")]
    + [encoded(striped("CMYK"), "JPEG"), encoded(striped(), "WEBP", lossless=True), encoded(striped(), "BMP")]
    + [encoded(striped(), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40))])],
    ids=["1", "L", "P", "LA", "RGBA", "RGB", "CMYK", "WEBP", "BMP", "animated"],
)
def test_pictures_of_all_kinds_are_opened_alike(data: bytes) -> None:
    opened = open_picture(data)
    assert opened.pixels is not None and opened.pixels.shape == (40, 60, 3)
    assert opened.pixels[:, :28].max() < 20
    assert opened.pixels[:, 32:].min() > 235


def test_a_picture_is_opened_as_it_is_shown() -> None:
    clear = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 30, 40))
    opened = open_picture(encoded(clear))
    assert opened.pixels is not None and opened.pixels[0, 59].tolist() == [255, 255, 255]
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    turned = open_picture(encoded(striped(), "JPEG", exif=exif))
    assert (turned.width, turned.height) == (40, 60)
    assert turned.pixels is not None and turned.pixels[:20].max() < 20
    wide = open_picture(encoded(striped(size=(3200, 100))))
    assert (wide.width, wide.shrunk) == (3200, 2.0)
    assert wide.pixels is not None and wide.pixels.shape == (50, 1600, 3)


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_no_bytes_raise_anything(tail: bytes, place: int, value: int) -> None:
    data = bytearray(encoded(striped()))
    data[min(place, len(data) - 1)] = value
    for hostile in (bytes(data), bytes(data[:place]) + tail, b"GIF89a" + tail, b"\xff\xd8\xff" + tail):
        assert open_picture(hostile).state in ("read", "nothing", "broken", "too_large", "unsupported")


# --- Slices and passes ------------------------------------------------------------------------------------------------


def test_slices_go_on_where_they_were_cut() -> None:
    page = np.full((400, 300, 3), 255, np.uint8)
    page[150:170, 40:90:4] = page[190:215, 40:90:4] = 0  # two lines of text
    assert is_next_slice([page[:200]], page[200:])
    assert is_next_slice([page[:180]], page[180:])
    assert not is_next_slice([page[:120]], page[120:])  # blank on both sides: the margins of two pictures
    assert not is_next_slice([page[:200]], page[200:, :299])


def test_a_tall_picture_is_cut_between_its_lines() -> None:
    page = np.full((4000, 300, 3), 255, np.uint8)
    for top in range(0, 4000, 40):
        page[top : top + 30, 20:280:4] = 0
    cuts = [top for top, _ in bands(page)[1:]]
    assert cuts
    assert all(cut % 40 >= 30 for cut in cuts)
    assert bands(page)[-1][1] == 4000


@pytest.mark.parametrize(
    ("first", "second", "agreed"),
    [
        (["1,040"], ["1,040"], {"1,040": True}),
        (["▲ 34.5%"], ["34.5%"], {"▲ 34.5%": True}),
        (["39个"], ["39"], {"39个": True}),
        (["1,040 70"], ["1,040", "70"], {"1,040": True, "70": True}),
        (["1,040"], ["1,049"], {"1,040": False}),
        (["104.8万"], ["104.8"], {"104.8万": False}),
        (["1,040"], [], {"1,040": False}),
        ([], ["1,040"], {"1,040": False}),
        (["5.036"], ["5,036"], {"5.036": False}),
        (["-3.5%"], ["3.5%"], {"-3.5%": False}),
    ],
)
def test_what_both_passes_read_is_agreed(first: list[str], second: list[str], agreed: dict[str, bool]) -> None:
    def line(texts: list[str]) -> list[Word]:
        return [word(text, 20 + 90 * n, 30, 20) for n, text in enumerate(texts)]

    whole = (
        [replace(one, box=Rectangle(20, 30, 170, 20)) for one in line(first)]
        if len(first) < len(second)
        else line(first)
    )
    assert {found.text: found.agreed for found in merge_passes(whole, line(second))} == agreed


def test_the_content_of_a_word_is_what_must_be_read_alike() -> None:
    assert compared_content("①境内 被篡改（个）：１，０４０") == "境内被篡改个1,040"


class Closely:
    """An engine that reads *text* in the one line that it is shown."""

    name = "closely"

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, image: np.ndarray, side: int) -> list[TextLine]:
        height, width = image.shape[:2]
        corners = ((9, 0.3 * height), (width - 9, 0.3 * height), (width - 9, 0.7 * height), (9, 0.7 * height))
        return [TextLine(self._text, corners, (0.97,) * len(self._text))]


@pytest.mark.parametrize(
    ("number", "closely", "unit", "is_clean"),
    [
        ("1,314", "1,314个", "个", True),
        ("104.8", "104.8万", "万", True),
        ("66.4万", "(66.4万)", None, True),  # the line of a ring
        ("1,314", "1,314", None, False),  # 万 that is still not read?
        ("1,314", "1,3147", None, False),
        ("1,314", "91,314", None, False),
        ("1,314", "", None, False),
    ],
)
def test_a_closer_look_finds_the_unit_that_was_overlooked(
    number: str, closely: str, unit: str | None, is_clean: bool
) -> None:
    pixels = np.full((120, 300, 3), 255, np.uint8)
    pixels[60:76, 138:152:3] = 0  # something beside the number
    found = word(number, 135 - 0.55 * 40 * len(number), 50, height=40)
    found = replace(found, box=replace(found.box, width=135 - found.box.x))
    ink = UnreadInk(pixels, [found], [])
    assert any(map(ink.has_ink, sides(found.box)))
    units = find_missed_units(Closely(closely), pixels, [found], ink)
    assert [(one.text, one.agreed) for one in units] == ([(unit, False)] if unit else [])
    assert any(map(ink.has_ink, sides(found.box))) is not is_clean


# --- Whole pictures ---------------------------------------------------------------------------------------------------


class Recorded:
    """An engine that reads what it read before."""

    name = "recorded"

    def __init__(self, lines: list[list[dict[str, Any]]]) -> None:
        self._lines = iter(lines)

    def read(self, image: np.ndarray, side: int) -> list[TextLine]:
        """The next of the readings."""
        return [
            TextLine(line["text"], tuple(map(tuple, line["corners"])), tuple(line["scores"]), tuple(line["places"]))
            for line in next(self._lines)
        ]


class Watching:
    """An engine that looks at what it is given only."""

    name = "watching"

    def __init__(self) -> None:
        self.enlarged: list[float] = []

    def read(self, image: np.ndarray, side: int) -> list[TextLine]:
        """Nothing; engines give a strip more than eight times as wide as high room above it."""
        height, width = image.shape[:2]
        height = max(height, width // 4 if width > 8 * height else 0)
        scale = max(side / min(height, width), 1)
        self.enlarged.append(height * width * scale * scale)
        return [TextLine("1,040", ((2, 2), (9, 2), (9, 9), (2, 9)), (0.99,) * 5)]


@pytest.mark.parametrize("size", [(12, 9000), (9000, 12), (1, 9000), (300, 5000), (40, 40)])
def test_a_picture_of_any_shape_is_enlarged_within_bounds(size: tuple[int, int]) -> None:
    watching = Watching()
    (reading,) = readings_of([PictureFile("strip", encoded(striped(size=size)))], watching)
    assert reading.state in ("read", "nothing")
    assert max(watching.enlarged, default=0) <= 4_500_000
    assert len(watching.enlarged) <= 40


class Recorder:
    """An engine that keeps what it reads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.lines: list[list[dict[str, Any]]] = []

    def read(self, image: np.ndarray, side: int) -> list[TextLine]:
        found = self._engine.read(image, side)
        self.lines.append([plain(line) for line in found])
        return [TextLine(**line) for line in self.lines[-1]]


def plain(line: TextLine) -> dict[str, Any]:
    """*line* as it is kept."""
    return {
        "text": line.text,
        "corners": [[round(x, 1), round(y, 1)] for x, y in line.corners],
        "scores": [round(score, 3) for score in line.scores],
        "places": [round(place, 3) for place in line.places],
    }


def readings_of(pictures: list[PictureFile], engine: Engine, limits: Limits | None = None) -> list[PictureReading]:
    return [reading for _, reading in read_pictures(pictures, engine, limits or Limits())]


def files(name: str) -> list[PictureFile]:
    """The picture *name*, or its slices."""
    return [PictureFile(one, (PICTURES / one).read_bytes()) for one in TRUTH[name].get("slices", [name])]


@cache
def recorded() -> dict[str, list[list[dict[str, Any]]]]:
    kept: dict[str, list[list[dict[str, Any]]]] = json.loads(gzip.decompress(WORDS.read_bytes()))
    return kept


def judged(readings: Iterable[PictureReading], name: str) -> tuple[int, list[LabelledNumber]]:
    """How many pairs of the truth were read rightly, and the figures that it does not know."""
    pairs = [pair for reading in readings for pair in reading.pairs]
    truth = TRUTH[name]["pairs"]
    right = sum(any(says(pair, one) and bare(pair.label) == bare(one["label"]) for pair in pairs) for one in truth)
    figures = [pair for pair in pairs if pair.state == "figure"]
    wrong = [pair for pair in figures if not any(says(pair, one) and pair.metric == one["metric"] for one in truth)]
    return right, wrong


def bare(label: str) -> str:
    return "".join(character for character in label.lower() if character.isalnum())


def says(pair: LabelledNumber, truth: dict[str, Any]) -> bool:
    """Whether value, percentage and direction are those of the truth."""
    amount = truth["amount"] if "%" not in truth["value"] else float(truth["value"].rstrip("%"))
    return pair.value == amount and pair.change_printed == truth["pct"] and pair.direction == truth["dir"]


@pytest.mark.parametrize("name", TRUTH)
def test_nothing_that_a_picture_does_not_state_becomes_a_figure(name: str) -> None:
    _, wrong = judged(readings_of(files(name), Recorded(recorded()[name])), name)
    assert wrong == []


def test_nearly_all_that_pictures_state_is_read() -> None:
    right = sum(judged(readings_of(files(name), Recorded(recorded()[name])), name)[0] for name in TRUTH)
    assert right >= 0.95 * sum(len(one["pairs"]) for one in TRUTH.values())


@pytest.fixture(scope="module")
def engine() -> Engine:
    return open_engine("rapidocr")


# About four seconds each: that the engine gives what the rules were made for, on slices, a tilted and a turned picture.
@pytest.mark.parametrize("name", ["030_wrapped_cut_1.png", "026_pyramid_tilted.png", "016_grouped_turned.jpg"])
def test_the_engine_reads_as_it_did_when_its_words_were_kept(name: str, engine: Engine) -> None:
    readings = readings_of(files(name), engine)
    right, wrong = judged(readings, name)
    assert wrong == []
    assert right >= judged(readings_of(files(name), Recorded(recorded()[name])), name)[0] - 1
    assert all(0 < reading.engine_seconds <= reading.seconds for reading in readings)


def test_slices_are_read_as_one_picture_and_each_has_its_own_numbers() -> None:
    name = "030_wrapped_cut_1.png"
    found = list(read_pictures(files(name), Recorded(recorded()[name])))
    readings = [reading for _, reading in found]
    assert [picture.name for picture, _ in found] == TRUTH[name]["slices"]
    assert all(len(reading.joined) == 2 for reading in readings)
    for reading in readings:
        assert reading.width is not None and reading.height is not None
        for pair in reading.pairs:
            x, y, width, height = pair.box
            assert 0 <= x <= x + width <= reading.width
            assert 0 <= y <= y + height <= reading.height


def test_a_threshold_moves_what_is_a_figure() -> None:
    name = "001_icons_plain.jpg"
    settings = {"CNCERT_OCR_WORD": "0.92", "CNCERT_OCR_DROP": "0.8", "CNCERT_OCR_PAIRING": "0.9"}
    assert Limits.of(Options.of(settings)) == Limits()
    (reading,) = readings_of(
        files(name), Recorded(recorded()[name]), Limits.of(Options.of(settings | {"CNCERT_OCR_WORD": "1"}))
    )
    assert {pair.state == "figure" for pair in reading.pairs if pair.words_confidence < 1} <= {False}
    (reading,) = readings_of(
        files(name), Recorded(recorded()[name]), Limits.of(Options.of(settings | {"CNCERT_OCR_DROP": "1"}))
    )
    assert len(reading.pairs) < len(TRUTH[name]["pairs"])


# --- The command ------------------------------------------------------------------------------------------------------


class Blind:
    """An engine that finds nothing."""

    name = "blind"

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def read(self, image: np.ndarray, side: int) -> list[TextLine]:
        return [TextLine("1,040", ((2, 10), (58, 10), (58, 30), (2, 30)), (0.99,) * 5)]


def test_files_give_a_line_of_json_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "1.png").write_bytes(encoded(striped()))
    (tmp_path / "2.png").write_bytes(b"nothing")
    status = call(
        OcrCommand(), "--engine", "tests.test_ocr:Blind", "--json", str(tmp_path), str(tmp_path / "absent.png")
    )
    output = capsys.readouterr()
    assert status == 1
    assert [(line["file"], line["state"]) for line in map(json.loads, output.out.splitlines())] == [
        (str(tmp_path / "1.png"), "read"),
        (str(tmp_path / "2.png"), "unsupported"),
    ]
    assert sorted(output.err.splitlines()) == [
        f"cncert: {tmp_path / '2.png'}: not a picture of a known format",
        f"cncert: {tmp_path / 'absent.png'}: No such file or directory",
    ]


def pdf_of(*sizes: tuple[float, float]) -> bytes:
    """A PDF with a page of each size in points, which a picture fills."""
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for size in sizes:
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(io.BytesIO(ocr_double.picture(4))), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def test_the_pages_of_a_pdf_are_read_as_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kept.pdf"
    file.write_bytes(pdf_of((80, 60), (80, 60)))
    assert call(OcrCommand(), "--engine", "tests.ocr_double:First", "--json", str(file)) == 0
    read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in read] == [f"{file} page 1", f"{file} page 2"]
    assert {(one["state"], one["width"], one["pairs"][0]["value"]) for one in read} == {("read", 222, 4)}


@pytest.mark.parametrize(
    ("data", "state", "reason"),
    [
        (b"%PDF-1.4 nothing", "broken", "broken: it cannot be opened as a PDF"),
        (cert_site.pdf(["a"], encrypt="secret"), "unsupported", "encrypted: it opens with a password only"),
        (pdf_of(*[(80, 60)] * (MAX_PAGES + 1)), "too_large", "201 pages; up to 200 are read"),
    ],
)
def test_a_pdf_without_pages_to_draw_says_why(
    data: bytes, state: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kept.pdf"
    file.write_bytes(data)
    assert call(OcrCommand(), "--engine", "tests.ocr_double:First", "--json", str(file)) == 1
    output = capsys.readouterr()
    line = json.loads(output.out)
    assert (line["file"], line["state"], line["reason"]) == (str(file), state, reason)
    assert output.err == f"cncert: {file}: {reason}\n"


@pytest.mark.parametrize("size", [(5000, 5000), (1, 14_000)])
def test_a_page_of_any_size_gives_a_picture_of_bounded_size(size: tuple[float, float]) -> None:
    (page,) = draw_pages(pdf_of(size))
    assert isinstance(page, bytes)
    width, height = Image.open(io.BytesIO(page)).size
    assert width * height <= 8_100_000


@pytest.mark.parametrize("arguments", [[], ["again"], ["accept"], ["review"], ["x.png"]])
def test_without_its_libraries_it_says_what_to_install(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert call(OcrCommand(), *arguments) == 2
    assert capsys.readouterr().err == "cncert: pictures are read with cv2: pip install -r requirements-ocr.txt\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "nobody", "x.png"], "no engine is called 'nobody': there is rapidocr"),
        (["--engine", "tests.none:None", "x.png"], "the engine 'tests.none:None' cannot be had"),
        (["--engine", "tests.test_ocr:Blind", "/absent.png"], "/absent.png: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(OcrCommand(), *arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert len(output.err.splitlines()) == 1


def test_an_engine_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(OcrError, match=r"pip install -r requirements-ocr.txt"):
        open_engine("rapidocr")


def record() -> None:
    """Keep what the engine reads in the pictures."""
    kept = {}
    real = open_engine("rapidocr")
    for name in TRUTH:
        recorder = Recorder(real)
        right, wrong = judged(readings_of(files(name), recorder), name)
        kept[name] = recorder.lines
        print(name, f"{right}/{len(TRUTH[name]['pairs'])}", *(f"wrong: {pair}" for pair in wrong))
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    WORDS.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    record()
