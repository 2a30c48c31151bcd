"""Raw answers kept as WARC: written during a crawl, read again, replayed in place of the network."""
