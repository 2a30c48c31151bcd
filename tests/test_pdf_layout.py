"""Where the text of a page stands, and the lines that it is read as."""

from random import Random

import pytest
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak

from tests.pdf_pages import HEIGHT, SONG, WIDTH, drawn, flowed, lines, paragraph, put, put_rows, table

TEXT = (
    "本周境内被篡改网站数量为5460个；境内被植入后门的网站数量为2210个；针对境内网站的仿冒页面数量为1104个，"
    "较上周环比分别增加了1.5%、减少了2.2%。"
)
HEADING, LATER = "本周网站安全情况", "本周重要漏洞情况"
HEAD = "网络安全信息与动态周报2018年第10期"
COLUMN = ["本周境内被篡改网站的数量为五", "千四百六十个，其中政府网站为", "二百七十三个。"]
OTHER = ["境内被植入后门的网站数量是二", "千二百一十个，其中政府网站为", "六十六个。"]


def heading(text: str):
    return paragraph(text, firstLineIndent=0, spaceBefore=8)


# --- paragraphs


def test_rows_of_a_paragraph_are_one_line() -> None:
    data = flowed(heading(HEADING), *[paragraph(TEXT)] * 3, heading(LATER), paragraph(TEXT))
    assert lines(data) == [HEADING, TEXT, TEXT, TEXT, LATER, TEXT]


def test_paragraphs_without_an_indent_are_parted_by_their_distance() -> None:
    data = flowed(*[paragraph(TEXT, firstLineIndent=0, spaceAfter=9)] * 4)
    assert lines(data) == [TEXT] * 4


def test_a_paragraph_goes_on_at_the_next_page_and_in_the_next_column() -> None:
    for columns in (1, 2, 3):
        data = flowed(*(paragraph(TEXT) for _ in range(31)), columns=columns, head=HEAD)
        assert lines(data) == [TEXT] * 31


@pytest.mark.parametrize("mark", ["●", "1、", "（一）", "①", "■"])
def test_items_of_a_list_are_lines(mark: str) -> None:
    item = f"{mark}{TEXT}"
    data = flowed(*[paragraph(item, firstLineIndent=0, leftIndent=0)] * 3)
    assert lines(data) == [item] * 3


def test_an_item_whose_rows_hang_behind_its_mark() -> None:
    item = f"●{TEXT}"
    assert lines(flowed(*[paragraph(item, firstLineIndent=-11, leftIndent=11)] * 3)) == [item] * 3


def test_a_number_that_is_parted_by_the_end_of_a_row() -> None:
    rows = ["本周共处理网络安全事件总数为5", "460起，其中跨境事件2", "15起。"]
    assert lines(drawn(lambda canvas: put_rows(canvas, 60, 100, rows)))[0].startswith(
        "本周共处理网络安全事件总数为5460起"
    )


def test_words_that_are_parted_by_the_end_of_a_row() -> None:
    rows = ["影响 Microsoft Windows", "Server 2008 and later"]
    assert lines(drawn(lambda canvas: put_rows(canvas, 60, 100, rows))) == [
        "影响Microsoft Windows Server 2008 and later"
    ]


def test_a_title_in_two_rows() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(SONG, 20)
        canvas.drawCentredString(WIDTH / 2, HEIGHT - 80, "网络安全信息与动态周报")
        canvas.drawCentredString(WIDTH / 2, HEIGHT - 108, "2018年第10期（3月5日-3月11日）")
        put_rows(canvas, 60, 160, COLUMN * 4)

    assert lines(drawn(draw))[0] == "网络安全信息与动态周报2018年第10期（3月5日-3月11日）"


# --- characters


@pytest.mark.parametrize("spacing", [0.4, 2, 4, 6])
def test_space_between_letters(spacing: float) -> None:
    data = drawn(lambda canvas: put(canvas, 60, 100, "本周网络安全基本态势", 14, spacing))
    assert lines(data) == ["本周网络安全基本态势"]


def test_space_between_the_letters_of_a_word() -> None:
    data = drawn(lambda canvas: put(canvas, 60, 100, "CNCERT REPORT 2018", 12, 3))
    assert lines(data) == ["CNCERT REPORT 2018"]


def test_spaces_that_part_the_characters_of_a_word() -> None:
    data = drawn(lambda canvas: put(canvas, 60, 100, "本 周 网 络 安 全 基 本 态 势"))
    assert lines(data) == ["本周网络安全基本态势"]


def test_a_heading_whose_characters_stand_far_apart() -> None:
    def draw(canvas: Canvas) -> None:
        for place, character in enumerate("业界新闻"):
            put(canvas, 60 + 40 * place, 100, character)

    assert lines(drawn(draw)) == ["业界新闻"]


def test_a_stretched_row_is_one_row() -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 60, 100, [*COLUMN[:2], "详情见", *COLUMN[:2]])
        put(canvas, 110, 136, "http://e.org/a")

    assert "详情见 http://e.org/a" in "".join(lines(drawn(draw)))


