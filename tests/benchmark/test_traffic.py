"""The load generator reads answers whole and counts them rightly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from bench import traffic

ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
)


@pytest.fixture
def port() -> Iterator[int]:
    """A server that gives the answers in turn on one connection, piece by piece."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _address = listening.accept()
        with connection:
            turn = 0
            while connection.recv(65536):
                answer = ANSWERS[turn % len(ANSWERS)]
                for at in range(0, len(answer), 7):
                    connection.sendall(answer[at : at + 7])
                turn += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    thread.join(10)
    listening.close()


def test_each_kind_of_answer_is_read_to_its_end(port: int) -> None:
    connection = traffic.Connection(port)
    request = traffic.http("GET", "/", X_Name="值".encode().hex())
    answers = [connection.ask(request) for _ in range(4)]
    connection.socket.close()
    assert [status for status, _body in answers] == [200, 201, 503, 200]
    assert answers[0][1] == b"hello"
    assert answers[1][1].startswith(b"3\r\nabc")


def test_a_run_counts_failures_and_times(port: int) -> None:
    run = traffic.drive(
        "n", port, lambda _c: traffic.http("GET", "/"), clients=1, seconds=0.2, groups={"none": set()}
    )
    assert len(run.times) > 3
    assert 0 < run.failures[503] <= len(run.times) // 2
    assert run.cpu == {"none": 0.0}
    assert run.row()["failures"] == run.failures[503]


def test_percentiles_and_the_middle_run() -> None:
    runs = [traffic.Run(str(n), 1, 1.0, times=[0.001 * (i + 1) for i in range(n)]) for n in (100, 300, 200)]
    assert traffic.middle(runs).name == "200"
    assert runs[0].percentile(0.99) == pytest.approx(100)
    assert runs[0].percentile(0.5) == pytest.approx(51)


def test_a_request_with_a_body_says_its_length_in_bytes() -> None:
    raw = traffic.http("POST", "/x", body="值".encode(), Authorization="Bearer t")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Content-Length: 3" in head
    assert b"Authorization: Bearer t" in head
    assert body == "值".encode()
