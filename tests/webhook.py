"""A loopback server of webhooks: one takes messages, others refuse or never answer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

SECRET = "s3cr3t-t0ken"


class Webhooks:
    """``with Webhooks() as hooks:`` ``hooks.url()`` is an address for CNCERT_ALERTS, with a secret in it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        """What was taken."""
        self.asked: list[str] = []
        """The paths that were asked."""
        self._over = threading.Event()
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hooks.asked.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if "hang" in self.path:
                    hooks._over.wait(60)
                    return
                status = 500 if "broken" in self.path else 200
                if status == 200:
                    hooks.messages.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def url(self, behaviour: str = "take") -> str:
        """An address that takes messages; ``broken`` answers 500, ``hang`` nothing; ``refused`` has no server."""
        port = 9 if behaviour == "refused" else self.port
        return f"json://robot:{SECRET}@127.0.0.1:{port}/{SECRET}/{behaviour}?+Token={SECRET}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
