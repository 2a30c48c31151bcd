"""From readings of pictures to figures: what is taken, what is asked, whose word counts, and that nothing is lost."""

import asyncio
import json
import signal
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cncert.commands.demo import NEWEST_ADDRESS
from cncert.commands.ocr import OcrCommand
from cncert.editions.remake_documents import remake
from cncert.exceptions import ArgumentError
from cncert.infographics.figures.figures_of_issue import PictureFigures, figures_of_issue
from cncert.infographics.figures.human_checks import (
    CheckedNumber,
    CheckVerdict,
    open_candidates,
    remove_check,
    save_check,
)
from cncert.infographics.figures.ocr_workers import ReaderOptions, read_all
from cncert.infographics.figures.picture_files import NoPictureFile, PicturePlace, places, read_file
from cncert.infographics.figures.read_stored_pictures import StoredPictures
from cncert.infographics.labels.read_labelled_numbers import Limits
from cncert.items import Figure, Issue
from cncert.quality.all_warnings import issues_with_warnings
from cncert.quality.text_against_pictures import picture_warnings
from cncert.store import Store, open_store
from cncert.store.picture_readings import Correction, LabelledNumber, PictureReading, ReadPicture
from tests.calls import call
from tests.factories import make_correction, make_figure, make_issue, make_pair, make_picture, make_reading
from tests.ocr_double import BLANK, DIES, HANGS, LOG
from tests.ocr_double import picture as drawn
from tests.site.crawl import ROOT, begin_scrapy, project_env, run_scrapy
from tests.stores import take_in

SAMPLE = ROOT / "cncert" / "data" / "sample"
ONE, TWO = "1" * 64, "2" * 64
SURE = make_pair()
UNSURE = make_pair(state="candidate", reason="words unsure")


def shown(*checksums: str, **changes: Any) -> Issue:
    """An issue that shows these files and states nothing in its text."""
    images = [make_picture(f"mmbiz_png/{one[:8]}", "stored", checksum=one) for one in checksums]
    return make_issue(**{"images": images, "figures": [], "warnings": []} | changes)


def seen(readings: dict[str, PictureReading], *said: Correction, issue: Issue | None = None) -> PictureFigures:
    corrections: dict[str, list[Correction]] = {}
    for one in said:
        corrections.setdefault(one.picture, []).append(one)
    issue = issue or shown(*readings)
    return figures_of_issue(issue, readings, corrections, issue.warnings)


def values(found: PictureFigures) -> list[tuple[str, float | str, str | None]]:
    """Metric, value and verdict of the figures."""
    return [(one.metric, one.value, one.checked.verdict if one.checked else None) for one in found.figures]


def asked(found: PictureFigures) -> list[tuple[float, str]]:
    return [(one.pair.value, one.reason) for one in found.candidates]


# What is taken


def test_a_figure_says_where_it_was_read_and_how_sure_it_is() -> None:
    pair = make_pair(change_pct=-3.5, qualifier="约", share_pct=0.5)
    (figure,) = seen({ONE: make_reading(pair)}).figures
    assert figure.model_dump(exclude={"parts", "start", "end", "change", "section", "checked", "edition"}) == {
        "metric": "hosts.infected", "value": 1370000, "unit": "台", "qualifier": "约", "change_pct": -3.5,
        "share_pct": 0.5, "evidence": "感染主机 | 1370000", "source": "picture", "picture": "mmbiz_png/11111111",
        "confidence": 0.95, "words_confidence": 0.98, "pairing_confidence": 0.95, "box": [10, 20, 30, 40],
    }  # fmt: skip


def test_a_candidate_is_asked_about_and_is_no_figure() -> None:
    found = seen({ONE: make_reading(UNSURE, make_pair(None, 7), make_pair("hosts.conficker", 3))})
    assert values(found) == [("hosts.conficker", 3, None)]
    assert asked(found) == [(1370000, "words unsure")]
    assert found.unnamed == 1


def test_covers_and_pictures_without_a_file_give_nothing() -> None:
    images = [make_picture("mmbiz/c", "stored", role="cover", checksum=ONE), make_picture("mmbiz/f", "failed")]
    assert seen({ONE: make_reading(SURE)}, issue=shown(images=images)) == PictureFigures()


