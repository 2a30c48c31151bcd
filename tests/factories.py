"""Made-up documents for tests: plausible, complete, and each different from the next."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from cncert.items import Issue, issue_id
from cncert.report.series import CNCERT_BIZ
from cncert.store.ledger_rows import LedgerRow
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading, correction_id
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.wechat.article import Article
from cncert.wechat.body import Body

BIZ = "MzIwNDk0MDgxMw=="
NOW = datetime(2025, 1, 24, 1, 2, 3, 456000, tzinfo=UTC)
PHISHING = "本周境内被篡改政府网站数量为4个（约占境内0.1%），较上周环比下降20.0%。"


def make_issue(year: int = 2025, number: int = 3, **changes: Any) -> Issue:
    """A valid issue; *changes* replace whole top-level fields, ``article`` and ``provenance`` only the parts given.

    Another text was read from another page.
    """
    end = date(year, 1, 1) + timedelta(days=(6 - date(year, 1, 1).weekday()) + 7 * (number - 1))
    start = end - timedelta(days=6)
    mid = 2247500000 + year % 100 * 10000 + number
    title = f"网络安全信息与动态周报{year}年第{number}期（{start.month}月{start.day}日-{end.month}月{end.day}日）"
    fields: dict[str, Any] = {
        "id": issue_id(year, number),
        "year": year,
        "number": number,
        "title": title,
        "period": {"start": start, "end": end},
        "printed_period": {"start": start, "end": end},
        "published_at": datetime(end.year, end.month, end.day, 9, 30, tzinfo=UTC) + timedelta(days=4),
        "account": {"biz": BIZ, "id": "gh_0123456789ab", "name": "国家互联网应急中心CNCERT"},
        "article": {
            "mid": mid,
            "idx": 1,
            "sn": f"{mid:032x}",
            "url": f"https://mp.weixin.qq.com/s?__biz={BIZ}&mid={mid}&idx=1&sn={mid:032x}&chksm=97",
            "aliases": [],
            "kind": 0,
            "original": False,
            "modified_at": None,
        },
        "rating": "良",
        "sections": [{"heading": "本周网络安全基本态势", "text": PHISHING}],
        "text": f"本周网络安全基本态势\n{PHISHING}\n近期回顾",
        "figures": [
            make_figure("sites.tampered_gov", 4, evidence=PHISHING, unit="个", change_pct=-20, share_pct=0.1),
            make_figure("phishing.pages_per_ip", 2.5, evidence="平均每个IP地址承载了2.5个仿冒页面"),
            make_figure("hosts.infected", 278000, evidence="约27.8万", picture=f"mmbiz_png/issue{year}{number:02d}"),
        ],
        "images": [make_picture(f"mmbiz_png/issue{year}{number:02d}"), make_picture("mmbiz_png/ornament")],
        "review": [
            {"year": year, "number": number - 1, "title": f"{year}年第{number - 1}期", "url": None},
            {"year": year, "number": number - 2, "title": f"{year}年第{number - 2}期", "url": "https://x.invalid/s"},
        ],
        "warnings": [{"code": "odd_title", "message": "“—” instead of “-”"}],
        "provenance": {
            "fetched_at": NOW,
            "source": "page",
            "via": "http",
            "address": "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv",
            "parser": "1",
        },
    }
    for name in ("article", "provenance"):
        fields[name] |= changes.pop(name, {})
    fields |= changes
    page = [fields[name] for name in ("title", "text", "published_at")]
    fields["provenance"].setdefault("sha256", sha256(repr(page).encode()).hexdigest())
    return Issue.model_validate(fields)


def make_figure(metric: str, value: float, **changes: Any) -> dict[str, Any]:
    """A figure that the text states, or the *picture* that is named."""
    fields = {"metric": metric, "value": value, "unit": None, "change_pct": None, "share_pct": None, "section": None}
    source, confidence = ("picture", 0.97) if changes.get("picture") else ("text", 1.0)
    return fields | {"evidence": str(value), "source": source, "confidence": confidence, "picture": None} | changes


def make_picture(key: str, status: str = "pending", **changes: Any) -> dict[str, Any]:
    """A picture of the body."""
    fields = {"role": "body", "url": f"https://mmbiz.qpic.cn/{key}/640", "key": key, "width": 1080, "height": None}
    path, checksum = (f"full/{key[-8:]}.png", "a" * 64) if status == "stored" else (None, None)
    return fields | {"path": path, "checksum": checksum, "status": status} | changes


def make_reprint(**changes: Any) -> dict[str, Any]:
    """The record of a reprint in full."""
    fields = {"account": "某某安全", "biz": "MzA3MDAwMDAwMA==", "mid": 2650000001, "idx": 1, "kind": 3, "address": None}
    return fields | {"published_at": None} | changes


def make_row(row_id: str = f"{BIZ}-2247500003-1", **changes: Any) -> LedgerRow:
    """A ledger row without an address."""
    fields = {"id": row_id, "issue": "2025-03", "first_seen": NOW, "updated_at": NOW}
    return LedgerRow.model_validate(fields | changes)


def make_reject(reject_id: str = f"{BIZ}-2247500003-1", **changes: Any) -> Reject:
    """A refused item."""
    fields = {"id": reject_id, "issue": "2025-03", "reason": "title", "address": None, "rejected_at": NOW}
    return Reject.model_validate(fields | {"document": {"title": "", "figures": []}} | changes)


def make_run(run_id: str = "20250124T010203-1", **changes: Any) -> RunRecord:
    """A run that has just begun."""
    fields = {"id": run_id, "spider": "weekly", "started_at": NOW, "arguments": {}, "host": "crawler", "pid": 4711}
    return RunRecord.model_validate(fields | changes)


def make_article(title: str, published_at: datetime, body: Body) -> Article:
    """An article of CNCERT's account, as it is read from a page."""
    return Article(
        title=title,
        account_name="国家互联网应急中心CNCERT",
        account_id="gh_0123456789ab",
        biz=CNCERT_BIZ,
        mid=2247000001,
        idx=1,
        sn=None,
        kind=0,
        published_at=published_at,
        modified_at=None,
        link=None,
        original=True,
        reprint_of=None,
        author=None,
        cover=None,
        body=body,
    )


