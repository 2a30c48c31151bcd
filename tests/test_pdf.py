"""PDFs of the report: those of several producers in tests/pdfs (tools/test_pdfs), and PDFs made to break a reader."""

import multiprocessing
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cncert.items import CHINA, Issue, Provenance
from cncert.pdf import read_pdf as reader
from cncert.pdf.read_document import MAX_CHARACTERS, MAX_PAGES, read_document
from cncert.pdf.read_pdf import MAX_BYTES, read_pdf
from cncert.pdf.reading import PdfReading, PdfState
from cncert.report.issue import read_issue
from cncert.report.title import read_title
from cncert.wechat.body import Body
from tests.factories import make_article
from tests.pdf_pages import drawn, lines, put, put_rows
from tests.test_eras import OF_2012, OF_2013, OF_2018, OF_2025
from tests.test_sentences import listed, stated

FOLDER = Path(__file__).parent / "pdfs"
FILES = sorted(FOLDER.glob("*.pdf"))
ERAS = {"e1-2012": OF_2012, "e2-2013": OF_2013, "e4-2018": OF_2018, "e6-2025": OF_2025}
SMALL = FOLDER / "reportlab-e6-2025.pdf"
TEXT = "本周共处理网络安全事件731起。"


def issue_in(path: Path) -> tuple[Issue, tuple]:
    """The issue that a PDF is read as, under the title of its page, and what is right."""
    truth = ERAS[path.stem.partition("-")[2]]
    published = datetime.fromisoformat(truth[1]).replace(tzinfo=CHINA)
    reading = read_document(path.read_bytes())
    provenance = Provenance(
        fetched_at=datetime(2026, 1, 1, tzinfo=CHINA),
        source="file",
        via="file",
        address=None,
        sha256="0" * 64,
        parser="test",
    )
    return read_issue(make_article(truth[0], published, Body(reading.lines)), provenance), truth


def written(read: list[str]) -> str:
    """The lines of a PDF as the .txt file beside it has them."""
    return "".join(f"{line}\n" for line in read)


# --- the report in PDFs of several producers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_pdf_is_read_as_its_lines(path: Path) -> None:
    """Made by ``python -m tests.test_pdf``, and looked through by a person."""
    assert written(lines(path.read_bytes())) == path.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_figure_of_a_pdf_is_right_and_none_is_invented(path: Path) -> None:
    """News, contents, page numbers, dates and footnotes state no figure."""
    issue, (_, _, _, rating, figures, rankings, _) = issue_in(path)
    assert issue.rating == rating
    assert [stated(each) for each in issue.figures] == figures
    assert [listed(each) for each in issue.rankings] == rankings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_headings_and_the_title_stand_on_lines_of_their_own(path: Path) -> None:
    issue, truth = issue_in(path)
    headings = re.findall(r"<p>(?:<strong>)?(?:[0-9]、)?(本周\w+(?:态势|情况)|网络病毒\w+情况|TOP5\w+)<", truth[2])
    found = [section.heading for section in issue.sections]
    assert [heading for heading in found if heading in headings] == headings
    assert {"业界新闻速递", "关于国家互联网应急中心"} <= set(found)
    assert any(read_title(line) == read_title(truth[0]) for line in issue.text.split("\n"))


def test_every_producer_made_every_era() -> None:
    made = {tuple(path.stem.split("-", 1)) for path in FILES}
    assert made >= {(one, era) for one in ("chromium", "libreoffice", "reportlab", "weasyprint") for era in ERAS}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_pdf_says_that_it_is_test_data(path: Path) -> None:
    document = pypdfium2.PdfDocument(path)
    assert document.get_metadata_value("Title").startswith("TEST DATA")
    document.close()


# --- what is no text


def picture_only(canvas) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(Image.new("RGB", (60, 60), "red")), 100, 100)


