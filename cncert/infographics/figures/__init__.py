"""The pictures of stored issues: read, checked by persons, and made into figures of the issues.

picture_files.py finds the files; read_stored_pictures.py decides which are to be read, and keeps the readings;
ocr_workers.py reads in worker processes; figures_of_issue.py makes figures and candidates of the readings;
human_checks.py lists the candidates and keeps what persons say. ``editions/`` puts the figures into the documents.
"""
