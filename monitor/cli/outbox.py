"""`monitor outbox`: what was held or died, and what a person decides about it."""

import click

from monitor.digests.wording import many
from monitor.errors import ConfigError, StoreError
from monitor.models import Delivery
from monitor.protocols import Pending
from monitor.settings import load
from monitor.store.undelivered import Stopped, may_be_resent
from monitor.wiring import Monitor, opened

SHOWN = 60


@click.group(
    epilog="\b\nExamples:\n  monitor outbox list\n  monitor outbox show 3f2a9c-0\n"
    "  monitor outbox resend 3f2a9c-0 --may-double\n  monitor outbox drop 3f2a9c-0"
)
def outbox() -> None:
    """Look after digests that were held or died on their way to a chat.

    Held: nobody can tell whether it arrived. Died: it surely did not. Neither is sent again by itself.
    """


@outbox.command("list", epilog="\b\nExample:\n  monitor outbox list --chat=-1001234567890")
@click.option("--chat", help="Of this chat only.")
def list_(chat: str | None) -> None:
    """List what was held or died, oldest first."""
    with opened(load()) as monitor:
        stopped = monitor.undelivered.all(chat)
    for each in stopped:
        click.echo(line(each))
    click.echo(f"{many(len(stopped), 'message')} held or dead")


@outbox.command(epilog="\b\nExample:\n  monitor outbox show 3f2a9c-0")
@click.argument("message")
def show(message: str) -> None:
    """Show what is known of MESSAGE, and the words of it."""
    with opened(load()) as monitor:
        found = one(monitor, message)
    delivery = found.pending.delivery
    click.echo(line(found))
    click.echo(f"part {delivery.part + 1} of {delivery.parts}, {many(delivery.attempts, 'attempt')}\n")
    click.echo(found.pending.parcel.message.text)


@outbox.command(epilog="\b\nExamples:\n  monitor outbox resend 3f2a9c-0\n  monitor outbox resend 3f2a9c-0 --may-double")
@click.argument("message")
@click.option("--may-double", is_flag=True, help="Send also what may have arrived: readers may then have it twice.")
def resend(message: str, *, may_double: bool) -> None:
    """Send the digest of MESSAGE once more, from its first part that did not arrive."""
    with opened(load()) as monitor:
        found = one(monitor, message)
        parts = may_be_resent(monitor.undelivered.digest(found.chat, message))
        if any(each.delivery.is_held for each in parts) and not may_double:
            said = "it may have arrived: look into the chat, and add --may-double if it is not there"
            raise ConfigError([f"{message}: {said}"])
        if not monitor.undelivered.resend(found.chat, parts):
            raise StoreError(f"{message}: another digest told of its posts meanwhile; drop it")
        # What wakes the chat must be new each time: the same digest may be sent again and again.
        token = f"resent {message} {parts[0].delivery.due.isoformat()}"
        monitor.chats.wake(found.chat, token)
    click.echo(f"{many(len(parts), 'part')} will be sent to {found.chat}")


@outbox.command(epilog="\b\nExample:\n  monitor outbox drop 3f2a9c-0")
@click.argument("message")
def drop(message: str) -> None:
    """Give MESSAGE up, with all parts of its digest that did not arrive; its posts may be told by a later digest."""
    with opened(load()) as monitor:
        found = one(monitor, message)
        dropped = monitor.undelivered.drop(found.chat, may_be_resent(monitor.undelivered.digest(found.chat, message)))
    click.echo(f"{many(dropped, 'part')} given up")


def one(monitor: Monitor, message: str) -> Stopped:
    """Return a message that was held or died; raise ConfigError when there is none of that name."""
    for each in monitor.undelivered.all():
        if each.pending.id == message:
            return each
    raise ConfigError([f"{message}: no message of that name was held or died; see `monitor outbox list`"])


def line(stopped: Stopped) -> str:
    """Word a message in one line."""
    pending: Pending = stopped.pending
    delivery: Delivery = pending.delivery
    first = pending.parcel.message.text.split("\n", 1)[0][:SHOWN]
    since = f"{'held' if delivery.is_held else 'dead'} since {delivery.due:%Y-%m-%d %H:%M} UTC"
    return f"{pending.id}  {since}  chat {stopped.chat}  {first}\n  {delivery.reason}"
