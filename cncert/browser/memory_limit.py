"""The memory limit of a run counts the browser's processes too."""

import psutil
from scrapy.extensions.memusage import MemoryUsage


class BrowserMemory(MemoryUsage):
    """Scrapy's extension with what all descendants of this process hold now.

    scrapy-playwright's own finds its processes by private attributes of Playwright and says nothing when it does not.
    """

    def get_virtual_size(self) -> int:
        """Bytes: the peak of this process, and the others as they are."""
        size = super().get_virtual_size()
        for process in psutil.Process().children(recursive=True):
            try:
                size += process.memory_info().rss
            except psutil.Error:
                continue  # it has just ended
        return size
