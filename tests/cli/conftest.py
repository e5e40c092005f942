"""The program as it is run: in a process of its own, on a data folder of the test's own."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qbank import paths
from qbank.cli import main

CHECKOUT = paths.PACKAGE.parent
START_SECONDS = 120  # a machine may be busy; nothing is asserted on it
PROGRAM = (sys.executable, "-c", "from qbank.cli import main; main()")

Run = Callable[..., "Done"]


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a run: nothing of ours but the data folder and what the test adds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QBANK_")}
    return kept | {"QBANK_DATA_DIR": str(data), "PYTHONPATH": str(CHECKOUT)} | more


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder; the program makes it."""
    return tmp_path / "data"


@dataclass
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``qbank`` with these arguments to its end, in this process; no run may leave a traceback."""

    def to_the_end(*arguments: object, stdin: str = "", **env: str) -> Done:
        mask = os.umask(0o022)
        with monkeypatch.context() as patched:
            for name in [name for name in os.environ if name.startswith("QBANK_")]:
                patched.delenv(name)
            for name, value in {"QBANK_DATA_DIR": str(data), **env}.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["qbank", *map(str, arguments)])
            patched.setattr(sys, "stdin", io.StringIO(stdin))
            patched.chdir(tmp_path)
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        os.umask(mask)
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out, said.err
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    return to_the_end


class Server:
    """A served bank."""

    def __init__(self, process: subprocess.Popen[str], said: list[str]) -> None:
        self.process = process
        self.said = said  # the lines on standard output until the address came

    @property
    def link(self) -> str:
        """The address that was printed."""
        return re.findall(r"http://\S+", "".join(self.said))[0]

    @property
    def base(self) -> str:
        """The bank's address."""
        return re.sub(r"(//[^/]+)/.*", r"\1", self.link)


@pytest.fixture
def serve(data: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start ``qbank serve --port 0`` and wait for its address; whatever still runs is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **env: Any) -> Server:
        log = (tmp_path / f"serve-{len(started)}.log").open("w")
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=log, text=True,
            cwd=tmp_path, env=environment(data, **({"PYTHONUNBUFFERED": "1"} | env)),
        )  # fmt: skip
        started.append(process)
        said: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "http://" in line:
                return Server(process, said)
        raise AssertionError(f"no address: {said} {Path(log.name).read_text()[-2000:]}")

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
