"""What a button sends when it is pressed, signed: only who asked may press it, only in that chat, only for a time.

    1.ACTION.ID.EXPIRY.MAC     at most 64 bytes; EXPIRY in minutes since 1970, in hex; MAC the first 8 bytes of
                               HMAC-SHA-256 over version, action, id, user, chat and expiry, in base64url

The role is looked up again at each press; the signature only says that we offered this to that person. What stands
under a digest is offered to everybody in its chat, for a week.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

VERSION = "1"
LIFETIME = timedelta(days=1)
LIFETIME_OF_SHARED = timedelta(days=7)
ANYBODY = "*"
"""Stands for a person where everybody in the chat may press. Ids of persons are digits."""

LONGEST = 64
"""Bytes of what a button may send (https://core.telegram.org/bots/api#inlinekeyboardbutton)."""

_MAC_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class Press(NamedTuple):
    """What a button asks for: an action, and on what."""

    action: str
    id: str


class Signer(NamedTuple):
    """Signs for one person in one chat."""

    key: bytes
    user: str
    chat: str

    def sign(self, press: Press, now: datetime) -> str:
        """Return what a button is to send."""
        lifetime = LIFETIME_OF_SHARED if self.user == ANYBODY else LIFETIME
        expiry = f"{(now + lifetime - _EPOCH) // _MINUTE:x}"
        data = f"{VERSION}.{press.action}.{press.id}.{expiry}.{self._mac(press, expiry)}"
        assert len(data.encode()) <= LONGEST, "names of topics have at most 40 characters"
        return data

    def read(self, data: str, now: datetime) -> Press | None:
        """Return what a button asked for; None when it was not signed for this person here, or too long ago."""
        parts = data.split(".")
        if len(data) > LONGEST or len(parts) != 5 or parts[0] != VERSION:
            return None
        _, action, id_, expiry, mac = parts
        press = Press(action, id_)
        if not hmac.compare_digest(self._mac(press, expiry).encode(), mac.encode("utf-8", "surrogatepass")):
            return None
        return press if now < _EPOCH + int(expiry, 16) * _MINUTE else None

    def _mac(self, press: Press, expiry: str) -> str:
        said = "".join(f"{len(part)}:{part}" for part in (VERSION, *press, self.user, self.chat, expiry))
        whole = hmac.digest(self.key, said.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.urlsafe_b64encode(whole[:_MAC_BYTES]).rstrip(b"=").decode()
