"""Pictures: what is kept, under which name, and what becomes of those that cannot be had."""

import io
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from cncert.items import Issue, Picture
from cncert.store import open_store
from cncert.store.kept_pictures import KeptPicture
from cncert.wechat.address import read_picture
from cncert.wechat.picture_limits import PictureError, inspect_picture
from tests import series
from tests.site import pages
from tests.site.crawl import crawl
from tests.site.server import Answer, LoopbackWeChat, placeholder
from tests.small_disk import UNSHARE, needs_mount

BOUNDS = ("from=2024-16", "until=2024-16")


def picture(form: str, size: tuple[int, int] = (8, 6)) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(output, form)
    return output.getvalue()


@pytest.mark.parametrize(
    ("form", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp"), ("BMP", "bmp")]
)
def test_the_format_is_read_from_the_content(form: str, extension: str) -> None:
    assert inspect_picture(picture(form)) == (extension, 8, 6)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "failed"),
        (b"<html>not found</html>", "failed"),
        (picture("PNG", (90, 90))[:80], "failed"),
        (picture("JPEG", (400, 400))[:-300], "failed"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported"),
        (picture("PNG", (470, 349)), "placeholder"),
        (picture("TIFF"), "failed"),
    ],
)
def test_what_is_no_picture_has_a_status_that_says_so(data: bytes, status: str) -> None:
    with pytest.raises(PictureError) as caught:
        inspect_picture(data)
    assert caught.value.status == status


def test_a_picture_with_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cncert.wechat.picture_limits.MAX_PIXELS", 40)
    with pytest.raises(PictureError, match="too many") as caught:
        inspect_picture(picture("PNG"))
    assert caught.value.status == "unsupported"


async def stored(tmp_path: Path) -> Issue:
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        issue = await store.get_issue("2024-16")
    assert issue is not None
    return issue


def named(image: Picture, extension: str) -> str:
    """The path that follows from the checksum of a picture's file."""
    assert image.checksum is not None
    return f"{image.checksum[:2]}/{image.checksum[:32]}.{extension}"


def body(issue: Issue) -> list[Picture]:
    return [picture for picture in issue.images if picture.role == "body"]


async def test_files_are_named_after_their_content(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The address says PNG and 640 pixels; the server has a JPEG, and its largest form is asked for."""
    one = series.publish(site, "2024-16", "2024-16")[0]
    site.add_picture(one.pictures[1], picture("JPEG", (900, 500)), "image/jpeg")
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    assert result.returncode == 0, result.stderr[-2000:]
    first, second = body(await stored(tmp_path))
    assert first.path is not None
    assert second.path is not None
    assert first.path == named(first, "png")
    assert second.path == named(second, "jpg")
    assert (second.width, second.height) == (900, 500)
    assert (tmp_path / "pictures" / second.path).read_bytes() == picture("JPEG", (900, 500))
    assert all("/0?wx_fmt=" in asked.path for asked in site.asked("https://mmbiz.qpic.cn/"))
    assert all(asked.headers.get("referer") == "https://mp.weixin.qq.com/" for asked in site.asked("https://mmbiz"))


async def test_a_picture_of_several_issues_is_one_file_fetched_once(site: LoopbackWeChat, tmp_path: Path) -> None:
    published = series.publish(site, "2024-14", "2024-16")
    cover = pages.ArticleSpec().cover
    crawl(site, tmp_path, f"start={published[-1].url}", "from=2024-15", "until=2024-16")
    crawl(site, tmp_path, f"start={published[0].url}", "from=2024-14", "until=2024-14")
    address = read_picture(cover)
    assert address is not None
    assert len(site.asked(address.largest)) == 1
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        covers = [image async for issue in store.issues() for image in issue.images if image.role == "cover"]
    assert {cover.path for cover in covers} == {named(covers[0], "png")}
    assert len(covers) == 3


async def test_a_picture_without_a_largest_form_is_taken_as_the_page_shows_it(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    address = read_picture(one.pictures[0])
    assert address is not None
    site.add_path("mmbiz.qpic.cn", address.largest.removeprefix("https://mmbiz.qpic.cn"), Answer(b"", status=404))
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    assert result.returncode == 0, result.stderr[-2000:]
    assert [picture.status for picture in body(await stored(tmp_path))] == ["stored", "stored"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(b"gone", status=404), "failed"),
        (Answer(placeholder(), content_type="image/png"), "placeholder"),
        (Answer(b"<html>busy</html>"), "failed"),
        (Answer(picture("PNG", (300, 300)), truncated=True), "failed"),
        (Answer(b"", oversize=30_000_000, content_type="image/png"), "unsupported"),
        (Answer(reset=True), "failed"),
    ],
)
async def test_a_picture_that_failed_never_costs_the_issue(
    site: LoopbackWeChat, tmp_path: Path, answer: Answer, status: str
) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    site.add_picture(one.pictures[1], answer)
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS, settings={"RETRY_TIMES": 0})
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    issue = await stored(tmp_path)
    assert [picture.status for picture in body(issue)] == ["stored", status]
    assert [doubt.code for doubt in issue.warnings] == ["picture_missing"]


async def test_a_picture_that_failed_is_tried_again_by_the_next_run(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    site.add_picture(one.pictures[1], Answer(b"gone", status=404))
    crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    site.reset_log()
    site.add_picture(one.pictures[1], picture("PNG"))
    result = crawl(site, tmp_path, *BOUNDS)
    assert result.returncode == 0, result.stderr[-2000:]
    assert [picture.status for picture in body(await stored(tmp_path))] == ["stored", "stored"]
    assert site.asked("https://mp.weixin.qq.com/") == []
    assert len(site.asked("https://mmbiz.qpic.cn/")) == 1


async def test_a_picture_above_the_limit_is_asked_for_no_more(site: LoopbackWeChat, tmp_path: Path) -> None:
    """Neither by the next run nor when its page is fetched again."""
    one = series.publish(site, "2024-16", "2024-16")[0]
    site.add_picture(one.pictures[1], Answer(b"", oversize=30_000_000, content_type="image/png"))
    crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    site.reset_log()
    assert crawl(site, tmp_path, *BOUNDS).returncode == 0
    crawl(site, tmp_path, f"start={one.url}", *BOUNDS, "refresh=1")
    assert site.asked("https://mmbiz.qpic.cn/") == []
    assert [picture.status for picture in body(await stored(tmp_path))] == ["stored", "unsupported"]


async def test_a_picture_that_comes_late_is_in_every_issue_that_shows_it(site: LoopbackWeChat, tmp_path: Path) -> None:
    """What became of a picture belongs to its key: the documents are made anew, the pages are not asked for."""
    published = series.publish(site, "2024-15", "2024-16")
    address = read_picture(pages.ArticleSpec().cover)
    assert address is not None
    site.add_picture(address.url, Answer(b"gone", status=404))
    bounds = (f"start={published[-1].url}", "from=2024-15", "until=2024-16")
    crawl(site, tmp_path, *bounds)
    site.add_picture(address.url, picture("PNG"))
    site.reset_log()
    assert crawl(site, tmp_path, *bounds[1:]).returncode == 0
    assert len(site.asked(address.largest)) == 1
    assert site.asked("https://mp.weixin.qq.com/") == []
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        covers = [image async for issue in store.issues() for image in issue.images if image.role == "cover"]
        kept = await store.get_pictures([covers[0].key])
    assert [cover.status for cover in covers] == ["stored", "stored"]
    assert [(one.status, one.path) for one in kept.values()] == [("stored", covers[0].path)]


async def test_a_picture_that_a_killed_run_kept_comes_into_its_document(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The run was killed after the picture was kept and before the document was made anew."""
    one = series.publish(site, "2024-16", "2024-16")[0]
    site.add_picture(one.pictures[1], Answer(b"gone", status=404))
    crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    path = tmp_path / "pictures" / "ab" / "file.png"
    path.parent.mkdir()
    path.write_bytes(picture("PNG"))
    failed = body(await stored(tmp_path))[1]
    update = {"status": "stored", "path": "ab/file.png", "checksum": "ab" * 32, "width": 8, "height": 6}
    async with open_store(f"sqlite:///{tmp_path / 'cncert.db'}") as store:
        await store.put_pictures([KeptPicture.of(failed.model_copy(update=update), datetime.now(UTC))])
    site.reset_log()
    assert crawl(site, tmp_path, *BOUNDS).returncode == 0
    assert site.asked("https://mmbiz.qpic.cn/") == []
    assert [image.path for image in body(await stored(tmp_path))][1] == "ab/file.png"


def check_unwritable(result: subprocess.CompletedProcess[str], reason: str) -> None:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if " ERROR: " in line]
    assert len(errors) == 1, errors
    assert "pictures cannot be written" in errors[0]
    assert reason in errors[0]


