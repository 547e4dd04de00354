"""Somebody's plain website, on a host and port of its own: another site than Portico, as browsers see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A practice</title></head>
<body><h1>A practice</h1>{content}<p>The end of the page.</p></body></html>"""


class Website:
    """`pages` are bodies by path. `cookies_sent` notes what came with requests for `/counter`, which sets a cookie."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.cookies_sent: list[str | None] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def origin(self) -> str:
        """Portico is at 127.0.0.1: `localhost` is another site, whatever the port."""
        return f"http://localhost:{self.port}"

    @property
    def other_origin(self) -> str:
        """The same pages under a name that isn't listed anywhere."""
        return f"http://elsewhere.localhost:{self.port}"

    @property
    def counter(self) -> str:
        """Something on Portico's site that would like to follow people by a cookie."""
        return f"http://127.0.0.1:{self.port}/counter"

    def page(self, path: str, content: str) -> str:
        """Put a page there; its address."""
        self.pages[path] = _PAGE.format(content=content)
        return f"{self.origin}{path}"


def _handler_of(website: Website) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = website.pages.get(self.path)
            counts = self.path == "/counter"
            if counts:
                website.cookies_sent.append(self.headers.get("Cookie"))
                content = "counted"
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if counts:
                self.send_header("Set-Cookie", "seen=before; SameSite=None; Secure; Path=/")
            self.end_headers()
            self.wfile.write((content or "").encode())

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


@contextmanager
def website() -> Iterator[Website]:
    here = Website()
    thread = threading.Thread(target=here.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        here.server.shutdown()
        here.server.server_close()
        thread.join()
