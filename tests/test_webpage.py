"""The page of ``scrapy report`` in a real Chromium: opened from disk, without network."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from cncert.items import Issue, Ranking, Rating, Source, Via
from cncert.ledger import week_states
from cncert.ledger.captures import CaptureState
from cncert.output.page.page_data import PictureFiles, read_page
from cncert.output.page.render_page import page_words, render
from cncert.quality.series_breaks import BreakKind
from cncert.report import calendar, metrics
from cncert.report.issue_warnings import WARNING_CODES
from cncert.store import open_store
from tests.factories import NOW, make_figure, make_issue, make_picture, make_reject, make_reprint, make_row, make_run
from tests.series import drawing
from tests.stores import let_index_end, put_document

PAGE = Path("cncert/output/page")
EVIL = "<img src=x onerror='window.evil=1'><script>window.evil=1</script></script>&amp;\u2028\u202e"
WEEKS = list(calendar.weeks((2023, 45), (2024, 26)))
MISSING = "2024-10"
COPIED: dict[str, dict[str, Any]] = {
    "2024-24": {"source": "file", "via": "file", "stated_source": {"name": EVIL[:60], "published_at": None}},
    "2024-25": {"source": "reprint_card", "reprint": make_reprint(account=None, kind=2, published_at=NOW)},
    "2024-26": {"source": "reprint", "reprint": make_reprint(account=EVIL, published_at=NOW)},
}
"""Issues that were not read from CNCERT's page."""
TIMEOUT = 5_000


def _issues() -> Iterator[Issue]:
    """Half a year of issues with a gap, a year before of a few, one of 2022 with a metric of its own."""
    yield weekly("2022-20", 200, make_figure("sites.tampered_gov", 118, unit="个", change_pct=-20, share_pct=5))
    for year, number in WEEKS:
        week = f"{year}-{number:02d}"
        if week != MISSING:
            confidence = 0.85 if number % 4 == 0 else 0.97
            read: dict[str, Any] = {"source": "picture", "picture": "mmbiz_png/numbers", "confidence": confidence}
            hosts = make_figure(
                "hosts.infected", 278000 + number, unit="个", evidence="27.8万", box=[9, 9, 9, 9], **read
            )
            yield weekly(week, 1000 + number * (-1) ** number, hosts)


def weekly(week: str, handled: int, *figures: dict[str, Any]) -> Issue:
    """An issue of *week* whose title, evidence and warning would do harm if they could."""
    year, number = calendar.parse_week(week)
    evidence = f"共处理网络安全事件{handled}起{EVIL}"
    name = EVIL[:50]
    parts = [{"name": name, "share_pct": 30.5}]
    incidents = make_figure("incidents.handled", handled, unit="起", evidence=evidence, parts=parts)
    lines = [{"name": name, "value": 12000, "share_pct": 14.2}]
    ranking = {"metric": "hosts.trojan_botnet", "by": "province", "items": lines, "section": None, "evidence": EVIL}
    warnings = [{"code": "figure_conflict", "message": EVIL}] if number % 10 == 0 else []
    picture = make_picture("mmbiz_png/numbers", status="stored", height=48, path="numbers.png")
    title = f"网络安全信息与动态周报{year}年第{number}期{EVIL}"
    changes = {"figures": [incidents, *figures], "images": [picture], "warnings": warnings, "rating": "良"}
    if number % 10 == 0:
        page = {"source": "page", "via": "http", "address": "javascript:evil=1", "account": EVIL, "chosen": True}
        copy = {"source": "feed", "via": "feed", "address": None, "account": None, "chosen": False}
        times = {"first_seen": NOW, "last_seen": NOW, "published_at": None}
        changes["editions"] = [{"id": "2" * 32, **copy, **times}, {"id": "1" * 32, **page, **times}]
    if week in COPIED:
        changes |= {"published_at": None, "provenance": COPIED[week]}
    changes["rankings"] = [{**ranking, "start": 0, "end": 1}]
    return make_issue(year, number, title=title, **changes)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of what a store holds, written to disk beside its picture."""
    place = tmp_path_factory.mktemp("page")
    (place / "numbers.png").write_bytes(drawing(7))
    gone = make_row("MzIwNDk0MDgxMw==-1-1", issue=MISSING, state="gone", reason=f"deleted {EVIL}")

    async def made() -> dict[str, Any]:
        async with open_store(f"sqlite:///{place}/cncert.db") as store:
            for issue in _issues():
                await put_document(store, issue)
            await store.change_row(gone.id, lambda _: gone)
            await store.put_reject(make_reject(issue=MISSING, reason=EVIL))
            await store.put_run(make_run(ended_at=NOW, clean=False, close_reason="finished", error=EVIL))
            page = await read_page(store, last="2024-26", files=PictureFiles(place, place))
            assert page is not None
            return page[0]

    file = place / "report.html"
    with pytest.MonkeyPatch.context() as monkeypatch:
        let_index_end(monkeypatch, "2022-28")
        file.write_text(render(asyncio.run(made()), "en"), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser(
    chromium: str,
    page_file: Path,  # noqa: ARG001  # no asyncio.run() once Playwright has begun
) -> Iterator[Browser]:
    """One browser for all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium or None)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """A window without network, which all tests use one after the other: a new one for each would take a second."""
    context = browser.new_context(offline=True, reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT)
    return context.new_page()


