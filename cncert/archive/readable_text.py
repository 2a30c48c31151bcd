"""Returns the text of an archived page or PDF, to be read by a person."""

from cncert.archive.warc_reader import ArchivedAnswer
from cncert.pdf.read_document import is_pdf
from cncert.pdf.read_pdf import read_pdf
from cncert.report import publishers


def readable_text(answer: ArchivedAnswer) -> str | None:
    """Return title, source, time and text of *answer*; None if it is no article, page of the site or PDF."""
    if is_pdf(answer.body):
        return "\n".join(line.text for line in read_pdf(answer.body).lines) or None
    page = publishers.show(answer.url, answer.body)
    if page is None:
        return None
    return "\n".join([page.title, *filter(None, (page.account, page.published)), "", page.text])
