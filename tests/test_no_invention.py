"""No figure where none is: other articles, other texts under the right title, and the report's own words at random."""

import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cncert.exceptions import NotAnIssue
from cncert.items import CHINA, Provenance
from cncert.report.issue import read_issue
from cncert.report.metrics import number_forms
from cncert.report.sections import split_parts
from cncert.report.text_figures import read_figures
from cncert.wechat.body import Body, Line
from cncert.wechat.text import tidy
from tests.factories import make_article

TITLE = "网络安全信息与动态周报2025年第3期（1月13日-1月19日）"
PROVENANCE = Provenance(
    fetched_at=datetime(2025, 2, 1, tzinfo=CHINA),
    source="page",
    via="http",
    address=None,
    sha256="0" * 64,
    parser="test",
)
ISSUE = make_article(
    TITLE,
    datetime(2025, 1, 23, 17, 30, tzinfo=CHINA),
    Body((Line("本周事件处理情况"), Line("共处理网络安全事件34起，网络安全态势整体评价为良。"))),
)

# Bodies in the manner of the account's other articles, full of numbers and of the report's words.
FLAW_WEEKLY = (
    "本周信息安全漏洞威胁整体评价级别为中。本周CNVD收录信息安全漏洞512个，其中高危漏洞150个、中危漏洞301个、低危漏洞61个。",
    "漏洞平均分值为6.12。本周收录的漏洞中，涉及0day漏洞412个（占80%）。",
    "本周，CNVD共收到涉及党政机关和企事业单位的漏洞总数11254个，与上周（9876个）环比增加14%。",
    "应用程序漏洞占比最高，其次是WEB应用漏洞。本周行业漏洞收录：电信行业34个，移动互联网行业21个，工控行业5个。",
)
RANSOM_WEEKLY = (
    "本周共收集捕获勒索软件样本1345678个，监测发现勒索软件网络传播543次，勒索软件下载IP地址56个。",
    "勒索软件下载IP地址56个中，位于境内的勒索软件下载地址34个，占比60.7%，位于境外的22个，占比39.3%。",
    "本周监测发现我国境内主机感染Wannacry勒索软件3456个，较上周下降2.3%，累计感染123456次。",
)
MOBILE_WEEKLY = (
    "本周共监测发现移动互联网恶意程序下载链接1234条，较上周上升3.2%，被用于传播移动恶意程序的域名56个、IP地址78个。",
    "恶意程序传播渠道排名前三位的分别是广东省、江苏省和浙江省。",
)
CONFERENCE = (
    "9月10日，第21届年会在某市召开，来自34个国家和地区的560名代表参加，共处理议题12个，签署合作文件5份。",
    "会议期间，评选了10个优秀案例，网络安全态势感知平台接入单位120家。",
)
ADVISORY = (
    "近日，监测发现BlackMoon变种僵尸网络，境内肉鸡数累计达56万个，每日上线境内肉鸡数最多达12.3万个，影响IP地址3456个。",
    "CVE-2024-38077评分9.8，影响Windows Server 2000至2025，请于2024年8月9日前升级，端口3389、445。",
)
APPS = (
    "本次测试选取了10款App，每款累计下载量超1亿次。测试发现单日上传个人信息数据量15.3MB、访问请求超800次。",
    "Microsoft本月共发布安全更新142个，其中5个为严重，涉及高危漏洞等级的组件34个。",
)
BODIES = [FLAW_WEEKLY, RANSOM_WEEKLY, MOBILE_WEEKLY, CONFERENCE, ADVISORY, APPS]
OTHERS = [
    "CNVD漏洞周报2025年第3期",
    "CNVD漏洞周报2024年第20、21期",
    "上周关注度较高的产品安全漏洞(20250113-20250119)",
    "国家互联网应急中心(CNCERT_CC)勒索软件动态周报-2025年第3期（总第121期）(20250111-20250117)",
    "勒索软件动态周报-2025年第3期（1月11日-1月17日）",
    "每周移动恶意程序传播渠道安全监测报告（2025年01月13日—2025年01月19日）",
    "每周典型移动恶意APP安全监测报告--“某类木马”篇（2025-01-13-2025-01-19）",
    "网络安全应急响应国际合作论坛在某市举行",
    "关于某僵尸网络大规模传播的风险提示",
    "关于某软件存在远程代码执行漏洞的安全公告",
    "“天气类”App个人信息收集情况测试报告",
    "Microsoft发布2025年1月安全更新",
    "2025年人工智能网络安全应用测试公告",
    "我国互联网网络安全态势综述2025年第3期",
    "网络安全信息与动态月报2025年第3期（3月1日-3月31日）",
    "关于《网络安全信息与动态周报》改版的公告",
    "国家互联网应急中心周报2025年第3期",
]


