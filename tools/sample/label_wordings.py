"""The words of invented slices: how a weekly report could name its figures, and what else stands on its pictures."""

from collections.abc import Mapping, Sequence

WORDINGS: Mapping[str, Sequence[str]] = {
    metric: labels.split()
    for metric, labels in {
        "hosts.infected": (
            "境内感染网络病毒的主机数量 感染网络病毒的主机数 境内感染网络病毒主机总数 "
            "感染计算机恶意程序的主机数量 境内感染病毒的计算机数量 境内主机感染网络病毒数量 "
            "感染网络病毒主机个数"
        ),
        "hosts.trojan_botnet": (
            "被木马或被僵尸程序控制的主机数量 木马或僵尸程序受控主机 境内木马或僵尸网络控制的主机数 "
            "木马和僵尸程序感染主机数量 被木马或僵尸程序控制的计算机"
        ),
        "hosts.conficker": (
            "感染飞客蠕虫的主机数量 感染飞客（Conficker）蠕虫的主机 境内飞客蠕虫感染主机数 感染飞客蠕虫计算机数量"
        ),
        "malware_sites.domains": "放马站点涉及域名 放马站点域名数量 放马站点域名个数 网络病毒放马站点域名",
        "malware_sites.ips": "放马站点涉及IP地址 放马站点IP地址数量 放马站点IP个数 网络病毒放马站点IP",
        "malware_names.new": "新增网络病毒名称 按名称统计新增网络病毒",
        "malware_families.new": "新增网络病毒家族 按家族统计新增网络病毒",
        "sites.tampered": (
            "境内被篡改网站数量 境内被篡改网站总数 被篡改网站个数 境内网站被篡改数量 网站被篡改总数 遭篡改网站数量"
        ),
        "sites.tampered_gov": "被篡改政府网站数量 政府网站被篡改数量 境内被篡改的政府网站 其中被篡改政府网站",
        "sites.backdoored": (
            "境内被植入后门的网站数量 被植入后门网站总数 境内被植入后门网站个数 网站被植入后门数量 遭植入后门的网站"
        ),
        "sites.backdoored_gov": (
            "被植入后门的政府网站数量 政府网站被植入后门数量 境内被植入后门政府网站 其中被植入后门政府网站"
        ),
        "phishing.pages": "针对境内网站的仿冒页面数量 仿冒境内网站的页面数量 境内网站仿冒页面总数 仿冒页面个数",
        "phishing.domains": "仿冒页面涉及域名 仿冒页面域名数量 仿冒页面涉及域名个数",
        "phishing.ips": "仿冒页面涉及IP地址 仿冒页面IP地址数量 仿冒页面涉及IP个数",
        "vulnerabilities.new": (
            "新增信息安全漏洞数量 新收录信息安全漏洞 新增漏洞总数 本周新增信息安全漏洞 新收录网络安全漏洞个数"
        ),
        "vulnerabilities.high": "高危漏洞 高危漏洞数量 其中高危漏洞 高危漏洞个数",
        "vulnerabilities.medium": "中危漏洞 中危漏洞数量 中危漏洞个数",
        "vulnerabilities.low": "低危漏洞 低危漏洞数量 低危漏洞个数",
        "incidents.handled": "处理网络安全事件 处置网络安全事件总数 协调处理网络安全事件数量 共处理网络安全事件",
        "incidents.cross_border": "跨境网络安全事件 其中跨境网络安全事件 涉及跨境的网络安全事件",
        "incidents.phishing_complaints": "网页仿冒投诉事件 重点处理仿冒投诉事件 仿冒投诉事件数量",
        "mobile_malware.platforms": "提供恶意移动应用程序下载服务的平台 恶意移动应用程序下载平台",
        "mobile_malware.urls": "恶意URL链接数量 处理恶意URL链接 恶意URL链接",
    }.items()
}
"""How the figures of data/metric_labels.toml may be named."""
SHORT: Mapping[str, Sequence[str]] = {
    metric: labels.split()
    for metric, labels in {
        "sites.tampered_gov": "其中政府网站 其中政府网站数量 政府网站",
        "sites.backdoored_gov": "其中政府网站 其中政府网站数量 政府网站",
        "hosts.trojan_botnet": "其中木马或僵尸程序控制 木马或僵尸程序",
        "hosts.conficker": "其中飞客蠕虫 飞客蠕虫",
        "phishing.domains": "涉及域名 涉及域名数量",
        "phishing.ips": "涉及IP地址 涉及IP地址数量",
        "vulnerabilities.high": "其中高危漏洞 高危",
        "vulnerabilities.medium": "中危漏洞 中危",
        "vulnerabilities.low": "低危漏洞 低危",
        "incidents.cross_border": "其中跨境事件 含跨境网络安全事件",
    }.items()
}
"""How a part is named below its whole, which says the rest."""
STRANGERS: Sequence[tuple[str, str, int, int]] = (
    ("零日漏洞数量", "个", 5, 260),
    ("境内计算机恶意程序传播次数", "次", 11_000_000, 240_000_000),
    ("勒索软件感染主机数量", "台", 40, 9_000),
    ("境外控制服务器数量", "个", 800, 21_000),
    ("拒绝服务攻击事件", "起", 20, 2_900),
    ("移动互联网恶意程序样本", "个", 900, 48_000),
)
"""Numbers a report may print that are none of the series' figures: label, unit, from, to."""
OBJECTS = (
    "WEB应用", "应用程序", "网络设备", "操作系统", "安全产品", "数据库", "智能设备",
)  # fmt: skip
DOMAINS = (
    ".COM", ".CN", ".NET", ".ORG", ".GOV.CN", "其他",
)  # fmt: skip
PROVINCES = (
    "广东省", "江苏省", "浙江省", "河南省", "山东省", "北京市", "上海市", "四川省", "福建省", "湖北省", "湖南省",
    "河北省", "安徽省", "辽宁省", "广西壮族自治区", "重庆市",
)  # fmt: skip
FOOTNOTES = (
    "数据来源：CNCERT监测", "注：统计周期为周一至周日", "注：① 放马站点指存放恶意程序的站点",
    "② 数量按IP地址去重统计", "注1：环比指与上一周相比", "来源：国家信息安全漏洞共享平台（CNVD）", "共5页  第2页",
)  # fmt: skip
