"""Messages over a socket between a parent and its child: four bytes of length, then the body."""

import socket
import struct

MAX_FRAME = 64 * 2**20
_LENGTH = struct.Struct(">I")


def send_frame(connection: socket.socket, body: bytes) -> None:
    """Send one message; raise OSError when the other side is gone or too slow."""
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive_frame(connection: socket.socket) -> bytes | None:
    """Return the next message, None when the other side has closed; raise OSError when it is cut or too slow."""
    head = _exactly(connection, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise OSError(f"a message of {length:,} bytes")
    body = _exactly(connection, length)
    if body is None:
        raise OSError("the message is cut")
    return body


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(min(size - len(received), 1 << 20))
        if not piece:
            return None
        received += piece
    return bytes(received)
