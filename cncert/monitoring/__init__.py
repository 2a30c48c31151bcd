"""What is watched after each run: rules over the store and the run's record, and what was told of them before.

:func:`~cncert.monitoring.store_snapshot.gather` reads the facts, :func:`~cncert.monitoring.monitors.examine` judges
them, :mod:`~cncert.monitoring.alert_history` decides what is news. Nothing here sends anything: that is
``cncert/monitoring/alert_channels.py``.
"""
