from hashlib import blake2b

from streams.repeats.digest import digest_id, digest_payload


def test_digests_are_blake2b_of_16_bytes() -> None:
    assert digest_id("invoice-7") == blake2b(b"invoice-7", digest_size=16).digest()
    assert digest_payload(b"\x00\x01") == blake2b(b"\x00\x01", digest_size=16).digest()


def test_digests_do_not_leak_into_the_next() -> None:
    first = digest_id("a")
    digest_id("b")
    assert digest_id("a") == first
    assert digest_payload(b"") == blake2b(digest_size=16).digest()


def test_an_id_without_a_utf8_form_has_a_digest_of_its_own() -> None:
    assert len({digest_id("\ud800"), digest_id("\udfff"), digest_id("?")}) == 3
