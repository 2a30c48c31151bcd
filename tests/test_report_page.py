"""The page of ``scrapy report``: it shows what the store holds, and nothing in a store can make it more than a page."""

import asyncio
import io
import json
import os
import resource
import socket
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from PIL import Image

from cncert.commands.report import ReportCommand
from cncert.items import Issue, Picture
from cncert.output.page.page_data import PictureFiles
from cncert.report import calendar
from cncert.report.metrics import metrics
from cncert.store import open_store
from cncert.store.ledger_rows import LedgerRow
from cncert.store.rejects import Reject
from cncert.store.run_records import RunRecord
from cncert.terminal.atomic_write import write_whole
from tests.calls import call
from tests.editions import Event, reading, take_all
from tests.factories import NOW, make_figure, make_issue, make_picture, make_reject, make_row, make_run
from tests.series import drawing
from tests.stores import let_index_end, put_document, rewrite

Node = dict[str, Any]

TRICKS = "</script><script>alert(1)</script><!--<script>\u2028'\"><img src=x onerror=alert(1)>&lt;{{ 7*7 }}"


def fill(place: Path, *documents: Issue | LedgerRow | Reject | RunRecord) -> None:
    """A store of *documents* in *place*."""

    async def put() -> None:
        async with open_store(f"sqlite:///{place}/cncert.db") as store:
            for document in documents:
                match document:
                    case Issue():
                        await put_document(store, document)
                    case LedgerRow():
                        await store.change_row(document.id, lambda _, row=document: row)  # type: ignore[misc]
                    case Reject():
                        await store.put_reject(document)
                    case RunRecord():
                        await store.put_run(document)

    asyncio.run(put())


def report(place: Path, *args: str | Path, status: int = 0, files: str | None = None, **settings: object) -> str:
    """The page that the command writes of the store in *place*."""
    given = {"CNCERT_STORE": f"sqlite:///{place}/cncert.db", "CNCERT_FILES": files or f"{place}/pictures", **settings}
    page = place / "report.html"
    assert call(ReportCommand(), "--out", str(page), *map(str, args), **given) == status
    return page.read_text(encoding="utf-8")


def data_in(page: str) -> Node:
    """The data of a page, as its scripts read it."""
    (block,) = found(page, "//script[@id='data']/text()")
    data: Node = json.loads(block)
    return data


def found(page: str, path: str) -> list[Any]:
    """What an XPath finds in a page."""
    nodes = html.document_fromstring(page).xpath(path)
    assert isinstance(nodes, list)
    return nodes


def issue_in(data: Node, issue: str) -> Node:
    return next(one for one in data["issues"] if one["id"] == issue)


def figure_in(data: Node, issue: str, metric: str) -> Node:
    """The first figure of *metric*."""
    figure: Node = next(one for one in issue_in(data, issue)["figures"] if data["metrics"][one["m"]]["name"] == metric)
    return figure


def weekly(week: str, *figures: Node, **changes: Any) -> Issue:
    return make_issue(*calendar.parse_week(week), figures=list(figures), **{"images": [], "warnings": [], **changes})


# What it shows


def test_every_figure_of_the_store_is_in_the_page_with_its_words(tmp_path: Path) -> None:
    box = [96, 412, 188, 46]
    checked = {"by": "zhang", "at": NOW, "verdict": "confirmed"}
    read: Node = {"source": "picture", "picture": "mmbiz_png/numbers", "confidence": 0.97, "checked": checked}
    sentence = "处理事件657件，跨境337起。"
    stored = weekly(
        "2025-03",
        make_figure("hosts.infected", 278000, unit="个", evidence="27.8万", box=box, **read),
        make_figure("incidents.handled", 657, unit="件", qualifier="约", change_pct=-3.5, evidence=sentence),
        make_figure("incidents.cross_border", 337, unit="起", share_pct=51.3, change=-12, evidence=sentence),
        make_figure("vulnerabilities.rating", "中", evidence="漏洞评价为中"),
        images=[make_picture("mmbiz_png/other"), make_picture(read["picture"])],
    )
    fill(tmp_path, stored)
    data = data_in(report(tmp_path))
    assert [metric["name"] for metric in data["metrics"]] == [
        "incidents.handled", "incidents.cross_border", "hosts.infected"
    ]  # fmt: skip
    assert issue_in(data, "2025-03")["figures"] == [
        {"m": 0, "v": 657, "e": 0, "u": "件", "q": "约", "c": -3.5},
        {"m": 1, "v": 337, "e": 0, "d": -12, "s": 51.3},
        {
            "m": 2,
            "v": 278000,
            "e": 1,
            "src": "picture",
            "conf": 0.97,
            "p": 1,
            "box": [96, 412, 188, 46],
            "checked": "confirmed",
        },
    ]
    assert issue_in(data, "2025-03")["evidences"] == [sentence, "27.8万"]
    assert issue_in(data, "2025-03")["words"] == {"vulnerabilities.rating": "中"}


