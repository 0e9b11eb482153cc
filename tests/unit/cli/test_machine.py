"""What the doctor says of disks, the folder of backups and the port of the page."""

import fcntl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from monitor.cli.machine import LEAST_FREE, of_machine, rooms
from monitor.settings import BackupSettings, PreviewSettings, Settings


def test_a_disk_that_is_nearly_full_is_not_called_well(tmp_path: Path) -> None:
    folders = {"data": tmp_path, "backups": tmp_path / "b"}

    full, roomy = rooms({"data": LEAST_FREE - 1, "backups": 10**10}, folders)
    [once] = rooms({"data": 10**10, "backups": 10**10}, folders)

    assert (full.is_good, roomy.is_good) == (False, True)
    assert full.what == f"disk: 200 MB free for data ({tmp_path})"
    assert "nothing that was stored is lost" in full.remedy
    assert once.what == f"disk: 10.0 GB free for data ({tmp_path})"


def test_a_folder_of_backups_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    bad = Settings(home=tmp_path, backup=BackupSettings(folder=tmp_path / "file" / "backups"))
    good = Settings(home=tmp_path, backup=BackupSettings(folder=tmp_path / "not" / "yet"))
    none = Settings(home=tmp_path, backup=BackupSettings(folder=tmp_path / "file" / "backups", keep=0))

    assert [each.what for each in of_machine(bad) if not each.is_good] == [
        f"backups: {tmp_path / 'file' / 'backups'} cannot be written"
    ]
    assert all(each.is_good for settings in (good, none) for each in of_machine(settings))


class _Stranger(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def test_a_page_whose_port_somebody_else_holds_is_told(tmp_path: Path) -> None:
    """Was: all well, while another program answered where the page should be."""
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server, (tmp_path / "up-page.lock").open("ab") as lock:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = Settings(home=tmp_path, preview=PreviewSettings(port=server.server_port))
        idle = [each.what for each in of_machine(settings) if not each.is_good]
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = [each.what for each in of_machine(settings) if not each.is_good]
        server.shutdown()

    assert idle == []
    assert running == [f"page: what answers on port {settings.preview.port} is not the page of monitor"]
