"""Whole crawls of ``scrapy crawl official`` against a loopback cert.org.cn."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from shlex import quote as quote_argument
from subprocess import CompletedProcess
from urllib.parse import quote

import pytest

from cncert.items import Issue, issue_id
from cncert.report.calendar import Week, weeks
from cncert.store import open_store
from cncert.store.endings import Ending, State
from cncert.store.ledger_rows import LedgerRow
from tests import series
from tests.site import cert_site, pages, reprints
from tests.site.cert_site import HOST, CertSite, entry, html, link, list_path, listing, page
from tests.site.crawl import begin_scrapy, project_env, run_scrapy
from tests.site.server import Answer, LoopbackWeChat, flaky, redirect

FILE = "/publish/main/upload/File/"
ERAS: list[Week] = [*weeks((2013, 10), (2013, 13)), *weeks((2018, 12), (2018, 16)), *weeks((2026, 10), (2026, 14))]


def crawl(
    site: LoopbackWeChat, folder: Path, *arguments: str, timeout: int = 30, spider: str = "official", **env: str
) -> CompletedProcess[str]:
    """Run the spider; an answer may take *timeout* seconds."""
    options = [part for argument in arguments for part in ("-a", argument)]
    options += ["-s", f"DOWNLOAD_TIMEOUT={timeout}"]
    return run_scrapy("crawl", spider, *options, env=project_env(site, folder, **env), timeout=120)


async def stored(folder: Path) -> dict[str, Issue]:
    """The documents of the store."""
    async with open_store(project_env(None, folder)["CNCERT_STORE"]) as store:
        return {issue.id: issue async for issue in store.issues()}


async def rows(folder: Path) -> dict[str, LedgerRow]:
    """The ledger's rows of pages of the site, by issue."""
    async with open_store(project_env(None, folder)["CNCERT_STORE"]) as store:
        return {row.issue or row.id: row for row in await store.rows() if row.id.startswith("site-")}


def figures(issue: Issue) -> dict[str, object]:
    """The rating and the figures of an issue."""
    return {"rating": issue.rating} | {one.metric: one.value for one in issue.figures}


async def test_pages_of_all_eras_become_issues_and_a_second_run_asks_one_list(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS)
        first = crawl(site, tmp_path)
        assert first.returncode == 0, first.stderr
        assert cert.asked()[:4] == [list_path(), list_path(2), list_path(3), list_path(1, 17)]
        assert {one.host for one in site.requests} == {HOST}
        issues = await stored(tmp_path)
        site.reset_log()
        second = crawl(site, tmp_path)
        assert second.returncode == 0, second.stderr
        assert cert.asked() == [list_path()]
    assert list(issues) == [issue_id(*week) for week in ERAS]
    for week in ERAS:
        issue = issues[issue_id(*week)]
        assert (issue.provenance.source, issue.provenance.via) == ("site", "http")
        assert issue.provenance.address == f"https://{HOST}{cert_site.path(week)}"
        assert (issue.published_at, issue.published_on) == (None, cert_site.published(week))
        assert (issue.account.name, issue.article.url, issue.title) == (None, None, cert_site.title(week))
        assert figures(issue) == cert_site.stated(week)
        assert "review_missing" not in {one.code for one in issue.warnings}  # only articles list earlier issues
        assert [one.heading for one in issue.sections][-2:] == ["业界新闻速递", "关于国家互联网应急中心"]
        (document,) = issue.documents
        data = (tmp_path / "pictures" / str(document.path)).read_bytes()
        assert data == cert_site.weekly_pdf(week)
        assert str(document.path).startswith(f"{issue.id}/")
        assert document.url == f"https://{HOST}{quote(cert_site.file_path(week))}"
    assert {row.state for row in (await rows(tmp_path)).values()} == {State.STORED}
    gaps = run_scrapy("gaps", "--all", "--json", env=project_env(None, tmp_path))
    assert '"source": "site"' in gaps.stdout


