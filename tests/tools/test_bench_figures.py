"""From what the instruments say to the figures in the report."""

from __future__ import annotations

import pytest

from muxlab.bench.command import about_clients
from muxlab.bench.facts import choose_cpus, machine
from muxlab.bench.figures import Summary, ratios, summary
from muxlab.bench.measure import per_message, read_benchmark, read_callgrind, read_strace
from muxlab.bench.model import Result
from muxlab.bench.noise import Process, Ticks, competitors, judge, parse_stat, stolen
from muxlab.errors import MuxlabError

STRACE = """    calls syscall
--------- ----------------
       12 sendto
       13 recvfrom
        2 epoll_wait
--------- ----------------
       27 total
"""


def test_a_summary_is_a_median_with_its_range() -> None:
    assert summary([9.0, 1.0, 2.5]) == Summary(2.5, 1.0, 9.0, 3)
    assert summary([]) is None


def test_the_spread_is_a_share_of_the_median() -> None:
    found = summary([4.0, 5.0, 6.0])
    assert found is not None
    assert found.spread == pytest.approx(0.4)


def test_a_ratio_is_taken_round_by_round() -> None:
    # The machine is three times slower in the second round. A ratio of medians would be 2/1 or 6/3 by luck only.
    assert ratios([2.0, 6.0, 2.2], [1.0, 3.0, 1.0]) == Summary(2.0, 2.0, 2.2, 3)


def test_a_ratio_to_nothing_is_none() -> None:
    assert ratios([2.0], []) is None
    assert ratios([2.0], [0.0]) is None


def test_callgrinds_file_ends_in_a_total() -> None:
    assert read_callgrind("events: Ir\nfn=(1)\n1 2\n\ntotals: 16945354\n") == {"instructions": 16945354.0}
    with pytest.raises(ValueError, match="no total"):
        read_callgrind("events: Ir\n")


def test_straces_table_is_calls_by_name() -> None:
    assert read_strace(STRACE) == {"calls": 27.0, "call.sendto": 12.0, "call.recvfrom": 13.0, "call.epoll_wait": 2.0}
    with pytest.raises(ValueError, match="no total"):
        read_strace("")


def test_what_starting_costs_is_in_both_runs_and_cancels_out() -> None:
    short = {"instructions": 1_000_000 + 150.0 * 100, "calls": 60.0 + 202, "call.sendto": 100.0, "call.mmap": 60.0}
    long = {"instructions": 1_000_000 + 150.0 * 300, "calls": 60.0 + 606, "call.sendto": 300.0, "call.mmap": 60.0}
    assert per_message(short, long, (100, 300)) == {"instructions": 150.0, "calls": 2.02, "call.sendto": 1.0}


def test_google_benchmarks_json_comes_behind_what_it_says_about_the_machine() -> None:
    text = 'Run on (2 X 2596 MHz CPU s)\n{"benchmarks": [{"real_time": 2.5, "time_unit": "ms", "items_per_second": 9}]}'
    assert read_benchmark(text) == {"time": 2500.0, "rate": 9.0}


@pytest.mark.parametrize("text", ["Failed to match any benchmarks\n", '{"benchmarks": []}'])
def test_a_benchmark_that_is_not_there_is_an_error(text: str) -> None:
    with pytest.raises(MuxlabError, match="0 benchmarks ran"):
        read_benchmark(text)


def test_the_kernels_books_of_time() -> None:
    before = parse_stat("cpu  100 0 50 800 10 0 5 20 0 0")
    after = parse_stat("cpu  160 0 70 900 10 0 5 40 0 0")
    assert before == Ticks(programs=150, busy=155, stolen=20)
    assert stolen(before, after) == 0.2  # 80 ticks we had, 20 we would have wanted
    assert stolen(before, before) == 0.0


def test_competitors_are_named_the_busiest_first() -> None:
    before = {1: 0, 2: 50, 3: 0}
    after = [Process(1, "idle", 0), Process(2, "cc1plus", 140), Process(3, "sh", 30), Process(4, "new", 500)]
    assert competitors(before, after, hertz=100, seconds=1) == ["cc1plus 90%", "sh 30%"]


def test_a_quiet_machine_leaves_no_notes() -> None:
    assert judge([1.0, 1.05], 0.0, 0.02, 2) == []


@pytest.mark.parametrize(
    ("speeds", "share", "others", "cpus", "words"),
    [
        ([1.2, 1.3, 1.0], 0.0, 0.0, 2, "in 2 of 3 looks, up to 30%"),
        ([0.5, 2.0, *[1.0] * 18], 0.0, 0.0, 2, "in 1 of 20 looks, up to 100%"),
        ([1.0], 0.05, 0.0, 2, "took 5% of the time"),
        ([1.0], 0.0, 0.9, 2, "kept 90% of a processor busy"),
        ([1.0], 0.0, 0.0, 1, "take turns"),
    ],
)
def test_a_noisy_machine_is_told(speeds: list[float], share: float, others: float, cpus: int, words: str) -> None:
    notes = judge(speeds, share, others, cpus)
    assert len(notes) == 1
    assert words in notes[0]


def test_a_client_at_its_limit_is_told() -> None:
    fine, bound = Result("a", "b", {"client": (0.5, 0.99, 0.6)}), Result("a", "c", {"client": (0.97, 0.99, 0.6)})
    assert about_clients([fine]) == []
    assert about_clients([fine, bound]) == ["the load generator was at its own limit in 1 of 2 results"]


def test_server_and_client_get_a_processor_each_where_there_are_two() -> None:
    assert choose_cpus((0,)) == (None, None)
    server, client = choose_cpus((2, 3, 7))
    assert (server, client) in [(7, 2), (None, None)]  # None: there is no taskset here


def test_this_machine_can_be_described() -> None:
    facts = machine()
    assert facts.kernel.startswith("Linux ")
    assert facts.cpus
    assert facts.open_files_hard >= facts.open_files_soft > 0
