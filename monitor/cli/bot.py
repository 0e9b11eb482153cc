"""`monitor owner`: who the bot obeys. `monitor bot`: the process that takes in what people ask of it."""

import logging
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import click

from monitor.bot.command_lists import command_lists
from monitor.bot.poller import Poller, Refused, Rivalled, poll_forever
from monitor.bot.webhook import WebhookServer, listen, read_proof, register
from monitor.cli.pulse import pulse_while_answering
from monitor.errors import ConfigError, DeliveryDelayed, DeliveryError, StoreError
from monitor.logs import set_level, set_up
from monitor.models import Incoming
from monitor.processes.stalls import Beat
from monitor.processes.supervisor import Pulse, join_group, stop_on_signals
from monitor.readers.troubles import tell_of_rival
from monitor.settings import Settings, load
from monitor.sinks.telegram_line import Account
from monitor.wiring import Monitor, opened

log = logging.getLogger(__name__)

TOKEN_LASTS = timedelta(hours=1)
AGAIN = timedelta(seconds=10)
UNSET = "no bot is set: write its token into a file and name it in MONITOR_TELEGRAM__TOKEN_FILE"


@click.command(epilog="\b\nExamples:\n  monitor owner\n  docker compose exec bot monitor owner")
def owner() -> None:
    """Print a link that makes whoever opens it first an owner of the bot. It works once, within an hour."""
    settings = load()
    account_of(settings)
    with opened(settings) as monitor:
        token = monitor.people.issue("owner", TOKEN_LASTS)
        assert monitor.telegram is not None, "there is a token"
        try:
            name = monitor.telegram.username()
        except DeliveryError as e:
            said = f"Telegram does not tell the bot's name ({e.reason}). Send your bot this message within an hour:"
            click.echo(f"{said}\n  /start {token}")
        else:
            click.echo(f"Open this link within an hour, and press Start:\n  https://t.me/{name}?start={token}")


@click.command(hidden=True)
def bot() -> None:
    """Take in what people ask of the bot until told to stop."""
    set_up("bot")
    settings = load()
    set_level(settings.log.level)
    account = account_of(settings)
    pulse = join_group(is_supervised=settings.supervised)
    with opened(settings) as monitor:
        show_commands(monitor)
        if settings.telegram.webhook_url is not None:
            take_pushed(monitor, account, settings.telegram.webhook_url, pulse)
            return
        try:
            poll_forever(Poller(account, monitor.inbox, monitor.leases), lambda: pulse(Beat()))
        except Refused as e:
            raise ConfigError([str(e)]) from e
        except Rivalled as e:
            log.critical("%s", e)
            tell_of_rival(monitor, e.reason, datetime.now(UTC))
            sys.exit(1)


def show_commands(monitor: Monitor) -> None:
    """Let Telegram show the commands while somebody types; without that the bot works as well."""
    assert monitor.telegram is not None, "there is a token"
    try:
        for each in command_lists():
            monitor.telegram.list_commands(each.scope, each.language_code, each.commands)
    except DeliveryError as e:
        log.warning("commands not listed", extra={"reason": e.reason})


def account_of(settings: Settings) -> Account:
    """Return who the bot is; raise ConfigError when none is set."""
    if settings.telegram.token is None:
        raise ConfigError([UNSET])
    return Account(settings.telegram.token.get_secret_value(), settings.telegram.api_url)


def take_pushed(monitor: Monitor, account: Account, url: str, pulse: Pulse) -> None:
    """Take updates that Telegram pushes until told to stop."""
    stopped = threading.Event()
    stop_on_signals(stopped)
    telegram = monitor.settings.telegram
    proof = read_proof(monitor.settings.home)
    try:
        server = listen(telegram.webhook_host, telegram.webhook_port, proof, partial(keep, monitor, account))
    except OSError as e:
        raise ConfigError([f"port {telegram.webhook_port} is taken ({e.strerror}); set another webhook_port"]) from e
    threading.Thread(target=server.serve_forever, name="webhook", daemon=True).start()
    pulse_while_answering(server, pulse, stopped)
    log.info("webhook on port %s", server.server_address[1])
    register_until_done(account, url, server, stopped)
    stopped.wait()
    server.shutdown()
    server.server_close()


def register_until_done(account: Account, url: str, server: WebhookServer, stopped: threading.Event) -> None:
    """Ask Telegram for updates, again and again while it cannot be reached."""
    while not stopped.is_set():
        try:
            register(account, url, server.proof)
        except DeliveryError as e:
            log.warning("webhook not set", extra={"reason": e.reason})
            stopped.wait((e.retry_after if isinstance(e, DeliveryDelayed) else AGAIN).total_seconds())
        else:
            log.info("webhook set")
            return


def keep(monitor: Monitor, account: Account, update: Incoming) -> None:
    """Keep an update that was pushed."""
    if monitor.inbox.take_in(account.token.partition(":")[0], [update], None, None) is None:
        raise StoreError("the inbox asked for a lease that pushed updates do not need")