def bare(objects: list[bytes], size: int | None = None) -> bytes:
    """A PDF of *objects*, the first of which is its catalog."""
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return data + end % (len(objects) + 1, table, size or len(objects) + 1, len(data))


def stream(content: bytes, head: bytes = b"") -> bytes:
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (head, len(content), content)


CATALOG, PAGES = b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
PAGE = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 500 700] /Resources <</Font <</F 5 0 R>>>> /Contents 4 0 R>>"
UNNAMED = b"<</Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R]>>"
DESCENDANT = (
    b"<</Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity)"
    b" /Supplement 0>> /FontDescriptor 7 0 R>>"
)
DESCRIPTOR = b"<</Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /Ascent 800 /Descent -200>>"


def without_names(codes: bytes) -> bytes:
    """A page whose font does not say which characters its glyphs are."""
    content = stream(b"BT /F 12 Tf 50 600 Td <%s> Tj ET" % codes)
    return bare([CATALOG, PAGES, PAGE, content, UNNAMED, DESCENDANT, DESCRIPTOR])


def test_pictures_alone_are_no_text() -> None:
    reading = read_document(drawn(picture_only, picture_only))
    assert (reading.state, reading.pages, reading.pictures, reading.lines) == (PdfState.NO_TEXT, 2, 2, ())


def test_glyphs_that_nobody_names_are_no_text() -> None:
    reading = read_document(without_names(b"".join(b"%04x" % code for code in range(700, 760))))
    assert (reading.state, reading.lines) == (PdfState.NO_TEXT, ())


def test_a_number_of_which_a_digit_is_unknown_is_none() -> None:
    """7?1 is neither 71 nor 1."""
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding <</Differences [1 /g77]>>>>"
    text = b"handled abcdefgh ijklmnop qrstuvwx 7\\0011 cases, 215 of them abroad and so on"
    objects = [CATALOG, PAGES, PAGE, stream(b"BT /F 12 Tf 50 600 Td (%s) Tj ET" % text), font]
    read = lines(bare(objects))
    assert "215 of them" in read[0] and not re.search("[17]", read[0].replace("215", ""))


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", PdfState.NOT_PDF),
        (b"<html>", PdfState.NOT_PDF),
        (b"PK\x03\x04", PdfState.NOT_PDF),
        (b" " * 2000 + b"%PDF-1.4", PdfState.NOT_PDF),
        (b"%PDF-1.7\n", PdfState.BROKEN),
        (b"%PDF-1.7\n%%EOF", PdfState.BROKEN),
        (bare([CATALOG, b"<</Type /Pages /Kids [] /Count 0>>"]), PdfState.BROKEN),
        (bare([CATALOG, b"<</Type /Pages /Kids [2 0 R] /Count 1>>"]), PdfState.BROKEN),
        (bare([CATALOG, PAGES, PAGE, stream(b"", b"/Filter /FlateDecode")]), PdfState.NO_TEXT),
    ],
    ids=["empty", "html", "zip", "late header", "header", "end", "no page", "pages in a circle", "no content"],
)
def test_states(data: bytes, state: PdfState) -> None:
    reading = read_document(data)
    assert (reading.state, reading.lines) == (state, ())
    assert reading.reason


def test_an_encrypted_pdf() -> None:
    locked = drawn(lambda canvas: put(canvas, 60, 100, TEXT), encrypt="secret")
    assert read_document(locked).state is PdfState.ENCRYPTED


def test_a_pdf_that_anybody_may_open_is_read_whatever_its_owner_forbids() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    rules = StandardEncryption("", ownerPassword="owner", canPrint=0, canCopy=0)
    assert lines(drawn(lambda canvas: put(canvas, 60, 100, TEXT), encrypt=rules)) == [TEXT]


def test_what_stands_before_the_header_does_not_matter() -> None:
    data = b"PK\x03\x04<html><script>" + SMALL.read_bytes()
    assert read_document(data).state in (PdfState.TEXT, PdfState.BROKEN)


