"""WARC archives of raw answers: written during a crawl, read again, replayed in place of the network."""
