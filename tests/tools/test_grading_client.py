"""The scripted client: its steps, and what it says of servers that do something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from grading_stage import each_lab, failure_of, lab_under_test, needs_tools, odd_server

pytestmark = needs_tools


@each_lab
def test_all_that_a_client_does_goes_well_with_a_lab(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start()
        a, b, c, d = (server.client(name) for name in "ABCD")
        a.sends(lab.bytes(3_000_000))
        b.sends(b"abc")
        b.sends_urgent(b"d")
        b.sends(b"ef")
        c.resets()
        d.half_closes()
        d.expects_end()
        a.reads(1_000)
        a.expects_echo()
        a.half_closes()
        a.expects_end()
        b.expects(b"abcef")
        b.expects_nothing()
        b.closes()
        server.stops()
        assert [step.number for step in lab.story.steps] == list(range(1, len(lab.story.steps) + 1))
        assert {step.outcome for step in lab.story.steps} == {"ok"}
        assert [step.text for step in lab.story.steps[:6]] == [
            "client A connects",
            "client B connects",
            "client C connects",
            "client D connects",
            "A sends 3,000,000 bytes",
            "B sends 61 62 63 |abc|",
        ]


def test_ipv6() -> None:
    with lab_under_test("03") as lab:
        server = lab.start("--host", "::1")
        client = server.client()
        client.pings()
        assert server.fd_of(client) > 2


@pytest.mark.parametrize(
    ("mode", "outcome", "detail"),
    [
        ("mute", "got nothing", "got      nothing"),
        ("half", "got 50, then nothing", "got      50 bytes, all of them right; missing from byte 50 on: "),
        ("wrong", "got other bytes", "they differ first at byte 17; from byte 9 on:"),
        ("crash", "the server has ended: killed by SIGSEGV", ""),
    ],
)
def test_what_a_wrong_echo_looks_like(tmp_path: Path, mode: str, outcome: str, detail: str) -> None:
    with odd_server(tmp_path, mode) as server:
        client = server.client()
        client.sends(bytes(range(100)))
        failed = failure_of(client.expects_echo, server)
        assert failed.outcome == outcome
        assert failed.steps[-1].text == "A expects 100 bytes back"
        assert failed.steps[-1].outcome == outcome
        assert detail in "\n".join(failed.details)


def test_a_failure_reads_as_a_story(tmp_path: Path) -> None:
    with odd_server(tmp_path, "half") as server:
        client = server.client()
        client.sends(b"0123456789")
        failed = failure_of(client.expects_echo, server)
        assert str(failed).splitlines()[:5] == [
            "  1  client A connects                                    ok",
            "  2  A sends 30 31 32 33 34 35 36 37 38 39 |0123456789|   ok",
            "  3  A expects 10 bytes back                              got 5, then nothing",
            "     expected 10 bytes",
            "     got      5 bytes, all of them right; missing from byte 5 on: 35 36 37 38 39 |56789|",
        ]
        assert failed.reason == "A expects 10 bytes back: got 5, then nothing"


def test_the_last_words_of_a_dead_server_are_told(tmp_path: Path) -> None:
    with odd_server(tmp_path, "crash") as server:
        client = server.client()
        client.sends(b"x")
        failed = failure_of(client.expects_echo, server)
        assert failed.died == ("about to crash",)
        assert not failed.details


def test_more_than_was_sent(tmp_path: Path) -> None:
    with odd_server(tmp_path, "chatty") as server:
        client = server.client()
        client.sends(b"hello")
        client.expects_echo()
        failed = failure_of(client.expects_nothing, server)
        assert failed.outcome == "got 1 byte"
        assert failed.details[0] == "expected nothing, got 3f |?|"


def test_a_client_that_is_hung_up_on() -> None:
    with lab_under_test("03") as lab:
        server = lab.start("--max-clients", "1")
        first, second = server.client("A"), server.client("B")
        first.pings()
        assert not second.is_served_or_hung_up()
        failed = failure_of(lambda: second.expects(b"hello"), server)
        assert failed.outcome == "got the end"
        failed = failure_of(first.expects_hung_up, server)
        assert failed.outcome == "the server keeps it open"


def test_clients_that_are_reset_at_once_are_hung_up_on_however_early_they_look(tmp_path: Path) -> None:
    with odd_server(tmp_path, "slams") as server:
        early, late = server.client("A"), server.client("B", connect=False)
        early.tries_to_send(b"x")
        early.expects_hung_up()
        late.begin_connecting()
        server.quiet()  # it has been accepted, and reset
        late.finish_connecting()
        late.expects_hung_up()
        late.tries_to_send(b"x")
        assert (early.ended, late.ended) == ("reset", "reset")


def test_a_connection_that_a_child_still_has_when_the_server_has_ended(tmp_path: Path) -> None:
    with odd_server(tmp_path, "heir") as server:
        client = server.client()
        client.pings()
        server.stops()
        client.expects_hung_up()


def test_an_end_and_a_reset_are_not_the_same() -> None:
    with lab_under_test("03") as lab:
        server = lab.start()
        client = server.client()
        client.half_closes()
        client.expects_end()
        assert client.ended == "end"
        assert failure_of(server.client("B").expects_end, server).outcome == "the server keeps it open"


def test_a_server_that_is_not_there() -> None:
    with lab_under_test("03") as lab:
        server = lab.start()
        server.stops()
        failed = failure_of(server.client, server)
        assert "the server has ended: exit code 0" in failed.outcome or "cannot connect" in failed.outcome


def test_what_does_not_go_out_stays_pending_and_goes_out_later() -> None:
    with lab_under_test("01") as lab:
        server = lab.start()
        client = server.client(rcvbuf=4096, sndbuf=4096)
        data = lab.bytes(12_000_000)
        taken = client.sends(data)
        assert client.pending_count == len(data) - taken > 0
        failed = failure_of(client.half_closes, server)
        assert failed.outcome == "cannot yet"
        client.expects_echo()
        assert client.pending_count == 0
        assert client.received_count == client.sent_count == len(data)


def test_what_the_kernels_have_of_a_reply() -> None:
    with lab_under_test("01") as lab:
        server = lab.start()
        client = server.client(rcvbuf=4096, mss=1448)
        client.sends(lab.bytes(1_000))
        assert server.reply_in_kernels(client) == 1_000
        client.sends(lab.bytes(1_000_000))
        assert 1_000 < server.reply_in_kernels(client) < client.sent_count  # the server has the rest, or never read it
        client.expects_echo()
        assert server.reply_in_kernels(client) == 0


def test_the_same_seed_gives_the_same_bytes() -> None:
    with lab_under_test("03") as first, lab_under_test("03") as second:
        assert first.bytes(1000) == second.bytes(1000) != first.bytes(1000)