@pytest.fixture
def page(tab: Page, page_file: Path) -> Iterator[Page]:
    """The page, opened from disk; whatever a test does with it, it asks nothing of a network and nothing goes wrong."""
    wrong: list[str] = []

    def told(message: ConsoleMessage) -> None:
        wrong.append(message.text)

    def failed(error: Error) -> None:
        wrong.append(str(error))

    def asked(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            wrong.append(request.url)

    listeners: dict[Any, Any] = {"console": told, "pageerror": failed, "request": asked}
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.emulate_media(color_scheme="light", media="screen")
    tab.goto(page_file.as_uri())
    yield tab
    assert tab.evaluate("window.evil") is None
    assert tab.locator("main img[src='x'], main script").count() == 0
    tab.evaluate("localStorage.clear()")
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert wrong == []


def plot(page: Page, metric: str = "incidents.handled") -> Any:
    """The drawing of *metric*, in sight and drawn."""
    box = page.locator(f"[data-metric='{metric}'] .plot-box")
    box.scroll_into_view_if_needed()
    expect(box.locator("canvas")).to_be_visible()
    return box


# What it shows


def test_the_newest_week_stands_first_with_its_changes(page: Page) -> None:
    newest = page.locator("#newest")
    assert newest.locator("h3").first.inner_text() == "Week 26, 2024"
    assert "良" in newest.locator(".scale [aria-current]").inner_text()
    handled = newest.locator(".tile").first
    assert handled.locator(".big").inner_text() == "1,026"
    assert "▲ +51 (+5.2%)" in handled.inner_text()
    assert "not stored" in handled.inner_text()


def test_it_says_what_an_issue_was_read_from_and_by_when_it_was_published(page: Page) -> None:
    """The name of the account that reprinted it is text, whatever it holds."""
    name = EVIL.rstrip("\u202e").rstrip("\u2028")
    links = page.locator("#newest .newest-links")
    assert links.inner_text().startswith("Published by 24 Jan 2025")
    assert f"Read from reprint: {name}" in links.text_content()
    cells = [page.locator(f"#issue-{week} .col-read_from") for week in (*reversed(COPIED), "2024-23")]
    assert [cell.text_content().rstrip("\u202e\u2028") for cell in cells] == [
        f"reprint: {name}", "original in a reprint's card", "saved copy", "CNCERT's article",
    ]  # fmt: skip
    assert page.locator("#issue-2024-25 .col-published").inner_text() == "by 24 Jan 2025"
    assert page.locator("#issue-2024-24 .col-published").inner_text() == "–"
    page.locator("#issue-2024-24 .opener").click()
    assert f"The copy names as its source {EVIL[:60]}" in page.locator("#details-2024-24 .facts").first.text_content()
    page.click("#language")
    assert "发布时间 不晚于2025年1月24日" in links.inner_text()
    assert f"来源 转载：{name}" in links.text_content()


def test_a_number_of_a_picture_looks_different_and_shows_where_it_stands(page: Page) -> None:
    hosts = page.locator("#newest .tile").nth(1)
    assert hosts.locator(".from-picture").get_attribute("title") == "read from a picture, 97% sure"
    text, picture = (page.locator(".tile .value").nth(place) for place in (0, 1))
    colours = [value.evaluate("element => getComputedStyle(element).color") for value in (text, picture)]
    assert colours[0] != colours[1]
    hosts.locator("summary").click()
    assert hosts.locator(".crop image").get_attribute("href").endswith("/numbers.png")


def test_the_language_changes_everything_and_is_remembered(page: Page) -> None:
    page.click("#language")
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.title() == "CNCERT 网络安全信息与动态周报"
    assert page.locator("h2").all_inner_texts() == ["最新一周", "历史走势", "收录情况", "各期列表", "数据质量"]
    assert page.locator("[data-metric='hosts.infected'] h4").inner_text() == "感染网络病毒的主机"
    assert page.locator(".big").nth(1).inner_text().startswith("◇278,026个")
    assert not page.get_by_text("Week before").count()


def test_the_theme_follows_the_system_until_it_is_chosen(page: Page) -> None:
    def background() -> Any:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = background()
    page.click("#theme")
    assert light == background() != dark
    page.reload()
    assert light == background()


# The table


def test_the_search_finds_weeks_evidence_and_numbers(page: Page) -> None:
    count = page.locator("#issues .count")
    for query, found in (("2024-07", 1), ("１,０２６ 共处理", 1), ("278009", 1), ("2024年第1", 10), ("恶意", 0)):
        page.fill("#search", query)
        assert count.inner_text() == {0: "No issue matches.", 1: "1 issue"}.get(found, f"{found} issues")
    page.fill("#search", "")
    page.check("#doubtful")
    assert count.inner_text() == "3 issues"


def test_columns_sort_both_ways(page: Page) -> None:
    head = page.locator("th.col-figure")
    for direction, first in (("descending", "1,052"), ("ascending", "200")):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == direction
        assert page.locator("td.col-figure").first.inner_text() == first
    assert page.locator("th[aria-sort]").count() == 1
    page.select_option("#figure-column", "hosts.infected")
    assert page.locator("td.col-figure").last.inner_text().startswith("◇278,026")


def test_a_row_opens_all_of_its_issue(page: Page) -> None:
    page.locator("#issue-2024-20 .opener").press("Enter")
    details = page.locator("#details-2024-20")
    assert details.locator("table").first.locator("tbody tr").count() == 2
    editions = details.locator(".editions tbody tr")
    assert editions.count() == 2
    assert editions.nth(0).inner_text().split()[:3] == ["CNCERT's", "article", "11111111"]
    assert "counts" in editions.nth(0).inner_text()
    assert EVIL.rstrip("\u202e").rstrip("\u2028") in editions.nth(0).text_content()
    assert "does not count" in editions.nth(1).inner_text()
    assert EVIL.rstrip("\u202e").rstrip("\u2028") in details.locator(".doubts").text_content()
    assert details.locator(".parts").inner_text() == f"{EVIL[:50]} 30.5%"
    assert details.locator(".ranking").inner_text() == f"Trojan and bot hosts by province\n\n{EVIL[:50]} 12,000, 14.2%"
    assert page.locator("#issue-2024-20 .opener").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert details.count() == 0


def test_an_address_leads_to_its_issue_on_whichever_page(page: Page, page_file: Path) -> None:
    assert page.locator("#issue-2022-20").count() == 0
    page.fill("#search", "2024")
    page.goto(f"{page_file.as_uri()}#issue-2022-20")
    expect(page.locator("#details-2022-20")).to_be_in_viewport()
    assert page.evaluate("document.activeElement.textContent") == "Week 20, 2022"


# The plots


def test_pointing_at_a_point_shows_it_and_a_click_keeps_its_link(page: Page) -> None:
    page.get_by_role("button", name="1 year").click()
    box, card = plot(page).bounding_box(), page.locator("#card")
    at = (box["x"] + box["width"] - 16, box["y"] + 60)
    page.mouse.move(*at)
    assert "Week 26, 2024" in card.inner_text()
    assert "共处理网络安全事件1026起" in card.inner_text()
    page.mouse.click(*at)
    link = card.get_by_role("link", name="Article")
    assert link.get_attribute("href").startswith("https://mp.weixin.qq.com/")
    assert link.get_attribute("rel") == "noopener noreferrer"
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_arrow_keys_read_the_points_and_enter_keeps_one(page: Page) -> None:
    plot(page).focus()
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator("#live").inner_text().startswith("Week 25, 2024: 975. Week before: down by 49 (4.8%).")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Article ↗"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "plot-box"


def test_a_missing_week_tells_why(page: Page) -> None:
    page.get_by_role("button", name="1 year").click()
    place = plot(page).bounding_box()
    x = page.evaluate(
        """week => {
          const { from, to } = Report.range.now;
          return (Report.model.weekIndex.get(week) - from + 0.5) / (to - from + 1);
        }""",
        MISSING,
    )
    page.mouse.move(place["x"] + 46 + x * (place["width"] - 60), place["y"] + 60)
    assert "deleted by its publisher" in page.locator("#card").inner_text()


def test_a_line_is_broken_where_weeks_are_missing_or_may_not_be_compared(page: Page) -> None:
    links = page.evaluate("""() => {
      const { series, link } = Report.model;
      const { metric, points } = series.find((one) => one.metric.name === "incidents.handled");
      return points.slice(1).map((point, place) => [point.issue.id, link(metric, points[place], point)]);
    }""")
    assert links[0] == ["2023-45", None]
    assert [link for link in links[1:] if link[1] != "solid"] == [["2024-11", "dotted"]]
    page.get_by_role("button", name="All weeks").click()
    note = page.locator("[data-metric='incidents.handled'] .break")
    assert "Unknown gap, between 2018-14 and 2022-27" in note.inner_text()
    note.locator("summary").click()
    assert "CNCERT does not say so" in note.inner_text()


def test_all_plots_share_one_range(page: Page) -> None:
    page.get_by_role("button", name="1 year").click()
    chip = page.locator(".chip", has_text="Defaced government sites")
    assert page.locator("[data-metric='sites.tampered_gov']").is_hidden()
    chip.click()
    assert page.locator("[data-metric='sites.tampered_gov']").is_visible()
    assert page.locator("[data-metric='hosts.infected']").is_hidden()
    page.get_by_role("button", name="1 year").click()
    place = plot(page).bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + 60)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] - 16, place["y"] + 60, steps=3)
    page.mouse.up()
    assert page.locator(".range-text").inner_text() == "Week 51, 2023 – Week 26, 2024"
    page.get_by_label("First week shown").press("ArrowRight")
    assert page.locator(".range-text").inner_text() == "Week 52, 2023 – Week 26, 2024"


