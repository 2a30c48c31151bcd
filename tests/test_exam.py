"""The examination pictures: that their truth is what is drawn, and that the kept ones are whole."""

import json
import random
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from cncert.report.metrics import metrics
from tools.sample.canvas import MARK, Writing
from tools.sample.damaged_pictures import DISTORTIONS
from tools.sample.ocr_test_pictures import Examination, examine, main
from tools.sample.picture_colours import percent
from tools.sample.styles import STYLES

KEPT = Path(__file__).parent / "pictures"
TRUTH = json.loads((KEPT / "truth.json").read_text(encoding="utf-8"))
SCALES = {"亿": 100_000_000, "万": 10_000, "%": 1, "": 1}
needs_fonts = pytest.mark.needs("fonts-noto-cjk")  # the kept pictures need none


def drawn(style: str, seed: int) -> Examination:
    return examine(random.Random(f"{style} {seed}"), style, "plain", width=360)


def overlap(one: Writing, other: Writing) -> bool:
    across = max(one.box[0], other.box[0]) < min(one.box[2], other.box[2])
    return across and max(one.box[1], other.box[1]) < min(one.box[3], other.box[3])


@needs_fonts
@pytest.mark.parametrize("style", STYLES)
def test_a_style_draws_what_its_truth_says(style: str) -> None:
    exam = drawn(style, 1)
    text = "".join(writing.text for writing in exam.written)
    for figure in exam.slice.figures:
        # A unit of ten thousands may stand in the head of a table.
        words = [figure.label, figure.printed.rstrip("万亿"), figure.qualifier, figure.share]
        if figure.change is not None:
            words.append(percent(figure.change) if figure.change else "持平")
        assert [word for word in words if word not in text] == []
    assert MARK in text


@needs_fonts
@pytest.mark.parametrize("style", STYLES)
def test_no_text_of_a_style_lies_on_another_or_beyond_the_edge(style: str) -> None:
    exam = drawn(style, 2)
    width, height = (2 * side for side in exam.images[0].size)
    for writing in exam.written:
        left, top, right, bottom = writing.box
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, writing
    assert [(a.text, b.text) for a, b in combinations(exam.written, 2) if overlap(a, b)] == []


@needs_fonts
def test_slices_of_a_cut_picture_make_the_picture_again() -> None:
    whole = drawn("subrows", 3).images[0]
    slices = DISTORTIONS["cut"](whole, random.Random(3))
    assert len(slices) > 1
    assert b"".join(image.tobytes() for image in slices) == whole.tobytes()


@needs_fonts
def test_the_same_seed_draws_the_same_pictures(tmp_path: Path) -> None:
    for name in ("one", "two"):
        main([str(tmp_path / name), "--seed", "5", "--count", "2", "--styles", "strip", "heading"])
    one, two = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert len(one) == 3


def test_the_kept_pictures_are_all_styles_and_all_distortions() -> None:
    assert {entry["style"] for entry in TRUTH.values()} == set(STYLES)
    assert {entry["distortion"] for entry in TRUTH.values()} == set(DISTORTIONS)


def test_every_kept_picture_has_its_truth() -> None:
    named = {name for first, entry in TRUTH.items() for name in entry.get("slices", [first])}
    assert named | {"truth.json"} == {file.name for file in KEPT.iterdir()}
    for first, entry in TRUTH.items():
        with Image.open(KEPT / first) as image:
            assert list(image.size) == entry["size"]


@pytest.mark.parametrize("first", TRUTH)
def test_the_truth_of_a_kept_picture_is_consistent(first: str) -> None:
    pairs = TRUTH[first]["pairs"]
    assert TRUTH[first]["nothing"] == (not pairs)
    for pair in pairs:
        digits = pair["value"].rstrip("万亿%")
        amount = float(digits.replace(",", "")) * SCALES[pair["value"].removeprefix(digits)]
        assert amount == pytest.approx(pair["amount"])
        assert (pair["dir"] in ("up", "down")) == (pair["pct"] is not None)
        assert not (pair["dir"] == "down" and float(pair["pct"].rstrip("%")) > 100)
    amounts = {pair["metric"]: pair["amount"] for pair in pairs if pair["metric"]}
    assert set(amounts) <= {metric.name for metric in metrics()}
    assert len(amounts) == sum(pair["metric"] is not None for pair in pairs)
    for metric in metrics():
        if metric.name in amounts and metric.part_of in amounts:
            assert amounts[metric.name] <= amounts[metric.part_of]
