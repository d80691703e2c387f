from streams.repeats.in_flight import InFlight

ID, OTHER = b"i" * 16, b"o" * 16


def test_the_third_twin_waits_for_the_second() -> None:
    flight = InFlight()
    assert flight.enter(ID, "first") is None
    assert flight.enter(ID, "second") == "first"
    assert flight.enter(ID, "third") == "second"
    assert flight.get(ID) == "third"
    assert flight.enter(OTHER, "first") is None


def test_a_chain_lives_on_until_its_last_member_leaves() -> None:
    flight = InFlight()
    flight.enter(ID, "first")
    flight.enter(ID, "second")
    flight.leave(ID, "first")
    assert flight.get(ID) == "second"
    flight.leave(ID, "second")
    assert flight.get(ID) is None
    assert len(flight) == 0


def test_leaving_twice_or_without_having_entered_is_no_error() -> None:
    flight = InFlight()
    flight.leave(ID, "nobody")
    assert flight.get(ID) is None


def test_members_are_told_apart_by_identity() -> None:
    flight = InFlight()
    first, second = [1], [1]
    flight.enter(ID, first)
    flight.enter(ID, second)
    flight.leave(ID, first)
    assert flight.get(ID) is second


def test_an_abort_forgets_all() -> None:
    flight = InFlight()
    flight.enter(ID, "first")
    flight.enter(OTHER, "first")
    flight.clear()
    assert len(flight) == 0
    assert flight.enter(ID, "again") is None