BOTH = "pictures of the issue show 1370000 and 5"


@pytest.mark.parametrize(
    ("second", "figures", "questions"),
    [
        (make_pair(box=[1, 1, 1, 1]), [1370000], []),
        (make_pair(value=5), [], [(1370000, BOTH), (5, BOTH)]),
        (make_pair(state="candidate", reason="words unsure"), [1370000], []),
        (make_pair(value=5, state="candidate", reason="words unsure"), [1370000], [(5, "words unsure")]),
    ],
)
def test_two_pictures_of_one_metric(
    second: LabelledNumber, figures: list[int], questions: list[tuple[float, str]]
) -> None:
    found = seen({ONE: make_reading(SURE), TWO: make_reading(second)})
    assert [one.value for one in found.figures] == figures
    assert asked(found) == questions


def test_of_two_pictures_that_agree_the_surer_one_is_taken() -> None:
    surer = make_pair(words_confidence=0.99, pairing_confidence=0.99)
    (figure,) = seen({ONE: make_reading(SURE), TWO: make_reading(surer)}).figures
    assert (figure.picture, figure.confidence) == ("mmbiz_png/22222222", 0.99)


# A person's word


@pytest.mark.parametrize("reading", [make_reading(UNSURE), make_reading(SURE), make_reading(make_pair(value=9)), None])
def test_what_a_person_says_wins_over_any_reading(reading: PictureReading | None) -> None:
    """Also over a later one, or where a later one finds nothing."""
    said = make_correction(ONE, UNSURE, verdict="corrected", value=1376000, unit="个", change_pct=2.0)
    readings = {ONE: reading} if reading else {}
    found = seen(readings, said, issue=shown(ONE))
    assert values(found) == [("hosts.infected", 1376000, "corrected")]
    (figure,) = found.figures
    assert (figure.unit, figure.change_pct, figure.confidence, figure.box) == ("个", 2.0, 1.0, [10, 20, 30, 40])
    assert found.candidates == []


def test_what_a_person_refused_is_no_figure_and_not_asked_again() -> None:
    said = make_correction(ONE, SURE, verdict="refused")
    assert seen({ONE: make_reading(SURE)}, said) == PictureFigures()


def test_of_several_numbers_one_can_be_refused() -> None:
    """By its place, which the next engine may see a pixel further."""
    pairs = [make_pair(value=n, box=[0, 50 * n, 20, 20], state="candidate", reason="read twice") for n in (1, 2)]
    found = seen({ONE: make_reading(*pairs)})
    assert [one.is_one_of_several for one in found.candidates] == [True, True]
    said = make_correction(ONE, pairs[0], verdict="refused", box=[2, 52, 20, 20])
    assert asked(seen({ONE: make_reading(*pairs)}, said)) == [(2, "read twice")]


def test_a_picture_that_contradicts_a_checked_one_is_asked_about() -> None:
    said = make_correction(ONE, SURE)
    found = seen({ONE: make_reading(SURE), TWO: make_reading(make_pair(value=5))}, said)
    assert values(found) == [("hosts.infected", 1370000, "confirmed")]
    assert asked(found) == [(5, "pictures of the issue show 1370000 and 5")]


# Text and picture


@pytest.mark.parametrize(
    ("text", "picture", "code"),
    [
        ((278000, "约27.8万", None), (278000, "27.8万", None), "picture_agrees"),
        ((278000, "约27.8万", None), (278312, "278312", None), "picture_agrees"),
        ((278000, "约27.8万", None), (279000, "27.9万", None), "picture_disagrees"),
        ((5, "5个，下降3.5%", -3.5), (5, "5 | 3.5%", 3.5), "picture_disagrees"),
        ((5, "5个，下降3.5%", -3.5), (5, "5 | 3.49%", -3.49), "picture_agrees"),
        ((5, "5个，下降3.5%", -3.5), (5, "5", None), "picture_agrees"),
    ],
)
def test_text_and_picture_are_compared_by_what_they_print(
    text: tuple[float, str, float | None], picture: tuple[float, str, float | None], code: str
) -> None:
    figures = [
        make_figure("hosts.infected", value, evidence=evidence, change_pct=change, picture=key)
        for (value, evidence, change), key in ((picture, "mmbiz_png/x"), (text, None))
    ]
    (warning,) = picture_warnings(make_issue(figures=figures))
    assert warning.code == code
    assert "hosts.infected" in warning.message