async def test_a_new_issue_costs_two_lists_its_page_and_its_pdf(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        assert crawl(site, tmp_path).returncode == 0
        cert.extend([(2026, 15)])
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [
            list_path(),
            list_path(2),
            cert_site.path((2026, 15)),
            quote(cert_site.file_path((2026, 15))),
        ]
    assert "2026-15" in await stored(tmp_path)


@pytest.mark.parametrize("first", [["from=2018-14"], ["limit=4"], ["until=2018-14"], ["from=2026-10", "limit=1"]])
async def test_what_a_narrower_run_left_the_next_one_fetches(tmp_path: Path, first: list[str]) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, ERAS, per_page=4)
        run = crawl(site, tmp_path, *first)
        assert run.returncode == 0, run.stderr
        assert 0 < len(await stored(tmp_path)) < len(ERAS)
        assert crawl(site, tmp_path).returncode == 0
        assert len(await stored(tmp_path)) == len(ERAS)


async def test_a_bounded_run_reads_the_lists_no_further_than_its_range(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        assert crawl(site, tmp_path, "from=2026-10").returncode == 0
        assert list_path(4) not in cert.asked()
        site.reset_log()
        assert crawl(site, tmp_path, "from=2026-10").returncode == 0
        assert cert.asked() == [list_path()]


async def test_a_run_of_older_issues_reads_the_lists_as_far_as_needed(tmp_path: Path) -> None:
    """Those of newer weeks stay known: they are no reason to read on, once a list has named what is wanted."""
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        assert crawl(site, tmp_path, "from=2026-10").returncode == 0
        page = f"start=https://{HOST}{cert_site.path((2013, 11))}"
        site.reset_log()
        assert crawl(site, tmp_path, page, "from=2013-11", "until=2013-11").returncode == 0
        assert list_path(4) in cert.asked()
        site.reset_log()
        assert crawl(site, tmp_path, "until=2018-13").returncode == 0
        assert [issue for issue in await stored(tmp_path) if issue <= "2018-13"] == [
            "2013-10", "2013-11", "2013-12", "2013-13", "2018-12", "2018-13",
        ]  # fmt: skip
        site.reset_log()
        assert crawl(site, tmp_path, "until=2018-13").returncode == 0
        assert cert.asked() == [list_path()]
        cert.extend([(2026, week) for week in range(15, 20)])
        site.reset_log()
        assert crawl(site, tmp_path, "until=2018-13").returncode == 0
        assert cert.asked() == [list_path()]
        assert crawl(site, tmp_path).returncode == 0
        assert len(await stored(tmp_path)) == len(ERAS) + 5


async def test_a_run_of_older_issues_that_could_not_read_a_list_is_completed(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        cert.add(list_path(2), Answer(status=503))
        assert crawl(site, tmp_path, "until=2018-13").returncode == 1
        cert.relist()
        assert crawl(site, tmp_path, "until=2018-13").returncode == 0
        assert len(await stored(tmp_path)) == 6


@pytest.mark.parametrize("column", [44, 17])
async def test_the_older_list_goes_on_where_the_newer_ends(tmp_path: Path, column: int) -> None:
    """Its links have a class of their own; a list that repeats its last page ends too."""
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS[-3:])
        older = ERAS[0]
        cert.put(older, cert_site.weekly_pdf(older))
        old = html(f'<a class="newslist_style" href="{cert_site.path(older)}">{cert_site.title(older)}</a>')
        cert.add(list_path(2) if column == 44 else list_path(1, 17), old)
        cert.add(list_path(3) if column == 44 else list_path(2, 17), old)
        assert crawl(site, tmp_path).returncode == 0
        assert list_path(4) not in cert.asked()
        assert len(await stored(tmp_path)) == 4


MOVED = html("<ul class='news_con'><li><a href='/a.html'>a</a></li></ul>")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (MOVED, "no list is found in it"),
        (b"", "no list is found in it"),
        (Answer(status=503), "status 503"),
        (Answer(status=404), "status 404"),
        (redirect("https://evil.example/"), "status 302"),
        (Answer(hang=True), "list of pages"),
        (Answer(reset=True), "list of pages"),
        (
            listing([entry(cert_site.title(ERAS[-1]), date(2026, 4, 10), "https://evil.example/a.html", "quoted")]),
            "1 issues at addresses that are not known, such as 网络安全信息与动态周报-2026年第14期",
        ),
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_read_is_said_with_its_address(
    tmp_path: Path, page: bytes | Answer, said: str
) -> None:
    with LoopbackWeChat(hosts=[HOST, "evil.example"]) as site:
        CertSite(site, ERAS[-3:]).add(list_path(), page)
        run = crawl(site, tmp_path, timeout=1)
        assert not site.asked("https://evil.example")
    assert run.returncode == 1
    assert f"https://{HOST}{list_path()} cannot be read" in run.stderr
    assert said in run.stderr


def moved(weeks: Sequence[Week]) -> bytes:
    """A list of *weeks* in a layout that is not known."""
    return html(
        "".join(f"<dl><dd><a href='{cert_site.path(one)}'>{cert_site.title(one)}</a></dd></dl>" for one in weeks)
    )


SOFT_404 = html(
    "<ul><li><a href='/publish/main/44/index.html'>网络安全信息与动态周报</a></li></ul><p>您访问的页面不存在</p>"
    f"<a href='{cert_site.path(ERAS[-1])}'>{cert_site.title(ERAS[-1])}</a>"
)
"""What a site may show, with status 200, for a page that it does not have: its menu, and the newest issue."""


@pytest.mark.parametrize("end", [SOFT_404, listing([]), Answer(status=404)])
async def test_a_page_without_a_list_behind_the_last_one_is_its_end(tmp_path: Path, end: bytes | Answer) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS[1:], per_page=7)
        cert.put(ERAS[0], cert_site.weekly_pdf(ERAS[0]))
        cert.add(
            list_path(1, 17),
            listing([entry(cert_site.title(ERAS[0]), date(2013, 3, 14), cert_site.path(ERAS[0]), "href")]),
        )
        for number, column in ((3, 44), (2, 17)):
            cert.add(list_path(number, column), end)
        run = crawl(site, tmp_path)
        assert run.returncode == 0, run.stderr
        assert cert.asked()[:5] == [list_path(), list_path(2), list_path(3), list_path(1, 17), list_path(2, 17)]
        assert f"The list ends before https://{HOST}{list_path(3)}" in run.stderr
        assert len(await stored(tmp_path)) == len(ERAS)
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [list_path()]


