"""Counts the browser's processes in the memory limit of a run."""

import psutil
from scrapy.extensions.memusage import MemoryUsage


class BrowserMemory(MemoryUsage):
    """Scrapy's extension with the memory of all descendants of this process.

    That of scrapy-playwright finds its processes by private attributes of Playwright, and silently counts none if these
    change.
    """

    def get_virtual_size(self) -> int:
        """Return bytes: the peak of this process, and the present memory of the others."""
        size = super().get_virtual_size()
        for process in psutil.Process().children(recursive=True):
            try:
                size += process.memory_info().rss
            except psutil.Error:
                continue  # it has just ended
        return size