def test_attached_files_are_counted_and_not_read() -> None:
    inner = stream(drawn(lambda canvas: put(canvas, 60, 100, TEXT)), b"/Type /EmbeddedFile")
    names = b"/Names <</EmbeddedFiles <</Names [(a.pdf) 5 0 R]>>>>"
    catalog = CATALOG.replace(b">>", names + b">>")
    spec = b"<</Type /Filespec /F (a.pdf) /EF <</F 6 0 R>>>>"
    reading = read_document(bare([catalog, PAGES, PAGE, stream(b""), spec, inner]))
    assert (reading.state, reading.attachments) == (PdfState.NO_TEXT, 1)


def test_a_script_is_not_run() -> None:
    """The build of PDFium has no JavaScript engine and no XFA forms."""
    assert not {"V8", "XFA"} & set(pypdfium2.version.PDFIUM_INFO.flags)
    script = b"/OpenAction <</S /JavaScript /JS (while(true){})>> /AA <</WC <</S /JavaScript /JS (while(1){})>>>>"
    catalog = CATALOG.replace(b">>", script + b">>")
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    objects = [catalog, PAGES, PAGE, stream(b"BT /F 12 Tf 50 600 Td (handled 731 cases) Tj ET"), font]
    assert lines(bare(objects)) == ["handled 731 cases"]


# --- too much


def test_too_many_pages() -> None:
    count = MAX_PAGES + 1
    pages = b"<</Type /Pages /Kids [%s] /Count %d>>" % (b"3 0 R " * count, count)
    reading = read_document(bare([CATALOG, pages, PAGE, stream(b"")]))
    assert (reading.state, reading.pages) == (PdfState.TOO_LARGE, count)


def test_too_many_characters() -> None:
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    content = stream(
        b"BT /F 1 Tf 50 600 Td " + b"(%s) Tj 0 -1 Td " % (b"x" * 1000) * (MAX_CHARACTERS // 1000 + 1) + b"ET"
    )
    assert read_document(bare([CATALOG, PAGES, PAGE, content, font])).state is PdfState.TOO_LARGE


def test_too_many_bytes() -> None:
    assert read_pdf(b"%PDF-1.7" + bytes(MAX_BYTES)).state is PdfState.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        b"q " * 300_000,
        b"BT /F 12 Tf " + b"0 1 Td (x) Tj " * 60_000 + b"ET",
        b"BT /F 12 Tf " + b"3 0 Td (x) Tj " * 60_000 + b"ET",
        b"BT /F 12 Tf 50 600 Td " + b"(x) Tj 0 0 Td " * 60_000 + b"ET",
        b"BT /F 12 Tf 50 600 Td " + b"(" + b"." * 30_000 + b") Tj ET",
        b"BT /F 1 Tf 0.1 600 Td " + b"(. .) Tj 0.01 0 Td " * 60_000 + b"ET",
        b"0 0 m 500 500 l S " * 60_000,
        b"10 10 m 400 10 l S 10 10 m 10 400 l S " * 20_000,
    ],
    ids=["saved states", "rows", "columns", "one place", "dots", "more dots", "lines", "rules"],
)
def test_a_large_page_is_read_in_time(content: bytes) -> None:
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    started = time.monotonic()
    reading = read_pdf(bare([CATALOG, PAGES, PAGE, stream(content), font]))
    assert reading.state in (PdfState.TEXT, PdfState.NO_TEXT, PdfState.TOO_SLOW, PdfState.TOO_LARGE)
    assert time.monotonic() - started < reader.MAX_SECONDS + 5


def test_what_unpacks_to_more_than_there_is_memory_for() -> None:
    import zlib

    packed = zlib.compress(zlib.compress(b"BT " * (400 << 20), 9), 9)
    content = stream(packed, b"/Filter [/FlateDecode /FlateDecode]")
    reading = read_pdf(bare([CATALOG, PAGES, PAGE, content]))
    assert reading.state in (PdfState.NO_TEXT, PdfState.TOO_LARGE, PdfState.CRASHED, PdfState.TOO_SLOW)


