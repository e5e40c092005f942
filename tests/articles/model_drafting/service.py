"""A real server on this machine that speaks the chat-completions protocol and behaves as a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-kept-from-every-report"


@dataclass
class Server:
    """What the server answers, and what it was asked. ``release`` ends the waiting of slow answers."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[dict[str, Any]], bytes | Iterator[bytes]] = lambda _asked: reply([])
    asked: list[dict[str, Any]] = field(default_factory=list)
    seen_headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def says(self, *items: dict[str, Any]) -> None:
        """Answer with these items."""
        self.body = lambda _asked: reply(list(items))

    def says_text(self, text: str) -> None:
        """Answer with a text as it stands."""
        self.body = lambda _asked: envelope(text)

    def sent(self) -> dict[str, Any]:
        """Return the data of the last question's user message."""
        data: dict[str, Any] = json.loads(self.asked[-1]["messages"][1]["content"])
        return data


def item(statement: str, stem: str, key: str, *distractors: str) -> dict[str, Any]:
    return {"statement": statement, "stem": stem, "key": key, "distractors": list(distractors)}


def envelope(text: object) -> bytes:
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}).encode()


def reply(items: list[Any]) -> bytes:
    return envelope(json.dumps({"items": items}))


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.paths.append(self.path)
            server.seen_headers.append(dict(self.headers))
            server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = server.body(server.asked[-1])
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # a client that gave up
                for piece in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(piece)
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    server = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        http.shutdown()
        http.server_close()
        thread.join()
