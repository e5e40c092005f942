"""Asking a service over HTTP: what is sent, and how every bad answer ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qbank.articles.model_drafting import ModelError, ModelService
from qbank.articles.model_drafting.client import MAX_ANSWER, Message
from tests.articles.model_drafting.service import KEY, Server, envelope, serving

Ask = Callable[..., ModelService]
QUESTION: list[Message] = [{"role": "user", "content": "Draft."}]


def failure(service: ModelService) -> ModelError:
    with pytest.raises(ModelError) as caught:
        service.ask(QUESTION)
    assert KEY not in f"{caught.value.message} {caught.value.cure} {caught.value!r}"
    return caught.value


def test_a_question_goes_to_the_chat_completions_of_the_base_address(server: Server, ask: Ask) -> None:
    server.says_text("An answer.")
    assert ask().ask(QUESTION, seed=7) == "An answer."
    assert server.paths == ["/v1/chat/completions"]
    assert server.seen_headers[0]["Authorization"] == f"Bearer {KEY}"
    (asked,) = server.asked
    assert (asked["model"], asked["messages"], asked["seed"]) == ("a-model", QUESTION, 7)
    assert (asked["temperature"], asked["stream"]) == (0, False)


def test_without_a_key_none_is_sent(server: Server) -> None:
    server.says_text("An answer.")
    ModelService(server.url, "a-model").ask(QUESTION)
    assert "Authorization" not in server.seen_headers[0]


def test_the_key_is_not_part_of_the_printed_service(ask: Ask) -> None:
    assert KEY not in repr(ask())


@pytest.mark.parametrize(("status", "cure"), [(401, "DRAFTER_KEY"), (404, "DRAFTER_URL"), (429, "later"), (500, "log")])
def test_an_error_of_the_service_is_named_by_its_status_and_never_by_its_words(
    server: Server, ask: Ask, status: int, cure: str
) -> None:
    server.status = status
    server.body = lambda _asked: f"Wrong key {KEY} <script>".encode()
    error = failure(ask())
    assert str(status) in error.message
    assert cure in error.cure
    assert "script" not in error.message


def test_a_redirect_is_not_followed(server: Server, ask: Ask) -> None:
    with serving() as elsewhere:
        server.status, server.headers = 307, {"Location": f"{elsewhere.url}/chat/completions"}
        assert "not followed" in failure(ask()).message
        assert elsewhere.asked == []


def test_a_service_that_never_answers_is_given_up(server: Server, ask: Ask) -> None:
    def waits(_asked: dict[str, Any]) -> bytes:
        server.release.wait(30)
        return envelope("Too late.")

    server.body = waits
    assert "within 0.2 seconds" in failure(ask(timeout=0.2)).message


def test_a_service_that_drips_its_answer_is_given_up_though_it_never_pauses(server: Server, ask: Ask) -> None:
    written: list[int] = []
    whole = envelope("Drip." * 400)

    def drips(_asked: dict[str, Any]) -> Iterator[bytes]:
        for byte in whole:
            written.append(byte)
            yield bytes([byte])
            server.release.wait(0.01)  # the whole takes a long time, each byte far less than the time allowed

    server.body = drips
    assert "within 0.3 seconds" in failure(ask(timeout=0.3)).message
    assert len(written) < len(whole)  # the connection was cut, not read to its end


def test_an_answer_larger_than_the_limit_is_refused(server: Server, ask: Ask) -> None:
    server.body = lambda _asked: envelope("x" * MAX_ANSWER)
    assert "larger than" in failure(ask()).message


def test_an_endless_answer_is_read_only_up_to_the_limit(server: Server, ask: Ask) -> None:
    written = 0

    def floods(_asked: dict[str, Any]) -> Iterator[bytes]:
        nonlocal written
        while written < 64 * MAX_ANSWER:
            written += 65536
            yield b" " * 65536

    server.body = floods
    assert "larger than" in failure(ask()).message
    assert written < 64 * MAX_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {}}]}',
        envelope(None),
        envelope({"items": []}),
        b'{"choices": "none"}',
        b'{"error": {"message": "overloaded"}}',
    ],
)
def test_a_reply_of_another_shape_is_refused(server: Server, ask: Ask, body: bytes) -> None:
    server.body = lambda _asked: body
    assert failure(ask()).status == 502


def test_a_service_that_is_not_there_is_named_with_its_setting() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: nobody can be reached there
        error = failure(ModelService(f"http://127.0.0.1:{unused.getsockname()[1]}/v1", "a-model", KEY, 5))
    assert "could not be asked" in error.message
    assert "DRAFTER_URL" in error.cure


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/v1", "http:///v1", "127.0.0.1:80"])
def test_only_http_and_https_are_spoken(url: str) -> None:
    assert "neither http" in failure(ModelService(url, "a-model", KEY)).message


def test_a_broken_status_line_is_an_error_of_the_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def rude() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"What?\r\n\r\n")

        thread = threading.Thread(target=rude, daemon=True)
        thread.start()
        error = failure(ModelService(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", "a-model", KEY, 20))
        thread.join()
    assert "could not be asked" in error.message