# --- the process that reads


def _die(data: bytes) -> Iterator[PdfReading]:
    os.kill(os.getpid(), signal.SIGSEGV)
    yield read_document(data)


def _be_killed(data: bytes) -> Iterator[PdfReading]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield read_document(data)


def _hang(data: bytes) -> Iterator[PdfReading]:
    time.sleep(60)
    yield read_document(data)


def _take_memory(data: bytes) -> Iterator[PdfReading]:
    def take(_: bytes) -> PdfReading:
        held = [bytes(1 << 24) for _ in range(1000)]
        return PdfReading(PdfState.TEXT, str(len(held)))

    reader.read_document = take
    yield from reader._read(data)


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (_die, PdfState.CRASHED),
        (_be_killed, PdfState.CRASHED),
        (_hang, PdfState.TOO_SLOW),
        (_take_memory, PdfState.TOO_LARGE),
    ],
)
def test_a_process_that_dies_costs_its_file(
    work: Callable[[bytes], Iterator[PdfReading]], state: PdfState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reader, "_read", work)
        patch.setattr(reader, "MAX_SECONDS", 3)
        reading = read_pdf(SMALL.read_bytes())
    assert (reading.state, reading.lines) == (state, ())
    assert reading.reason
    assert read_pdf(SMALL.read_bytes()).state is PdfState.TEXT


def test_the_process_reads_what_this_one_would() -> None:
    data = SMALL.read_bytes()
    assert read_pdf(data) == read_document(data)


def _read_in_worker(data: bytes, connection) -> None:
    connection.send(read_pdf(data))


def test_a_worker_reads_in_its_own_process() -> None:
    """It is a daemon, which may not start another process."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    data = SMALL.read_bytes()
    worker = multiprocessing.get_context("spawn").Process(target=_read_in_worker, args=(data, theirs), daemon=True)
    worker.start()
    assert ours.poll(60)
    assert ours.recv() == read_document(data)
    worker.join()


# --- any bytes

SIMPLE = drawn(lambda canvas: put_rows(canvas, 60, 100, [TEXT] * 3), pageCompression=0)
DAMAGE = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, len(SIMPLE)), st.just(b"")),
    st.tuples(st.just("set"), st.integers(0, len(SIMPLE)), st.binary(min_size=1, max_size=12)),
    st.tuples(st.just("add"), st.integers(0, len(SIMPLE)), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("drop"), st.integers(0, len(SIMPLE)), st.binary(min_size=1, max_size=40)),
)


def damaged(data: bytes, damage: list[tuple[str, int, bytes]]) -> bytes:
    for kind, place, piece in damage:
        if kind == "cut":
            data = data[:place]
        elif kind == "set":
            data = data[:place] + piece + data[place + len(piece) :]
        elif kind == "add":
            data = data[:place] + piece + data[place:]
        else:
            data = data[:place] + data[place + len(piece) :]
    return data


@settings(max_examples=150, deadline=5000)
@given(st.lists(DAMAGE, min_size=1, max_size=4))
def test_a_damaged_pdf_gives_a_state(damage: list[tuple[str, int, bytes]]) -> None:
    reading = read_document(damaged(SIMPLE, damage))
    assert isinstance(reading.state, PdfState) and reading.reason
    assert bool(reading.lines) == (reading.state is PdfState.TEXT)


@settings(max_examples=60, deadline=5000)
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_give_a_state(data: bytes, with_header: bool) -> None:
    reading = read_document((b"%PDF-1.7\n" if with_header else b"") + data)
    assert reading.state is not PdfState.TEXT


if __name__ == "__main__":
    for file in FILES:
        file.with_suffix(".txt").write_text(written(lines(file.read_bytes())), encoding="utf-8")
