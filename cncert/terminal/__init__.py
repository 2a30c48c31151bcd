"""What people see and what runs beside it: harmless text, tables, progress, files written whole, worker processes."""
