"""A whole issue of every era: made up, complete with headings, captions and pictures, and all that is taken from it."""

from datetime import datetime

import pytest

from cncert.items import CHINA, Issue, Provenance
from cncert.report.issue import read_issue
from cncert.wechat.body import read_html
from tests.factories import make_article
from tests.test_sentences import listed, stated

PICTURE = '<p><img data-src="https://mmbiz.qpic.cn/mmbiz_png/era{}/640?wx_fmt=png"></p>'


def read(title: str, published: str, html: str) -> Issue:
    article = make_article(title, datetime.fromisoformat(published).replace(tzinfo=CHINA), read_html(html))
    fetched = datetime(2026, 1, 1, tzinfo=CHINA)
    return read_issue(
        article, Provenance(fetched_at=fetched, source="page", via="http", address=None, sha256="0" * 64, parser="test")
    )


def figure(metric: str, value: float | str, unit: str | None = "个", **others: object) -> dict[str, object]:
    """A figure of which only *others* is stated beside the value."""
    nothing = {"qualifier": None, "change_pct": None, "change": None, "share_pct": None, "parts": [], "section": None}
    return {"metric": metric, "value": value, "unit": unit, **nothing, **others}


def ranking(metric: str, by: str, section: str, *items: object) -> dict[str, object]:
    lines = [item if isinstance(item, list) else [item, None, None] for item in items]
    return {"metric": metric, "by": by, "items": lines, "section": section}


SITUATION = {"section": "本周网络安全基本态势"}
MONITORING = {"section": "网络病毒监测情况"}
CAPTURES = {"section": "网络病毒捕获和传播情况"}
VIRUSES = {"section": "本周网络病毒活动情况"}
SITES = {"section": "本周网站安全情况"}
FLAWS = {"section": "本周重要漏洞情况"}
HANDLING = {"section": "本周事件处理情况"}
ABOUT = {"qualifier": "约"}

OF_2012 = (
    "网络安全信息与动态周报(2012.05.07至2012.05.13)",
    "2012-05-16T10:00",
    f"""
    <p><strong>本周网络安全基本态势</strong></p>
    <p>总体上，本周我国互联网网络安全指数整体评价为中。境内感染网络病毒<sup>1</sup>的主机数约为214.6万个，较上周环比
    增加了约3.1%；新增网络病毒家族6个，较上周新增数量减少了2个；境内被篡改政府网站数量为83个，较上周数量环比增加了
    约9.2%；新增信息安全漏洞154个，较上周新增数量减少了约4.9%，但其中新增高危漏洞51个，环比增加了21.4%。</p>
    {PICTURE.format(1)}
    <p><strong>本周网络病毒活动情况</strong></p>
    <p><strong>1、网络病毒监测情况</strong></p>
    <p>本周境内感染网络病毒的主机数约为214.6万个。其中，境内被木马或被僵尸程序控制的主机约为73.2万个，环比减少了约
    6.6%；境内感染飞客（Conficker）蠕虫的主机约为141.4万个，较上周数量环比上升了约8.9%。</p>
    <p>木马或僵尸程序感染主机在地区分布上，排名前三位的分别是广东省约11.8万个（约占中国大陆总感染量的16.1%）、
    江苏省约5.9万个（约占中国大陆总感染量的8.1%）和浙江省约4万个（约占中国大陆总感染量的5.5%）。</p>
    <p>图1 中国大陆木马或僵尸程序感染主机地区分布</p>
    {PICTURE.format(2)}
    <p><strong>2、TOP5活跃网络病毒</strong></p>
    <p>反网络病毒联盟（ANVA）2整理的活跃网络病毒3如下表所示。</p>
    <p><strong>3、网络病毒捕获和传播情况</strong></p>
    <p>本周捕获了大量新的网络病毒文件4，其中按网络病毒名称5统计新增29个，按网络病毒家族6统计新增6个。</p>
    """,
    "中",
    [
        figure("hosts.infected", 2146000, **ABOUT, change_pct=3.1, **SITUATION),
        figure("malware_families.new", 6, change=-2, **SITUATION),
        figure("sites.tampered_gov", 83, change_pct=9.2, **SITUATION),
        figure("vulnerabilities.new", 154, change_pct=-4.9, **SITUATION),
        figure("vulnerabilities.high", 51, change_pct=21.4, **SITUATION),
        figure("hosts.trojan_botnet", 732000, **ABOUT, change_pct=-6.6, **MONITORING),
        figure("hosts.conficker", 1414000, **ABOUT, change_pct=8.9, **MONITORING),
        figure("malware_names.new", 29, **CAPTURES),
    ],
    [
        ranking(
            "hosts.trojan_botnet",
            "province",
            "网络病毒监测情况",
            ["广东省", 118000, 16.1],
            ["江苏省", 59000, 8.1],
            ["浙江省", 40000, 5.5],
        )
    ],
    [],
)

