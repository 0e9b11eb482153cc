"""Errors cross processes and say what they say."""

import pickle
from datetime import timedelta

import pytest

from monitor import errors

EXAMPLES = [
    errors.ConfigError(["one", "two"]),
    errors.SourceUnavailable("rss", "503"),
    errors.RateLimited("rss", "429", timedelta(seconds=90)),
    errors.OutOfCredit("x", "402"),
    errors.AccessDenied("rss", "401"),
    errors.PayloadChanged("rss", "HTML"),
    errors.SourceBroken("rss", "our bug: KeyError"),
    errors.DeliveryDelayed("telegram", "429", timedelta(seconds=3)),
    errors.DeliveryUnknown("telegram", "timed out"),
    errors.RecipientGone("telegram", "kicked"),
    errors.RecipientMoved("telegram", "a supergroup now", "-1001"),
    errors.MessageRejected("telegram", "entities"),
    errors.QueryError("a word is missing", 7),
    errors.StoreError("the store cannot be reached"),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda each: type(each).__name__)
def test_an_error_survives_a_pickle(error: errors.MonitorError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_leaf_is_tried() -> None:
    def leaves(kind: type) -> list[type]:
        # A source may have finer ones of its own, which are caught as the leaf they refine.
        below = [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
        return [leaf for each in below for leaf in leaves(each)] if below else [kind]

    assert {type(each) for each in EXAMPLES} == set(leaves(errors.MonitorError))
