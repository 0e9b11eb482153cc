"""What may be pressed under a message."""

import msgspec


class Button(msgspec.Struct, frozen=True, array_like=True):
    """A button under a message: what readers see on it, and what its press sends to us (64 bytes at most)."""

    label: str
    data: str