def test_a_figure_is_compared_only_where_it_may_be(tmp_path: Path) -> None:
    handled, phishing, drawn = "incidents.handled", "incidents.phishing_complaints", {"source": "picture"}
    fill(
        tmp_path,
        weekly("2015-10", make_figure("malware_names.new", 100)),  # some time before 2018 these were no longer stated
        weekly("2015-11", make_figure("malware_names.new", 110)),
        weekly("2024-03", make_figure(handled, 800)),
        weekly("2025-01", make_figure(handled, 0), make_figure(phishing, 5)),
        weekly("2025-02", make_figure(handled, 900, **drawn), make_figure(handled, 600), make_figure(phishing, 5)),
        weekly("2025-03", make_figure(handled, 657)),
        weekly("2025-05", make_figure(handled, 1)),
    )  # fmt: skip
    data = data_in(report(tmp_path))
    compared = {(one["id"], place): (figure.get("w"), figure.get("y"))
                for one in data["issues"] for place, figure in enumerate(one["figures"])}  # fmt: skip
    assert compared == {
        ("2015-10", 0): (None, None),
        ("2015-11", 0): (None, None),
        ("2024-03", 0): (None, None),
        ("2025-01", 0): (None, None),
        ("2025-01", 1): (None, None),
        ("2025-02", 0): ([0, None], None),
        ("2025-02", 1): ([5, 0], None),
        ("2025-02", 2): ([0, None], None),
        ("2025-03", 0): ([600, 9.5], [800, -17.9]),
        ("2025-05", 0): (None, None),
    }


def test_of_several_figures_of_a_metric_the_surest_counts(tmp_path: Path) -> None:
    def drawn(value: float, confidence: float) -> Node:
        return make_figure("hosts.infected", value, source="picture", confidence=confidence)

    other = make_figure("sites.tampered", 9, source="picture")
    fill(tmp_path, weekly("2025-02", drawn(10, 0.6), other, drawn(20, 0.9)), weekly("2025-03", drawn(30, 0.9)))
    data = data_in(report(tmp_path))
    assert [figure["v"] for figure in issue_in(data, "2025-02")["figures"]] == [9, 20, 10]
    assert figure_in(data, "2025-03", "hosts.infected")["w"] == [20, 50.0]


def test_a_number_beyond_all_measure_is_shown_without_a_change(tmp_path: Path) -> None:
    fill(tmp_path, *(weekly(f"2025-{n:02d}", make_figure("hosts.infected", 3)) for n in (2, 3)))
    rewrite(
        f"sqlite:///{tmp_path}/cncert.db", "issues", "2025-03", lambda issue: issue["figures"][0].update(value=9**999)
    )
    figure = figure_in(data_in(report(tmp_path)), "2025-03", "hosts.infected")
    assert (figure["v"], figure["w"]) == (9**999, [3, None])


def test_rankings_and_named_shares_are_on_the_page(tmp_path: Path) -> None:
    lines = [
        {"name": "广东省", "value": 12000, "share_pct": 14.2},
        {"name": "浙江省", "value": None, "share_pct": None},
    ]
    ranking = {"metric": "hosts.infected", "by": "province", "items": lines, "section": None, "evidence": "x"}
    shares = [{"name": "境外注册", "share_pct": 30.5}]
    sites = make_figure("malware_sites.domains", 9, parts=shares)
    fill(tmp_path, weekly("2025-03", sites, rankings=[{**ranking, "start": 0, "end": 1}]))
    data = data_in(report(tmp_path))
    (ranking,) = issue_in(data, "2025-03")["rankings"]
    assert data["metrics"][ranking["m"]]["name"] == "hosts.infected"
    assert (ranking["by"], ranking["lines"]) == ("province", [["广东省", 12000, 14.2], ["浙江省", None, None]])
    assert figure_in(data, "2025-03", "malware_sites.domains")["parts"] == [["境外注册", 30.5]]


