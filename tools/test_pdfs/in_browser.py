"""PDFs of two producers that print HTML: Chromium (Skia) and WeasyPrint (pydyf, Pango)."""

import base64
import html
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.test_pdfs.content import MARK, RUNNING_HEAD, Block, PrintedEdition
from tools.test_pdfs.drawn import truetype_subset

_STYLE = """
body { font-family: subset; font-size: 10.5pt; line-height: 1.6; margin: 0 }
h1 { font-size: 18pt; font-weight: normal; text-align: center }
h2 { font-size: 14pt; font-weight: normal }
p { text-indent: 2em; text-align: justify; margin: .3em 0 }
p.caption { text-align: center; text-indent: 0; font-size: 9pt }
p.list { text-indent: 0 }
table { border-collapse: collapse; margin: 1em auto }
td { border: 1px solid #000; padding: 2pt 12pt }
sup { font-size: 60%; line-height: 0 }
.news { columns: 2; column-gap: 2em }
.contents p { text-indent: 0; display: flex }
.contents i { flex: 1; border-bottom: 1px dotted }
"""


def page_of(edition: PrintedEdition, extra: str = "", *, dots: bool = False) -> str:
    """Return the HTML of *edition*: its news in two columns, *dots* drawn as characters in the contents."""
    leader = "<span>" + "." * 40 + "</span>" if dots else "<i></i>"
    contents = "".join(f"<p><span>{name}</span>{leader}<span>{page}</span></p>" for name, page in edition.contents)
    parts, in_news = [], False
    for block in edition.blocks:
        if block.kind == "heading" and in_news:
            parts.append("</div>")
            in_news = False
        parts.append(_markup(block))
        if block.text == "业界新闻速递":
            parts.append('<div class="news">')
            in_news = True
    notes = "".join(f"<p><sup>{mark}</sup> {text}</p>" for mark, text in edition.notes.items())
    body = (
        f'<body><h1>{edition.title}</h1><div class="contents"><p>目 录</p>{contents}</div>{"".join(parts)}'
        f'<div style="font-size: 8pt">{notes}</div></body>'
    )
    # Chromium draws a CJK font of the system as many fonts of type 3: a PDF of 300 kB.
    data = base64.b64encode(truetype_subset("".join(sorted(set(body + RUNNING_HEAD + "-/0123456789"))))).decode()
    font = f"@font-face {{ font-family: subset; src: url(data:font/ttf;base64,{data}) }}"
    style = f"<style>{font}{_STYLE}{extra}</style>"
    return f'<html lang="zh-CN"><head><meta charset="utf-8"><title>{MARK}</title>{style}</head>{body}</html>'


def _markup(block: Block) -> str:
    if block.kind == "table":
        rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in block.rows)
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
    if block.kind == "heading":
        return f"<h2>{block.text}</h2>"
    return f'<p class="{block.kind}">{block.text}</p>'


def print_in_chromium(edition: PrintedEdition, path: Path, executable: str) -> None:
    """Write *edition* as Chromium prints it, with a running head and page numbers."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        page = browser.new_page()
        page.set_content(page_of(edition))
        style = "font-family: 'Noto Sans CJK SC'; font-size: 8pt; width: 100%; text-align: center"
        number = '<span class="pageNumber"></span> / <span class="totalPages"></span>'
        page.pdf(
            path=path,
            format="A5",
            margin={"top": "22mm", "bottom": "20mm", "left": "15mm", "right": "15mm"},
            display_header_footer=True,
            header_template=f'<div style="{style}">{RUNNING_HEAD}</div>',
            footer_template=f'<div style="{style}">{number}</div>',
        )
        browser.close()


def print_in_weasyprint(edition: PrintedEdition, path: Path) -> None:
    """Write *edition* as WeasyPrint prints it: everything below the contents in two columns, small pages."""
    from weasyprint import HTML

    extra = f"""
    @page {{ size: A4; margin: 25mm 18mm; @top-left {{ content: "{RUNNING_HEAD}"; font: 8pt subset }}
      @bottom-center {{ content: "- " counter(page) " -"; font: 8pt subset }} }}
    .contents i {{ border: 0 }} body {{ font-size: 10pt }}
    """
    markup = page_of(edition, extra, dots=True)
    head, _, rest = markup.partition("<h2>")
    HTML(string=f'{head}<div style="columns: 2; column-gap: 9mm"><h2>{rest}').write_pdf(path)
