"""The mark of the bundled sample series: a ``meta`` element in the head of each of its pages.

It stays when a page is saved as HTML, MHTML or WARC, so that nothing made from the sample passes for CNCERT's.
"""

from typing import Final

from cncert.wechat.markup import head_tags

SAMPLE_MARK: Final = "cncert-sample"
"""The name of the element."""


def is_sample_page(page: bytes, end: int | None = None) -> bool:
    """Whether the head of *page*, which ends before *end*, has the mark.

    Somebody else's text, in a title or in the body, makes no sample of a page.
    """
    if page.find(SAMPLE_MARK.encode(), 0, end) < 0:
        return False  # as in every page of WeChat
    return any(tag.name == "meta" and tag.attributes.get("name") == SAMPLE_MARK for tag in head_tags(page))