OF_2013 = (
    "网络安全信息与动态周报(2013.08.05至2013.08.11)",
    "2013-08-14T10:00",
    f"""
    <p>本周网络安全基本态势</p>
    {PICTURE.format(1)}
    <p>本周网络病毒活动情况</p>
    <p>本周境内感染网络病毒的主机数量约为118.3万个，其中包括境内被木马或被僵尸程序控制的主机约40.3万以及境内感染飞客
    （conficker）蠕虫的主机约78万。</p>
    <p>图2按地区画出了木马或僵尸程序受控主机，颜色深的地方主机多，排名前三位的分别是广东省、江苏省和浙江省。感染飞客蠕虫的主机较多的地区中，排名前三位的分别是广东省、浙江省和四川省。</p>
    <p>图2 分布情况</p>{PICTURE.format(2)}
    <p>本周捕获的新增网络病毒文件，按网络病毒名称统计新增22个，按网络病毒家族统计新增3个。</p>
    <p>看传播的一侧，这一周的放马站点共涉及域名246个，涉及IP地址532个。在246个域名中，有约41.1%为境外注册，
    且顶级域为.com的约占68.3%；在532个IP中，有约22.7%位于境外。多数由域名打开，
    由IP直接访问的涉及187个IP。</p>
    <p>本周网站安全情况</p>
    <p>根据监测数据，本周境内被篡改网站数量为5460 个；境内被植入后门的网站数量为2210个；
    针对境内网站的仿冒页面数量为1104个。</p>
    <p>境内被篡改政府网站（GOV 类）数量为273个（约占境内5.0%），较上周环比增长了12.8%；境内被植入后门的政府网站
    (GOV类)数量为66个(约占境内3.0%)，较上周环比下降了7.0%；针对境内网站的仿冒页面涉及域名702个，IP 地址199 个，平均每个
    IP地址承载了约6个仿冒页面。</p>
    <p>本周重要漏洞情况</p>
    <p>本周，国家信息安全漏洞共享平台（CNVD）新收录网络安全漏洞187个，信息安全漏洞威胁整体评价级别为低。</p>
    <p>本周发布的网络安全漏洞中，应用程序漏洞占比最高，其次是web应用漏洞和网络设备漏洞。</p>
    <p>逐条的说明另见网页：http://www.example.org/webinfo/list?type=4</p>
    """,
    None,
    [
        figure("hosts.infected", 1183000, **ABOUT, **VIRUSES),
        figure("hosts.trojan_botnet", 403000, **ABOUT, **VIRUSES),
        figure("hosts.conficker", 780000, **ABOUT, **VIRUSES),
        figure("malware_names.new", 22, **VIRUSES),
        figure("malware_families.new", 3, **VIRUSES),
        figure("malware_sites.domains", 246, parts=[["境外注册", 41.1], [".com", 68.3]], **VIRUSES),
        figure("malware_sites.ips", 532, parts=[["境外", 22.7]], **VIRUSES),
        figure("malware_sites.direct_ips", 187, **VIRUSES),
        figure("sites.tampered", 5460, **SITES),
        figure("sites.backdoored", 2210, **SITES),
        figure("phishing.pages", 1104, **SITES),
        figure("sites.tampered_gov", 273, share_pct=5.0, change_pct=12.8, **SITES),
        figure("sites.backdoored_gov", 66, share_pct=3.0, change_pct=-7.0, **SITES),
        figure("phishing.domains", 702, **SITES),
        figure("phishing.ips", 199, **SITES),
        figure("phishing.pages_per_ip", 6, **ABOUT, **SITES),
        figure("vulnerabilities.new", 187, **FLAWS),
        figure("vulnerabilities.rating", "低", None, **FLAWS),
    ],
    [
        ranking("hosts.trojan_botnet", "province", "本周网络病毒活动情况", "广东省", "江苏省", "浙江省"),
        ranking("hosts.conficker", "province", "本周网络病毒活动情况", "广东省", "浙江省", "四川省"),
        ranking("vulnerabilities.new", "kind", "本周重要漏洞情况", "应用程序", "WEB应用", "网络设备"),
    ],
    [],
)

