# SPDX-License-Identifier: Apache-2.0
"""What is measured: each function returns plain numbers of one server, in one round."""

import contextlib
import dataclasses
import json
import re
import statistics
import subprocess
import threading

from servers import BenchError


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much of everything one run measures."""
    rounds: int
    seconds: float
    connections: tuple
    streams: int
    chunks: int
    bodies: dict  # label: bytes
    starts: int
    cpu_requests: int


FULL = Sizes(rounds=5, seconds=3.0, connections=(1, 32, 256), streams=2000, chunks=50,
             bodies={"200 KB": 200_000, "2 MB": 2_000_000}, starts=20, cpu_requests=2000)
QUICK = dataclasses.replace(FULL, rounds=3, seconds=1.0, starts=10, cpu_requests=500)
SMOKE = dataclasses.replace(FULL, rounds=1, seconds=0.2, streams=50, chunks=5, starts=1)

CPU_TURNS = 3
CHUNK_INTERVAL_US = 40_000  # 25 chunks a second


def load(tools, server, **options):
    """One run of the load generator; its JSON object."""
    command = [tools / "bench_load"]
    if server.key_file:
        command += ["--key-file", server.key_file]
    port = server.stream_port if "chunks" in options else server.plain_port
    for name, value in {"port": port, "model": server.model, **options}.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode != 0:
        raise BenchError(f"bench_load failed: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    if result["ok"] == 0 and result["failed"] == 0:
        raise BenchError(f"{server.name} answered nothing.")
    return result


def plain(tools, server, sizes):
    """Requests per second and latency at each number of connections."""
    return {count: load(tools, server, conns=count, seconds=sizes.seconds)
            for count in sizes.connections}


def bodies(tools, server, sizes):
    """Latency of one connection with large requests."""
    return {label: load(tools, server, conns=1, seconds=sizes.seconds, body=size)
            for label, size in sizes.bodies.items()}


def translation(tools, llmgw, sizes):
    """A request that is passed on, and one that goes to a provider of another format."""
    return cpu_by_model(tools, llmgw, sizes, {"passed_on": llmgw.model,
                                              "translated": llmgw.translated_model})


def routing(tools, llmgw, sizes):
    """A request to one key, and one for which that key's provider is chosen among all that serve
    the model."""
    return cpu_by_model(tools, llmgw, sizes, {"pinned": llmgw.pinned_model,
                                              "routed": llmgw.routed_model})


def cpu_by_model(tools, llmgw, sizes, models):
    """Microseconds of CPU that a request for each model takes, measured in turns."""
    cpu = dict.fromkeys(models, 0.0)
    loads = {name: [] for name in models}
    for _ in range(CPU_TURNS):
        for name, model in models.items():
            before = llmgw.cpu_seconds()
            loads[name].append(load(tools, llmgw, conns=32, warmup=0, model=model,
                                    seconds=sizes.seconds / CPU_TURNS))
            cpu[name] += llmgw.cpu_seconds() - before
    result = {}
    for name, results in loads.items():
        result[name] = max(results, key=lambda each: each["failed"])
        result[f"{name}_us"] = 1e6 * cpu[name] / max(1, sum(each["ok"] for each in results))
    return result


def streams(tools, server, sizes):
    """Many streams at once, and the most memory the server had meanwhile."""
    done = threading.Event()
    peak = [server.memory_mb()]

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], server.memory_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = load(tools, server, conns=sizes.streams, chunks=sizes.chunks,
                      interval_us=CHUNK_INTERVAL_US)
    finally:
        done.set()
        watcher.join()
    return {**result, "rss_mb": peak[0]}


def start_times(server, count):
    """Milliseconds from exec to ready, for each of `count` starts."""
    times = []
    for _ in range(count):
        try:
            times.append(server.start() * 1000)
        finally:
            server.stop()
    return times


def with_keys(tools, servers, sizes):
    """What the number of gateway keys could change: start, memory, and finding the right one. One
    entry for each server; they take turns."""
    entries = [{"start_ms": statistics.median(start_times(server, sizes.starts)), "rps": []}
               for server in servers]
    with contextlib.ExitStack() as running:
        for server, entry in zip(servers, entries):
            running.enter_context(server)
            entry["idle_mb"] = server.memory_mb()
        for _ in range(sizes.rounds):
            for server, entry in zip(servers, entries):
                result = load(tools, server, conns=32, seconds=sizes.seconds)
                if result["failed"]:
                    raise BenchError(f"A request failed: {result['first_failure']}")
                entry["rps"].append(result["rps"])
    return entries


def rates(tools, servers, sizes):
    """Server name: connections: requests per second in each round. The servers take turns."""
    found = {server.name: {count: [] for count in sizes.connections} for server in servers}
    with contextlib.ExitStack() as running:
        for server in servers:
            running.enter_context(server)
        for _ in range(sizes.rounds):
            for count in sizes.connections:
                for server in servers:
                    result = load(tools, server, conns=count, seconds=sizes.seconds)
                    if result["failed"]:
                        raise BenchError(f"A request failed: {result['first_failure']}")
                    found[server.name][count].append(result["rps"])
    return found


def instructions(tools, make_server, requests, **options):
    """CPU instructions of one request: the difference of two callgrind runs, so that start-up and
    shutdown do not count. `make_server(name, wrapper)` makes a server that is not started."""
    def total(count):
        log = []
        wrapper = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        server = make_server(f"callgrind-{count}", wrapper)
        with server:
            result = load(tools, server, requests=count, warmup=0, seconds=170, **options)
            log.append(result)
        if result["failed"]:
            raise BenchError(f"A request failed under valgrind: {result['first_failure']}")
        text = (server.home / "daemon.log").read_text()
        collected = re.search(r"Collected\s*:\s*(\d+)", text)
        if not collected:
            raise BenchError("valgrind counted nothing: " + text[-300:])
        return int(collected.group(1))

    few = 100
    return (total(few + requests) - total(few)) / requests
