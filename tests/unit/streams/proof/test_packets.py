"""What becomes of a packet."""

from random import Random

from streams.proof.packets import FAIR, Weather


def test_in_fair_weather_each_packet_arrives_once_and_at_once() -> None:
    assert [FAIR.arrivals(Random(seed)) for seed in range(20)] == [[0.0]] * 20


def test_so_many_packets_are_lost_and_so_many_come_twice() -> None:
    random, weather = Random(1), Weather(loss=0.2, doubled=0.1)
    times = [len(weather.arrivals(random)) for _ in range(10_000)]
    assert 1_800 < times.count(0) < 2_200
    assert 650 < times.count(2) < 950


def test_jitter_makes_packets_overtake_one_another() -> None:
    random, weather = Random(1), Weather(jitter=0.05)
    moments = [place / 1_000 + weather.arrivals(random)[0] for place in range(100)]
    assert moments != sorted(moments)
    assert max(moments) <= 0.099 + 0.05
