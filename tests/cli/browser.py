"""A small browser for a served bank: cookies, form tokens, no redirects of its own."""

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any


class Browser:
    """Opens pages and sends forms; keeps the last page."""

    def __init__(self, base: str, jar: http.cookiejar.CookieJar | None = None) -> None:
        self.base = base
        self.jar = jar or http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.status, self.html, self.url = 0, "", ""

    def _open(self, path: str, data: bytes | None, headers: dict[str, str]) -> str:
        address = path if path.startswith("http") else self.base + path
        request = urllib.request.Request(address, data=data, headers=headers)
        try:
            with self._opener.open(request, timeout=60) as response:
                self.status, self.url, self.html = response.status, response.url, response.read().decode()
        except urllib.error.HTTPError as error:
            self.status, self.url, self.html = error.code, error.url or "", error.read().decode()
        return self.html

    def get(self, path: str) -> str:
        """Open a page."""
        return self._open(path, None, {})

    def token(self) -> str:
        """The form token of the page that is open."""
        found = re.search(r'name="csrf[_-]token"[^>]*(?:value|content)="([^"]+)"', self.html)
        assert found, f"no form token at {self.url}: {self.status}"
        return found.group(1)

    def post(self, path: str, **fields: object) -> str:
        """Send a form."""
        data = urllib.parse.urlencode({"csrf_token": self.token(), **fields}, doseq=True).encode()
        return self._open(path, data, {"Content-Type": "application/x-www-form-urlencoded"})

    def send(self, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON as the room's script does; raises OSError where the server is gone."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": token}
        answer: dict[str, Any] = json.loads(self._open(path, json.dumps(body).encode(), headers))
        return answer
