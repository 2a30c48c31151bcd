"""Where addresses of issues come from, beside the review lists of other issues: the bundled index, feeds, albums.

Pure functions of texts and bytes: what is asked, and when, is decided by ``middlewares/sources.py``. Nothing that comes
from a feed or an album is trusted: the title decides which entries are asked for, the page behind the address decides
what they are.
"""

from cncert.sources.bundled_index import IndexedIssue, bundled_index, newest_address

__all__ = ["IndexedIssue", "bundled_index", "newest_address"]
