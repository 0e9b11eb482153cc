"""Addresses in one form."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.urls import canonical, host, links_in
from tests.data import data_path
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://Example.ORG", "https://example.org/"),
        ("HTTPS://example.org:443/a/B/?b=2&a=1#part", "https://example.org/a/B/?a=1&b=2"),
        ("http://example.org:80/", "http://example.org/"),
        ("http://example.org:8080/x", "http://example.org:8080/x"),
        ("https://example.org/x?utm_source=a&UTM_medium=b&fbclid=c&gclid=d&spm=e", "https://example.org/x"),
        ("https://example.org/x?id=5&utm_source=a", "https://example.org/x?id=5"),
        ("https://example.org/x?q=a&q=&flag", "https://example.org/x?flag&q=&q=a"),
        ("https://user:secret@example.org/x", "https://example.org/x"),
        ("https://xn--fsqu00a.example/", "https://xn--fsqu00a.example/"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"),
        ("  https://example.org/新闻  ", "https://example.org/新闻"),
        ("https://example.org./x", "https://example.org/x"),
        ("https://example.org/?#", "https://example.org/"),
        ("ftp://example.org/", None),
        ("javascript:alert(1)", None),
        ("mailto:a@example.org", None),
        ("https://", None),
        ("https:///x", None),
        ("https://:80/", None),
        ("https://example.org:port/", None),
        ("https://example.org:99999/", None),
        ("https://[::1/", None),
        ("https://exa mple.org/", None),
        ("https://example.org/\u0000", None),
        ("https://example.org\\@evil.example/", None),
        ("https://example.org/\ud800", None),
        ("//example.org/x", None),
        ("example.org/x", None),
        ("", None),
    ],
)
def test_addresses_of_one_page_have_one_form(url: str, form: str | None) -> None:
    assert canonical(url) == form


addresses = st.builds(
    lambda scheme, name, rest: f"{scheme}://{name}{rest}",
    st.sampled_from(["http", "https", "HTTP", "ftp"]),
    st.sampled_from(["example.org", "EXAMPLE.org:80", "a@b.example", "[::1]:443", "例え.jp", ""]) | texts,
    st.text(alphabet="/?&=#.%aB1utm_spm你 ", max_size=30) | texts,
)


@given(addresses | texts)
def test_the_form_is_final(url: str) -> None:
    form = canonical(url)

    assert form is None or canonical(form) == form


@given(addresses | texts)
def test_what_has_a_form_has_a_host(url: str) -> None:
    assert (canonical(url) is None) == (host(url) is None)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.org/x", "example.org"),
        ("https://WWW2.example.org", "www2.example.org"),
        ("https://example.org:8080", "example.org"),
        ("not an address", None),
    ],
)
def test_the_host_is_shown_without_www(url: str, name: str | None) -> None:
    assert host(url) == name


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a, and http://b.example.", ("https://example.org/a", "http://b.example")),
        ("(https://example.org/wiki/Pot_(iron))", ("https://example.org/wiki/Pot_(iron)",)),
        (
            "看https://example.org/a。再看https://example.org/b看这里",
            ("https://example.org/a", "https://example.org/b"),
        ),
        ("“https://example.org/a”", ("https://example.org/a",)),
        ("https://example.org/a https://example.org/a", ("https://example.org/a",)),
        ("https://example.org/…", ("https://example.org/",)),
        ("https:// http://. httpx://a", ()),
        ("[x](https://example.org/a).", ("https://example.org/a",)),
        ("", ()),
    ],
)
def test_links_are_found_in_running_text(text: str, links: tuple[str, ...]) -> None:
    assert links_in(text) == links


@given(texts)
def test_links_are_slices_with_a_host(text: str) -> None:
    for link in links_in(f"https://example.org/{text} http://{text}"):
        assert host(link) is not None


@pytest.mark.parametrize("unit", ["https://a.example/", "https://a.example/)", ")", "(", "].", "https://"])
def test_a_megabyte_of_links_takes_linear_time(unit: str) -> None:
    text = "https://a.example/" + unit * (1_000_000 // len(unit))
    begin = time.process_time()

    links_in(text)

    assert time.process_time() - begin < 5


def test_naughty_strings_are_no_trouble() -> None:
    for text in json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8")):
        assert all(canonical(link) is None or host(link) for link in links_in(f"https://{text} {text}"))