def test_a_part_of_the_series_is_compared_with_what_is_left_out(tmp_path: Path) -> None:
    weeks = ["2024-02", "2024-03", "2025-02", "2025-03", "2025-04"]
    issues = [weekly(week, make_figure("incidents.handled", 100 + place)) for place, week in enumerate(weeks)]
    fill(tmp_path, *issues)
    data = data_in(report(tmp_path, "--from", "2025-03", "--until", "2025-03"))
    assert ([one["id"] for one in data["issues"]], data["first"], data["last"]) == (["2025-03"], "2025-03", "2025-03")
    figure = figure_in(data, "2025-03", "incidents.handled")
    assert (figure["w"], figure["y"]) == ([102, 1.0], [101, 2.0])


def test_weeks_warnings_rejects_and_runs_are_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_index_end(monkeypatch, "2025-03")
    key = f"3204940813-{make_issue(2025, 2).article.mid}-1"
    doubts = [{"code": "figure_conflict", "message": "hosts.infected: 5, 7"}]
    fill(
        tmp_path,
        weekly("2025-02"),
        weekly("2025-05", warnings=doubts),
        make_row(key, issue="2025-02", state="gone", reason="deleted by its author"),
        make_row("issue-2025-03", issue="2025-03", state="blocked", reason="verification page"),
        make_reject(address="https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv", reason="no text"),
        make_reject("read since", issue="2025-02"),
        make_run(ended_at=NOW, clean=False, close_reason="shutdown", new=["2025-02"], error="stopped"),
    )
    data = data_in(report(tmp_path, "--from", "2025-02"))
    assert [tuple(week[name] for name in ("id", "state", "source", "reason", "advice")) for week in data["weeks"]] == [
        ("2025-02", "stored", "page", None, None),
        ("2025-03", "blocked", None, "verification page", "crawl"),
        ("2025-04", "never named", None, "no list, no index names it", "search"),
        ("2025-05", "stored", "page", None, None),
    ]
    assert data["weeks"][0]["start"] == "2025-01-06"
    assert data["read_at"] == "2025-01-24T09:02:03.456000+08:00"
    assert [one["gone"] for one in data["issues"]] == [True, False]
    assert issue_in(data, "2025-05")["warnings"] == [["figure_conflict", "hosts.infected: 5, 7"]]
    (reject,) = data["rejects"]
    assert (reject["issue"], reject["reason"], reject["address"]) == (
        "2025-03", "no text", "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"
    )  # fmt: skip
    (run,) = data["runs"]
    assert (run["clean"], run["close_reason"], run["new"], run["warnings"]) == (False, "shutdown", 1, ["stopped"])
    assert data["sources"] == [{"name": "page", "issues": 2}]


def test_the_editions_of_an_issue_are_on_the_page(tmp_path: Path) -> None:
    """Its page, a feed's copy that states another figure, and a state that a person withdrew."""

    async def put() -> None:
        page, feed = reading(3, handled=100), reading(3, handled=90, source="feed", address="https://feeds.example/1")
        events = [page, feed, Event(reading(3, handled=7, seen=datetime(2024, 3, 1, tzinfo=UTC)), withdrawn=True)]
        async with open_store(f"sqlite:///{tmp_path}/cncert.db") as store:
            await take_all(store, events)

    asyncio.run(put())
    issue = issue_in(data_in(report(tmp_path)), "2024-03")
    assert sorted((one["source"], one["via"], one["chosen"], one["withdrawn"]) for one in issue["editions"]) == [
        ("feed", "feed", False, False),
        ("page", "http", False, True),
        ("page", "http", True, False),
    ]
    (chosen,) = [one for one in issue["editions"] if one["chosen"]]
    assert (chosen["account"], chosen["url"]) == ("国家互联网应急中心CNCERT", None)
    assert (chosen["published"], chosen["first_seen"]) == ("2024-01-25T17:00:00+08:00", "2024-01-26T17:00:00+08:00")
    (warning,) = [message for code, message in issue["warnings"] if code == "editions_disagree"]
    assert warning.startswith("incidents.handled: 100 here, 90 in edition ")


