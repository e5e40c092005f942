"""One question to a service that speaks the OpenAI-compatible protocol, bounded in time and size.

The standard library's HTTP client follows no redirect and asks no proxy, so the text goes to the configured address
or nowhere. No message here holds the service's words or the key.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from qbank.errors import QBankError

MAX_ANSWER = 1024 * 1024  # bytes of a whole reply
_CURES = {
    401: "Check QBANK_DRAFTER_KEY.",
    403: "Check QBANK_DRAFTER_KEY.",
    404: "Check QBANK_DRAFTER_URL (it ends before /chat/completions) and QBANK_DRAFTER_MODEL.",
    429: "Its limit is reached; try again later.",
}


class ModelError(QBankError):
    """The model gave no usable answer: not reached, too slow, refused, or not in the form that was asked for."""

    status = 502


class Message(TypedDict):
    """One message of a conversation."""

    role: str
    content: str


class _Said(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Said


class _Reply(BaseModel):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class ModelService:
    """A service at a base address such as ``http://127.0.0.1:11434/v1``.

    ``timeout`` is how many seconds a whole reply may take.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 120.0

    def ask(self, messages: Sequence[Message], *, seed: int = 0) -> str:
        """Return the text of the model's answer. Raises ModelError saying what went wrong and where to look."""
        body = json.dumps(
            {
                "model": self.model,
                "messages": list(messages),
                "temperature": 0,
                "seed": seed,
                "stream": False,
                "response_format": {"type": "json_object"},
            }
        ).encode()
        return _text_of(self._post(body))

    def _post(self, body: bytes) -> bytes:
        connection = self._connection()
        watch = _Watch(self.timeout)
        try:
            connection.connect()
            watch.over(connection.sock)
            connection.request("POST", self._path(), body, self._headers())
            response = connection.getresponse()
            if response.status != 200:
                raise _refused(response.status)
            data = response.read(MAX_ANSWER + 1)
            watch.check()
        except TimeoutError:
            raise self._too_slow() from None
        except (OSError, http.client.HTTPException) as error:
            if watch.expired:
                raise self._too_slow() from None
            raise _unreachable(error) from None
        finally:
            watch.end()
            connection.close()
        if len(data) > MAX_ANSWER:
            raise ModelError(f"The answer is larger than {MAX_ANSWER // 1024} kB.", cure="Ask another model.")
        return data

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and parts.hostname:
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.timeout)
        if parts.scheme == "https" and parts.hostname:
            return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=self.timeout)
        raise ModelError("The address is neither http:// nor https://.", cure="Check QBANK_DRAFTER_URL.")

    def _path(self) -> str:
        return urlsplit(self.url).path.rstrip("/") + "/chat/completions"

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        return headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {})

    def _too_slow(self) -> ModelError:
        return ModelError(
            f"There was no whole answer within {self.timeout:g} seconds.",
            cure="Raise QBANK_DRAFTER_TIMEOUT_SECONDS, lower QBANK_DRAFTER_MAX_STATEMENTS, or use a faster model.",
        )


class _Watch:
    """Ends a connection when its time is up, from outside: whoever reads from it wakes up.

    A socket's own timeout starts anew with every byte, so that an answer that drips would never end.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self.sock: socket.socket | None = None
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True
        self.timer.start()

    def over(self, sock: socket.socket) -> None:
        """Watch over this socket. Raises TimeoutError where connecting took all the time."""
        self.sock = sock  # kept here: the connection forgets its socket once it has the headers
        self.check()

    def check(self) -> None:
        """Raise TimeoutError if the time is up."""
        if self.expired:
            raise TimeoutError

    def end(self) -> None:
        """Stop watching."""
        self.timer.cancel()

    def _cut(self) -> None:
        self.expired = True
        if self.sock is not None:
            with contextlib.suppress(OSError):  # it ended by itself just now
                # Not the method of an encrypted socket, which takes the cipher away from under its reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _refused(status: int) -> ModelError:
    if 300 <= status < 400:
        return ModelError(
            f"The service answered {status}: it sends elsewhere, which is not followed.",
            cure="Set QBANK_DRAFTER_URL to the final address.",
        )
    return ModelError(f"The service answered {status}.", cure=_CURES.get(status, "See the service's own log."))


def _unreachable(error: Exception) -> ModelError:
    cause = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return ModelError(f"The service could not be asked ({cause}).", cure="Check QBANK_DRAFTER_URL and that it runs.")


def _text_of(data: bytes) -> str:
    try:
        reply = _Reply.model_validate(json.loads(data.decode("utf-8")))
    except (ValueError, RecursionError, ValidationError):
        raise ModelError(
            "The reply is not one of the OpenAI-compatible protocol.", cure="Check QBANK_DRAFTER_URL."
        ) from None
    if not reply.choices:
        raise ModelError("The reply holds no answer.", cure="See the service's own log.")
    return reply.choices[0].message.content
