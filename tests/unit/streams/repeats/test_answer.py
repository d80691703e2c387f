import pytest

from streams.repeats.answer import INLINE_LIMIT, Answer, Location, seal, seal_elsewhere, settled_at, unseal
from streams.repeats.digest import digest_payload

PAYLOAD = digest_payload(b"payload")


def test_an_answer_comes_out_as_it_was_sealed() -> None:
    assert unseal(seal(PAYLOAD, 1_700_000_000_000, b"value")) == Answer(
        PAYLOAD, 1_700_000_000_000, b"value", None, False
    )
    assert unseal(seal(PAYLOAD, -1, b"", failed=True)) == Answer(PAYLOAD, -1, b"", None, True)


def test_a_location_comes_out_as_it_was_sealed() -> None:
    place = Location("sluicegate.embed.results", 7, 2**40)
    assert unseal(seal_elsewhere(PAYLOAD, 5, place, failed=True)) == Answer(PAYLOAD, 5, None, place, True)


def test_the_moment_of_settling_is_read_without_unsealing() -> None:
    assert settled_at(seal(PAYLOAD, 1_700_000_000_123, b"value")) == 1_700_000_000_123


def test_a_value_at_the_limit_is_kept_and_one_above_is_refused() -> None:
    assert unseal(seal(PAYLOAD, 0, b"x" * INLINE_LIMIT)).value == b"x" * INLINE_LIMIT
    with pytest.raises(ValueError, match="use seal_elsewhere"):
        seal(PAYLOAD, 0, b"x" * (INLINE_LIMIT + 1))


@pytest.mark.parametrize("digest", [b"", b"short", b"x" * 17])
def test_a_digest_of_another_length_is_refused(digest: bytes) -> None:
    with pytest.raises(ValueError, match=f"{len(digest)} bytes, not 16"):
        seal(digest, 0, b"")
    with pytest.raises(ValueError, match=f"{len(digest)} bytes, not 16"):
        seal_elsewhere(digest, 0, Location("topic", 0, 0))
