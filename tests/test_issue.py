"""An article to an issue, or the reason why it is none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, Issue, Provenance
from cncert.report.calendar import previous_week
from cncert.report.issue import read_issue
from cncert.report.series import CNCERT_BIZ
from cncert.wechat.article import Article
from cncert.wechat.body import Body, Image, Line, Link

SN = "0123456789abcdef" * 2
LONG = f"https://mp.weixin.qq.com/s?__biz=MzIwNDk0MDgxMw==&mid=2247000003&idx=1&sn={SN}"
SIGNED = f"{LONG}&chksm=97"
SHORT = "https://mp.weixin.qq.com/s/AAAABBBBCCCCDDDDEEEEFF"

PROVENANCE = Provenance(
    fetched_at=datetime(2025, 1, 24, tzinfo=UTC),
    source="page",
    via="http",
    address=None,
    sha256="0" * 64,
    parser="test",
)
HANDLED = "本周，各单位共处理网络安全事件90起，含跨境网络安全事件40起。"
PHISHING = "其中，重点处理30起仿冒投诉事件。"
MALWARE = "另外，协调6个提供恶意移动应用程序下载服务的平台，清理恶意URL链接7个。"
RATING = "本周，网络安全态势整体评价为良。"


def picture(name):
    return Image(f"https://mmbiz.qpic.cn/mmbiz_png/{name}/640", f"mmbiz_png/{name}", 1080, 600)


def review(*, week=(2025, 3), count=5):
    lines = [Line("近期回顾")]
    for _ in range(count):
        week = previous_week(week)
        title = f"网络安全信息与动态周报{week[0]}年第{week[1]}期"
        lines.append(Line(f"●{title}", (Link(1, 1 + len(title), f"{SHORT}{week[1]}"),)))
    return lines


def body(
    *,
    rating=RATING,
    handled=HANDLED,
    phishing=PHISHING,
    malware=MALWARE,
    listed=None,
    images=("picture01", "picture02"),
):
    texts = ["本周网络安全基本态势", rating, "本周事件处理情况", handled + phishing + malware]
    lines = [Line(text) for text in texts if text] + (review() if listed is None else listed)
    return Body(tuple(lines), tuple(picture(name) for name in images))


ARTICLE = Article(
    title="网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
    account_name="国家互联网应急中心CNCERT",
    account_id="gh_0123456789ab",
    biz=CNCERT_BIZ,
    mid=2247000003,
    idx=1,
    sn=SN,
    kind=0,
    published_at=datetime(2025, 1, 23, 17, 30, tzinfo=CHINA),
    modified_at=None,
    link=SHORT,
    original=True,
    reprint_of=None,
    author="CNCERT",
    cover=picture("thecover"),
    body=body(),
)


def read(address=None, **changes):
    return read_issue(replace(ARTICLE, **changes), PROVENANCE.model_copy(update={"address": address}))


def codes(**changes):
    return [warning.code for warning in read(**changes).warnings]


def reason(**changes):
    with pytest.raises(NotAnIssue) as caught:
        read(**changes)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_a_usual_issue_is_valid_and_without_warning():
    issue = Issue.model_validate(read().model_dump())
    assert (issue.id, issue.warnings) == ("2025-03", [])


def test_period():
    issue = read()
    assert issue.period == issue.printed_period
    assert (str(issue.period.start), str(issue.period.end)) == ("2025-01-13", "2025-01-19")


def test_content():
    issue = read()
    assert issue.rating == "良"
    assert [figure.value for figure in issue.figures] == [90, 40, 30, 6, 7]
    assert [section.heading for section in issue.sections] == ["本周网络安全基本态势", "本周事件处理情况", "近期回顾"]
    assert [entry.number for entry in issue.review] == [2, 1, 52, 51, 50]


def test_text_is_the_whole_body():
    assert read().text == "\n".join(line.text for line in ARTICLE.body.lines)


def test_account():
    account = read().account
    assert (account.biz, account.id, account.name) == (
        "MzIwNDk0MDgxMw==",
        "gh_0123456789ab",
        "国家互联网应急中心CNCERT",
    )


def test_article_record():
    modified = datetime(2025, 1, 23, 18, tzinfo=CHINA)
    record = read(modified_at=modified, kind=8, original=False).article
    assert (record.mid, record.idx, record.sn) == (2247000003, 1, SN)
    assert (record.kind, record.original, record.modified_at) == (8, False, modified)


@pytest.mark.parametrize(
    ("link", "address", "url", "aliases"),
    [
        (SHORT, None, SHORT, []),
        (None, SIGNED, SIGNED, []),
        (SHORT, SIGNED, SIGNED, [SHORT]),
        (LONG, SHORT, SHORT, [LONG]),
        (LONG, None, LONG, []),
        (SHORT, SHORT, SHORT, []),
        (SHORT, LONG.replace("2247000003", "2247000009"), SHORT, []),
        (f"{LONG.split('?')[0]}?src=11&timestamp=1&signature=x", None, None, []),
        (None, None, None, []),
    ],
)
def test_of_all_addresses_the_best_is_taken(link, address, url, aliases):
    record = read(link=link, address=address).article
    assert (record.url, record.aliases) == (url, aliases)


def test_pictures_in_reading_order():
    images = read().images
    assert [(image.role, image.key, image.status) for image in images] == [
        ("cover", "mmbiz_png/thecover", "pending"),
        ("body", "mmbiz_png/picture01", "pending"),
        ("body", "mmbiz_png/picture02", "pending"),
    ]


def test_a_picture_is_listed_once_in_a_role():
    images = read(cover=picture("picture01"), body=body(images=("picture02", "picture01", "picture02"))).images
    assert [(image.role, image.key[-2:]) for image in images] == [("cover", "01"), ("body", "02"), ("body", "01")]


def test_without_cover():
    assert [image.role for image in read(cover=None).images] == ["body", "body"]


def test_an_issue_of_pictures_only():
    issue = read(body=Body((), (picture("picture01"),)))
    assert (issue.text, issue.rating, issue.figures, len(issue.images)) == ("", None, [], 2)


@pytest.mark.parametrize("name", ["CNCERT风险评估", "国家互联网应急中心CNCERT", "some future name", None])
def test_the_account_number_decides(name):
    assert read(account_name=name).id == "2025-03"


@pytest.mark.parametrize(
    ("biz", "name"),
    [(3866836095, "国家互联网应急中心CNCERT"), (None, "某安全实验室"), (None, None), (0, "CNCERT风险评估")],
)
def test_another_account(biz, name):
    assert reason(biz=biz, account_name=name) == "account"


@pytest.mark.parametrize(
    "title",
    ["", "CNVD漏洞周报2025年第3期", "网络安全信息与动态周报", "网络安全信息与动态周报2025年第60期（1月13日-1月19日）"],
)
def test_another_title(title):
    assert reason(title=title) == "title"


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("：，。", "视频 小程序 赞", "，轻点两下取消赞"),
        ("环境异常", "当前环境异常，完成验证后即可继续访问。", "去验证"),
        ("网络安全信息与动态周报2025年第3期（1月13日-1月19日）", "阅读全文"),
    ],
)
def test_neither_text_nor_picture(texts):
    assert reason(body=Body(tuple(map(Line, texts)))) == "empty"


@pytest.mark.parametrize("text", ["本周网站安全情况", RATING, HANDLED])
def test_any_text_of_the_report_is_enough(text):
    assert read(body=Body((Line(text),))).id == "2025-03"


@pytest.mark.parametrize("field", ["biz", "mid", "idx", "published_at"])
def test_an_article_without_identity(field):
    assert reason(**{field: None}) == "identity"


def test_the_printed_period_differs():
    issue = read(title="网络安全信息与动态周报2025年第3期（1月13日-1月18日）")
    assert [warning.code for warning in issue.warnings] == ["period_differs"]
    assert (str(issue.period.end), str(issue.printed_period.end)) == ("2025-01-19", "2025-01-18")


def test_a_title_without_range_gives_no_warning():
    assert codes(title="网络安全信息与动态周报2025年第3期") == []


@pytest.mark.parametrize(("day", "expected"), [(17, ["published_early"]), (19, ["published_early"]), (20, [])])
def test_published_before_the_week_ended(day, expected):
    assert codes(published_at=datetime(2025, 1, day, 0, 0, tzinfo=CHINA)) == expected


def test_the_day_of_publication_is_a_chinese_one():
    assert codes(published_at=datetime(2025, 1, 19, 16, 0, tzinfo=UTC)) == []


def test_no_rating():
    assert codes(body=body(rating="")) == ["rating_missing"]


@pytest.mark.parametrize(("part", "missing"), [("handled", 2), ("phishing", 1), ("malware", 2)])
def test_missing_figures(part, missing):
    assert codes(body=body(**{part: ""})) == ["figure_missing"] * missing


def test_when_no_text_of_the_time_is_known_a_missing_figure_gives_no_warning():
    changes = {"title": "网络安全信息与动态周报2016年第6期", "published_at": datetime(2016, 2, 16, tzinfo=CHINA)}
    assert codes(**changes, body=body(rating="", malware="", listed=review(week=(2016, 6)))) == []


def test_an_issue_of_2018_lacks_what_all_of_that_year_state():
    changes = {"title": "网络安全信息与动态周报2018年第6期", "published_at": datetime(2018, 2, 13, tzinfo=CHINA)}
    found = codes(**changes, body=body(listed=review(week=(2018, 6))))
    assert set(found) == {"figure_missing"}


def test_before_2022_there_was_no_list_of_earlier_issues():
    changes = {"title": "网络安全信息与动态周报2016年第6期", "published_at": datetime(2016, 2, 16, tzinfo=CHINA)}
    assert codes(**changes, body=body(listed=[])) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"handled": "共处理网络安全事件30起，含跨境网络安全事件31起。"},
        {"phishing": "重点处理91起仿冒投诉事件。"},
    ],
)
def test_a_part_is_more_than_the_whole(changes):
    assert codes(body=body(**changes)) == ["figures_disagree"]


def test_different_values_for_one_figure():
    issue = read(body=body(phishing=PHISHING + "重点处理31起仿冒投诉事件。"))
    assert [warning.code for warning in issue.warnings] == ["figure_conflict"]
    assert "incidents.phishing_complaints" in issue.warnings[0].message
    assert "incidents.phishing_complaints" not in {figure.metric for figure in issue.figures}


def test_no_list_of_earlier_issues():
    assert codes(body=body(listed=[])) == ["review_missing"]


@pytest.mark.parametrize("listed", [review(count=4), review(count=6), review(week=(2025, 2))])
def test_an_irregular_list_of_earlier_issues(listed):
    assert codes(body=body(listed=listed)) == ["review_irregular"]


def test_a_body_that_was_cut():
    assert codes(body=replace(body(), is_cut=True)) == ["text_cut"]


def test_no_text():
    assert "no_text" in codes(body=Body((), (picture("picture01"),)))


def test_warnings_are_one_line():
    issue = read(body=Body((), (picture("picture01"),)), title="网络安全信息与动态周报2025年第3期（1月13日-1月18日）")
    assert all(warning.message and "\n" not in warning.message for warning in issue.warnings)


def test_the_title_is_tidied():
    assert read(title=" 网络安全信息与动态周报\u00a02025年第3期 ").title == "网络安全信息与动态周报 2025年第3期"


def test_provenance_is_kept():
    assert read().provenance == PROVENANCE


COPY = {"account_name": None, "account_id": None, "biz": None, "mid": None, "idx": None, "kind": None}


def read_copy(**changes):
    return read_issue(
        replace(ARTICLE, **(COPY | changes)), PROVENANCE.model_copy(update={"source": "file", "via": "file"})
    )


def test_a_copy_states_no_identity():
    issue = Issue.model_validate(read_copy(published_at=None).model_dump())
    assert (issue.id, issue.warnings) == ("2025-03", [])
    assert (issue.account.biz, issue.article.mid, issue.article.kind, issue.published_at) == (None, None, None, None)
    assert issue.article.url == SHORT


def test_a_copy_of_another_account():
    with pytest.raises(NotAnIssue) as caught:
        read_copy(account_name="某安全实验室")
    assert caught.value.reason == "account"


@pytest.mark.parametrize("texts", [(), ("近期回顾",), ("阅读全文",)])
def test_a_copy_has_to_hold_the_text(texts):
    with pytest.raises(NotAnIssue) as caught:
        read_copy(body=Body(tuple(map(Line, texts)), (picture("picture01"),)))
    assert caught.value.reason == "empty"


@pytest.mark.parametrize(("link", "url"), [(LONG, LONG), (LONG.replace("MzIwNDk0MDgxMw==", "MTIzNDU2Nzg5MA=="), None)])
def test_a_copy_names_an_article_of_the_account_only(link, url):
    assert read_copy(link=link).article.url == url