def test_a_plot_is_a_table_too(page: Page) -> None:
    shown = page.locator("[data-metric='hosts.infected']")
    shown.get_by_role("button", name="Table").click()
    assert shown.locator("tbody tr").count() == 34
    assert "2024-26" in shown.locator("tbody tr").first.inner_text()
    page.get_by_role("button", name="Log").click()
    assert page.get_by_role("button", name="Log").get_attribute("aria-pressed") == "true"


# The calendar


def test_the_calendar_tells_each_week_and_leads_to_its_issue(page: Page) -> None:
    grid = page.get_by_role("grid")
    assert "1 deleted by its publisher" in page.locator(".calendar-legend").text_content()
    assert grid.locator("[tabindex='0']").count() == 1
    grid.locator("[data-week='2024-11']").click()
    expect(page.locator("#details-2024-11")).to_be_in_viewport()
    grid.locator("[data-week='2024-11']").focus()
    page.keyboard.press("ArrowLeft")
    missing = grid.locator(f"[data-week='{MISSING}']")
    expect(missing).to_be_focused()
    assert missing.get_attribute("aria-label").startswith("Week 10, 2024, 4 – 10 Mar 2024, deleted by its publisher, ")
    page.keyboard.press("Enter")
    assert "deleted <img src=x" in page.locator("#card").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(missing).to_be_focused()
    page.keyboard.press("End")
    expect(grid.locator("[data-week='2024-26']")).to_be_focused()


