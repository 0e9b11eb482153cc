"""How roles that answer requests give signs of life: they ask themselves."""

import threading
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from http.server import HTTPServer
from ipaddress import ip_address

from monitor.processes.stalls import Beat
from monitor.processes.supervisor import Pulse

EVERY = timedelta(seconds=1)
ANSWER_LIMIT = timedelta(seconds=5)
LOOPBACK = "127.0.0.1"


def pulse_while_answering(server: HTTPServer, pulse: Pulse, stopped: threading.Event) -> None:
    """Give a sign of life for each answer that a server gives, whatever it says, until `stopped` is set."""

    def run() -> None:
        while not stopped.wait(EVERY.total_seconds()):
            if answers(server):
                pulse(Beat())

    threading.Thread(target=run, name="pulse", daemon=True).start()


def answers(server: HTTPServer) -> bool:
    """Say whether a server of this process answers a request."""
    host, port = str(server.server_address[0]), int(server.server_address[1])
    asked = LOOPBACK if ip_address(host).is_unspecified else host
    connection = HTTPConnection(asked, port, timeout=ANSWER_LIMIT.total_seconds())
    try:
        connection.request("HEAD", "/healthz", headers={"Host": "localhost"})
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()