def make_pair(metric: str | None = "hosts.infected", value: float = 1370000, **changes: Any) -> LabelledNumber:
    """A label and its number, sure enough for a figure."""
    fields = {
        "label": "感染主机",
        "metric": metric,
        "printed": str(value),
        "value": value,
        "unit": "台",
        "qualifier": None,
        "change_pct": None,
        "direction": None,
        "share_pct": None,
        "box": [10, 20, 30, 40],
        "words_confidence": 0.98,
        "pairing_confidence": 0.95,
        "evidence": f"感染主机 | {value}",
        "agreed": True,
        "state": "figure",
        "reason": None,
    }
    return LabelledNumber.model_validate(fields | changes)


def make_reading(*pairs: LabelledNumber, **changes: Any) -> PictureReading:
    """What an engine read in a picture."""
    fields = {"state": "read", "engine": "double-1", "rules": "1", "read_at": NOW, "words": 2, "pairs": list(pairs)}
    return PictureReading.model_validate(fields | changes)


def make_correction(picture: str, pair: LabelledNumber, **changes: Any) -> Correction:
    """A person's word that *pair* was read right."""
    fields = {"picture": picture, "metric": pair.metric, "box": None, "verdict": "confirmed", "value": pair.value}
    fields |= {"unit": pair.unit, "change_pct": pair.change_pct, "by": "zhang", "at": NOW, "pair": pair} | changes
    return Correction.model_validate(fields | {"id": correction_id(picture, fields["metric"], fields["box"])})