def test_text_that_is_printed_twice_to_look_bold() -> None:
    def draw(canvas: Canvas) -> None:
        for shift in (0, 0.3, 0.6):
            put(canvas, 60 + shift, 100, "本周共处理事件1122起")

    assert lines(drawn(draw)) == ["本周共处理事件1122起"]


@pytest.mark.parametrize("mark", ["1", "12", "[3]"])
def test_a_raised_footnote_mark_is_no_part_of_a_number(mark: str) -> None:
    def draw(canvas: Canvas) -> None:
        put(canvas, 60, 100, "本周共处理网络安全事件731")
        x = 60 + canvas.stringWidth("本周共处理网络安全事件731", SONG, 11)
        put(canvas, x, 96, mark, 6)
        put(canvas, x + canvas.stringWidth(mark, SONG, 6), 100, "起，跨境215起。")

    raised = mark.translate(str.maketrans("123", "¹²³"))
    assert lines(drawn(draw)) == [f"本周共处理网络安全事件731{raised}起，跨境215起。"]


def test_a_row_that_begins_with_a_raised_mark() -> None:
    def draw(canvas: Canvas) -> None:
        put(canvas, 60, 96, "2", 6)
        put(canvas, 64, 100, "该联盟有45个成员。")

    assert lines(drawn(draw)) == ["²该联盟有45个成员。"]


@pytest.mark.parametrize(
    ("printed", "read"),
    [("⽹络安全", "网络安全"), ("⽊⻢程序", "木马程序"), ("⻚⾯", "页面"), ("ofﬁce", "office"), ("│本周｜", "本周")],
)
def test_characters_that_stand_for_others(printed: str, read: str) -> None:
    from cncert.pdf.normalise import readable

    assert "".join(readable(ord(character)) for character in printed) == read


def test_digits_of_full_width_stay_as_printed() -> None:
    assert lines(drawn(lambda canvas: put(canvas, 60, 100, "共处理事件７３１起"))) == ["共处理事件７３１起"]


# --- what the order in the file has to say: nothing


def test_characters_in_any_order() -> None:
    def draw(canvas: Canvas) -> None:
        placed = [
            (60 + 11 * place, 100 + 18 * number, character)
            for number, row in enumerate(COLUMN)
            for place, character in enumerate(row)
        ]
        Random(1).shuffle(placed)
        for x, y, character in placed:
            put(canvas, x, y, character)

    assert lines(drawn(draw)) == ["".join(COLUMN)]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_that_is_turned(turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        put_rows(canvas, 60, 400, COLUMN)

    assert lines(drawn(draw)) == ["".join(COLUMN)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_text_that_lies_on_its_side(turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(turn)
        canvas.setFont(SONG, 11)
        for number, row in enumerate(COLUMN):
            canvas.drawString(-200, 100 - 18 * number, row)

    assert lines(drawn(draw)) == ["".join(COLUMN)]


def test_a_watermark_is_not_read() -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 60, 100, COLUMN)
        canvas.translate(200, 300)
        canvas.rotate(40)
        canvas.setFont(SONG, 40)
        canvas.drawString(0, 0, "内部资料8888")

    assert lines(drawn(draw)) == ["".join(COLUMN)]


def test_what_is_cropped_or_invisible_is_not_read() -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 60, 100, COLUMN)
        put(canvas, 400, 820, "裁掉的数字999")
        text = canvas.beginText(60, HEIGHT - 400)
        text.setFont(SONG, 11)
        text.setTextRenderMode(3)
        text.textOut("看不见的数字888")
        canvas.drawText(text)

    assert lines(drawn(draw, cropBox=(0, 60, WIDTH, HEIGHT))) == ["".join(COLUMN)]


# --- columns


def test_columns_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        put(canvas, 60, 80, "两栏上方的标题横跨整个页面，它的宽度超过一栏，所以要先读它", 11)
        put_rows(canvas, 320, 104, OTHER)
        put_rows(canvas, 60, 104, COLUMN)
        put(canvas, 60, 180, "两栏下方的文字也横跨整个页面，它的宽度超过一栏，所以最后读它", 11)

    read = lines(drawn(draw))
    assert read[1:-1] == ["".join(COLUMN), "".join(OTHER)]
    assert read[0].startswith("两栏上方") and read[-1].startswith("两栏下方")


def test_columns_whose_rows_are_at_different_heights() -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 320, 109, OTHER)
        put_rows(canvas, 60, 100, COLUMN)

    assert lines(drawn(draw)) == ["".join(COLUMN), "".join(OTHER)]


def test_a_heading_below_two_columns_is_below_both() -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 60, 100, COLUMN)
        put_rows(canvas, 320, 100, OTHER)
        put(canvas, 60, 180, "关于国家互联网应急中心", 14)
        put(canvas, 60, 206, "这里的文字横跨整个页面，它的宽度超过一栏，所以最后读它，电话")

    assert lines(drawn(draw))[:3] == ["".join(COLUMN), "".join(OTHER), "关于国家互联网应急中心"]


# --- tables

