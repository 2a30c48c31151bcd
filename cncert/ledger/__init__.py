"""The ledger of articles: their addresses, results and next attempts, the frontier of a run, and the missing weeks."""
