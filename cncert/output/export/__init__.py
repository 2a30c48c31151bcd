"""The dataset as tables, a feed and readable files: for those who load it before they write any code.

``tables.py`` says what is exported, a file for each format how it is written; ``export.py`` reads the store, once.
"""
