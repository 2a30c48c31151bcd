"""The rating and the figures of the text: all forms of data/metric_labels.toml, their typos, and what is no figure."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.report.label_context import without_asides
from cncert.report.metrics import definitions, eras, fold, metrics, number_forms
from cncert.report.sections import split_parts
from cncert.report.text_figures import read_figures
from cncert.wechat.body import Line

METRICS = definitions()["metric"]
FORMS = [(metric["name"], form) for metric in METRICS for form in metric["forms"]]
NUMBERS = [(metric["name"], form) for metric in METRICS if "words" not in metric for form in metric["forms"]]
WORDS = [(entry["name"], form) for entry in METRICS if "words" in entry for form in entry["forms"]]
RATINGS = definitions()["rating"]["forms"]
PARTS = [(metric, part) for metric in METRICS for part in metric.get("parts", ())]
RANKINGS = definitions()["ranking"]
STATED = ("value", "qualifier", "change_pct", "change", "share_pct")


def read(*texts):
    return read_figures(split_parts(Line(text) for text in texts))


def values(*texts):
    return {figure.metric: figure.value for figure in read(*texts).figures}


def only(*texts):
    """The one figure that *texts* state."""
    (figure,) = read(*texts).figures
    return figure


def spellings(form):
    """The label of *form* with all that may be missing in it, and with nothing of it."""
    return re.sub(r"\[(.*?)\]", r"\1", form["label"]), re.sub(r"\[.*?\]", "", form["label"])


def written(form, value):
    """The longer spelling of *form* around *value*, after the word that it needs before it."""
    label = re.sub(r"{\w+}", value, spellings(form)[0])
    return "，".join([*form.get("near", [])[:1], label])


def damage(form):
    """(typo, the example of *form* with it) for each character of its label missing and each doubled."""
    example = without_asides(fold(form["example"])).replace("约为", "为约")
    for left, right in (re.split(r"{\w+}", fold(spelling)) for spelling in spellings(form)):
        value = r"(?:约?[0-9.]+万?|[高中低优良差危])"
        found = re.search(rf"{re.escape(left)}{value}(?P<right>{re.escape(right)})?", example)
        if found is None:
            continue
        for side, start in ((left, found.start()), (found["right"] or "", found.end() - len(found["right"] or ""))):
            for n, character in enumerate(side):
                place = start + n
                yield f"{found.start()} without {n} {character}", example[:place] + example[place + 1 :]
                yield f"{found.start()} double {n} {character}", example[:place] + example[place:]
        return
    raise AssertionError(f"the example does not hold its label: {form['example']}")


def damaged(forms):
    """(metric, example with a typo, value) for every typo of every label of *forms*."""
    for name, form in forms:
        for typo, text in damage(form):
            yield pytest.param(name, text, form["value"], id=f"{name} {typo}")


def test_names_are_unique():
    assert len({metric.name for metric in metrics()}) == len(metrics())


@pytest.mark.parametrize("form", [form for _, form in FORMS] + RATINGS)
def test_every_form_is_of_a_known_era(form):
    assert form["eras"]
    assert set(form["eras"]) <= {era.name for era in eras()}


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_examples(name, form):
    figure = only(form["example"])
    expected = {fact: form.get(fact) for fact in STATED}
    assert (figure.metric, {fact: getattr(figure, fact) for fact in STATED}) == (name, expected)


@pytest.mark.parametrize(("metric", "part"), PARTS)
def test_examples_of_named_shares(metric, part):
    figure = only(metric["forms"][0]["example"], part["example"])
    assert [(share.name, share.share_pct) for share in figure.parts] == [(part["name"], part["share_pct"])]


@pytest.mark.parametrize("ranking", RANKINGS)
def test_examples_of_rankings(ranking):
    (found,) = read(ranking["example"]).rankings
    items = [[fact for fact in (item.name, item.value, item.share_pct) if fact is not None] for item in found.items]
    assert (found.metric, found.by, items) == (ranking["metric"], ranking["by"], ranking["items"])


@pytest.mark.parametrize("form", RATINGS)
def test_examples_of_the_rating(form):
    assert read(form["example"]).rating == form["value"]


@pytest.mark.parametrize("example", [form["example"] for _, form in FORMS] + [part["example"] for _, part in PARTS])
def test_nothing_in_an_example_is_unread(example):
    # A named share needs its figure.
    stated = [metric["forms"][0]["example"] for metric in METRICS if "parts" in metric]
    assert read(*stated, example).unread == []


@pytest.mark.parametrize(("name", "text", "value"), list(damaged(NUMBERS + WORDS)))
def test_one_typo_in_a_label(name, text, value):
    reading = read(text)
    if reading.ambiguous:
        assert name in reading.ambiguous[0][1]
        assert reading.figures == []
    else:
        assert {figure.metric: figure.value for figure in reading.figures} == {name: value}


def test_only_what_tells_a_label_from_others_makes_it_ambiguous():
    ambiguous = [param.id for param in damaged(NUMBERS + WORDS) if read(param.values[1]).ambiguous]
    assert [name.split(" ", 1)[0] + name[-2:] for name in ambiguous] == [
        "vulnerabilities.high 高",
        "vulnerabilities.medium 中",
        "vulnerabilities.low 低",
    ]


@pytest.mark.parametrize(("name", "text", "value"), list(damaged(("rating", form) for form in RATINGS)))
def test_one_typo_in_the_label_of_the_rating(name, text, value):
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
    ("printed", "value", "qualifier"),
    [
        ("0", 0, None),
        ("7", 7, None),
        ("2410", 2410, None),
        ("2,410", 2410, None),
        ("1，234，567", 1234567, None),
        ("2 410", 2410, None),
        ("２４１０", 2410, None),
        ("约2410", 2410, "约"),
        ("大约 2410", 2410, "约"),
        ("近2410", 2410, "近"),
        ("超过2410", 2410, "超"),
        ("不少于2410", 2410, "以上"),
        ("27.8万", 278000, None),
        ("约1.25万", 12500, "约"),
        ("3万", 30000, None),
        ("1.2亿", 120000000, None),
        ("5160余", 5160, "超"),
    ],
)
@pytest.mark.parametrize(("name", "form"), NUMBERS)
def test_forms_of_a_number(name, form, printed, value, qualifier):
    figure = only(written(form, printed) + "。")
    assert (figure.metric, figure.value, figure.qualifier) == (name, value, qualifier)


@pytest.mark.parametrize("printed", ["2,41", "1,2345", "百分之5", "-5", "10-20", "减5", "第5", "5%的", "1234567890123"])
@pytest.mark.parametrize("form", [form for _, form in NUMBERS])
def test_numbers_that_are_no_count(form, printed):
    assert values(written(form, printed) + "。") == {}


@pytest.mark.parametrize("end", ["。", "，其余不变。", "；", "", "）。"])
def test_a_missing_unit(end):
    assert values("本周共处理网络安全事件34" + end) == {"incidents.handled": 34}


def test_a_missing_unit_and_a_typo():
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


@pytest.mark.parametrize(
    "lines",
    [
        ["本周共处理网络安全事件34起。"],
        ["导语……  很短，共处理网络安全 事件34起。"],
        ["㈀ 一 二 三", "本周网络安全基本态势：本周共处理 网络安全", "事件34起。"],
        ["本周网络安全基本态势", "", "第一句。第二句，共处理网络安全事件34起。"],
    ],
)
def test_the_place_of_a_figure(lines):
    figure = only(*lines)
    assert "\n".join(lines)[figure.start : figure.end] == "34"


def test_another_sentence_that_adds_to_a_figure_is_evidence_too():
    figure = only("处理较多，共处理网络安全事件约3万起，较上周环比增加5.0%。", "共处理网络安全事件30012起。")
    assert (figure.value, figure.change_pct) == (30012, 5.0)
    assert figure.evidence.split("\n") == [
        "共处理网络安全事件30012起。",
        "处理较多，共处理网络安全事件约3万起，较上周环比增加5.0%。",
    ]


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


def test_a_typo_lowers_the_confidence():
    exact, misspelt = read("共处理网络安全事件34起。含跨境网安全事件3起。").figures
    assert (exact.confidence, misspelt.confidence) == (1.0, 0.9)


def test_other_fields_of_a_figure():
    (figure,) = read("清理恶意URL链接5个。").figures
    assert (figure.unit, figure.source, figure.picture, figure.change_pct, figure.share_pct) == (
        "个",
        "text",
        None,
        None,
        None,
    )


LABELS = files("cncert").joinpath("data", "metric_labels.toml").read_text(encoding="utf-8")
# Hypothesis also draws strings of the code, which hold labels, and a label may lack a character.
UNLABELLED = st.text(st.characters(exclude_categories=("Cs",), exclude_characters=set(re.findall("[一-龥]", LABELS))))


@given(st.lists(st.tuples(UNLABELLED, st.integers(0, 10**6))))
def test_numbers_without_a_label_are_no_figures(pieces):
    assert read("".join(f"{text}{number}" for text, number in pieces)).figures == []


@given(st.text(alphabet="共处理了网络安全事件含跨境其中重点起个仿冒投诉恶意URL链接0123456789，。约万", max_size=60))
def test_a_figure_stands_beside_its_label(text):
    folded = fold(text)
    for figure in read(text).figures:
        forms = [form for form in number_forms() if form.metric == figure.metric]
        assert any(
            sum(folded.count(character) > 0 for character in set(form.left)) >= len(set(form.left)) - 1
            for form in forms
        )


@given(st.text(max_size=20), st.integers(0, 10**9), st.text(max_size=20))
def test_any_text_around_a_number_is_read(before, number, after):
    read(f"{before}{number}{after}")