OF_2018 = (
    "网络安全信息与动态周报2018年第10期（3月5日—3月11日）",
    "2018-03-14T10:00",
    f"""
    <section><p>本周网络安全基本态势</p></section>
    {PICTURE.format(1)}
    <p>图1 本周网络安全基本态势</p>
    <p>综合分析，本周互联网网络安全态势整体评价为优。</p>
    <section><p>本周网络病毒活动情况</p></section>
    <p>本周境内感染网络病毒的主机数量约为31.9万个，其中包括境内被木马或被僵尸程序控制的主机约18.7万以及境内感染飞客
    （conficker）蠕虫的主机约13.2万。</p>
    <p>图2 感染主机趋势</p>{PICTURE.format(2)}
    <section><p>本周网站安全情况</p></section>
    <p>监测数据表明，本周境内被篡改的网站数量为1286个；境内被植入后门的网站数量为640个；针对境内网站的仿冒页面数量为92。</p>
    <p>图3 网站安全</p>{PICTURE.format(3)}
    <p>境内被篡改政府网站（GOV类）数量为24个（约占境内1.9%）；境内被植入后门的政府网站（GOV类）数量为21个（约占境内3.3%），
    较上周环比上升了110.0%；针对境内网站的仿冒页面涉及域名64个，IP地址46个，平均每个IP地址承载了约2个仿冒页面。</p>
    <section><p>本周重要漏洞情况</p></section>
    <p>本周，国家信息安全漏洞共享平台（CNVD）新收录网络安全漏洞297个，信息安全漏洞威胁整体评价级别为中。</p>
    <p>本周发布的网络安全漏洞中，应用程序漏洞占比最高，其次是WEB应用漏洞和操作系统漏洞。</p>
    <p>图4 漏洞类型</p>{PICTURE.format(4)}
    <p>漏洞详情参见 http://www.example.org/flaw/list?type=14 一栏，其中CVE-2018-1056等需要关注。</p>
    <section><p>本周事件处理情况</p></section>
    <p>本周，各方合作共处理了网络安全事件731起，其中跨境网络安全事件215起。</p>
    <p>图5 事件类型</p>
    <p>协调各注册机构，重点处理了392起网页仿冒投诉事件。</p>
    <p>图6 投诉处理</p>
    <p>业界新闻速递</p>
    <p>1、某国报告称，被篡改网站数量为30000个，较上周环比上升了40.0%。</p>
    <p>关于国家互联网应急中心</p>
    <p>本单位2002年设立，同50个国家的120家机构往来。电话：010-12345678</p>
    """,
    "优",
    [
        figure("hosts.infected", 319000, **ABOUT, **VIRUSES),
        figure("hosts.trojan_botnet", 187000, **ABOUT, **VIRUSES),
        figure("hosts.conficker", 132000, **ABOUT, **VIRUSES),
        figure("sites.tampered", 1286, **SITES),
        figure("sites.backdoored", 640, **SITES),
        figure("phishing.pages", 92, **SITES),
        figure("sites.tampered_gov", 24, share_pct=1.9, **SITES),
        figure("sites.backdoored_gov", 21, share_pct=3.3, change_pct=110.0, **SITES),
        figure("phishing.domains", 64, **SITES),
        figure("phishing.ips", 46, **SITES),
        figure("phishing.pages_per_ip", 2, **ABOUT, **SITES),
        figure("vulnerabilities.new", 297, **FLAWS),
        figure("vulnerabilities.rating", "中", None, **FLAWS),
        figure("incidents.handled", 731, "起", **HANDLING),
        figure("incidents.cross_border", 215, "起", **HANDLING),
        figure("incidents.phishing_complaints", 392, "起", **HANDLING),
    ],
    [ranking("vulnerabilities.new", "kind", "本周重要漏洞情况", "应用程序", "WEB应用", "操作系统")],
    [],
)

OF_2025 = (
    "网络安全信息与动态周报2025年第3期（1月13日-1月19日）",
    "2025-01-23T17:30",
    f"""
    <section><span>本周网络安全基本态势</span></section>
    <p>本周，我国互联网网络安全态势整体评价为良。</p>
    {"".join(PICTURE.format(n) for n in range(5))}
    <section><span>本周事件处理情况</span></section>
    <p>本周，各单位通力合作，共处理网络安全事件2410起，含跨境网络安全事件<span>863</span>起。其中，协调境内外域名注册机构，
    重点处640起仿冒投诉事件。还协调13个提供恶意移动应用程序下载服务的平台进行处置，处理恶意URL链接16个。</p>
    <section><span>近期回顾</span></section>
    <p>●网络安全信息与动态周报2025年第2期（1月6日-1月12日）</p>
    <p>●网络安全信息与动态周报2025年第1期（2024年12月30日-2025年1月5日）</p>
    <p>●网络安全信息与动态周报2024年第52期（12月23日-12月29日）</p>
    <p>●网络安全信息与动态周报2024年第51期（12月16日-12月22日）</p>
    <p>●网络安全信息与动态周报2024年第50期（12月9日-12月15日）</p>
    """,
    "良",
    [
        figure("incidents.handled", 2410, "起", **HANDLING),
        figure("incidents.cross_border", 863, "起", **HANDLING),
        figure("incidents.phishing_complaints", 640, "起", **HANDLING),
        figure("mobile_malware.platforms", 13, **HANDLING),
        figure("mobile_malware.urls", 16, **HANDLING),
    ],
    [],
    [],
)


@pytest.mark.parametrize(
    ("title", "published", "html", "rating", "figures", "rankings", "codes"),
    [OF_2012, OF_2013, OF_2018, OF_2025],
    ids=["2012", "2013", "2018", "2025"],
)
def test_a_whole_issue(title, published, html, rating, figures, rankings, codes):
    issue = read(title, published, html)
    assert issue.rating == rating
    assert [stated(each) for each in issue.figures] == figures
    assert [listed(each) for each in issue.rankings] == rankings
    assert [doubt.code for doubt in issue.warnings] == codes
    Issue.model_validate(issue.model_dump())
