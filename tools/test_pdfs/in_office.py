"""PDFs of LibreOffice Writer, from a flat OpenDocument text: real footnotes, fields, tab leaders, tables, columns."""

import re
import subprocess
import tempfile
from pathlib import Path

from tools.test_pdfs.content import MARK, RUNNING_HEAD, Block, PrintedEdition

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("style", "style"), ("text", "text"), ("table", "table"), ("meta", "meta"),
        ("fo", "xsl-fo-compatible"), ("svg", "svg-compatible"),
    )
)  # fmt: skip
_FONT = 'style:font-name="CJK" style:font-name-asian="CJK"'
_STYLES = f"""
<office:font-face-decls>
 <style:font-face style:name="CJK" svg:font-family="'Noto Serif CJK SC'"/>
</office:font-face-decls>
<office:styles>
 <style:default-style style:family="paragraph"><style:paragraph-properties style:punctuation-wrap="hanging"/>
  <style:text-properties {_FONT} fo:font-size="12pt" style:font-size-asian="12pt" fo:language="zh" fo:country="CN"
  style:language-asian="zh" style:country-asian="CN"/></style:default-style>
 <style:style style:name="text" style:family="paragraph"><style:paragraph-properties fo:text-align="justify"
  fo:text-indent="24pt" fo:line-height="150%" style:text-autospace="ideograph-alpha"/></style:style>
 <style:style style:name="heading" style:family="paragraph"><style:paragraph-properties fo:margin-top="8pt"
  fo:margin-bottom="4pt"/><style:text-properties fo:font-size="15pt" style:font-size-asian="15pt"
  fo:letter-spacing="1.5pt"/></style:style>
 <style:style style:name="caption" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/>
  <style:text-properties fo:font-size="10pt" style:font-size-asian="10pt"/></style:style>
 <style:style style:name="list" style:family="paragraph"/>
 <style:style style:name="contents" style:family="paragraph"><style:paragraph-properties><style:tab-stops>
  <style:tab-stop style:position="15cm" style:type="right" style:leader-style="dotted" style:leader-text="."/>
  </style:tab-stops></style:paragraph-properties></style:style>
 <style:style style:name="raised" style:family="text">
  <style:text-properties style:text-position="33% 58%"/></style:style>
 <text:notes-configuration text:note-class="footnote" text:citation-body-style-name="raised" style:num-format="1"/>
</office:styles>
<office:automatic-styles>
 <style:style style:name="news" style:family="section"><style:section-properties><style:columns fo:column-count="2"
  fo:column-gap="0.8cm"/></style:section-properties></style:style>
 <style:style style:name="cell" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #000000"
  fo:padding="2pt"/></style:style>
 <style:page-layout style:name="page"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"
  fo:margin="2cm"/><style:header-style/><style:footer-style/></style:page-layout>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="page">
 <style:header><text:p text:style-name="caption">{RUNNING_HEAD}</text:p></style:header>
 <style:footer><text:p text:style-name="caption">第<text:page-number/>页 共<text:page-count/>页</text:p></style:footer>
</style:master-page></office:master-styles>
"""


def print_in_office(edition: PrintedEdition, path: Path) -> None:
    """Write *edition* as LibreOffice exports it."""
    parts = [
        f'<text:p text:style-name="heading">{edition.title}</text:p>',
        '<text:p text:style-name="caption">目录</text:p>',
    ]
    parts += [f'<text:p text:style-name="contents">{name}<text:tab/>{page}</text:p>' for name, page in edition.contents]
    is_open = False
    for block in edition.blocks:
        if block.kind == "heading" and is_open:
            parts.append("</text:section>")
            is_open = False
        parts.append(_markup(block, edition.notes))
        if block.text == "业界新闻速递":
            parts.append('<text:section text:style-name="news" text:name="news">')
            is_open = True
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:meta><dc:title '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{MARK}</dc:title></office:meta>{_STYLES}'
        f"<office:body><office:text>{''.join(parts)}</office:text></office:body></office:document>"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, path.with_suffix(".fodt").name)
        source.write_text(document, encoding="utf-8")
        profile = f"-env:UserInstallation=file://{folder}/profile"
        export = 'pdf:writer_pdf_Export:{"ReduceImageResolution":{"type":"boolean","value":"true"}}'
        command = ["soffice", profile, "--headless", "--convert-to", export, "--outdir", folder, str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        path.write_bytes(Path(folder, path.name).read_bytes())


def _markup(block: Block, notes: dict[str, str]) -> str:
    if block.kind == "table":
        rows = (
            "".join(
                f'<table:table-cell table:style-name="cell"><text:p>{cell}</text:p></table:table-cell>' for cell in row
            )
            for row in block.rows
        )
        columns = f'<table:table-column table:number-columns-repeated="{len(block.rows[0])}"/>'
        body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        return f"<table:table>{columns}{body}</table:table>"
    text = re.sub(r"<sup>(.*?)</sup>", lambda match: _note(match[1], notes), block.text)
    return f'<text:p text:style-name="{block.kind}">{text}</text:p>'


def _note(mark: str, notes: dict[str, str]) -> str:
    """Return the citation of a footnote with its text, or a raised digit where no footnote is."""
    if mark not in notes:
        return f'<text:span text:style-name="raised">{mark}</text:span>'
    return (
        f'<text:note text:note-class="footnote"><text:note-citation>{mark}</text:note-citation>'
        f"<text:note-body><text:p>{notes[mark]}</text:p></text:note-body></text:note>"
    )
