"""A simulator in a process of its own, which outlives whatever a chaos test kills.

with RemoteSimulator(spec, folder / "ledger.jsonl") as telegram:
    anna = telegram.do("add_user", first_name="Anna")["id"]
    telegram.ledger().copies(anna)
"""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.simulators.telegram_control import CONTROL_PATH
from tests.simulators.telegram_ledger import Ledger

Json = dict[str, Any]
_ROOT = Path(__file__).resolve().parents[2]


class RemoteSimulator:
    """The process, running while in its `with` block; it ends by itself when this process does."""

    def __init__(self, spec: Path, ledger: Path, *, seed: int = 0, limits: bool = False, token: str = "") -> None:
        self._ledger = ledger
        options = ["--spec", str(spec), "--ledger", str(ledger), "--seed", str(seed)]
        self._command = [
            sys.executable,
            "-m",
            "tests.simulators.telegram_api",
            *options,
            *(["--limits"] if limits else []),
            *(["--token", token] if token else []),
        ]

    def __enter__(self) -> "RemoteSimulator":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, cwd=_ROOT, start_new_session=True)
        assert self._process.stdout is not None, "it was asked for"
        started: Json = json.loads(self._process.stdout.readline())
        self.url, self.base_url, self.token = started["url"], started["base_url"], started["token"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0, f"the simulator ended with {self._process.returncode}"

    @property
    def pid(self) -> int:
        """Return the process id of the simulator: the one not to kill."""
        return self._process.pid

    def do(self, verb: str, **order: Any) -> Json:
        """Give an order (see telegram_control.py); return its answer."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request("POST", CONTROL_PATH, json.dumps({"do": verb, **order}).encode())
            answer: Json = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert "error" not in answer, answer["error"]
        return answer

    def ledger(self) -> Ledger:
        """Return what readers have seen up to now."""
        return Ledger.read(self._ledger)
