"""A digest that an editor looked at claims what it quotes, not what the title of a link tells of."""

from msgspec.structs import replace

from monitor.digests.render import render
from monitor.models import PostKey
from monitor.readers.reviewing import claimed_by
from monitor.store.reviews import Review
from tests.build import a_mention
from tests.unit.digests.cases import loud

PAGE = PostKey("hackernews", "77")


def test_the_page_of_a_link_is_claimed_by_nobody_who_shows_its_title_only() -> None:
    page = a_mention(post={"key": PAGE})
    digest = replace(loud(), page=page)
    message = render(digest, "-1001")
    review = Review(id="d", topic="pots", chat="-1001", window=digest.trend.window, claims=True)

    assert PAGE in {each.key for each in message.quotes}
    assert list(claimed_by(review, message)) == [each.mention.post.key for each in digest.reactions]
