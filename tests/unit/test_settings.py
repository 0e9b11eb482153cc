"""The file, the environment, and every problem at once."""

import traceback
from pathlib import Path

import pytest

from monitor import logs
from monitor.errors import ConfigError
from monitor.settings import load
from monitor.wiring import check_sources


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration, and an environment that names nothing else."""
    for name in [name for name in __import__("os").environ if name.startswith("MONITOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    return tmp_path


def test_everything_has_a_default(config: Path) -> None:
    settings = load()

    assert settings.home == Path("var")
    assert settings.redis_url is None
    assert settings.topics_file == config / "topics.toml"


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config / "monitor.toml").write_text("[preview]\nport = 1111\n[worker]\nthreads = 7\n")
    monkeypatch.setenv("MONITOR_PREVIEW__PORT", "0")

    settings = load()

    assert (settings.preview.port, settings.worker.threads) == (0, 7)


def test_the_shipped_file_says_what_the_defaults_are(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    defaults = load()
    shipped = Path(__file__).parents[2] / "config"
    monkeypatch.setenv("MONITOR_CONFIG", str(shipped))

    settings = load()

    assert settings.model_copy(update={"config": config}) == defaults


def test_an_address_with_a_password_comes_from_a_file_and_is_never_shown(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "url").write_text("redis://:hunter2@store.example/0\n")
    monkeypatch.setenv("MONITOR_REDIS_URL_FILE", str(config / "url"))

    settings = load()

    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "redis://:hunter2@store.example/0"
    assert "hunter2" not in repr(settings)


def test_all_problems_come_at_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config / "monitor.toml").write_text(
        '[language]\nengine = "magic"\n[worker]\nthreads = "many"\n[fetch]\nallow = ["nohost"]\n[nonsense]\na = 1\n'
    )
    monkeypatch.setenv("MONITOR_HOEM", "x")

    with pytest.raises(ConfigError) as caught:
        load()

    assert len(caught.value.problems) == 5
    said = str(caught.value)
    assert all(word in said for word in ("language.engine", "worker.threads", '"nohost"', "nonsense", "MONITOR_HOEM"))


@pytest.mark.parametrize("content", ["[broken", "\udcff"])
def test_a_file_that_is_no_toml_is_one_problem(config: Path, content: str) -> None:
    (config / "monitor.toml").write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(ConfigError) as caught:
        load()

    assert len(caught.value.problems) == 1


def test_the_token_of_the_bot_comes_from_a_file_and_is_shown_nowhere(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "token").write_text("123:canary\n")
    (config / "monitor.toml").write_text('[telegram]\nchat = "-1001234"\n')
    monkeypatch.setenv("MONITOR_TELEGRAM__TOKEN_FILE", str(config / "token"))

    telegram = load().telegram

    assert telegram.token is not None
    assert telegram.token.get_secret_value() == "123:canary"
    assert telegram.chat == "-1001234"
    assert "canary" not in repr(telegram)


@pytest.mark.parametrize("content", ["", "\n", "canary", "canary:A", "123:can ary", "123:canary/../x"])
def test_a_file_without_a_token_is_named_and_what_is_in_it_is_not(config: Path, content: str) -> None:
    (config / "token").write_text(content)
    (config / "monitor.toml").write_text(f'[telegram]\ntoken_file = "{config / "token"}"\n')

    with pytest.raises(ConfigError, match=r"telegram\.token: is empty, or no token") as caught:
        load()

    assert "canary" not in str(caught.value)


def test_a_token_file_that_is_not_there_is_named(config: Path) -> None:
    (config / "monitor.toml").write_text('[telegram]\ntoken_file = "nowhere"\n')

    with pytest.raises(ConfigError, match="nowhere cannot be read"):
        load()


@pytest.mark.parametrize("chat", ["", "digests", "-0", "12 34", "@a"])
def test_a_chat_is_an_id_or_a_name(config: Path, chat: str) -> None:
    (config / "monitor.toml").write_text(f'[telegram]\nchat = "{chat}"\n')

    with pytest.raises(ConfigError, match=r"telegram\.chat"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONITOR_REDIS_URL", "http://store.example"),
        ("MONITOR_REDIS_URL", "valkey://store.example"),
        ("MONITOR_HOME", " "),
        ("MONITOR_LANGUAGE", "eldc"),
        ("MONITOR_FETCH__ALLOW", "127.0.0.1:80"),
        ("MONITOR_PEOPLE__NAMED", "somebody"),
        ("MONITOR_FETCH__USER_AGENT", "监控"),
    ],
)
def test_a_wrong_variable_is_a_sentence(config: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError) as caught:
        load()

    assert len(caught.value.problems) == 1


def test_a_home_may_be_written_with_a_tilde(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_HOME", "~/monitor")

    assert load().home == Path.home() / "monitor"


@pytest.mark.parametrize(
    "address",
    [
        "redis://:canary/ss@127.0.0.1:1/0",
        "redis://:canary#ss@127.0.0.1:1/0",
        "redis://:ca[canary]ss@127.0.0.1:1/0",
        "redis://:canary@127.0.0.1:port/0",
    ],
)
def test_a_password_that_breaks_its_address_is_not_quoted(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Who cannot read "redis://:a/b@host" says that "a" is no port: the first half of the password, in a traceback."""
    monkeypatch.setenv("MONITOR_REDIS_URL", address)

    with pytest.raises(ConfigError, match="%2F for /") as refused:
        load()

    assert "canary" not in "".join(traceback.format_exception(refused.value))