def test_a_metric_of_the_text_alone_or_of_a_picture_alone_is_not_compared() -> None:
    figures = [make_figure("hosts.infected", 5), make_figure("hosts.conficker", 3, picture="mmbiz_png/x")]
    assert picture_warnings(make_issue(figures=figures)) == []


def test_a_figure_that_something_contradicts_is_asked_about_until_somebody_has_looked() -> None:
    message = "hosts.infected: a change of +5 % is stated, 1 in 2025-02 and 5 now make +400.0 %"
    issue = shown(ONE, warnings=[{"code": "change_disagrees", "message": message}])
    (candidate,) = seen({ONE: make_reading(SURE)}, issue=issue).candidates
    assert (candidate.is_figure, candidate.reason) == (True, message)
    assert seen({ONE: make_reading(SURE)}, make_correction(ONE, SURE), issue=issue).candidates == []


# Readings


@pytest.mark.parametrize(
    ("new", "kept", "proposed"),
    [
        (make_reading(make_pair(value=5)), 1370000, []),
        (make_reading(SURE, engine="double-2"), 1370000, []),
        (make_reading(make_pair(value=5), engine="double-2"), 1370000, [5]),
        (make_reading(make_pair(value=5), rules="2"), 1370000, [5]),
        (make_reading(state="failed", engine="double-2"), 1370000, []),
    ],
)
def test_a_second_reading_replaces_no_other_unasked(new: PictureReading, kept: float, proposed: list[float]) -> None:
    picture = ReadPicture(id=ONE, reading=make_reading(SURE)).with_reading(new)
    assert [pair.value for pair in picture.reading.pairs] == [kept]
    assert [pair.value for pair in (picture.proposed.pairs if picture.proposed else ())] == proposed


def test_what_could_not_be_read_is_replaced_by_any_reading() -> None:
    failed = ReadPicture(id=ONE, reading=make_reading(state="failed", reason="takes too long, given up"))
    assert failed.with_reading(make_reading(SURE)).reading == make_reading(SURE)


def test_what_a_proposal_would_change_is_listed_by_metric() -> None:
    old = make_reading(SURE, make_pair("hosts.conficker", 3, change_pct=-2.5), make_pair(None, 8))
    new = make_reading(make_pair(state="candidate", reason="words unsure"), make_pair("sites.tampered", 7, unit="个"))
    assert ReadPicture(id=ONE, reading=old, proposed=new).differences() == [
        "hosts.infected: 1370000台 -> 1370000台 (candidate)",
        "hosts.conficker: 3台, -2.5 % -> none",
        "sites.tampered: none -> 7个",
    ]


# Reading the pictures of a store, with a double of the model

BROKEN, LOST = b"no picture at all", None


def put_picture(folder: Path, issue: str, place: int, content: int | bytes | None, name: str = "p") -> dict[str, Any]:
    """A picture of *issue* that states a number, contains these bytes, or has no file."""
    data = drawn(content) if isinstance(content, int) else content or b"lost"
    path = f"{issue}/{place:02d}-{name}.png"
    (folder / issue).mkdir(parents=True, exist_ok=True)
    if content is not LOST:
        (folder / path).write_bytes(data)
    return make_picture(f"mmbiz_png/{issue}-{place}", "stored", path=path, checksum=sha256(data).hexdigest())


async def fill(uri: str, folder: Path, weeks: dict[int, list[int | bytes | None]]) -> None:
    """Issues of 2025 whose pictures hold what is given by week; each has one ornament more, the same in all."""
    async with open_store(uri) as store:
        for number, contents in weeks.items():
            week = f"2025-{number:02d}"
            images = [put_picture(folder, week, place, one) for place, one in enumerate([*contents, BLANK], 1)]
            await take_in(store, make_issue(number=number, figures=[], warnings=[], images=images))


def ocr(uri: str, folder: Path, *args: str, engine: str = "First", **env: str) -> subprocess.CompletedProcess[str]:
    """``scrapy ocr`` with a double."""
    given = ("--engine", f"tests.ocr_double:{engine}", "--json")
    return run_scrapy("ocr", *args, *given, env={"CNCERT_STORE": uri, "CNCERT_FILES": str(folder), **env})


