"""The rating and the figures of the text: all forms of data/figures.toml, their slips, and what is no figure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.report.figures import read_figures
from cncert.report.metrics import definitions, fold, metrics
from cncert.report.sections import split_parts
from cncert.wechat.body import Line

FORMS = [(metric["name"], form) for metric in definitions()["metric"] for form in metric["forms"]]
RATINGS = definitions()["rating"]["forms"]


def read(*texts):
    return read_figures(split_parts(Line(text) for text in texts))


def values(*texts):
    return {figure.metric: figure.value for figure in read(*texts).figures}


def slips(label):
    """(name, damaged label) for each character of *label* missing and each doubled; the place of the value stays."""
    place = label.index("{")
    ends = label.index("}") + 1
    for n in (*range(place), *range(ends, len(label))):
        yield f"without {n} {label[n]}", label[:n] + label[n + 1 :]
        yield f"double {n} {label[n]}", label[: n + 1] + label[n:]


def damaged(forms):
    """(metric, example with a slip, value) for every slip of every label of *forms*."""
    for name, form in forms:
        for slip, label in slips(form["label"]):
            value = form["value"]
            whole, broken = (text.format(n=value, word=value) for text in (form["label"], label))
            yield pytest.param(name, form["example"].replace(whole, broken), value, id=f"{name} {slip}")


def test_names_are_unique():
    assert len({metric.name for metric in metrics()}) == len(metrics())


@pytest.mark.parametrize("form", [*(form for _, form in FORMS), *RATINGS])
def test_examples_hold_their_label(form):
    assert form["label"].format(n=form["value"], word=form["value"]) in form["example"]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_examples(name, form):
    assert values(form["example"]) == {name: form["value"]}


@pytest.mark.parametrize("form", RATINGS)
def test_examples_of_the_rating(form):
    assert read(form["example"]).rating == form["value"]


@pytest.mark.parametrize(("name", "text", "value"), list(damaged(FORMS)))
def test_one_slip_in_a_label(name, text, value):
    assert values(text) == {name: value}


@pytest.mark.parametrize(("name", "text", "value"), list(damaged(("rating", form) for form in RATINGS)))
def test_one_slip_in_the_label_of_the_rating(name, text, value):
    reading = read(text)
    assert {name: reading.rating} == {"rating": value}
    assert reading.figures == []


@pytest.mark.parametrize(("name", "form"), FORMS)
@pytest.mark.parametrize("space", [" ", "\u00a0", "\u3000", "\u200b"])
def test_spaces_inside_words_and_numbers(name, form, space):
    assert values(space.join(form["example"])) == {name: form["value"]}


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_full_width_characters(name, form):
    wide = "".join(
        chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in form["example"]
    )
    assert values(wide) == {name: form["value"]}


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("0", 0),
        ("7", 7),
        ("2410", 2410),
        ("2,410", 2410),
        ("1，234，567", 1234567),
        ("2 410", 2410),
        ("２４１０", 2410),
        ("约2410", 2410),
        ("约 2410", 2410),
        ("27.8万", 278000),
        ("约1.25万", 12500),
        ("3万", 30000),
        ("1.2亿", 120000000),
        ("5160余", 5160),
    ],
)
@pytest.mark.parametrize(("name", "form"), FORMS)
def test_forms_of_a_number(name, form, printed, value):
    assert values(form["label"].format(n=printed) + "。") == {name: value}


@pytest.mark.parametrize("printed", ["2,41", "1,2345", "百分之5", "-5", "10-20", "增5", "第5", "5%的", "1234567890123"])
@pytest.mark.parametrize("form", [form for _, form in FORMS])
def test_numbers_that_are_no_count(form, printed):
    assert values(form["label"].format(n=printed) + "。") == {}


@pytest.mark.parametrize("end", ["。", "，其余不变。", "；", "", "）。"])
def test_a_missing_unit(end):
    assert values("本周共处理网络安全事件34" + end) == {"incidents.handled": 34}


def test_a_missing_unit_and_a_slip():
    assert values("本周共处理网络安全件34，其余不变。") == {"incidents.handled": 34}


@pytest.mark.parametrize(
    "text", ["本周共处理网络安全事件34类。", "清理恶意URL链接34次。", "清理恶意URL链接34，567起。"]
)
def test_another_unit_is_another_figure(text):
    assert values(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "如图3所示，本周共处理网络安全事件若干起。",
        "本周共处理网络安全事件图3起伏不大。",
        "本周共处理网络安全事件（见表2）。",
        "本周共处理网络安全事件2025年同期相当。",
        "本周共处理网络安全事件1月13日起。",
        "网络安全信息与动态周报2025年第3期",
        "利用CVE-2025-1234的网络安全事件12起。",
        "处置网站12个，攻击34起，域名56个。",
        "详见 https://example.org/list?type=4 恶意链接。",
        "某公司网络安全事件12起。",
        "处置含网络安全事件12起。",
        "协调12个提供下载服务的平台。",
        "收到仿冒投诉12起。",
        "上周共处理网络安全事件12起。",
        "今年以来共处理网络安全事件1200起。",
        "累计重点处理1200起仿冒投诉事件。",
        "共处理信息安全12起。",
    ],
)
def test_numbers_that_are_no_figure(text):
    assert read(text).figures == []


@pytest.mark.parametrize(
    "text",
    [
        "网络安全态势整体评价为中国网络提供参考。",
        "网络安全态势整体评价为优于预期。",
        "网络安全态势整体评价为不良。",
        "网络安全态势整体评价为优良。",
        "漏洞的整体评价级别为中。",
        "上周网络安全态势整体评价为中。",
        "良",
    ],
)
def test_words_that_are_no_rating(text):
    assert read(text).rating is None


@pytest.mark.parametrize("rating", definitions()["rating"]["words"])
@pytest.mark.parametrize(
    "text", ["网络安全态势整体评价为{}。", "互联网网络安全指数整体评价为“{}”。", "网络安全态势整体评价为{0}{0}，"]
)
def test_all_ratings(rating, text):
    assert read(text.format(rating)).rating == rating


def test_a_missing_sentence_is_no_figure():
    assert values("本周，共处理网络安全事件34起。") == {"incidents.handled": 34}


def test_figures_come_in_the_order_of_the_text():
    text = "清理恶意URL链接5个。其中，重点处理4起仿冒投诉事件。共处理网络安全事件9起，含跨境网络安全事件3起。"
    assert [figure.value for figure in read(text).figures] == [5, 4, 9, 3]


def test_evidence_is_the_sentence_as_printed():
    (figure,) = read("导语很短。本周，共处理 网络安全事件３４起，已经结束。另有安排。").figures
    assert figure.evidence == "本周，共处理 网络安全事件３４起，已经结束。"


def test_evidence_of_a_sentence_over_several_lines():
    (figure,) = read("图2 趋势", "本周共处理网络", "安全事件34起。").figures
    assert figure.evidence == "本周共处理网络安全事件34起。"


def test_a_number_over_two_lines():
    assert values("本周共处理网络安全事件3", "4起。") == {"incidents.handled": 34}


def test_the_section_of_a_figure():
    (figure,) = read("本周事件处理情况", "本周共处理网络安全事件34起。").figures
    assert figure.section == "本周事件处理情况"


def test_a_figure_without_section():
    (figure,) = read("本周共处理网络安全事件34起。").figures
    assert figure.section is None


def test_the_list_of_earlier_issues_states_no_figure():
    assert read("近期回顾", "共处理网络安全事件34起，网络安全态势整体评价为良。").figures == []


def test_the_same_value_twice_is_one_figure():
    reading = read("共处理网络安全事件34起。", "此外，共处理了网络安全事件34起。")
    assert ([figure.value for figure in reading.figures], reading.conflicts) == ([34], {})


def test_of_different_values_none_is_taken():
    reading = read("共处理网络安全事件34起。", "共处理网络安全事件35起，含跨境网络安全事件3起。")
    assert [figure.metric for figure in reading.figures] == ["incidents.cross_border"]
    assert reading.conflicts == {"incidents.handled": ["34", "35"]}


def test_of_different_ratings_none_is_taken():
    reading = read("网络安全态势整体评价为良。", "网络安全态势整体评价为中。")
    assert (reading.rating, reading.conflicts) == (None, {"rating": ["良", "中"]})


def test_a_slip_lowers_the_confidence():
    exact, slipped = read("共处理网络安全事件34起。含跨境网安全事件3起。").figures
    assert (exact.confidence, slipped.confidence) == (1.0, 0.9)


def test_other_fields_of_a_figure():
    (figure,) = read("清理恶意URL链接5个。").figures
    assert (figure.unit, figure.source, figure.picture, figure.change_pct, figure.share_pct) == (
        "个",
        "text",
        None,
        None,
        None,
    )


@given(st.lists(st.tuples(st.text(), st.integers(0, 10**6))))
def test_numbers_without_a_label_are_no_figures(pieces):
    assert read("".join(f"{text}{number}" for text, number in pieces)).figures == []


@given(st.text(alphabet="共处理了网络安全事件含跨境其中重点起个仿冒投诉恶意URL链接0123456789，。约万", max_size=60))
def test_a_figure_stands_beside_its_label(text):
    folded = fold(text)
    for figure in read(text).figures:
        forms = next(metric.forms for metric in metrics() if metric.name == figure.metric)
        assert any(
            sum(folded.count(character) > 0 for character in set(form.left)) >= len(set(form.left)) - 1
            for form in forms
        )


@given(st.text(max_size=20), st.integers(0, 10**9), st.text(max_size=20))
def test_any_text_around_a_number_is_read(before, number, after):
    read(f"{before}{number}{after}")
