"""What follows from the settings, whether they come from the environment, the command line or Scrapyd."""

from pathlib import Path

import pytest
from scrapy.settings import Settings

from cncert import settings as project
from cncert.exceptions import SettingError
from cncert.extensions.derived_settings import DerivedSettings
from cncert.options import Options, as_folder, in_project, local_folder
from cncert.wechat.address import PICTURE_HOSTS
from cncert.wechat.wayback import CAPTURE_SLOT, INDEX_SLOT
from tests import series
from tests.site.crawl import crawl
from tests.site.server import LoopbackWeChat


def final(**given: object) -> Settings:
    """The settings of a crawl with *given* on its command line."""
    settings = Settings()
    settings.setmodule(project, priority="project")
    settings.setdict(given, priority="cmdline")
    DerivedSettings().update_settings(settings)
    return settings


def test_the_command_line_decides_where_pictures_and_archive_go(site: LoopbackWeChat, tmp_path: Path) -> None:
    """The environment names other places (``project_env``)."""
    published = series.publish(site, "2024-10", "2024-10")
    given = {
        "CNCERT_STORE": f"sqlite:///{tmp_path}/other.db",
        "CNCERT_FILES": tmp_path / "other",
        "CNCERT_ARCHIVE": tmp_path / "archive",
        "LOG_FILE": tmp_path / "log",
    }
    result = crawl(site, tmp_path, f"start={published[0].url}", "from=2024-10", "until=2024-10", settings=given)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "cncert.db").exists()
    assert not (tmp_path / "pictures").exists()
    assert len({path.name for path in (tmp_path / "other").iterdir()}) == 3  # each named after its content
    assert len(list((tmp_path / "archive").glob("*.warc.gz"))) == 1
    assert f"files     {tmp_path / 'other'}" in result.stderr
    # A job's log is all that Scrapyd shows: it ends with what a person sees.
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith(result.stderr)


@pytest.mark.parametrize(
    ("place", "store"),
    [
        ("pictures", "pictures"),
        ("/var/lib/pictures/", "/var/lib/pictures/"),
        ("s3://bucket/pictures", "s3://bucket/pictures/"),
        ("gs://bucket/pictures/", "gs://bucket/pictures/"),
        ("s3://bucket", "s3://bucket/"),
    ],
)
def test_a_bucket_is_given_as_a_folder(place: str, store: str) -> None:
    assert as_folder(place) == store


def test_what_follows_is_worked_out_from_the_final_values() -> None:
    settings = final(CNCERT_FILES="s", DOWNLOAD_DELAY="0.2", ROBOTSTXT_OBEY="yes", LOG_LEVEL="info")
    assert settings["FILES_STORE"] == "s"
    assert {host: slot["delay"] for host, slot in settings.getdict("DOWNLOAD_SLOTS").items()} == dict.fromkeys(
        PICTURE_HOSTS, 0.2
    ) | {INDEX_SLOT: 3.2, CAPTURE_SLOT: 3.2 * 2 / 3}
    assert (settings["DOWNLOAD_DELAY"], settings["ROBOTSTXT_OBEY"], settings["LOG_LEVEL"]) == (0.2, True, "INFO")


def test_a_reader_keeps_the_pictures_pace_at_any_longer_delay() -> None:
    slots = final(DOWNLOAD_DELAY="30").getdict("DOWNLOAD_SLOTS")
    assert {slots[host]["delay"] for host in PICTURE_HOSTS} == {0.5}


def test_no_delay_at_all_is_a_very_short_one() -> None:
    """Scrapy would send all that waits at once."""
    assert final(DOWNLOAD_DELAY="0")["DOWNLOAD_DELAY"] == 0.001


def test_what_the_user_gives_himself_stays() -> None:
    assert final(FILES_STORE="mine", CNCERT_FILES="other")["FILES_STORE"] == "mine"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DOWNLOAD_DELAY", "fast", "DOWNLOAD_DELAY must be a number of seconds from 0 to 86400, not 'fast'"),
        ("DOWNLOAD_DELAY", "nan", "not 'nan'"),
        ("DOWNLOAD_DELAY", "-1", "not '-1'"),
        ("CNCERT_PAUSE", "1e9", "CNCERT_PAUSE must be a number of seconds"),
        ("ROBOTSTXT_OBEY", "ture", "ROBOTSTXT_OBEY must be one of true, 1, yes, on, false, 0, no, off, not 'ture'"),
        ("CNCERT_PANEL", "maybe", "CNCERT_PANEL must be one of true, 1, yes, on, false, 0, no, off, not 'maybe'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of debug, info, warning, error, critical, not 'loud'"),
        ("CNCERT_FILES", "", "CNCERT_FILES names no place for the pictures"),
        ("CNCERT_FILES", "foo://x", "CNCERT_FILES must be a path, s3://…, gs://…, not foo://…"),
        ("CNCERT_FILES", "ftp://zhang:secret@host/x", "CNCERT_FILES must be a path, s3://…, gs://…, not ftp://…"),
        ("CNCERT_ARCHIVE", "s3://zhang:secret@bucket/x", "CNCERT_ARCHIVE must be a path, not s3://…"),
        (
            "CNCERT_FILES",
            "s3://key:secret@bucket/x",
            "CNCERT_FILES=bucket/x needs another library: pip install botocore",
        ),
        ("CNCERT_FILES", "gs://bucket/x", "pip install google-cloud-storage"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError) as error:
        final(**{name: value})
    assert said in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("below", ["", "docs", "docs/pictures"])
def test_a_relative_path_belongs_to_the_root_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    (tmp_path / "scrapy.cfg").touch()
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / below)
    options = Options.of({"CNCERT_STORE": "sqlite:///data/x.db", "CNCERT_FILES": "pictures", "CNCERT_ARCHIVE": ""})
    store = Path(options.store.removeprefix("sqlite:///")).absolute()
    assert (store, Path(options.files).absolute(), options.archive) == (
        tmp_path / "data/x.db",
        tmp_path / "pictures",
        "",
    )


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        ("pictures", "pictures"),
        ("file:///x/pictures", "/x/pictures"),
        (r"C:\data\pictures", r"C:\data\pictures"),
        ("s3://bucket/x", None),
        ("gs://bucket/x", None),
    ],
)
def test_a_place_for_files_is_a_folder_or_a_bucket(place: str, folder: str | None) -> None:
    """``C:`` is a drive, though it has the form of a scheme."""
    assert local_folder(place) == (None if folder is None else Path(folder))


def test_other_places_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scrapy.cfg").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    given = {"CNCERT_STORE": "mongodb://localhost/x", "CNCERT_FILES": "s3://bucket/a", "CNCERT_ARCHIVE": "/x"}
    options = Options.of(given)
    assert [options.store, options.files, options.archive] == list(given.values())
    assert Options.of({"CNCERT_STORE": "sqlite:////x/y.db"}).store == "sqlite:////x/y.db"
    (tmp_path / "scrapy.cfg").unlink()
    assert in_project("data") == "data"
