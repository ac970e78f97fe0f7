"""A small load generator: keep-alive connections, one thread each, and the CPU that other processes used meanwhile."""

from __future__ import annotations

import os
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psutil

Request = Callable[[random.Random], bytes]


@dataclass
class Run:
    """What a run showed. cpu: milliseconds per request by group of processes."""

    name: str
    clients: int
    seconds: float
    times: list[float] = field(default_factory=list)
    failures: dict[int, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    load: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        if not self.times:
            return float("nan")
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    def row(self) -> dict[str, object]:
        """Plain figures."""
        return {
            "name": self.name,
            "clients": self.clients,
            "per_second": round(self.per_second, 1),
            "p50": round(self.percentile(0.50), 2),
            "p99": round(self.percentile(0.99), 2),
            **{f"cpu_{group}": round(value, 2) for group, value in self.cpu.items()},
            "failures": sum(self.failures.values()),
            "load": round(self.load, 1),
        }


class Connection:
    """One HTTP/1.1 connection that stays open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._open()

    def _open(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send and read the whole answer: (status, body)."""
        self.socket.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        body = data[end + 4 :]
        if b"transfer-encoding: chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        else:
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            parts, got = [body], len(body)
            while got < length:
                part = self._more()
                parts.append(part)
                got += len(part)
            body = b"".join(parts)
        return int(head[9:12]), body

    def _more(self) -> bytes:
        part = self.socket.recv(262144)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def http(method: str, path: str, *, body: bytes = b"", **headers: str) -> bytes:
    """A request; headers by name, underscores for dashes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: identity"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def drive(
    name: str, port: int, request: Request, *, clients: int, seconds: float, groups: dict[str, set[int]]
) -> Run:
    """Ask as fast as answers come. groups: root processes whose CPU (with all children) is counted."""
    run = Run(name, clients, seconds)
    lock = threading.Lock()
    ready, begin = threading.Barrier(clients + 1), threading.Event()
    stop_at = [0.0]

    def client(seed: int) -> None:
        chance = random.Random(seed)
        connection = Connection(port)
        times: list[float] = []
        failures: dict[int, int] = {}
        ready.wait()
        begin.wait()
        while True:
            wanted = request(chance)
            at = time.perf_counter()
            if at >= stop_at[0]:
                break
            status, _body = connection.ask(wanted)
            times.append(time.perf_counter() - at)
            if status >= 300:
                failures[status] = failures.get(status, 0) + 1
        connection.socket.close()
        with lock:
            run.times += times
            for status, count in failures.items():
                run.failures[status] = run.failures.get(status, 0) + count

    seed = time.time_ns()
    threads = [threading.Thread(target=client, args=(seed + i,), daemon=True) for i in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    before = {group: cpu_seconds(roots) for group, roots in groups.items()}
    stop_at[0] = time.perf_counter() + seconds
    started = time.perf_counter()
    begin.set()
    for thread in threads:
        thread.join()
    run.seconds = time.perf_counter() - started
    for group, roots in groups.items():
        used = cpu_seconds(roots) - before[group]
        run.cpu[group] = used * 1000 / max(1, len(run.times))
    run.load = os.getloadavg()[0]
    return run


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU of these processes and all below them, ended ones included."""
    total = 0.0
    for process in tree(roots):
        try:
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
        except psutil.Error:
            continue
    return total


def tree(roots: Iterable[int]) -> list[psutil.Process]:
    """These processes and all below them."""
    found = []
    for pid in roots:
        root = psutil.Process(pid)
        found += [root, *root.children(recursive=True)]
    return found


def memory(roots: Iterable[int]) -> float:
    """Megabytes these processes and those below them have for themselves: what they share counts once."""
    total = 0
    for process in tree(roots):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def middle(runs: list[Run]) -> Run:
    """The run with the median throughput."""
    wanted = statistics.median_low([run.per_second for run in runs])
    return next(run for run in runs if run.per_second == wanted)