def test_the_pdfs_of_an_issue_are_linked(tmp_path: Path) -> None:
    """The kept file, else the site's; nothing outside of the directory, and no other address."""
    (tmp_path / "pictures" / "2025-03").mkdir(parents=True)
    (tmp_path / "pictures" / "2025-03" / "kept.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.7")
    address = "https://www.cert.org.cn/publish/main/upload/File/CNCERT%20weekly.pdf"
    documents = [
        {"url": address, "path": "2025-03/kept.pdf", "checksum": "1" * 64},
        {"url": "https://evil.example/x.pdf", "path": "../secret.pdf", "checksum": "2" * 64},
        {"url": "javascript:alert(1)", "path": None, "checksum": "3" * 64},
    ]
    fill(tmp_path, make_issue(documents=documents))
    (issue,) = data_in(report(tmp_path))["issues"]
    assert issue["documents"] == [{"href": "pictures/2025-03/kept.pdf", "url": address}, {}, {}]


def test_it_opens_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, weekly("2025-03"))
    assert data_in(report(tmp_path))["language"] == "en"
    assert data_in(report(tmp_path, CNCERT_LANGUAGE="zh"))["language"] == "zh"
    assert data_in(report(tmp_path, "--language", "en", CNCERT_LANGUAGE="zh"))["language"] == "en"


# What it is


def test_nothing_in_a_store_becomes_more_than_text(tmp_path: Path) -> None:
    fill(
        tmp_path,
        weekly(
            "2025-03",
            make_figure("incidents.handled", 657, evidence=TRICKS, unit=TRICKS),
            title=TRICKS,
            warnings=[{"code": "no_text", "message": TRICKS}],
            images=[make_picture("mmbiz_png/x", url=TRICKS)],
        ),
        make_reject(issue=None, reason=TRICKS, address=TRICKS),
        make_run(error=TRICKS, close_reason="other", other_reason=TRICKS),
    )
    page = report(tmp_path)
    data = data_in(page)
    assert data["issues"][0]["title"] == data["issues"][0]["evidences"][0] == data["rejects"][0]["reason"] == TRICKS
    assert "url" not in data["issues"][0]["pictures"][0]
    assert (data["rejects"][0]["address"], data["runs"][0]["close_reason"]) == (None, TRICKS)
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page
    assert "\u2028" not in page
    assert found(page, "//@*[starts-with(name(), 'on')] | //@src | //link | //iframe") == []