def test_the_quality_page_lists_warnings_rejects_and_runs(page: Page) -> None:
    group = page.locator("#quality-conflicts .doubt-group")
    assert group.locator("summary").inner_text() == "3 One figure stated with different values figure_conflict"
    assert EVIL[:20] in page.locator("#quality-rejects tbody").inner_text()
    assert "not clean" in page.locator("#quality-runs").inner_text()
    assert "35 / 112" in page.locator("#quality .summary").inner_text()


# For everybody, on every screen


# Each takes about 2 s: nothing else tells names, roles, order and contrast of all that the page can show.
@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en", 1280), ("dark", "zh", 390)])
def test_nothing_keeps_anybody_out(page: Page, theme: str, language: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    if language == "zh":
        page.click("#language")
    page.locator("#issue-2024-20 .opener").click()
    page.locator("[data-metric='hosts.infected'] .quiet").click()
    plot(page).press("ArrowLeft")
    page.keyboard.press("Enter")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_never_scrolls_sideways(page: Page, language: str) -> None:
    if language == "zh":
        page.click("#language")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.evaluate("Report.issues.reveal('2024-20')")
    for width in (320, 390, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (width, beyond) == (width, 0)


def test_paper_gets_drawings_and_no_controls(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".plot:visible .paper svg").count() == 4
    assert not page.locator("#nav, .toolbar, .controls, .canvas").locator("visible=true").count()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".paper").count() == 0


# Few data, and many


def written(place: Path, **changes: Any) -> str:
    """The address of a page of hardly any data."""
    nothing = {"metrics": [], "rating_breaks": [], "weeks": [], "issues": [], "thumbs": [], "rejects": [], "runs": []}
    facts = {
        "version": "0.1.0",
        "first": None,
        "last": None,
        "read_at": None,
        "store": "",
        "sources": [],
        "sample": False,
    }
    (place / "page.html").write_text(render({**nothing, **facts, **changes}, "en"), encoding="utf-8")
    return (place / "page.html").as_uri()


def test_a_page_without_data_says_so(page: Page, tmp_path: Path) -> None:
    page.goto(written(tmp_path))
    for part in ("newest", "completeness", "issues"):
        assert "No issue is stored." in page.locator(f"#{part}").inner_text()
    assert "Nothing was refused." in page.locator("#quality").inner_text()


def test_an_issue_without_figures_and_rating_is_shown(page: Page, tmp_path: Path) -> None:
    week = {"id": "2024-26", "start": "2024-06-24", "end": "2024-06-30", "state": "stored", "reason": None}
    lists = {
        "evidences": [],
        "figures": [],
        "words": {},
        "rankings": [],
        "pictures": [],
        "warnings": [],
        "documents": [],
    }
    facts = {"title": "", "rating": None, "published": None, "url": "javascript:evil=1", "gone": False, "editions": []}
    issue = {"id": "2024-26", "source": "page", "via": "http", "parser": "", **facts, **lists}
    page.goto(written(tmp_path, weeks=[week], issues=[issue], read_at="2024-07-01T00:00:00+08:00"))
    assert "No figures." in page.locator("#newest").inner_text()
    assert "The text states no rating." in page.locator("#newest").inner_text()
    assert page.locator("a[href^='javascript']").count() == 0
    page.locator(".opener").click()
    assert page.locator(".details").is_visible()


# About 3 s, most of it the making of 8 MB: the page must stand forty years of weeks with twenty figures each.
def test_two_thousand_issues_open_search_and_draw(page: Page, tmp_path: Path) -> None:
    named = metrics.metrics()[:20]
    weeks, issues = [], []
    for year, number in calendar.weeks((1986, 1), (2024, 20)):
        week, period = f"{year}-{number:02d}", calendar.period(year, number)
        days = {"start": period.start.isoformat(), "end": period.end.isoformat()}
        weeks.append({"id": week, "state": "stored", "reason": None, **days})
        figures = [{"m": place, "v": year * number + place, "e": place} for place in range(len(named))]
        evidences = [f"{week} {metric.zh}" for metric in named]
        facts = {"title": week, "rating": "良", "published": None, "url": None, "source": "page", "parser": "1"}
        rest = {
            "via": "http",
            "gone": False,
            "editions": [],
            "words": {},
            "rankings": [],
            "pictures": [],
            "warnings": [],
        }
        issues.append({"id": week, **facts, **rest, "figures": figures, "evidences": evidences})
    described = [{"name": one.name, "zh": one.zh, "en": one.meaning, "unit": "个", "breaks": []} for one in named]
    shown = {"metrics": described, "weeks": weeks, "issues": issues, "first": "1986-01", "last": "2024-20"}
    page.goto(written(tmp_path, read_at="2024-05-20T00:00:00+08:00", **shown))
    page.get_by_role("button", name="All weeks").click()
    plot(page).press("Home")
    assert page.locator("#live").inner_text().startswith("Week 1, 1986: 1,986.")
    page.fill("#search", "2003-33 处理事件")
    assert page.locator("#issues .count").inner_text() == "1 issue"


# The words


def test_every_word_is_there_in_both_languages_and_none_is_left_over() -> None:
    words = page_words()
    assert [key for key, forms in words.items() if set(forms) != {"en", "zh"} or not all(forms.values())] == []
    lists = {
        "warning": WARNING_CODES,
        "state": get_args(week_states.WeekState),
        "advice": get_args(week_states.Advice),
        "source": get_args(Source),
        "metric": [*(metric.name for metric in metrics.metrics()), "vulnerabilities.rating"],
        "break": get_args(BreakKind),
        "rating": get_args(Rating),
        "via": get_args(Via),
        "captures": get_args(CaptureState),
        "ranking": get_args(Ranking.model_fields["by"].annotation),
    }
    missing = [f"{kind}.{name}" for kind, names in lists.items() for name in names if f"{kind}.{name}" not in words]
    assert missing == []
    page = (PAGE / "templates" / "page.html.j2").read_text(encoding="utf-8")
    files = [file for file in (PAGE / "static").glob("*.js") if file.name != "echarts.min.js"]
    scripts = "".join(file.read_text(encoding="utf-8") for file in [*files, PAGE / "render_page.py"])
    asked = set(re.findall(r"\bt\(\"([^\"]+)\"", scripts)) | set(re.findall(r"data-(?:word|label)=\"([a-z_]+)\"", page))
    assert asked - words.keys() == set()
    literals = set(re.findall(r"\"([\w.]+)\"", scripts + page))
    made = re.compile(
        r"(warning|state|advice|captures|metric|break|rating|ranking|via|source|qualifier|group|legend|checked)\..+|.+_about"
    )
    assert [key for key in words if key not in literals and not made.fullmatch(key)] == []
