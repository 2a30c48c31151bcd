"""Makes the sample archive: ``python -m tools.sample.make_sample`` in the repository's root, by a developer.

It writes ``cncert/data/sample/weekly.warc.gz``, and ``figures.csv`` and ``pictures.json`` beside itself; the same
bytes every time (with the same fonts, Pillow and zlib). What is real, what invented: README.md beside the archive.
"""

import argparse
import csv
import io
import json
import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from PIL import Image

from tests.site.pages import (
    CHINA,
    CNCERT_BIZ,
    FAILURES,
    ArticleSpec,
    BodyIn,
    Era,
    Picture,
    ReportFacts,
    Reprint,
    ReviewLine,
    inner_link,
    picture_url,
    render,
    report_body,
    token,
)
from tests.site.pages import Style as Markup
from tests.site.reprints import reprint_spec, reprint_url
from tools.sample.canvas import BLUE, TEAL, Format
from tools.sample.draw_infographics import Style, change_text, cover, draw
from tools.sample.picture_content import Slice
from tools.sample.sample_archive import SampleArchive, print_sizes
from tools.sample.sample_weeks import (
    FIRST,
    LAST,
    LAYOUTS,
    REAL,
    REPRINTED,
    Week,
    invented_facts,
    issue_slices,
    read_index,
    walks,
)

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "cncert" / "data" / "sample"
"""Where the package has the archive."""
INVENTED_NOTE = "（示例数据：本期数字为虚构，仅供演示）"
REAL_NOTE = "（示例数据：本期配图为自绘示意，图中数字为虚构；正文数字取自原文）"

METRICS = (
    "incidents.handled", "incidents.cross_border", "incidents.phishing_complaints",
    "mobile_malware.platforms", "mobile_malware.urls",
)  # fmt: skip

