"""The life of a product in which everything goes wrong, with planted secrets; all that it says and keeps stays."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from monitor.cli import COMMANDS
from tests.chaos.canaries import Canary, command_lines, key_canary, word_canary
from tests.chaos.guarded_store import GuardedStore
from tests.chaos.leaks.sitecustomize import UNFORESEEN
from tests.data import ROOT, data_path
from tests.integration.couriers import parcels
from tests.integration.product import Product, Running, wait_until
from tests.integration.test_up import feed
from tests.simulators.feed_server import FeedServer, document, drip, in_turn, moved, status
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import User
from tests.simulators.telegram_faults import FAULTS, Fault, Order, storm

LEAKS = Path(__file__).parent / "leaks"
STRANGE = "/@:%'\"\\é"
MARK = "F18_RUN"
LEAST_FAULTS = 5
SOME = 6
TOPICS = """\
feeds = [{feeds}]
[topics.pots]
title = "Pots"
any = ["砸锅卖铁"]
sources = ["hackernews", "rss"]
every = "30s"
"""
SETTINGS = """\
[log]
level = "DEBUG"
[fetch]
allow = ["{allow}"]
deadline_seconds = 2
[sources.hackernews]
url = "{index}?api_key={key}"
api_token = "{key}"
[telegram]
api_url = "{telegram}"
"""
SAMPLES: Mapping[str, Sequence[str]] = {
    "init": ("init",),
    "demo": ("demo",),
    "replay": ("replay", "monitor/samples/demo.jsonl"),
    "digest": ("digest", "pots", "--json"),
    "topics": ("topics",),
    "poll": ("poll", "hackernews", "--force"),
    "backfill": ("backfill", "pots", "--since", "1d"),
    "cost": ("cost",),
    "owner": ("owner",),
    "doctor": ("doctor",),
    "outbox": ("outbox", "list"),
    "quarantine": ("quarantine", "list"),
    "fsck": ("fsck",),
    "backup": ("backup",),
    "restore": ("restore", "none.backup"),
    "forget": ("forget", "hackernews:somebody"),
    "health": ("health",),
    "up": ("up", "--only", "page"),
    "page": ("page",),
    "bot": ("bot",),
    "stream": ("stream",),
}
"""How each command is run; one without a line here fails the figure."""

LASTING = {"right": ("up", "page", "bot", "stream", "worker"), "token": ("up", "page", "stream", "worker")}
"""Commands that end only where something is wrong, by what they are run in: these would last."""


class Planted(NamedTuple):
    """The secrets of an installation, each of another kind."""

    token: Canary
    refused_token: Canary
    password: Canary
    refused_password: Canary
    source_key: Canary
    webhook_path: Canary
    webhook_header: Canary
    author_key: Canary
    button_key: Canary


def planted(seed: int) -> Planted:
    """Return secrets that occur nowhere else in the world."""
    chance = random.Random(f"{seed}/secrets")
    return Planted(
        token=_token("bot token in a file", chance),
        refused_token=_token("bot token in a variable", chance),
        password=word_canary("password of the store", chance, STRANGE),
        refused_password=word_canary("password that is refused", chance, STRANGE),
        source_key=word_canary("key of a source", chance),
        webhook_path=Canary("path of the webhook", chance.randbytes(16).hex()),
        webhook_header=key_canary("header of the webhook", chance),
        author_key=key_canary("key of author hashes", chance),
        button_key=key_canary("key of buttons", chance),
    )


def _token(name: str, chance: random.Random) -> Canary:
    return Canary(name, f"7000001:{word_canary(name, chance).secret}")


class Life:
    """A product among platforms that fail. `said` is where all its words go, `lines` the command lines seen."""

    def __init__(self, folder: Path, seed: int, *, is_long: bool) -> None:
        self.seed = seed
        self.is_long = is_long
        self.secrets = planted(seed)
        self.said = folder / "said"
        self.pages = folder / "pages"
        for each in (self.said, self.pages):
            each.mkdir(parents=True)
        self.product = Product(folder / "product")
        self.store = GuardedStore(folder / "store", self.secrets.password.secret)
        self.lines: dict[str, bytes] = {}
        self.learned: list[Canary] = []
        self.counts: dict[str, int] = {}

    def plant(self, feeds: FeedServer, telegram: Simulator) -> None:
        """Write the files that a person and the product itself would write."""
        secrets, product = self.secrets, self.product
        product.home.mkdir(parents=True)
        proof = secrets.webhook_path.secret + secrets.webhook_header.secret
        keys = {"webhook.key": proof, "author.key": secrets.author_key.secret, "button.key": secrets.button_key.secret}
        for name, text in keys.items():
            (product.home / name).write_text(text)
        hidden = product.home.parent / "secrets"
        hidden.mkdir()
        (hidden / "token").write_text(secrets.token.secret)
        (hidden / "password").write_text(secrets.password.secret)
        (hidden / "address").write_text(self.store.url())
        urls = ", ".join(f'"{url}"' for url in served(feeds))
        product.write_topics(TOPICS.format(feeds=urls))
        index = feeds.serve("/index", in_turn(status(503), status(401, b"no"), moved(302, "http://10.0.0.1/")))
        settings = {"allow": feeds.address, "index": index, "key": secrets.source_key.secret}
        product.write_settings(SETTINGS.format(**settings, telegram=telegram.url))
        product.variables |= {
            "MONITOR_REDIS_URL_FILE": str(hidden / "address"),
            "MONITOR_TELEGRAM__TOKEN_FILE": str(hidden / "token"),
            "PYTHONPATH": str(LEAKS),
            "LEAKS": str(self.chances("life", "0 0 0")),
            "LEAKS_PASSWORD": str(hidden / "password"),
            "LEAKS_SEED": str(self.seed),
            MARK: str(self.seed),
        }

    def chances(self, name: str, said: str) -> Path:
        """Set the chances with which libraries fail, for all that read this file."""
        path = self.product.home.parent / "chances"
        path.mkdir(exist_ok=True)
        (path / f".{name}").write_text(said)
        return (path / f".{name}").replace(path / name)

    def look(self) -> None:
        """Note the command lines of all processes of the product that live now."""
        self.lines |= dict(command_lines({MARK: str(self.seed)}))

    def live(self, telegram: Simulator) -> None:
        """Let everything happen, one thing after the other."""
        with self.product.running() as up, self.scraped(up):
            try:
                self.be_obeyed(telegram, up)
                self.look()
                self.be_stormed(telegram, up)
                self.be_shot(up)
                self.lose_the_store(up)
                self.look()
                up.process.send_signal(UNFORESEEN)
                up.says("an error that nobody foresaw")
            finally:
                with suppress(subprocess.TimeoutExpired):
                    up.stop()
                (self.said / "up").write_text(up.log, encoding="utf-8")

    def be_obeyed(self, telegram: Simulator, up: Running) -> None:
        """Become an owner, and ask for all that there is."""
        up.says("polling")
        olga = telegram.state.world.add_user("Olga")
        told = self.product.run("owner")
        token = re.search(r"start[= ](\S{32})", told.stdout)
        assert token is not None, told.stdout + told.stderr
        self.learned.append(Canary("token that makes an owner", token[1]))
        with telegram.lock:
            telegram.people.start(olga, token[1])
            chat = telegram.people.private(olga)
        # Until then Olga is a stranger, and strangers may not ask much.
        wait_until(lambda: self.is_answered(telegram, olga), 30)
        for words in ("/invite reader", "/people", "/status", "/subscribe pots"):
            with telegram.lock:
                telegram.people.say(chat, olga, words)
        wait_until(lambda: self.invitation(telegram, olga) is not None, 30)
        invitation = self.invitation(telegram, olga)
        assert invitation is not None, "it was waited for"
        self.learned.append(Canary("token that lets somebody in", invitation))

    def is_answered(self, telegram: Simulator, user: User) -> bool:
        """Tell whether somebody was answered."""
        return bool(telegram.state.ledger.visible(user.id, telegram.state.world.bot.id))

    def invitation(self, telegram: Simulator, user: User) -> str | None:
        """Return the token that the bot made for others, once it is there to be read."""
        shown = telegram.state.ledger.visible(user.id, telegram.state.world.bot.id)
        found = [re.search(r"start[= ](\S{32})", each.text) for each in shown]
        return next((each[1] for each in found if each is not None), None)

    def be_stormed(self, telegram: Simulator, up: Running) -> None:
        """Send digests into a storm of refusals, broken gateways and time-outs."""
        with telegram.lock:
            quick = [kind for kind in FAULTS if not kind.startswith("timeout")]
            telegram.state.faults.add(Order(Fault("timeout_after"), calls=frozenset({20})))
            telegram.state.faults.add(*storm(0.7, kinds=quick), *storm(0.3, method="get*", kinds=quick))
            chats = [str(telegram.state.world.add_chat("channel", f"Desk {n}").id) for n in range(16)]
        self.chances("life", "0.3 0.004 0.0005")
        with self.product.opened() as monitor:
            for chat in chats:
                monitor.outbox.hand_over(chat, parcels(chat, "d"))
                monitor.chats.wake(chat, "d")
        wait_until(lambda: sum(telegram.state.faults.happened.values()) >= LEAST_FAULTS, 20)
        self.counts["telegram_faults"] = sum(telegram.state.faults.happened.values())

    def be_shot(self, up: Running) -> None:
        """Kill a role, and let all end by errors that nobody foresaw."""
        self.shoot(up, signal.SIGKILL, "worker")
        self.shoot(up, UNFORESEEN, "page", "bot", "worker")

    def shoot(self, up: Running, number: int, *roles: str) -> None:
        """Send a signal to roles, and wait until each was started again."""
        seen = {role: starts(up, role) for role in roles}
        for role in roles:
            with suppress(ProcessLookupError):
                os.kill(int(seen[role][-1]), number)
        wait_until(lambda: all(len(starts(up, role)) > len(seen[role]) for role in roles), 30)
        self.counts["kills"] = self.counts.get("kills", 0) + len(roles)

    def lose_the_store(self, up: Running) -> None:
        """Take the store away for a while, and then the password."""
        seen = len(up.lines)
        self.store.stop()
        wait_until(lambda: any("cannot be reached" in line or "refused" in line for line in up.lines[seen:]), 20)
        seen = len(up.lines)
        self.store.start("another")
        wait_until(lambda: any("refuses the password" in line or "WRONGPASS" in line for line in up.lines[seen:]), 20)
        self.store.stop()
        self.store.start(self.secrets.password.secret)

    @contextmanager
    def scraped(self, up: Running) -> Iterator[None]:
        """Keep what the page shows, time after time, while in the block."""
        stopped = threading.Event()

        def scrape() -> None:
            while not stopped.wait(0.3):
                found = re.findall(r"page on (\S+)", up.log)
                if found:
                    self.keep_page(found[-1])

        thread = threading.Thread(target=scrape, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(10)

    def keep_page(self, url: str) -> None:
        """Keep one look at the page, whatever it answers."""
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                body = answer.read()
        except urllib.error.HTTPError as e:
            body = e.read()
        except OSError:
            return
        self.counts["pages"] = self.counts.get("pages", 0) + 1
        (self.pages / f"{self.counts['pages']}.html").write_bytes(body)

    def be_pushed(self, telegram: Simulator) -> None:
        """Take updates by a webhook, which is refused at first, and forged."""
        with telegram.lock:
            telegram.state.faults.stop()
        product = self.product
        product.variables |= {"MONITOR_TELEGRAM__WEBHOOK_URL": "http://127.0.0.1:9/hook"}
        product.variables |= {"MONITOR_TELEGRAM__WEBHOOK_PORT": "0"}
        self.chances("life", "0.5 0.01 0")
        with product.running(sys.executable, "-m", "monitor", "bot") as bot:
            try:
                port = re.search(r"webhook on port (\d+)", bot.says("webhook on port"))
                assert port is not None, bot.log
                for path in ("/", f"/{self.secrets.webhook_path.secret}"):
                    asked = urllib.request.Request(f"http://127.0.0.1:{port[1]}{path}", b"{}")
                    with suppress(OSError), urllib.request.urlopen(asked, timeout=5):
                        pass
                self.look()
            finally:
                with suppress(subprocess.TimeoutExpired):
                    bot.stop()
                (self.said / "webhook").write_text(bot.log, encoding="utf-8")
        for name in ("MONITOR_TELEGRAM__WEBHOOK_URL", "MONITOR_TELEGRAM__WEBHOOK_PORT"):
            del product.variables[name]

    def commanded(self, which: Sequence[str]) -> "subprocess.Popen[str]":
        """Begin to run every command in some environments."""
        wanted = [
            {"arguments": list(arguments), "environment": environment, "output": str(self.said / f"{name}-{at}")}
            for name in which
            for environment in [self.environments()[name] | self.other_home(name)]
            for at, arguments in self.some(name)
        ]
        own = self.product.environment | {"LEAKS": str(self.chances("none", "0 0 0"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.commands"],
            cwd=ROOT,
            env=own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None, "it was asked for"
        process.stdin.write(json.dumps(wanted))
        process.stdin.close()
        self.counts["commands"] = self.counts.get("commands", 0) + len(wanted)
        return process

    def some(self, name: str) -> list[tuple[str, Sequence[str]]]:
        """Return what is run in an environment: all where all is right or the form is long, else some."""
        every = list(self.arguments(name))
        if name == "right" or self.is_long:
            return every
        return random.Random(f"{self.seed}/{name}").sample(every, SOME)

    def arguments(self, name: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield every command with its arguments: its help once, and those that would last where they cannot."""
        for command in COMMANDS:
            sample = SAMPLES[str(command.name)]
            if name == "right":
                yield f"{command.name}-help", (sample[0], "--help")
            if str(command.name) not in LASTING.get(name, ()):
                yield str(command.name), sample
        if "worker" not in LASTING.get(name, ()):
            yield "worker", ("worker",)

    def other_home(self, name: str) -> Mapping[str, str]:
        """Return a home with the same keys, in which nothing runs."""
        home = self.product.home.with_name(f"var-{name}")
        home.mkdir()
        for key in self.product.home.glob("*.key"):
            shutil.copy(key, home)
        return {"MONITOR_HOME": str(home)}

    def environments(self) -> Mapping[str, dict[str, str]]:
        """Return what commands may be run in, by what is wrong there."""
        right = self.product.environment | {"LEAKS": str(self.chances("none", "0 0 0"))}
        unfiled = {name: value for name, value in right.items() if not name.endswith("_FILE")}
        refused = self.secrets.refused_password.secret
        bad = f"redis://monitor:{self.secrets.refused_password.secret}@127.0.0.1:{self.store.port}/0"
        wrong_token = unfiled | {"MONITOR_TELEGRAM__TOKEN": self.secrets.refused_token.secret}
        return {
            "right": right,
            "password": wrong_token | {"MONITOR_REDIS_URL": self.store.url(refused)},
            "unreadable": wrong_token | {"MONITOR_REDIS_URL": bad},
            "unreachable": wrong_token | {"MONITOR_REDIS_URL": f"redis://:{quote(refused, safe='')}@127.0.0.1:1/0"},
            "token": wrong_token
            | {"MONITOR_REDIS_URL": self.store.url(), "LEAKS": str(self.chances("bugs", "0.9 0 0.01"))},
        }


def starts(up: Running, role: str) -> list[str]:
    """Return the process ids under which a role was started, the newest last."""
    return re.findall(rf"started role={role} pid=(\d+)", up.log)


def served(feeds: FeedServer) -> list[str]:
    """Return feeds of every kind of trouble."""
    return [
        feeds.serve("/good", document(feed("good"))),
        feeds.serve("/gone", status(410)),
        feeds.serve("/slow", drip(b"<" * 10_000, 0.5)),
        feeds.serve("/denied", status(403)),
        feeds.serve("/inside", moved(302, "http://169.254.169.254/")),
        feeds.serve("/broken", document(b"<rss><channel><item>")),
    ]


@contextmanager
def platforms(life: Life) -> Iterator[Simulator]:
    """Run what the product speaks to, and plant the secrets."""
    spec = data_path("specs/telegram_bot_api_10.1.json.gz")
    with FeedServer() as feeds, Simulator(spec, seed=life.seed, token=life.secrets.token.secret) as telegram:
        life.plant(feeds, telegram)
        with life.store:
            yield telegram
