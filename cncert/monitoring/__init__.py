"""Watching the crawl: what is wrong after a run, who gets a message about it, and what ``scrapy status`` shows.

:mod:`~cncert.monitoring.monitor_input` reads the store, :mod:`~cncert.monitoring.monitors` finds what is wrong,
:mod:`~cncert.monitoring.alert_history` decides which alerts to send, :mod:`~cncert.monitoring.alert_channels` sends
them; :mod:`~cncert.monitoring.after_run` calls these for a run. The sentences of alerts are in ``alert_words.toml``.
"""
