"""The dataset as tables, a feed and readable files: for those who load it before they write any code.

``tables_and_columns.py`` says what is exported, ``NAME_format.py`` how a format writes it, ``formats.py`` lists these,
``run_export.py`` reads the store, once.
"""