def of_pictures(issue: Issue) -> list[Figure]:
    return [figure for figure in issue.figures if figure.source == "picture"]


async def stated(uri: str) -> dict[str, list[float | str]]:
    """The values that the issues have from their pictures."""
    async with open_store(uri) as store:
        return {issue.id: [one.value for one in of_pictures(issue)] async for issue in store.issues()}


def test_each_picture_is_read_once_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """One shared store for the whole story: a process with its workers costs a second."""
    uri, folder, log = f"sqlite:///{tmp_path}/cncert.db", tmp_path / "pictures", tmp_path / "log"
    asyncio.run(fill(uri, folder, {2: [12, BROKEN], 3: [13, LOST, DIES], 4: [13]}))
    result = ocr(uri, folder, "--jobs", "2", OCR_DOUBLE_LOG=str(log))
    assert result.returncode == 1
    assert sorted(result.stderr.splitlines()) == [
        "cncert: 2025-02 2025-02/02-p.png: not a picture of a known format",
        "cncert: 2025-03 2025-03/02-p.png: its file cannot be read: No such file or directory",
        "cncert: 2025-03 2025-03/03-p.png: the process that read it was killed (out of memory?)",
    ]
    printed = json.loads(result.stdout)
    assert printed["now"] == {"read": 2, "nothing": 1, "unsupported": 1, "lost": 1, "failed": 1}
    assert printed["found"]["figures"] == 3
    assert sorted(log.read_text().split()) == ["0", "12", "13"]
    assert asyncio.run(stated(uri)) == {"2025-02": [12], "2025-03": [13], "2025-04": [13]}
    # Again: only what is lost is looked for.
    (folder / "2025-03" / "02-p.png").write_bytes(b"lost")
    result = ocr(uri, folder, OCR_DOUBLE_LOG=str(log))
    assert json.loads(result.stdout)["now"] == {"unsupported": 1}
    assert sorted(log.read_text().split()) == ["0", "12", "13"]