def test_the_page_runs_its_own_scripts_and_asks_nobody(tmp_path: Path) -> None:
    fill(tmp_path, weekly("2025-03"))
    page = report(tmp_path)
    (policy,) = found(page, "//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = {words[0]: words[1:] for words in map(str.split, policy.split(";"))}
    scripts = [hash_of(text) for text in found(page, "//script[not(@type)]/text()")]
    assert scripts == rules["script-src"]
    assert len(scripts) > 1
    assert [hash_of(text) for text in found(page, "//style/text()")] == rules["style-src-elem"]
    assert rules["default-src"] == ["'none'"]
    assert set(rules["img-src"]) == {"data:", "'self'", "file:"}
    assert "connect-src" not in rules


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv", "https://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv"),
        ("javascript:alert(1)", None),
        ("javascript://mp.weixin.qq.com/s/abcdefghijklmnopqrstuv%0aalert(1)", None),
        ("https://mp.weixin.qq.com@evil.example/s/abcdefghijklmnopqrstuv", None),
        ("https://mp.weixin.qq.com.evil.example/s/abcdefghijklmnopqrstuv", None),
        ("file:///etc/passwd", None),
        ("https://mp.weixin.qq.com/cgi-bin/login", None),
    ],
)
def test_only_an_article_of_wechat_is_linked(tmp_path: Path, address: str, link: str | None) -> None:
    elsewhere = {"article": {"url": address, "aliases": [address]}, "provenance": {"address": address}}
    fill(tmp_path, weekly("2025-03", **elsewhere))
    assert data_in(report(tmp_path))["issues"][0]["url"] == link


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("2025-03/01-x.png", "../pictures/2025-03/01-x.png"),
        ("a:b #1%?.png", "../pictures/a%3Ab%20%231%25%3F.png"),
        ("../outside.png", None),
        ("2025-03/../../outside.png", None),
        ("/etc/passwd", None),
        ("\0", None),
        ("2025-03", None),
        ("missing.png", None),
    ],
)
def test_a_link_to_a_picture_stays_among_the_pictures(tmp_path: Path, path: str, link: str | None) -> None:
    pictures = tmp_path / "pictures"
    for name in ("pictures/2025-03/01-x.png", "pictures/a:b #1%?.png", "outside.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    picture = Picture.model_validate(make_picture("mmbiz_png/abcdefgh", "stored", path=path))
    assert PictureFiles(pictures, tmp_path / "page").link(picture) == link
    assert PictureFiles(None, tmp_path / "page").link(picture) is None


def test_five_years_of_twenty_figures_stay_below_two_megabytes_and_the_same_store_gives_the_same_page(
    tmp_path: Path,
) -> None:
    names = [metric.name for metric in metrics() if metric.unit][:20]
    week, issues = (2021, 1), []
    for number in range(260):
        figures = [
            make_figure(name, 1000 * place + number, unit="个", change_pct=-3.5, source="picture", confidence=0.97,
                        evidence=f"本周境内感染网络病毒的主机数量约为{number}万个，较上周{place}")
            for place, name in enumerate(names)
        ]  # fmt: skip
        images = [make_picture(f"mmbiz_png/{'x' * 90}{number}n{place}") for place in range(5)]
        issues.append(make_issue(*week, figures=figures, images=images))
        week = calendar.next_week(week)
    fill(tmp_path, *issues)
    page = report(tmp_path)
    assert len(page.encode()) < 2_000_000
    assert sum(len(issue["figures"]) for issue in data_in(page)["issues"]) == 260 * 20
    assert report(tmp_path) == page


# Pictures


def illustrated(place: Path) -> Path:
    """A store of three issues that share a cover, and their pictures."""
    files = place / "pictures"
    files.mkdir()
    (files / "cover.png").write_bytes(drawing(1))
    issues = []
    for number in (1, 2, 3):
        wide = Image.effect_noise((900, 600), 50)
        wide.save(files / f"{number}.png")
        images = [
            make_picture("mmbiz_png/coverpicture", "stored", role="cover", path="cover.png"),
            make_picture(f"mmbiz_png/picture{number}", "stored", path=f"{number}.png"),
        ]
        issues.append(weekly(f"2025-0{number}", images=images))
    fill(place, *issues)
    return files


def size_of(uri: str) -> tuple[int, int]:
    kind, _, code = uri.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(b64decode(code)), formats=["WEBP"]) as picture:
        return picture.size


def test_pictures_are_links_small_copies_or_absent(tmp_path: Path) -> None:
    illustrated(tmp_path)
    linked = data_in(report(tmp_path))
    assert [picture["href"] for picture in linked["issues"][0]["pictures"]] == ["pictures/cover.png", "pictures/1.png"]
    assert linked["thumbs"] == []
    small = data_in(report(tmp_path, "--pictures", "small"))
    thumbs = [[size_of(small["thumbs"][picture["thumb"]]) for picture in one["pictures"]] for one in small["issues"]]
    assert thumbs == [[(64, 48), (160, 107)], [(64, 48), (160, 107)], [(64, 48), (480, 320)]]
    assert len(small["thumbs"]) == 4
    none = data_in(report(tmp_path, "--pictures", "none"))
    assert [one["pictures"] for one in none["issues"]] == [[], [], []]


