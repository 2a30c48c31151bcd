"""Sources of issues beside the lists of earlier issues: the bundled index, feeds, albums, saved files.

Nothing here sends a request: ``middlewares/sources.py`` does. Feeds and albums are not trusted: the title decides which
of their articles are requested, and the page behind the address decides what they are.
"""

from cncert.sources.bundled_index import IndexedIssue, IndexedReprint, bundled_index, bundled_reprints, newest_address

__all__ = ["IndexedIssue", "IndexedReprint", "bundled_index", "bundled_reprints", "newest_address"]