# The weeks in which something goes as it goes in life.
DELETED = "2024-31"
REPOSTED, REPOST_LISTED_IN = "2024-39", "2024-42"
REPOST_BIZ, REPOST_MID = 2866836095, 2247529999
NOT_LINKED = {"2024-25": "2024-22", "2024-49": "2024-46"}
"""In the list of the one, the line of the other is no link."""
SHORT_TITLE = "2024-26"
NO_MOBILE = "2024-21"
EXCELLENT = "2024-40"
SLIPS = {
    "2024-35": ("重点处理", "重点处"),
    "2024-44": ("恶意URL链接", "恶意URL链"),
    "2025-03": ("重点处理", "重点处"),
}
LIES_ABOUT_FORMAT = {("2024-23", 2), ("2024-47", 1)}
"""Pictures (of an issue, the nth) whose address says png and which are JPEG."""
SPECIAL = {
    DELETED: "deleted: the address answers with the page of a deleted article",
    REPOSTED: f"reposted: the list of {REPOST_LISTED_IN} links to a stub of another account by a short address",
    REPOST_LISTED_IN: f"its list links to a repost of {REPOSTED}",
    SHORT_TITLE: "the title prints a range that is a day short",
    NO_MOBILE: "the sentence on mobile malware is missing",
    EXCELLENT: "the rating is 优",
    **{issue: f"not in the archive by its own address; {one.words}" for issue, one in REPRINTED.items()},
    **{issue: f"the line of {line} in its list is no link" for issue, line in NOT_LINKED.items()},
    **{issue: f"slip: {wrong} for {right}" for issue, (right, wrong) in SLIPS.items()},
    "2025-03": "slip (as CNCERT printed it): 重点处 for 重点处理; also under a short address",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a page was served."""

    era: Era
    markup: Markup
    pad: int
    body_in: BodyIn = "both"
    ids_in_cgi: bool = True
    value_last: bool = False

    @property
    def name(self) -> str:
        """For people."""
        return (
            self.era
            + (" body in scripts only" if self.body_in == "cgi" else "")
            + ("" if self.ids_in_cgi else " few ids")
        )


FORMS = (
    Form("2025", "section", 2_350_000),
    Form("2026", "nested", 2_150_000),
    Form("2021", "p", 150_000),
    Form("2026", "section", 2_050_000, ids_in_cgi=False, value_last=True),
    Form("2018", "p", 90_000),
    Form("2025", "section", 2_250_000, body_in="cgi"),
    Form("2026", "p", 2_100_000),
    Form("2019", "nested", 110_000),
)


LOOKS: tuple[tuple[Style, Style], ...] = (
    ("cards", "bars"),
    ("table", "bars"),
    ("dark", "dark"),
    ("rings", "cards"),
    ("table", "rings"),
)
"""The style of an issue's slices, and of those on vulnerabilities."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of the archive."""

    issue: str
    order: int
    seed: str
    slice: Slice
    style: Style
    form: Format
    says: str
    """The format that its address names."""
    data: bytes
    size: tuple[int, int]

    @property
    def url(self) -> str:
        """Its address in the body."""
        return picture_url(self.seed, self.says)

    @property
    def archived(self) -> str:
        """The address under which the archive has it: mostly the largest size, sometimes the body's own."""
        return (
            self.url
            if (self.order + len(self.issue) + int(self.issue[-2:])) % 5 == 0
            else picture_url(self.seed, self.says, size=0)
        )

    def truth(self) -> dict[str, object]:
        """What is printed on it."""
        return {
            "issue": self.issue,
            "order": self.order,
            "key": self.url.split("/", 3)[3].rsplit("/", 1)[0],
            "archived": self.archived,
            "format": self.form,
            "style": self.style,
            "width": self.size[0],
            "height": self.size[1],
            "title": self.slice.title,
            "figures": [
                {
                    "metric": shown.metric,
                    "label": shown.label,
                    "printed": shown.printed,
                    "unit": shown.unit,
                    "value": shown.value,
                    "change_pct": shown.change,
                    "change_printed": change_text(self.style, shown.change),
                }
                for shown in self.slice.figures
            ],
        }


def draw_issue(issue: str, order: int, slices: list[Slice]) -> list[Drawn]:
    """The slices of an issue as pictures."""
    drawn = []
    look, other = LOOKS[order % len(LOOKS)]
    for n, picture in enumerate(slices):
        style = (
            "bars"
            if picture.figures[0].metric is None
            else other
            if n >= len(LAYOUTS[4]) - 1 and "漏洞" in picture.title
            else look
        )
        lies = (issue, n) in LIES_ABOUT_FORMAT
        form: Format = "JPEG" if lies or (order % 7 == 4 and len(picture.figures) < 5) else "PNG"
        width = 1080 if order % 16 == 9 and len(picture.figures) == 3 else 720 if order % 9 == 1 else 640
        data = draw(picture, style, width, form)
        size = Image.open(io.BytesIO(data)).size
        says = "png" if form == "PNG" or lies else "jpeg"
        drawn.append(Drawn(issue, n, f"sample {issue} {n}", picture, style, form, says, data, size))
    return drawn


def visited(week: Week, form: Form, order: int) -> datetime:
    """Return when the page was archived: soon for old forms, in 2025 or 2026 for new ones."""
    if form.era == "2025":
        return datetime(2025, 6, 2, 9, 30, tzinfo=CHINA) + timedelta(days=3 * order, minutes=7 * order)
    if form.era == "2026":
        return datetime(2026, 1, 12, 14, 0, tzinfo=CHINA) + timedelta(days=order, minutes=11 * order)
    return week.published + timedelta(days=2, minutes=order)


def review(week: Week, weeks: dict[date, Week]) -> list[ReviewLine]:
    """The five preceding issues as the issue's own list has them."""
    lines = []
    for back in range(1, 6):
        sunday = week.sunday - timedelta(weeks=back)
        other = weeks.get(sunday, Week(sunday))
        url: str | None = None
        if other.mid:
            # Lists link with chksm until 2024, without since.
            signature = other.chksm if week.sunday.year < 2025 else None
            url = inner_link(CNCERT_BIZ, other.mid, other.idx, other.sn, signature)
        if NOT_LINKED.get(week.issue) == other.issue:
            url = None
        elif week.issue == REPOST_LISTED_IN and other.issue == REPOSTED:
            url = f"https://mp.weixin.qq.com/s/{token('sample repost of ' + REPOSTED)}"
        lines.append(ReviewLine(other.title(with_years=False), url))
    return lines


def repost(week: Week) -> bytes:
    """The page of the repost: the same title, another account, a stub for a body."""
    source = Reprint(CNCERT_BIZ, week.mid, week.idx, week.sn, ArticleSpec().account_id, ArticleSpec().account_name)
    spec = ArticleSpec(
        title=week.title(),
        body="<p>转自国家互联网应急中心CNCERT，点击下方阅读全文。</p>",
        account_name="示例转载帐号",
        account_id="gh_5a3b1e0d7c44",
        alias="",
        biz=REPOST_BIZ,
        mid=REPOST_MID,
        idx=4,
        sn="0fd1" * 8,
        chksm=None,
        published=week.published + timedelta(hours=20),
        author="",
        original=False,
        reprint=source,
        short=token("sample repost of " + REPOSTED),
        link_form="short",
        cover=picture_url("sample cover of a repost", "jpeg", size=0),
    )
    return render(spec, "2026", 2_050_000)


def make(folder: Path, tables: Path) -> None:
    """Write the archive into *folder*, what it states into *tables*."""
    rng = random.Random("the sample series of cncert")
    weeks = read_index()
    sundays = [FIRST + timedelta(weeks=n) for n in range((LAST - FIRST).days // 7 + 1)]
    wandering = walks(rng)
    before = next(wandering)
    covers = [picture_url(f"sample cover {n}", "jpeg", size=0) for n in range(2)]
    rows: list[dict[str, object]] = []
    truths: list[dict[str, object]] = []
    sizes = {"pages": 0, "pictures": 0}
    target = folder / "weekly.warc.gz"
    with target.open("wb") as file:
        archive = SampleArchive(file)
        archive.info(datetime(2026, 3, 1, tzinfo=CHINA))
        art = (
            cover("网络安全信息与动态周报", "每周一期 · 数据与回顾", BLUE),
            cover("网络安全周报", "数据 · 处置 · 回顾", TEAL),
        )
        for url, data in zip(covers, art, strict=True):
            archive.response(url, data, "image/jpeg", datetime(2025, 6, 1, tzinfo=CHINA))
        for order, sunday in enumerate(sundays):
            week, form = weeks[sunday], FORMS[order % len(FORMS)]
            issue, seen = week.issue, visited(weeks[sunday], form, order)
            values, invented = next(wandering), invented_facts(rng)
            row: dict[str, object] = {"issue": issue, "special": SPECIAL.get(issue, "")}
            if issue == DELETED:
                archive.page(week.url, FAILURES["deleted_zh"].page, seen)
                rows.append(row | {"origin": "none", "pictures": 0, "form": "deleted"})
                before = values
                continue
            facts = REAL.get(issue, invented)
            if issue == EXCELLENT:
                facts = ("优", *facts[1:])
            stated_numbers: tuple[int | None, int | None, int | None, int | None, int | None] = facts[1:]
            if issue == NO_MOBILE:
                stated_numbers = (*facts[1:4], None, None)
            count = 4 if issue == "2025-03" else 5 if issue in REAL else (4, 5, 4, 6, 4, 4)[order % 6]
            pictures = draw_issue(issue, order, list(issue_slices(order, values, before, count, rng)))
            before = values
            note = REAL_NOTE if issue in REAL else INVENTED_NOTE
            slips = (SLIPS[issue],) if issue in SLIPS else ()
            text = ReportFacts(facts[0], *stated_numbers, note=note, slips=slips)
            spec = ArticleSpec(
                title=week.title(end=sunday - timedelta(days=1) if issue == SHORT_TITLE else None),
                body=report_body(
                    text,
                    [Picture(drawn.url, *drawn.size, drawn.says) for drawn in pictures],
                    review(week, weeks),
                    form.markup,
                ),
                mid=week.mid,
                idx=week.idx,
                sn=week.sn,
                chksm=week.chksm,
                published=week.published,
                served=seen,
                cover=covers[order >= 24],
                body_in=form.body_in,
                ids_in_cgi=form.ids_in_cgi,
                value_last=form.value_last,
            )
            name = form.name
            if issue in REPRINTED:
                one, name = REPRINTED[issue], "2026"
                reprint = reprint_spec(spec, one.kind, by=one.by, around=one.around, remark=one.remark)
                address, page = reprint_url(reprint), render(reprint, "2026", 2_050_000)
                seen = visited(week, FORMS[1], order)
            else:
                address, page = week.url, render(spec, form.era, form.pad)
            archive.page(address, page, seen)
            sizes["pages"] += len(page)
            for drawn in pictures:
                media = "image/png" if drawn.says == "png" else "image/jpeg"
                archive.response(drawn.archived, drawn.data, media, seen + timedelta(seconds=drawn.order + 2))
                sizes["pictures"] += len(drawn.data)
            if issue == REPOSTED:
                address = f"https://mp.weixin.qq.com/s/{token('sample repost of ' + REPOSTED)}"
                archive.page(address, repost(week), seen + timedelta(minutes=5))
            if sunday == LAST:
                short = replace(spec, short=token("sample " + issue), link_form="short", body_in="both")
                again = seen + timedelta(days=200)
                archive.page(short.short_url, render(short, "2026", 2_050_000), again)
            origin = "real" if issue in REAL else "invented"
            stated = dict(zip(METRICS, stated_numbers, strict=True))
            rows.append(
                row
                | {
                    "origin": origin,
                    "rating": facts[0],
                    **stated,
                    "pictures": count,
                    "form": name,
                    "markup": form.markup,
                }
            )
            truths += [drawn.truth() for drawn in pictures]
    write_tables(tables, rows, truths)
    print_sizes([target, tables / "figures.csv", tables / "pictures.json"], sizes)


def write_tables(folder: Path, rows: list[dict[str, object]], truths: list[dict[str, object]]) -> None:
    """Write the expected results: the figures of the texts, and what is printed on the pictures (one on each line)."""
    with (folder / "figures.csv").open("w", encoding="utf-8", newline="") as file:
        names = ["issue", "origin", "rating", *METRICS, "pictures", "form", "markup", "special"]
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = ",\n".join(json.dumps(truth, ensure_ascii=False, separators=(",", ":")) for truth in truths)
    (folder / "pictures.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="write all of it there instead")
    folder: Path | None = parser.parse_args().folder
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    make(folder or SHIPPED, folder or HERE)


if __name__ == "__main__":
    main()