TABLE = [
    ["指标", "本周", "环比"],
    ["境内感染网络病毒的主机数", "31.9万", "3.2%"],
    ["境内被篡改网站总数", "5460", "-1.5%"],
    ["境内被植入后门网站总数", "2210", "12.8%"],
]
ROWS = [
    "指标，本周，环比。",
    "境内感染网络病毒的主机数 31.9万，3.2%。",
    "境内被篡改网站总数 5460，-1.5%。",
    "境内被植入后门网站总数 2210，12.8%。",
]
GRID = ("GRID", (0, 0), (-1, -1), 0.5, "black")
RIGHT = ("ALIGN", (1, 0), (-1, -1), "RIGHT")
THREE_RULES = (
    ("LINEABOVE", (0, 0), (-1, 0), 1, "black"),
    ("LINEBELOW", (0, 0), (-1, 0), 0.5, "black"),
    ("LINEBELOW", (0, -1), (-1, -1), 1, "black"),
)


@pytest.mark.parametrize(
    ("commands", "widths"),
    [
        ([GRID], None),
        ([GRID, RIGHT], [200, 120, 120]),
        ([], None),
        ([RIGHT], [200, 120, 120]),
        ([*THREE_RULES, RIGHT], [200, 80, 80]),
        ([("BOX", (0, 0), (-1, -1), 1, "black")], [200, 80, 80]),
    ],
    ids=["grid", "wide grid", "no rules", "no rules, numbers at the right", "three rules", "box"],
)
def test_a_row_of_a_table_is_a_line(commands: list, widths: list[float] | None) -> None:
    data = flowed(paragraph(TEXT), table(TABLE, *commands, widths=widths), paragraph(TEXT))
    assert lines(data) == [TEXT, *ROWS, TEXT]


def test_cells_of_several_rows() -> None:
    cells = [[paragraph(cell, firstLineIndent=0, alignment=0) for cell in row] for row in TABLE]
    middle = ("VALIGN", (0, 0), (-1, -1), "MIDDLE")
    assert lines(flowed(table(cells, GRID, middle, widths=[80, 60, 60]))) == ROWS


def test_a_table_between_columns_of_text() -> None:
    data = flowed(*[paragraph(TEXT)] * 4, table(TABLE, GRID), *[paragraph(TEXT)] * 12, columns=2)
    assert lines(data) == [TEXT] * 4 + ROWS + [TEXT] * 12


def test_columns_of_text_in_a_frame_are_no_cells() -> None:
    cells = [[[paragraph(TEXT, firstLineIndent=0)] * 4, [paragraph(f"另{TEXT}", firstLineIndent=0)] * 3]]
    read = lines(flowed(table(cells, GRID, widths=[8 * cm, 8 * cm])))
    assert "".join(read) == TEXT * 4 + f"另{TEXT}" * 3


# --- around the text


def test_heads_feet_and_page_numbers_are_left_out() -> None:
    """Rows of the text that stand at one place of several pages, and say the same, stay."""
    texts = [f"{TEXT}其他情况见{place}。" for place in ("网页", "附件", "下一期")]
    data = flowed(*(part for text in texts for part in (paragraph(text), PageBreak())), head=HEAD)
    assert lines(data) == texts


@pytest.mark.parametrize("number", ["7", "- 7 -", "第7页", "第 7 页 共 12 页", "7/12", "Page 7 of 12", "·7·", "vii"])
def test_a_page_number_on_a_single_page(number: str) -> None:
    def draw(canvas: Canvas) -> None:
        put_rows(canvas, 60, 100, COLUMN)
        put(canvas, 280, 815, number, 9)

    assert lines(drawn(draw)) == ["".join(COLUMN)]


def test_a_number_at_the_end_of_the_text_is_no_page_number() -> None:
    assert lines(drawn(lambda canvas: put_rows(canvas, 60, 780, ["共处理网络安全事件", "2410"])))[-1].endswith("2410")


def test_footnotes_stand_at_the_end() -> None:
    def first(canvas: Canvas) -> None:
        put_rows(canvas, 60, 700, COLUMN[:2])
        put(canvas, 60, 785, "1 这是第一个注释，有4个字。", 8)
        put(canvas, 60, 797, "2 这是第二个注释。", 8)

    def second(canvas: Canvas) -> None:
        put_rows(canvas, 60, 60, [COLUMN[2]])

    read = lines(drawn(first, second))
    assert read == ["".join(COLUMN), "¹这是第一个注释，有4个字。", "²这是第二个注释。"]


@pytest.mark.parametrize("leader", [" . . . . . . . . ", "……………", "......", "        ", "·········"])
def test_a_table_of_contents_is_left_out(leader: str) -> None:
    def draw(canvas: Canvas) -> None:
        put(canvas, 60, 80, "目  录", 14)
        for number, name in enumerate((HEADING, LATER, "业界新闻速递")):
            put(canvas, 60, 110 + 18 * number, f"{name}{leader}")
            put(canvas, 400, 110 + 18 * number, str(number + 1))
        put_rows(canvas, 60, 200, COLUMN)

    assert lines(drawn(draw)) == ["".join(COLUMN)]
