from dataclasses import replace

from streams.provisioning.difference import Difference, Existing, Widening, difference
from streams.provisioning.topics import Topic

REQUESTS = Topic("requests", "requests of echo", 4, 1, {"retention.ms": "100", "compression.type": "uncompressed"})
REPEATS = Topic("repeats", "answers of echo", 4, 1, {"retention.ms": "10"}, like=("requests",))
RESULTS = Topic("results", "results of echo", 4, 1, {}, like=("requests",), exact=False)


def there(topic: Topic, **different: object) -> Existing:
    values = {"partitions": topic.partitions, "replication": topic.replication, "config": topic.config, **different}
    return Existing(**values)  # type: ignore[arg-type]


def compare(*topics: Topic, **existing: Existing) -> Difference:
    return difference(topics, existing)


def test_what_is_missing_is_created_and_what_is_there_is_kept() -> None:
    change = compare(REQUESTS, REPEATS, requests=there(REQUESTS))
    assert [topic.name for topic in change.create] == ["repeats"]
    assert change.kept == ("requests",)
    assert not change.refusals


def test_made_once_nothing_is_left_to_do() -> None:
    change = compare(REQUESTS, REPEATS, requests=there(REQUESTS), repeats=there(REPEATS))
    assert change == Difference((), (), ("requests", "repeats"), (), ())


def test_a_changed_partition_count_is_refused_with_what_to_do() -> None:
    change = compare(replace(REQUESTS, partitions=8), requests=there(REQUESTS))
    assert len(change.refusals) == 1
    assert "requests has 4 partitions and 8 are wanted" in change.refusals[0]
    assert "Set topics.partitions back to 4" in change.refusals[0]


def test_a_new_repeats_topic_has_as_many_partitions_as_the_existing_requests() -> None:
    change = compare(replace(REQUESTS, bound=True), REPEATS, requests=there(REQUESTS, partitions=12))
    assert [(topic.name, topic.partitions) for topic in change.create] == [("repeats", 12)]


def test_a_repeats_topic_whose_requests_were_given_partitions_is_widened() -> None:
    own = replace(REQUESTS, bound=True)
    change = compare(own, REPEATS, requests=there(REQUESTS, partitions=12), repeats=there(REPEATS))
    assert change.widen == (Widening("repeats", 12, 4),)
    assert (change.refusals, change.kept) == ((), ("requests",))


def test_a_repeats_topic_with_more_partitions_than_its_requests_is_refused() -> None:
    own = replace(REQUESTS, bound=True)
    change = compare(own, REPEATS, requests=there(REQUESTS, partitions=2), repeats=there(REPEATS))
    assert "repeats has 4 partitions and 2 are wanted, as many as the requests" in change.refusals[0]
    assert change.widen == ()
    assert "delete these topics and run `sluicegate init` again" in change.refusals[0]


def test_of_several_request_topics_the_greatest_counts() -> None:
    both = replace(REPEATS, like=("requests", "more"))
    existing = {"requests": there(REQUESTS, partitions=2), "more": there(REQUESTS, partitions=6)}
    assert difference((both,), existing).create[0].partitions == 6
    assert difference((both,), {"requests": there(REQUESTS, partitions=2)}).create[0].partitions == 4


def test_a_results_topic_may_have_another_count_and_it_is_said() -> None:
    change = compare(RESULTS, requests=there(REQUESTS, partitions=12), results=there(RESULTS))
    assert not change.refusals
    assert change.notices == ("topic results has 4 partitions, and 12 are usual: fine",)


def test_changed_settings_of_our_topic_are_altered() -> None:
    change = compare(REQUESTS, requests=there(REQUESTS, config={**REQUESTS.config, "retention.ms": "7"}))
    assert [(one.topic, one.changes, one.was) for one in change.alter] == [
        ("requests", {"retention.ms": "100"}, {"retention.ms": "7"})
    ]
    assert not change.kept


def test_a_users_own_topic_is_never_changed_and_never_refused() -> None:
    own = replace(REQUESTS, bound=True)
    change = compare(own, requests=there(REQUESTS, partitions=3, config={"retention.ms": "7"}))
    assert (change.create, change.alter, change.refusals, change.kept) == ((), (), (), ("requests",))
    assert "topic requests is yours and stays as it is: retention.ms=7 (not 100)" in change.notices[0]


def test_other_replication_is_told_and_left() -> None:
    change = compare(replace(REQUESTS, replication=3), requests=there(REQUESTS))
    assert not change.refusals
    assert "has 1 replicas, and 3 are wanted" in change.notices[0]
