"""Reads an issue from a page of another site: its title, and the smallest element that contains the report."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lxml import etree

from cncert.exceptions import NotAnIssue
from cncert.report.report_lines import is_report_heading
from cncert.report.sections import EARLIER_ISSUES_HEADING, read_heading, split_parts
from cncert.report.text_figures import read_figures
from cncert.report.title import find_titles, read_title
from cncert.sources.listed_articles import ListedArticle
from cncert.sources.saved_files.named_articles import listed_articles
from cncert.sources.saved_files.report_copy import (
    CopyPictures,
    lines_before_report,
    make_report_copy,
    page_title,
    stated_source,
    titles_before,
)
from cncert.wechat.article import Article
from cncert.wechat.body import Line, picture_addresses, read_html
from cncert.wechat.text import dense, tidy

_EMBEDDED = re.compile(r"data:[a-z0-9/.+;=-]{1,60};base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_UNSEEN = ("script", "style", "noscript", "template", "svg")
_HEADINGS = ("h1", "h2", "h3", "h4")
_TIMES = frozenset(
    "article:published_time og:published_time og:release_date og:article:published_time bytedance:published_time "
    "weibo:article:create_at datepublished pubdate pubtime publishdate publish-date publish_date publish_time "
    "date dc.date dc.date.issued dcterms.date dcterms.created dcterms.issued".split()
)
_LINKED_DATA_TIME = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{1,60})"')
# What stands in these is of other articles, or of the site.
_ASIDE = frozenset(("nav", "aside", "footer", "li", "a"))
_CHANGED = re.compile("updated|modified", re.IGNORECASE)
_MAX_LINES_TO_LIST = 8
"""Lines below its heading in which the list of earlier issues has to begin."""
_MARK_CHARACTERS = 40
"""Characters of a line by which it is found again."""
_MAX_MARKS = 50
"""More than the headings and figures of any report."""
_MAX_DEPTH = 300


def read_page_of_other_site(text: str, address: str | None) -> Article:
    """Return the copy of an issue in the HTML *text*, saved from *address*.

    Raises NotAnIssue if no title names an issue.
    """
    root = _tree(text)
    lines = read_html(_markup(root)).lines if root is not None else ()
    title = _issue_title(root, lines) if root is not None else None
    if root is None or title is None:
        raise NotAnIssue("title", "the page's titles and headings name no issue")
    pictures = CopyPictures()
    marks = _marks(lines)
    container = _report_element(root, marks)
    # A line of text in place of every picture that is kept.
    for picture in list(container.iter("img")):
        urls = picture_addresses({str(name): str(value) for name, value in picture.attrib.items()})
        mark = pictures.mark(*urls, width=picture.get("data-w"))
        if mark is not None:
            picture.tag, picture.text = "p", mark
    metas = dict(_metas(root))
    canonical = (link.get("href") for link in root.iter("link") if link.get("rel") == "canonical")
    dates = [value for name, value in metas.items() if name.replace(" ", "") in _TIMES]
    dates += [*_LINKED_DATA_TIME.findall(text)[:1], *_shown_times(root, marks), *lines_before_report(lines)]
    body = read_html(_markup(container))
    pictures.painted = body.painted
    article = make_report_copy(title, body.lines, dates, pictures, [address, *canonical, metas.get("og:url")])
    return replace(article, stated_source=stated_source(lines))


def articles_in_page(text: str, titles: Iterable[str], addresses: Iterable[str]) -> list[ListedArticle]:
    """Return the articles that the HTML *text* lists, or is a stub of; *titles* and *addresses* may be its own."""
    root = _tree(text)
    if root is None:
        return []
    metas = dict(_metas(root))
    titles = [metas.get("og:title", ""), *map(_text, root.iter("title")), *titles]
    return listed_articles(read_html(_markup(root)).lines, titles, [*addresses, metas.get("og:url", "")])


def without_embedded(text: str) -> str:
    """Return *text* without the pictures and fonts that SingleFile writes into a page: they are most of it."""
    return _EMBEDDED.sub("data:,", text)


def _tree(text: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    data = text.replace("\0", "").encode("utf-8", "replace")
    try:
        root = etree.fromstring(data, parser)
    except etree.LxmlError:
        return None
    if root is not None:
        etree.strip_elements(root, *_UNSEEN, with_tail=False)
    return root


def _markup(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", method="html", with_tail=False)


def _metas(root: etree._Element) -> Iterator[tuple[str, str]]:
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        if name:
            yield str(name).lower(), str(meta.get("content", ""))


def _shown_times(root: etree._Element, marks: Sequence[str]) -> Iterator[str]:
    """Yield what the elements before the report state that hold a time of publication."""
    for element in root.iter(etree.Element):
        if marks and _squeezed(element.text or "").startswith(marks[0]):
            return
        is_named = str(element.get("itemprop", "")).lower() == "datepublished"
        if not (is_named or element.tag == "time") or any(above.tag in _ASIDE for above in element.iterancestors()):
            continue
        if _CHANGED.search(f"{element.get('class', '')} {element.get('itemprop', '')}"):
            continue
        yield from (str(element.get(name, "")) for name in ("datetime", "content", "title"))
        yield _text(element)


def _issue_title(root: etree._Element, lines: Sequence[Line]) -> str | None:
    """Return the title of the issue that the page shows, as printed before the report, else as in the page's head."""
    printed = [lines[place].text for place in titles_before(lines)]
    in_head = [dict(_metas(root)).get("og:title"), *map(_text, root.iter("title"))]
    named = next((title for text in in_head if (title := page_title(text)) is not None), None)
    if named is not None:
        return next((text for text in printed if read_title(text) == read_title(named)), named)
    headings = {" ".join(tidy(_text(heading)).split()) for heading in root.iter(*_HEADINGS)}
    # A menu may list other issues before this one.
    return next((text for text in printed if text in headings), printed[-1] if printed else None)


def _marks(lines: Sequence[Line]) -> list[str]:
    """What the report's element has to hold: the lines with its headings, else the sentences that state its figures."""
    places = [place for place, line in enumerate(lines) if is_report_heading(line)]
    if places:
        places += [
            place
            for place, line in enumerate(lines)
            if place > places[0]
            and read_heading(line.text) == EARLIER_ISSUES_HEADING
            and any(any(find_titles(dense(below.text))) for below in lines[place + 1 : place + 1 + _MAX_LINES_TO_LIST])
        ]
        found = [lines[place].text for place in places]
    else:
        found = [figure.evidence for figure in read_figures(split_parts(lines)).figures]
    return list(dict.fromkeys(_squeezed(text)[:_MARK_CHARACTERS] for text in found))[:_MAX_MARKS]


def _report_element(root: etree._Element, marks: list[str]) -> etree._Element:
    """Return the smallest element that holds all *marks* and more text: a table of contents holds only these."""
    container = root
    for _ in range(_MAX_DEPTH if marks else 0):
        if len(container) == 1 and not ((container.text or "") + (container[0].tail or "")).strip():
            container = container[0]  # it holds the same
            continue
        fitting = [(len(text), child) for child in container if (text := _text_with_marks(child, marks))]
        if not fitting:
            break
        container = max(fitting, key=lambda fit: fit[0])[1]
    return container


def _text_with_marks(element: etree._Element, marks: list[str]) -> str:
    """Return the text of *element* if it holds all *marks* and more, else nothing."""
    text = _squeezed(_text(element))
    return text if all(mark in text for mark in marks) and len(text) > 2 * sum(map(len, marks)) else ""


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def _squeezed(text: str) -> str:
    return "".join(tidy(text).split())