async def test_an_older_list_that_is_no_more_is_no_fault(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS[-3:])
        cert.add(list_path(1, 17), SOFT_404)
        run = crawl(site, tmp_path)
    assert run.returncode == 0, run.stderr
    assert len(await stored(tmp_path)) == 3


async def test_a_list_whose_end_was_down_once_ends_there_later(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=7)
        cert.add(list_path(3), Answer(status=503))
        assert crawl(site, tmp_path).returncode == 1
        cert.add(list_path(3), SOFT_404)
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [list_path(), list_path(3), list_path(1, 17)]
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [list_path()]


@pytest.mark.parametrize("bad", [Answer(status=503), moved(ERAS[:10]), b"", html("<script>run()</script>")])
async def test_behind_a_list_that_could_not_be_read_the_next_run_goes_on(tmp_path: Path, bad: Answer | bytes) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        cert.add(list_path(2), bad)
        assert crawl(site, tmp_path, timeout=1).returncode == 1
        assert len(await stored(tmp_path)) == 4
        site.reset_log()
        assert crawl(site, tmp_path, timeout=1).returncode == 1  # all is stored of what the first list names
        assert {*cert.asked()} == {list_path(), list_path(2)}
        cert.relist()
        assert crawl(site, tmp_path, "from=2026-12").returncode == 0  # a bounded run leaves the rest to others
        assert crawl(site, tmp_path).returncode == 0
        assert len(await stored(tmp_path)) == len(ERAS)
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [list_path()]


