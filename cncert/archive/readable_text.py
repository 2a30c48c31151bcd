"""Returns the text of an archived page or PDF, to be read by a person."""

from cncert.archive.warc_reader import ArchivedAnswer
from cncert.cert_site.addresses import read_page_address
from cncert.cert_site.pages import read_site_page
from cncert.items import CHINA
from cncert.pdf.read_document import is_pdf
from cncert.pdf.read_pdf import read_pdf
from cncert.wechat.failure_pages import read_page


def readable_text(answer: ArchivedAnswer) -> str | None:
    """Return title, source, time and text of *answer*; None if it is no article, page of the site or PDF."""
    if is_pdf(answer.body):
        return "\n".join(line.text for line in read_pdf(answer.body).lines) or None
    if read_page_address(answer.url) is not None:
        page = read_site_page(answer.body, answer.url)
        if page is None:
            return None
        day = f"{page.published_at:%Y-%m-%d}" if page.published_at else ""
        return "\n".join([page.title, *filter(None, [day]), "", *(line.text for line in page.lines)])
    article = read_page(answer.body, answer.url).article
    if article is None:
        return None
    when = f"{article.published_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if article.published_at else None
    return "\n".join([article.title, *filter(None, [article.account_name, when]), "", article.body.text])
