"""The file of ``scrapy doctor --live``, to be attached to a report: no text, no addresses, nothing personal."""

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any

from cncert import __version__
from cncert.monitoring.doctor.field_test import LiveResult
from cncert.sources.configured_sources import is_local_host


def report_document(results: Iterable[LiveResult]) -> dict[str, Any]:
    """Return *results* as typed facts, with the versions of what asked.

    No text is in it: it may quote an address, a path of this machine, or the host of a proxy.
    """
    return {
        "cncert": __version__,
        "scrapy": version("scrapy"),
        "python": platform.python_version(),
        "system": platform.system(),
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "asked": [{name: value for name, value in _facts(one).items() if value is not None} for one in results],
    }


def _facts(one: LiveResult) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "host": _host(one.host),
        "issue": one.issue,
        "state": one.state,
        "outcome": one.outcome,
        "status": one.status,
        "bytes": one.bytes,
        "seconds": one.seconds,
        **one.found,
        "marks": " ".join(one.marks) or None,
    }


def _host(name: str) -> str:
    """Return the *name* of a public host, and of others only that they are none."""
    try:
        ip_address(name)
    except ValueError:
        return "a host of a local network" if name and is_local_host(name) else name
    return "an IP address"