async def test_a_title_that_a_list_cuts_is_read_on_its_page(tmp_path: Path) -> None:
    cut, other = (2026, 12), (2026, 13)
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [cut, other])
        entries = [("网络安全信息与动态周报-2026年第…", cut), (cert_site.title(other), other)]
        listed = [entry(name, cert_site.published(week), cert_site.path(week), "href") for name, week in entries]
        cert.add(list_path(), listing(listed))
        run = crawl(site, tmp_path)
        assert run.returncode == 0, run.stderr
        site.reset_log()
        assert crawl(site, tmp_path).returncode == 0
        assert cert.asked() == [list_path()]
    assert list(await stored(tmp_path)) == ["2026-12", "2026-13"]
    assert (await rows(tmp_path))["2026-12"].state is State.STORED


async def test_robots_txt_is_obeyed(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS[-3:])
        cert.add("/robots.txt", Answer(b"User-agent: *\nDisallow: /publish/\n", content_type="text/plain"))
        run = crawl(site, tmp_path, ROBOTSTXT_OBEY="False")
        assert [one.path for one in site.requests] == ["/robots.txt"]
    assert run.returncode == 1
    assert "robots.txt denied" in run.stderr


async def test_a_pdf_that_robots_txt_denies_is_counted_as_denied_and_due_at_once(tmp_path: Path) -> None:
    week = (2026, 12)
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [week])
        rules = f"User-agent: *\nDisallow: {FILE}\n".encode()
        cert.add("/robots.txt", Answer(rules, content_type="text/plain"))
        run = crawl(site, tmp_path)
        assert run.returncode == 1
        assert cert.asked() == [list_path(), list_path(2), list_path(1, 17), cert_site.path(week)]
        (fault,) = [line for line in run.stderr.splitlines() if line.startswith("  ! ")]
        assert "robots.txt denied" in fault
        row = (await rows(tmp_path))["2026-12"]
        assert (row.ending, row.reason) == (
            Ending.UNAVAILABLE,
            f"robots.txt denies https://{HOST}{quote(cert_site.file_path(week))}",
        )
        site.reset_log()
        options = ("-s", "ROBOTSTXT_OBEY=off")
        assert run_scrapy("crawl", "official", *options, env=project_env(site, tmp_path)).returncode == 0
        assert cert.asked() == [list_path(), cert_site.path(week), quote(cert_site.file_path(week))]
    assert (await rows(tmp_path))["2026-12"].state is State.STORED


@pytest.mark.parametrize("lacks", ["tunnel", "handshake", "redirect"])
async def test_a_site_without_https_is_asked_over_http_and_known_by_its_https_addresses(
    tmp_path: Path, lacks: str
) -> None:
    weeks, archive = ERAS[-2:], str(tmp_path / "archive")
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, weeks)
        site.no_https = {HOST: lacks}
        run = crawl(site, tmp_path, CNCERT_ARCHIVE=archive)
        assert run.returncode == 0, run.stderr
        assert run.stderr.count("goes on with http://www.cert.org.cn") == 1
        assert "Traceback" not in run.stderr
        over_https = [one for one in site.requests if one.scheme == "https" and one.path]
        assert len(over_https) <= 1
        assert site.asked(f"http://{HOST}/robots.txt")
        replayed = crawl(site, tmp_path / "replayed", f"replay={archive}")
        assert replayed.returncode == 0, replayed.stderr
    for folder in (tmp_path, tmp_path / "replayed"):
        for week, issue in zip(weeks, (await stored(folder)).values(), strict=True):
            assert issue.provenance.address == f"https://{HOST}{cert_site.path(week)}"
            assert issue.documents[0].url == f"https://{HOST}{quote(cert_site.file_path(week))}"
        assert all(row.addresses[0].url.startswith("https://") for row in (await rows(folder)).values())


