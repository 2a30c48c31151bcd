"""Tools without a subject: safe text, tables, progress, files written whole, time limits, worker processes."""