def body(*texts):
    return Body(tuple(Line(text) for text in texts))


def read(*texts):
    return read_figures(split_parts(body(*texts).lines))


def test_the_issue_is_one():
    assert len(read_issue(ISSUE, PROVENANCE).figures) == 1


@pytest.mark.parametrize("title", OTHERS)
@pytest.mark.parametrize("texts", [*BODIES, tuple(line.text for line in ISSUE.body.lines)])
def test_another_title_is_no_issue(title, texts):
    with pytest.raises(NotAnIssue) as caught:
        read_issue(replace(ISSUE, title=title, body=body(*texts)), PROVENANCE)
    assert caught.value.reason == "title"


@pytest.mark.parametrize("changes", [{"biz": 1234567890}, {"biz": None, "account_name": "网络安全周报"}])
def test_another_account_is_no_issue(changes):
    with pytest.raises(NotAnIssue) as caught:
        read_issue(replace(ISSUE, **changes), PROVENANCE)
    assert caught.value.reason == "account"


@pytest.mark.parametrize("texts", [RANSOM_WEEKLY, MOBILE_WEEKLY, CONFERENCE, ADVISORY, APPS])
def test_the_text_of_another_article_states_nothing(texts):
    reading = read(*texts)
    assert (reading.rating, reading.figures, reading.rankings, reading.conflicts) == (None, [], [], {})


@pytest.mark.parametrize("texts", [RANSOM_WEEKLY, MOBILE_WEEKLY, CONFERENCE, ADVISORY, APPS])
def test_the_text_of_another_article_under_the_title_is_no_issue(texts):
    with pytest.raises(NotAnIssue) as caught:
        read_issue(replace(ISSUE, body=body(*texts)), PROVENANCE)
    assert caught.value.reason == "empty"


@pytest.mark.parametrize("texts", BODIES)
@pytest.mark.parametrize("heading", ["业界新闻速递", "关于国家互联网应急中心", "近期回顾"])
def test_news_and_imprint_state_nothing(texts, heading):
    reading = read(heading, *texts)
    assert (reading.rating, reading.figures, reading.rankings, reading.unread) == (None, [], [], [])


# Numbers that count nothing, each with words of a label before it and behind it.
NO_COUNTS = """
图{n} 表{n} 第{n} 第{n}期 （见图{n}） ({n}) [{n}] list?type={n} http://e.org/{n} a{n} v{n} IPv{n} {n}GB {n}.{n}.{n}.{n}
{n}月{n}日 2025年{n}月 {n}号 {n}年 {n}期 {n}时{n}分 CVE-2025-{n} CNVD-2025-{n} CNNVD-2025{n}-{n} 010-{n} {n}-{n} {n}/{n}
{n}:{n} -{n} {n}% {n}％ {n}‰ 百分之{n} {n}倍 {n}名 {n}家 {n}次 {n}款 {n}元
""".split()


@pytest.mark.parametrize("printed", NO_COUNTS)
def test_a_label_beside_a_number_that_counts_nothing(printed):
    number = printed.format(n=2034)
    texts = [f"放马站点。{form.left}{number}{form.right.removeprefix(form.unit or '')}。" for form in number_forms()]
    assert [text for text in texts if read(text).figures] == []