@pytest.mark.parametrize(
    "target", ["http://evil.example/", f"http://{HOST}/", f"http://{HOST}{list_path(2)}", f"https://{HOST}/"]
)
async def test_no_other_redirect_is_followed(tmp_path: Path, target: str) -> None:
    with LoopbackWeChat(hosts=[HOST, "evil.example"]) as site:
        CertSite(site, ERAS[:1]).add(list_path(), redirect(target))
        run = crawl(site, tmp_path)
        assert {one.path for one in site.requests} == {"/robots.txt", list_path()}
        assert {one.scheme for one in site.requests} == {"https"}
    assert run.returncode == 1
    assert "status 302" in run.stderr


@pytest.mark.parametrize("answer", [Answer(status=502), redirect(f"https://{HOST}{list_path()}"), Answer(reset=True)])
async def test_a_site_that_answers_http_no_better_is_not_reached(tmp_path: Path, answer: Answer) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        site.no_https = {HOST: "tunnel"}
        for target in ("/robots.txt", list_path()):
            site.add_path(HOST, target, answer)
        run = crawl(site, tmp_path)
    assert run.returncode == 1
    assert "goes on with http" not in run.stderr
    assert f"does not connect to {HOST} (HTTP 502)" in run.stderr


async def test_a_certificate_that_is_not_trusted_is_not_passed_by(tmp_path: Path) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site, LoopbackWeChat() as other:
        CertSite(site, ERAS[:1])
        run = crawl(site, tmp_path, SSL_CERT_FILE=str(other.ca_file), REQUESTS_CA_BUNDLE=str(other.ca_file))
        assert not site.asked("http://")
    assert run.returncode == 1
    assert "certificate verify failed" in run.stderr


OTHER = cert_site.weekly_pdf((2026, 11))


@pytest.mark.parametrize(
    ("answer", "ending", "code"),
    [
        (Answer(status=404), Ending.NO_DOCUMENT, 1),
        (Answer(status=503), Ending.UNANSWERED, 1),
        (Answer(hang=True), Ending.UNANSWERED, 1),
        (Answer(cert_site.pdf(["a"], encrypt="secret")), Ending.ENCRYPTED, 1),
        (Answer(cert_site.empty_pdf()), Ending.NO_TEXT, 1),
        (Answer(b"%PDF-1.4\nbroken"), Ending.BROKEN, 1),
        (Answer(html("not a PDF"), content_type="application/pdf"), Ending.BROKEN, 1),
        (Answer(OTHER), Ending.WRONG_DOCUMENT, 1),
        (Answer(cert_site.pdf(["nothing", "of the report"])), Ending.EMPTY, 1),
        (Answer(cert_site.weekly_pdf((2026, 12)), slow=40_000), Ending.STORED, 0),
        (Answer(cert_site.weekly_pdf((2026, 12)), content_type="text/html"), Ending.STORED, 0),
        (flaky(cert_site.weekly_pdf((2026, 12))), Ending.STORED, 0),
    ],
)
async def test_how_a_pdf_ended_stands_in_the_ledger(tmp_path: Path, answer: Answer, ending: Ending, code: int) -> None:
    week = (2026, 12)
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [week])
        cert.put(week, answer)
        run = crawl(site, tmp_path, timeout=2)
        assert run.returncode == code, run.stderr
        row = (await rows(tmp_path))["2026-12"]
        assert (row.ending, row.attempts) == (ending, 1)
        assert row.addresses[0].history[-1].ending is ending
        assert list(await stored(tmp_path)) == (["2026-12"] if ending is Ending.STORED else [])
        if row.state is State.UNAVAILABLE:
            assert row.next_try is not None
            cert.put(week, cert_site.weekly_pdf(week))
            assert crawl(site, tmp_path, "retry=1").returncode == 0
            assert list(await stored(tmp_path)) == ["2026-12"]


async def test_a_pdf_without_text_is_kept_for_scrapy_ocr(tmp_path: Path) -> None:
    data = cert_site.empty_pdf()
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, [(2026, 12)]).put((2026, 12), data)
        run = crawl(site, tmp_path)
    (kept,) = (path for path in tmp_path.rglob("*.pdf"))
    assert kept == tmp_path / "pictures" / "2026-12" / f"{sha256(data).hexdigest()[:32]}.pdf"
    assert kept.read_bytes() == data
    command = f"scrapy ocr {quote_argument(str(kept))}"
    assert command in run.stderr
    row = (await rows(tmp_path))["2026-12"]
    assert command in (row.reason or "")
    assert await stored(tmp_path) == {}
    read = run_scrapy(*command.split()[1:], "--engine", "tests.ocr_double:First", env=project_env(None, tmp_path))
    assert (read.returncode, read.stdout.splitlines()[0]) == (0, f"{kept} page 1  read"), read.stderr