def no_parts(directory: Path) -> bool:
    return not [name for _, _, names in os.walk(directory) for name in names if name.endswith(".part")]


async def test_a_file_that_cannot_be_written_is_one_line_and_the_issue_is_kept(
    site: LoopbackWeChat, tmp_path: Path
) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    noise = io.BytesIO()
    Image.frombytes("RGB", (1700, 1700), os.urandom(1700 * 1700 * 3)).save(noise, "PNG")
    site.add_picture(one.pictures[1], noise.getvalue())
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS, prefix=["prlimit", "--fsize=6000000"])
    check_unwritable(result, "File too large")
    assert no_parts(tmp_path / "pictures")
    assert [picture.status for picture in body(await stored(tmp_path))] == ["stored", "failed"]


MOUNT = 'mount -t tmpfs -o size=8k tmpfs "$0" || exit; "$@"; status=$?; umount "$0"; exit $status'


@needs_mount
async def test_a_full_disk_for_pictures_is_one_line(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    (tmp_path / "pictures").mkdir()
    for url in one.pictures:
        site.add_picture(url, picture("BMP", (80, 60)))
    prefix = [*UNSHARE, "sh", "-c", MOUNT, str(tmp_path / "pictures")]
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS, prefix=prefix)
    check_unwritable(result, "No space left on device")
    assert (await stored(tmp_path)).id == "2024-16"


def test_a_directory_that_is_a_file_is_one_line(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    (tmp_path / "pictures").write_text("not a directory")
    check_unwritable(crawl(site, tmp_path, f"start={one.url}", *BOUNDS), "Not a directory")


async def test_a_file_that_somebody_removed_is_fetched_again_on_refresh(site: LoopbackWeChat, tmp_path: Path) -> None:
    one = series.publish(site, "2024-16", "2024-16")[0]
    crawl(site, tmp_path, f"start={one.url}", *BOUNDS)
    shutil.rmtree(tmp_path / "pictures")
    result = crawl(site, tmp_path, f"start={one.url}", *BOUNDS, "refresh=1")
    assert result.returncode == 0, result.stderr[-2000:]
    issue = await stored(tmp_path)
    assert all((tmp_path / "pictures" / str(image.path)).is_file() for image in issue.images)
