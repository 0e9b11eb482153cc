"""`mastodon_mock` as a process: a server that speaks Mastodon's API, written by others."""

import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

TOKEN = "token-of-ann"
_CONFIG = f"""
[streaming]
heartbeat_seconds = 0.2

[seed]
[[seed.accounts]]
username = "ann"
display_name = "Ann"
access_token = "{TOKEN}"
"""


class MastodonServer:
    """The server, running while in its `with` block, and somebody who writes on it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        config = folder / "mock.toml"
        config.write_text(_CONFIG)
        port = self.address.partition(":")[2]
        asked = ["serve", "--in-memory", "--config", str(config), "--port", port, "--domain", self.address]
        self._command = [sys.executable, "-m", "mastodon_mock", *asked, "--log-level", "error"]
        self._client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"})

    @property
    def url(self) -> str:
        """Return the address of the server's root."""
        return f"http://{self.address}"

    def __enter__(self) -> "MastodonServer":
        self._process = subprocess.Popen(self._command)
        pause = threading.Event()
        for _ in range(1_500):
            try:
                self._client.get("/api/v1/timelines/public")
            except httpx.TransportError:
                assert self._process.poll() is None, "the server died at its start"
                pause.wait(0.02)
            else:
                return self
        raise AssertionError("the server did not start within 30 s")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(60)

    def write(self, text: str, **more: str) -> dict[str, Any]:
        """Write a status."""
        return self._done(self._client.post("/api/v1/statuses", data={"status": text} | more))

    def like(self, id_: str) -> None:
        """Like a status."""
        self._done(self._client.post(f"/api/v1/statuses/{id_}/favourite"))

    def delete(self, id_: str) -> None:
        """Delete a status."""
        self._done(self._client.delete(f"/api/v1/statuses/{id_}"))

    def _done(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found