async def test_a_pdf_without_text_that_cannot_be_kept_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"no directory")
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, [(2026, 12)]).put((2026, 12), cert_site.empty_pdf())
        run = crawl(site, tmp_path)
    assert run.returncode == 1
    assert "pictures cannot be written to" in run.stderr
    assert "Traceback" not in run.stderr
    assert "scrapy ocr" not in ((await rows(tmp_path))["2026-12"].reason or "")


TEXT = "".join(f"<p>{line}</p>" for line in cert_site.report((2013, 10)))
NAME = cert_site.title((2026, 12))


async def test_a_sentence_beside_a_pdf_that_cannot_be_read_is_not_the_report(tmp_path: Path) -> None:
    sentence = "<p>本周网络安全基本态势</p><p>本周，互联网网络安全态势整体评价为良。</p>"
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [(2026, 12)])
        content = sentence + link(f"{FILE}weekly.pdf?t=1", "weekly")  # a query is no part of the name
        cert.add(cert_site.path((2026, 12)), page(NAME, cert_site.published((2026, 12)), content))
        cert.add(f"{FILE}weekly.pdf", Answer(cert_site.empty_pdf()))
        assert crawl(site, tmp_path).returncode == 1
    assert await stored(tmp_path) == {}
    assert (await rows(tmp_path))["2026-12"].ending is Ending.NO_TEXT


@pytest.mark.parametrize(
    ("content", "files", "documents"),
    [
        (TEXT, {}, 0),
        (TEXT + link(f"{FILE}a.pdf", "a"), {"a.pdf": Answer(status=404)}, 0),
        (TEXT + link(f"{FILE}denied.pdf", "a"), {}, 0),
        (TEXT + link(f"{FILE}a.doc", "a"), {"a.doc": Answer(b"\xd0\xcf\x11\xe0")}, 0),
        (
            link(f"{FILE}annex.pdf", "annex") + link(f"{FILE}weekly", "weekly"),
            {"annex.pdf": cert_site.pdf(["an annex"]), "weekly": cert_site.weekly_pdf((2013, 10))},
            1,
        ),
    ],
)
async def test_a_page_has_its_text_in_itself_or_in_one_of_its_files(
    tmp_path: Path, content: str, files: dict[str, Answer | bytes], documents: int
) -> None:
    week = (2013, 10)
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [week])
        cert.add(cert_site.path(week), page(cert_site.title(week), cert_site.published(week), content))
        for name, answer in files.items():
            cert.add(FILE + name, answer)
        cert.add("/robots.txt", Answer(f"User-agent: *\nDisallow: {FILE}denied\n".encode(), content_type="text/plain"))
        assert crawl(site, tmp_path).returncode == 0
    issue = (await stored(tmp_path))["2013-10"]
    assert figures(issue) == cert_site.stated(week)
    assert len(issue.documents) == documents


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (html("<h2 class='title'>moved</h2>"), State.UNAVAILABLE, 1),
        (Answer(status=404), State.UNAVAILABLE, 1),
        (Answer(status=410), State.GONE, 0),
        (Answer(status=500), State.UNAVAILABLE, 1),
        (page("CNVD漏洞周报2026年第12期", date(2026, 4, 3), ""), State.REJECTED, 1),
        (page(NAME, date(2026, 4, 3), "<p>(点击下载)</p>"), State.UNAVAILABLE, 1),
        (page(NAME, date(2026, 4, 3), link("https://evil.example/a.pdf", "a")), State.UNAVAILABLE, 1),
    ],
)  # fmt: skip
async def test_a_page_that_is_none_is_said(tmp_path: Path, answer: Answer | bytes, state: State, code: int) -> None:
    with LoopbackWeChat(hosts=[HOST, "evil.example"]) as site:
        cert = CertSite(site, [(2026, 12), (2026, 13)])
        cert.add(cert_site.path((2026, 12)), answer)
        run = crawl(site, tmp_path)
        assert not site.asked("https://evil.example")
    assert run.returncode == code, run.stderr
    assert (await rows(tmp_path))["2026-12"].state is state
    assert list(await stored(tmp_path)) == ["2026-13"]


