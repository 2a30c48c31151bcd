"""What is watched after each run: rules over the store and the run's record, and what was told of them before.

:func:`~cncert.monitors.facts.gather` reads the facts, :func:`~cncert.monitors.rules.examine` judges them,
:mod:`~cncert.monitors.telling` decides what is news. Nothing here sends anything: that is ``cncert/alerts.py``.
"""