WORDS = """
本周 境内 境外 感染 网络病毒 的 主机 数量 为 约 约为 较上周 环比 下降了 增加了 个 起 万 % 被篡改 政府网站 网站
被植入 后门 仿冒 页面 涉及 域名 IP 地址 IP地址 平均 每个 承载了 新收录 网络安全 漏洞 事件 处理 共 共处理 其中 含 跨境
重点 投诉 协调 恶意 URL 链接 程序 控制 僵尸 木马 飞客 蠕虫 高危 中危 低危 新增 家族 名称 统计 按 放马站点 直接访问 占 有
位于 注册 排名前三位的 分别是 广东省 江苏省 应用程序 占比最高 整体评价 级别 态势 优 良 中 图 第 期 CNVD CVE- 平台
， 。 ； 、 （ ）
""".split()
NUMBER = st.integers(0, 10**7).map(str) | st.sampled_from(["27.8", "2,410", "0", "5460 ", "2034"])
LABELS: dict[str, set[tuple[str, str]]] = {}
for form in number_forms():
    LABELS.setdefault(form.metric, set()).add((form.left, form.right.removeprefix(form.unit or "")))


def pieces(side):
    """A side of a label without up to three characters."""
    places = st.lists(st.integers(0, max(len(side) - 1, 0)), max_size=3)
    return places.map(lambda lost: "".join(character for n, character in enumerate(side) if n not in lost))


@st.composite
def damaged_labels(draw):
    """A label around a number, with typos in it; often too many."""
    form = draw(st.sampled_from(number_forms()))
    unit = draw(st.sampled_from(["起", "个", "", "%", "万个"]))
    return draw(pieces(form.left)) + draw(NUMBER) + unit + draw(pieces(form.right.removeprefix(form.unit or "")))


def bare(text):
    """*text* without what may stand inside of a label."""
    return re.sub(r"[\s约]", "", text).casefold()


def typos(text, label):
    """How many edits *label* is from the closest end of *text*."""
    row = [0] * (len(text) + 1)
    for n, wanted in enumerate(label, 1):
        last, row = row, [n]
        for m, character in enumerate(text, 1):
            row.append(min(last[m] + 1, row[m - 1] + 1, last[m - 1] + (character != wanted)))
    return row[-1]


def labelled(figure, text):
    """Whether a label of the figure's metric stands right beside it in *text*, with one typo at most."""
    before, after = bare(text[: figure.start]), bare(text[figure.end :]).removeprefix(figure.unit)
    return any(
        typos(before, bare(left)) + typos(after[::-1], bare(right)[::-1]) <= 1 for left, right in LABELS[figure.metric]
    )


@given(st.lists(damaged_labels() | st.sampled_from(WORDS) | NUMBER, max_size=10))
def test_words_of_the_report_in_any_order(words):
    text = tidy("".join(words))
    for figure in read(text).figures:
        assert figure.metric == "vulnerabilities.rating" or labelled(figure, text)


@given(st.lists(st.tuples(st.sampled_from(WORDS), NUMBER, st.sampled_from(["个", "起", "", "%", "万个"])), max_size=12))
def test_words_each_before_a_number(pieces):
    """A single word of the report is no label."""
    text = "。".join(word + number + unit for word, number, unit in pieces if word not in {"高危", "中危", "低危"})
    assert read(text).figures == []


@given(st.lists(st.tuples(NUMBER, st.sampled_from("起个"), st.sampled_from(WORDS)), min_size=1, max_size=12))
def test_a_number_is_taken_once(pieces):
    """No two figures share a number, and they come in the order of the text."""
    text = "共处理网络安全事件" + "，".join(number + unit + word for number, unit, word in pieces)
    places = [(figure.start, figure.end) for figure in read(text).figures]
    assert all(one[1] <= other[0] for one, other in pairwise(places))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_of_two_numbers_the_one_at_the_label_is_taken(other, handled):
    reading = read(f"出动人员{other}人次，共处理网络安全事件{handled}起。")
    assert [figure.value for figure in reading.figures] == [handled]
