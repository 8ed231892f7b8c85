"""Answers as an agent of Consul does, of a service that is healthy on two nodes."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from distcc_build.farm.daemons import Daemons

__all__ = ["agent"]

PATH = "/v1/health/service/distccd?passing=true"


@contextlib.contextmanager
def agent(daemons: Daemons) -> Iterator[str]:
    """Serve it on loopback.

    :returns: as CONSUL_HTTP_ADDR takes it.
    """
    _, second, third = daemons.addresses
    # Without an address of its own a service has that of its node (Consul: Health HTTP API).
    answer = [
        {"Node": {"Address": second}, "Service": {"Address": "", "Port": daemons.port}},
        {"Node": {"Address": "192.0.2.1"}, "Service": {"Address": third, "Port": daemons.port}},
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == PATH else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode() if self.path == PATH else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