def test_small_copies_keep_the_page_small_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    illustrated(tmp_path)
    plain = len(report(tmp_path).encode())
    newest = len(data_in(report(tmp_path, "--pictures", "small"))["thumbs"][1])
    monkeypatch.setattr("cncert.commands.report.MAX_PAGE_BYTES", plain + newest + 2000)
    monkeypatch.setattr("cncert.commands.report.MIN_PICTURE_BYTES", 0)
    capsys.readouterr()
    page = report(tmp_path, "--pictures", "small")
    assert len(page.encode()) <= plain + newest + 2000
    assert ["thumb" in one["pictures"][1] for one in data_in(page)["issues"]] == [False, False, True]
    assert "older pictures that are only linked, to keep the page small: 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", drawing(1)[:40], b"P6 99999 99999 255\n", b"GIF89a\xff\xff\xff\xff\x00\x00\x00"],
)
def test_a_broken_picture_costs_its_small_copy_and_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    files = illustrated(tmp_path)
    (files / "2.png").write_bytes(content)
    data = data_in(report(tmp_path, "--pictures", "small", status=1))
    assert ["thumb" in one["pictures"][1] for one in data["issues"]] == [True, False, True]
    assert "pictures that cannot be read: 1, such as 2.png: " in capsys.readouterr().err


def test_pictures_that_are_not_there_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = illustrated(tmp_path)
    (files / "2.png").unlink()
    report(tmp_path)
    assert f"stored pictures that are not in {files}: 1, such as 2.png" in capsys.readouterr().err
    report(tmp_path, files="s3://host/pictures")
    assert "that are not in" not in capsys.readouterr().err


# The file


def test_it_goes_beside_the_store(tmp_path: Path) -> None:
    fill(tmp_path, weekly("2025-03"))
    assert call(ReportCommand(), CNCERT_STORE=f"sqlite:///{tmp_path}/cncert.db") == 0
    assert [issue["id"] for issue in data_in((tmp_path / "report.html").read_text(encoding="utf-8"))["issues"]] == [
        "2025-03"
    ]


def test_it_goes_to_stdout_too(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    fill(tmp_path, weekly("2025-03"))
    page = report(tmp_path).encode()
    capfdbinary.readouterr()
    assert call(ReportCommand(), "--out", "-", CNCERT_STORE=f"sqlite:///{tmp_path}/cncert.db") == 0
    said = capfdbinary.readouterr()
    assert (said.out, said.err.count(b"\n")) == (page, 1)


def test_a_full_disk_leaves_the_old_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(page, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert page.read_bytes() == b"old"
    write_whole(page, b"new")
    assert page.read_bytes() == b"new"


def test_what_a_killed_writer_left_of_a_file_is_removed_and_nothing_else(tmp_path: Path) -> None:
    host = socket.gethostname()
    dead = f".[1].html.999999999@{host}.part"
    kept = [f".[1].html.{os.getppid()}@{host}.part", f".1.html.999999999@{host}.part", ".[1].html.999999999.part"]
    for name in (dead, *kept):
        (tmp_path / name).touch()
    write_whole(tmp_path / "[1].html", b"new", mode=0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "[1].html"])
    assert (tmp_path / "[1].html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["x"], 2, "report takes no argument 'x'"),
        (["--from", "2025"], 2, "--from '2025'"),
        (["--until", "2025-60"], 2, "--until '2025-60'"),
        (["--from", "2025-03", "--until", "2025-02"], 2, "later than"),
        (["--out", "-", "--open"], 2, "--open"),
        (["--out", "/"], 2, "--out / is no file"),
        (["--out", "/dev/null"], 2, "is no file"),
        (["--out", "/proc/nowhere/report.html"], 1, "cannot be written"),
        (["--from", "2030-01"], 1, "has no issue of these weeks, and nothing was written"),
        (["--out", ""], 2, "--out is empty"),
        (["--pictures", "small", "--ftp"], 2, "CNCERT_FILES is no directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], status: int, said: str
) -> None:
    fill(tmp_path, weekly("2025-03"))
    given: dict[str, object] = {"CNCERT_STORE": f"sqlite:///{tmp_path}/cncert.db"}
    if "--ftp" in args:
        args, given["CNCERT_FILES"] = args[:-1], "s3://host/pictures"
    assert call(ReportCommand(), *args, **given) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cncert: ")
    assert said in line


def test_an_empty_store_gives_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    assert call(ReportCommand(), "--out", f"{tmp_path}/x.html", CNCERT_STORE=f"sqlite:///{tmp_path}/cncert.db") == 1
    assert capsys.readouterr().err.endswith("cncert.db has no issue yet, and nothing was written\n")
    assert not (tmp_path / "x.html").exists()