async def test_an_archive_of_a_crawl_is_replayed_and_read_again(tmp_path: Path) -> None:
    archive = str(tmp_path / "archive")
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, ERAS[:6])
        assert crawl(site, tmp_path, CNCERT_ARCHIVE=archive).returncode == 0
        first = await stored(tmp_path)
        asked = len(site.requests)
        other = tmp_path / "replayed"
        run = crawl(site, other, f"replay={archive}")
        assert run.returncode == 0, run.stderr
        assert len(site.requests) == asked
    again = await stored(other)
    assert {one.id: figures(one) for one in again.values()} == {one.id: figures(one) for one in first.values()}
    assert all((other / "pictures" / str(one.documents[0].path)).is_file() for one in again.values())
    upgrade = run_scrapy("upgrade", "--all", env=project_env(None, tmp_path, CNCERT_ARCHIVE=archive))
    assert upgrade.returncode == 0, upgrade.stderr
    assert await stored(tmp_path) == first


ORDERS = (("weekly", "official"), ("official", "weekly"), ("official", "weekly", "official"))


async def crawled_in(
    order: Sequence[str], folder: Path, articles: Sequence[Week], of_site: Sequence[Week], reprinted: Sequence[Week]
) -> dict[str, Issue]:
    """The documents after runs of the spiders in that *order*.

    WeChat has *articles*, of which it shows only reprints of some; the site has *of_site*, every other one with another
    number than the article.
    """
    first, last = issue_id(*articles[0]), issue_id(*articles[-1])
    with LoopbackWeChat(hosts=[HOST]) as site:
        published = {one.issue: one for one in series.publish(site, first, last)}
        starts = [published[last].url]
        for week in reprinted:
            name = issue_id(*week)
            site.add_article(published[name].url, pages.FAILURES["deleted_zh"].page)
            original = series.spec_of(name, sn=published[name].url.partition("sn=")[2][:32])
            spec = reprints.reprint_spec(original, "whole")
            starts.append(reprints.reprint_url(spec))
            site.add_article(starts[-1], pages.render(spec))
        cert = CertSite(site)
        for week in of_site:
            agrees = 400 + (week[0] * 100 + week[1]) % 97
            cert.put(week, cert_site.weekly_pdf(week, handled=agrees if week[1] % 2 else 1, rating="良", full=True))
            cert.weeks.append(week)
        cert.relist()
        for spider in order:
            bounds = [f"from={first}", f"until={last if spider == 'weekly' else issue_id(*of_site[-1])}"]
            run = crawl(site, folder, *bounds, *([f"start={','.join(starts)}"] if spider == "weekly" else []),
                        spider=spider)  # fmt: skip
            expected = 1 if reprinted and spider == "weekly" else 0  # the deleted articles
            assert run.returncode in (0, expected), run.stderr
    return {name: lasting(issue) for name, issue in (await stored(folder)).items()}