def test_a_newer_engine_proposes_and_changes_nothing_until_it_is_accepted(tmp_path: Path) -> None:
    uri, folder = f"sqlite:///{tmp_path}/cncert.db", tmp_path / "pictures"
    asyncio.run(fill(uri, folder, {2: [12], 3: [13]}))
    assert ocr(uri, folder).returncode == 0
    again = ocr(uri, folder, "again", "--from", "2025-03", engine="Second")
    assert again.returncode == 0, again.stderr
    printed = json.loads(again.stdout)
    assert printed["now"] == {"read": 1, "nothing": 1}
    assert printed["proposals"] == [
        {"issue": "2025-03", "picture": "2025-03/01-p.png", "changes": ["sites.backdoored: 13个 -> 14个"]}
    ]
    assert asyncio.run(stated(uri)) == {"2025-02": [12], "2025-03": [13]}
    assert json.loads(ocr(uri, folder, "again", "--from", "2025-03", engine="Second").stdout)["now"] == {}
    accepted = json.loads(ocr(uri, folder, "accept").stdout)
    assert (accepted["now"], accepted["proposals"]) == ({"accepted": 1}, printed["proposals"])
    assert asyncio.run(stated(uri)) == {"2025-02": [12], "2025-03": [14]}


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["--from", "yesterday"], {}, "--from 'yesterday'"),
        (["--jobs", "0"], {}, "--jobs 0 is below 1"),
        (["picture.png", "--from", "2025-01"], {}, "are for the pictures of the store"),
        (["--engine", "eyes"], {}, "no engine is called 'eyes'"),
        (["--engine", "no.such.module:engine"], {}, "cannot be had: No module named 'no'"),
        ([], {"CNCERT_OCR_WORD": "sure"}, "CNCERT_OCR_WORD must be a number"),
        ([], {"CNCERT_FILES": "s3://bucket/pictures"}, "CNCERT_FILES=s3://…: pictures are read from a directory only"),
    ],
)
def test_a_wrong_call_is_one_line(
    args: list[str], env: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = ["--engine", "tests.ocr_double:First"]
    places = {"CNCERT_STORE": f"sqlite:///{tmp_path}/cncert.db", "CNCERT_FILES": str(tmp_path)} | env
    assert call(OcrCommand(), *engine, *args, **places) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert said in line


def test_a_picture_that_hangs_or_kills_its_worker_costs_itself_alone(tmp_path: Path) -> None:
    contents = [HANGS, 1, DIES, 2]
    images = [put_picture(tmp_path, "2025-03", place, one) for place, one in enumerate(contents)]
    group = tuple(places(make_issue(images=images)))
    reader = ReaderOptions(tmp_path, "tests.ocr_double:First", "double-1", Limits(), seconds=2.0)
    found = [(taken.picture.number, taken.state) for taken in read_all([group], reader, 1) if taken is not None]
    assert found == [(0, "failed"), (1, "read"), (2, "failed"), (3, "read")]


def test_a_file_outside_of_the_directory_is_not_read(tmp_path: Path) -> None:
    """Paths come from the store, which others may write to."""
    data = drawn(1)
    (tmp_path / "secret.png").write_bytes(data)
    (tmp_path / "pictures").mkdir()
    place = PicturePlace("2025-03", "mmbiz/x", "../secret.png", sha256(data).hexdigest(), 0)
    with pytest.raises(NoPictureFile, match=r"leads out of CNCERT_FILES"):
        read_file(tmp_path / "pictures", place)


async def test_a_killed_run_goes_on_where_it_stopped_and_reads_nothing_twice(uri: str, tmp_path: Path) -> None:
    """30 pictures in 10 issues; the run is killed twice. Some 4 s: three processes with workers."""
    folder, log = tmp_path / "pictures", tmp_path / "log"
    weeks = {week: [3 * week - 2, 3 * week - 1, 3 * week] for week in range(1, 11)}
    await fill(uri, folder, dict(weeks))
    names = {sha256(drawn(number)).hexdigest(): str(number) for number in range(31)}
    command = ("ocr", "--engine", "tests.ocr_double:First", "--jobs", "2")
    env = {"CNCERT_STORE": uri, "CNCERT_FILES": str(folder), LOG: str(log)}
    begun: list[str] = []
    for kills, share in enumerate((9, 19), 1):
        process = begin_scrapy(*command, log=None, env=env)
        while process.poll() is None and len(begun) < share:
            begun = log.read_text().split() if log.exists() else []
            time.sleep(0.005)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        async with open_store(uri) as store:
            kept = {names[picture.id] async for picture in store.read_pictures()}
        assert len(kept) >= share - 6 * kills  # at each kill, two issues of three pictures are under way
        begun = log.read_text().split()
        before = len(begun)
    result = ocr(uri, folder, OCR_DOUBLE_LOG=str(log))
    assert json.loads(result.stdout)["pictures"]["read"] == 30
    assert not kept & set(log.read_text().split()[before:])
    assert await stated(uri) == {f"2025-{week:02d}": numbers for week, numbers in weeks.items()}


# What a person says, kept in a store


async def test_an_answer_is_kept_changes_the_figure_and_can_be_taken_back(uri: str) -> None:
    """In all issues that show the picture."""
    reading = make_reading(UNSURE)
    async with open_store(uri) as store:
        for number in (3, 5):
            await take_in(store, shown(ONE, number=number))
        await store.put_reading(ONE, reading)
        (candidate,) = await open_candidates(store, issues_with_warnings(store))
        assert candidate.issues == ("2025-03", "2025-05")
        await save_check(store, candidate, "corrected", "zhang", CheckedNumber(1376000, "台", 2.0), note="第三位")
        await remake(store, candidate.issues)
        found = [(one.value, one.checked and one.checked.by) for one in await figures(store, "2025-05")]
        assert found == [(1376000, "zhang")]
        assert await open_candidates(store, issues_with_warnings(store)) == []
        (accepted,) = await open_candidates(store, issues_with_warnings(store), accepted=True)
        await save_check(store, accepted, "refused", "li")
        await remake(store, accepted.issues)
        assert await figures(store, "2025-03") == []
        (said,) = await store.corrections([ONE])
        assert (said.verdict, said.by) == ("refused", "li")
        assert await remove_check(store, said) == ["2025-03", "2025-05"]
        await remake(store, ["2025-03", "2025-05"])
        assert [one.reason for one in await open_candidates(store, issues_with_warnings(store, "2025-04"))] == [
            "words unsure"
        ]


async def figures(store: Store, issue_id: str) -> list[Figure]:
    issue = await store.get_issue(issue_id)
    assert issue is not None
    return of_pictures(issue)


@pytest.mark.parametrize(
    ("verdict", "stated_by", "said"),
    [
        ("corrected", None, "a correction says what"),
        ("confirmed", CheckedNumber(1, None, None), "a correction says what"),
        ("corrected", CheckedNumber(-1, None, None), "value"),
        ("corrected", CheckedNumber(10**30, None, None), "more than anything"),
    ],
)
async def test_an_answer_that_cannot_be_meant_is_refused(
    sqlite_uri: str, verdict: CheckVerdict, stated_by: CheckedNumber | None, said: str
) -> None:
    (candidate,) = seen({ONE: make_reading(UNSURE)}).candidates
    async with open_store(sqlite_uri) as store:
        with pytest.raises(ArgumentError, match=said):
            await save_check(store, candidate, verdict, "zhang", stated_by)
        assert await store.corrections() == []


# Among the weeks


async def test_figures_of_pictures_are_compared_with_the_weeks_around(sqlite_uri: str) -> None:
    """And the readings that a killed process left are put into the issues by the next one."""
    async with open_store(sqlite_uri) as store:
        for number, checksum, value, change in ((2, ONE, 100, None), (3, TWO, 150, 3.0)):
            await take_in(store, shown(checksum, number=number))
            evidence = f"感染主机 | {value} | {change}%"
            await store.put_reading(
                checksum, make_reading(make_pair(value=value, change_pct=change, evidence=evidence))
            )
        series = StoredPictures(store, None)
        for issue_id in await series.issue_ids():
            await series.add_issue(issue_id)
        assert [*series.outdated] == ["2025-02", "2025-03"]
        await remake(store, series.outdated)
        _, (_, warnings) = [found async for found in issues_with_warnings(store)]
        assert [warning.code for warning in warnings if warning.code != "review_irregular"] == ["change_disagrees"]
        (candidate,) = await open_candidates(store, issues_with_warnings(store))
        assert candidate.is_figure and candidate.reason.startswith("hosts.infected: a change of +3 % is stated")
        assert +await series.counts(issues_with_warnings(store)) == {"figures": 2, "doubted": 1}


async def test_a_picture_whose_file_is_lost_keeps_its_figures(sqlite_uri: str) -> None:
    async with open_store(sqlite_uri) as store:
        await take_in(store, shown(ONE))
        await store.put_reading(ONE, make_reading(SURE))
        await remake(store, ["2025-03"])
        await take_in(store, shown(images=[make_picture("mmbiz_png/11111111", "failed")]))
        await remake(store, ["2025-03"])
        assert [one.value for one in await figures(store, "2025-03")] == [1370000]
        await take_in(store, shown(TWO))
        assert await figures(store, "2025-03") == []


# All of it, with the real engine


async def test_figures_that_only_pictures_show_come_into_the_tables(tmp_path: Path) -> None:
    """A crawl of one issue of the sample, its pictures read, an export: 10 s, the one time that all parts meet."""
    env = project_env(None, tmp_path)
    arguments = (f"replay={SAMPLE / 'weekly.warc.gz'}", f"start={NEWEST_ADDRESS}", "from=2025-03", "until=2025-03")
    options = [part for argument in arguments for part in ("-a", argument)]
    assert run_scrapy("crawl", "weekly", *options, env=env).returncode == 0
    result = run_scrapy("ocr", env=env, timeout=180)
    assert (result.returncode, result.stderr) == (0, "")
    drawn_there = {
        (one["key"], figure["metric"]): (figure["value"], figure["change_pct"])
        for one in json.loads((ROOT / "tools" / "sample" / "pictures.json").read_text(encoding="utf-8"))
        for figure in one["figures"]
    }
    async with open_store(env["CNCERT_STORE"]) as store:
        found = await figures(store, "2025-03")
    assert len(found) >= 5
    for one in found:
        assert (one.value, one.change_pct) == drawn_there[one.picture, one.metric]
    table = run_scrapy("export", "--table", "figures", "--out", "-", env=env)
    assert f",{found[0].metric}," in table.stdout
