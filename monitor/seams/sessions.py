"""Sessions with platforms that limit how often one may log in: kept where all workers find them. The seam."""

from typing import Protocol


class Sessions(Protocol):
    """What proves who we are, by the name of an account. Secrets: shown to nobody, kept no longer than they serve."""

    def load(self, account: str) -> str | None:
        """Return the session that was kept last; None where there is none."""
        ...

    def keep(self, account: str, session: str) -> None: ...


class OwnSessions:
    """Sessions of one process, where there is no store."""

    def __init__(self) -> None:
        self._by_account: dict[str, str] = {}

    def load(self, account: str) -> str | None:
        """Return the session that was kept last."""
        return self._by_account.get(account)

    def keep(self, account: str, session: str) -> None:
        """Keep a session."""
        self._by_account[account] = session