async def test_weekly_and_official_give_the_same_store_in_either_order(tmp_path: Path) -> None:
    """The article is the document; what only the PDF states is joined, and what both state otherwise is warned of."""
    articles, of_site = list(weeks((2024, 28), (2024, 37))), list(weeks((2024, 33), (2024, 42)))
    reprinted = [(2024, 31), (2024, 35), (2024, 36)]
    found = [await crawled_in(order, tmp_path / "-".join(order), articles, of_site, reprinted) for order in ORDERS]
    assert found[0] == found[1] == found[2]
    assert list(found[0]) == [issue_id(*week) for week in weeks((2024, 28), (2024, 42))]
    gaps = run_scrapy("gaps", "--all", "--json", env=project_env(None, tmp_path / "weekly-official"))
    assert '"source": "site"' in gaps.stdout
    for week in weeks((2024, 28), (2024, 42)):
        issue = found[0][issue_id(*week)]
        source = "reprint" if week in reprinted else "page" if week in articles else "site"
        assert (issue.id, issue.provenance.source) == (issue_id(*week), source)
        joined = {one.metric for one in issue.figures if one.edition is not None}
        names = {"hosts.infected", "malware_sites.domains", "malware_sites.ips", "sites.tampered"}
        is_both = week in articles and week in of_site
        assert joined == (names if is_both else set())
        disagree = [one.message for one in issue.warnings if one.code == "editions_disagree"]
        assert any("incidents.handled" in message for message in disagree) is (is_both and week[1] % 2 == 0)
        assert len(issue.documents) == (week in of_site)


async def test_another_pdf_on_the_same_page_takes_the_place_of_the_former(tmp_path: Path) -> None:
    week = (2026, 12)
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, [week])
        wrong = [*cert_site.report(week, handled=777), "这一份的文字更长。" * 9]
        cert.put(week, cert_site.pdf(wrong, cert_site.title(week)))
        assert crawl(site, tmp_path).returncode == 0
        corrected = cert_site.weekly_pdf(week)
        cert.put(week, corrected)
        assert crawl(site, tmp_path, "refresh=1").returncode == 0
    issue = (await stored(tmp_path))["2026-12"]
    assert figures(issue) == cert_site.stated(week)
    assert (tmp_path / "pictures" / str(issue.documents[0].path)).read_bytes() == corrected
    assert len(issue.editions) == 2
    assert "editions_disagree" not in {one.code for one in issue.warnings}


@pytest.mark.parametrize("imported_first", [True, False])
async def test_a_kept_pdf_takes_the_place_of_nothing_that_the_site_says(
    tmp_path: Path, *, imported_first: bool
) -> None:
    week = (2026, 12)
    kept = tmp_path / "kept.pdf"
    kept.write_bytes(cert_site.weekly_pdf(week))
    with LoopbackWeChat(hosts=[HOST]) as site:
        CertSite(site, [week])
        for step in (0, 1):
            if imported_first is (step == 0):
                assert run_scrapy("import", str(kept), env=project_env(None, tmp_path)).returncode == 0
            else:
                assert crawl(site, tmp_path).returncode == 0
    issue = (await stored(tmp_path))["2026-12"]
    assert (issue.provenance.source, len(issue.editions)) == ("site", 2)
    assert issue.published_on is not None
    assert [one.path is not None for one in issue.documents] == [True]


def lasting(issue: Issue) -> Issue:
    """An issue without the times of its requests."""
    editions = [one.model_copy(update={"first_seen": None, "last_seen": None}) for one in issue.editions]
    provenance = issue.provenance.model_copy(update={"fetched_at": None})
    return issue.model_copy(update={"editions": editions, "provenance": provenance})


@pytest.mark.parametrize("after", [list_path(2), "/publish/main/upload/"])
async def test_a_killed_run_is_completed_by_the_next(tmp_path: Path, after: str) -> None:
    with LoopbackWeChat(hosts=[HOST]) as site:
        cert = CertSite(site, ERAS, per_page=4)
        for week in ERAS[:-1]:
            cert.put(week, Answer(cert_site.weekly_pdf(week), delay=0.1))
        running = begin_scrapy("crawl", "official", log=None, env=project_env(site, tmp_path))
        try:
            until = time.monotonic() + 60
            while not cert.asked(after) and time.monotonic() < until:
                await asyncio.sleep(0.02)
        finally:
            running.kill()
            running.wait(30)
        assert len(await stored(tmp_path)) < len(ERAS)
        run = crawl(site, tmp_path)
        assert run.returncode == 0, run.stderr
    assert len(await stored(tmp_path)) == len(ERAS)
