"""The check of ``scrapy doctor`` that the pictures pipeline can write its files."""

from typing import Any, cast
from urllib.parse import urlsplit

from scrapy.pipelines.files import FilesPipeline, GCSFilesStore, S3FilesStore
from scrapy.settings import BaseSettings

from cncert.monitoring.doctor.local_checks import PROBE, CheckResult, check_directory
from cncert.options import Options, as_folder, local_folder


def check_files_store(settings: BaseSettings) -> list[CheckResult]:
    """Write a file to the directory or bucket of CNCERT_FILES, and remove it. Raises any error of a bucket's client."""
    place = as_folder(Options.of(settings).files)
    if (folder := local_folder(place)) is not None:
        return check_directory("files", str(folder))
    scheme = urlsplit(place).scheme
    FilesPipeline._update_stores(settings)
    if scheme == "s3":
        s3 = S3FilesStore(place)
        client = cast("Any", s3).s3_client
        client.put_object(Bucket=s3.bucket, Key=f"{s3.prefix}{PROBE}", Body=b"")
        client.delete_object(Bucket=s3.bucket, Key=f"{s3.prefix}{PROBE}")
    elif scheme == "gs":
        gcs = GCSFilesStore(place)
        blob = gcs.bucket.blob(f"{gcs.prefix}{PROBE}")
        blob.upload_from_string(b"")
        blob.delete()
    else:
        advice = "look after a run whether pictures are there"
        return [CheckResult("files", "note", f"{scheme}:// is not tried", advice)]
    return [CheckResult("files", "ok", f"{place.rpartition('@')[2]}: a probe was written and removed")]