def test_the_keys_of_sources_and_of_addresses_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_hidden", {})
    monkeypatch.setenv("MONITOR_SOURCES__HACKERNEWS__API_TOKEN", "first-canary")
    monkeypatch.setenv(
        "MONITOR_SOURCES__HACKERNEWS__URL", "https://u:second-canary@a.example/?key=third-canary&page=2500"
    )
    monkeypatch.setenv("MONITOR_TELEGRAM__API_URL", "https://u:fourth-canary@a.example")

    load()

    said = logs.redact("first-canary second-canary third-canary fourth-canary 2500")
    assert said == "<hidden> <hidden> <hidden> <hidden> 2500"


def test_an_amount_of_a_source_needs_no_quotes(config: Path) -> None:
    (config / "monitor.toml").write_text("[sources.x]\nbudget = 2.50\npages = 4\n")

    assert load().sources["x"] == {"budget": "2.5", "pages": "4"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[preview]\n\nport = 'abc'", 'line 3: preview.port must be a number from 0 to 65535, not "abc"'),
        ("[preview]\nport = 70000", "line 2: preview.port must be a number from 0 to 65535, not 70000"),
        ("[fetch]\ndeadline_seconds = 90", "line 2: fetch.deadline_seconds must be a number above 0"),
        ("[preview]\nprot = 1", 'line 2: preview.prot: no such setting; did you mean "port"?'),
        ("[preview]\nx = 1", "line 2: preview.x: no such setting; known are port, host"),
        ("[prevew]\nport = 1", 'line 1: prevew: no such setting; did you mean "preview"?'),
        ("preview = 3", "line 1: preview must be a table"),
        ("[language]\nengine = 'magic'", 'language.engine must be "eldc" or "langdetect", not "magic"'),
        ("[people]\nnamed = 'x'", "line 2: people.named must be a list in square brackets"),
        ("[telegram]\nchat = '12 34'", "line 2: telegram.chat must be the id of a chat"),
        (
            "[telegram]\n\ntoken_file = 'nowhere'",
            "line 3: telegram.token_file: nowhere cannot be read (No such file or",
        ),
        (
            "[sources.x]\nbudget = 1\ntoken_file = 'nowhere'",
            "line 3: sources.x.token_file: nowhere cannot be read (No ",
        ),
        ("[preview]\nport = ", "line 2: not valid TOML: Invalid value; check the quotes"),
        ("[preview]\nport = 1\n[preview]", "line 3: [preview] stands twice, here and at line 1; delete one"),
    ],
)
def test_a_wrong_setting_is_told_in_words_with_its_line(config: Path, text: str, said: str) -> None:
    """Was: `config/monitor.toml or MONITOR_PREVIEW__PORT: preview.port: Input should be a valid integer, …`."""
    (config / "monitor.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load()

    [problem] = caught.value.problems
    assert problem.startswith(f"{config / 'monitor.toml'} line ")
    assert said in problem
    assert "Errno" not in problem


def test_a_wrong_variable_is_named_instead_of_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config / "monitor.toml").write_text("[preview]\nport = 1\n")
    monkeypatch.setenv("MONITOR_PREVIEW__PORT", "abc")
    monkeypatch.setenv("MONITOR_TELEGRAM__TOKEN_FILE", "nowhere")
    monkeypatch.setenv("MONITOR_HOEM", "x")

    with pytest.raises(ConfigError) as caught:
        load()

    assert caught.value.problems == (
        'MONITOR_HOEM: no such setting; did you mean "MONITOR_HOME"?',
        "MONITOR_TELEGRAM__TOKEN_FILE: telegram.token_file: nowhere cannot be read (No such file or directory)",
        'MONITOR_PREVIEW__PORT: preview.port must be a number from 0 to 65535, not "abc"',
    )


def test_options_of_a_source_that_there_is_not_are_not_passed_over(config: Path) -> None:
    (config / "monitor.toml").write_text("[sources.hackrnews]\nurl = 'https://a.example'\n")

    with pytest.raises(ConfigError, match=r'\[sources.hackrnews\]: no such source; did you mean "hackernews"\?'):
        check_sources(load())


def test_a_token_file_that_is_named_empty_is_not_set(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docker compose passes what .env does not set."""
    monkeypatch.setenv("MONITOR_TELEGRAM__TOKEN_FILE", "")

    assert load().telegram.token is None
