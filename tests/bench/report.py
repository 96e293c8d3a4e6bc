# SPDX-License-Identifier: Apache-2.0
"""Turns rounds of measurements into rows with budgets (DESIGN.md section 5's) and prints them."""

import dataclasses
import os
import pathlib
import platform
import statistics
import time


@dataclasses.dataclass
class Row:
    """One line of the table. `comparison` is a ratio, or a difference with its unit."""
    what: str
    nginx: str = "–"
    llmgw: str = "–"
    comparison: str = ""
    budget: str = ""
    passed: bool | None = None  # None: there is no budget, or nothing to compare with
    value: float | None = None  # what the budget is about


def medians(rounds, *path):
    """The values at `path` in every round of one server."""
    values = []
    for entry in rounds:
        for step in path:
            entry = entry[step]
        values.append(entry)
    return values


class Table:
    def __init__(self, results):
        self.results = results
        self.rows = []

    def pair(self, *path):
        """(nginx's values, llmgw's values), None for a server that was not measured."""
        return [medians(self.results[name], *path) if name in self.results else None
                for name in ("nginx", "llmgw")]

    def add(self, what, path, show, compare=None, text=None, budget="", holds=None):
        """One row. `compare` takes (nginx, llmgw) of one round; the median over the rounds counts,
        so that a machine that gets slower or faster meanwhile does not."""
        nginx, llmgw = self.pair(*path)
        row = Row(what)
        if nginx:
            row.nginx = show(statistics.median(nginx))
        if llmgw:
            row.llmgw = show(statistics.median(llmgw))
        if compare and nginx and llmgw:
            row.value = statistics.median(compare(a, b) for a, b in zip(nginx, llmgw))
            row.comparison = text(row.value)
            if holds:
                row.budget, row.passed = budget, holds(row.value)
        self.rows.append(row)

    def add_absolute(self, what, path, show, budget, holds):
        nginx, llmgw = self.pair(*path)
        row = Row(what, nginx=show(statistics.median(nginx)) if nginx else "–")
        if llmgw:
            row.value = statistics.median(llmgw)
            row.llmgw, row.budget, row.passed = show(row.value), budget, holds(row.value)
        self.rows.append(row)

    def add_cpu(self, kind, base, measured, bound):
        """What one kind of request takes in CPU, compared with llmgw itself serving another."""
        if "llmgw" not in self.results:
            return
        less, more = [medians(self.results["llmgw"], kind, name + "_us")
                      for name in (base, measured)]
        added_us = statistics.median(b - a for a, b in zip(less, more))
        self.rows.append(Row(f"CPU of a request that is {measured.replace('_', ' ')}",
                             llmgw=f"{statistics.median(more):.1f} µs",
                             comparison=f"{added_us:+.1f} µs over one {base.replace('_', ' ')}",
                             budget=f"≤ +{bound} µs", passed=added_us <= bound, value=added_us))


def ratio(nginx, llmgw):
    return llmgw / nginx if nginx else float("inf")


def difference(nginx, llmgw):
    return llmgw - nginx


def times(value):
    return f"{value:.2f} ×"


def microseconds(value):
    return f"{value:,.0f} µs"


def milliseconds(value):
    return f"{value / 1000:.2f} ms"


def megabytes(value):
    return f"{value:.1f} MB"


def added(unit):
    return lambda value: ("+" if value >= 0 else "−") + unit(abs(value))


def build_table(results, sizes):
    table = Table(results)
    for count in sizes.connections:
        noun = "connection" if count == 1 else "connections"
        limit = dict(budget="≥ 0.80 ×", holds=lambda v: v >= 0.8) if count > 1 else {}
        table.add(f"plain, {count} {noun}: requests/s", ("plain", count, "rps"),
                  lambda v: f"{v:,.0f}", ratio, times, **limit)
        for name, bound in (("p50_us", 100), ("p99_us", 300)):
            limit = dict(budget=f"≤ +{bound} µs", holds=lambda v, b=bound: v <= b)
            table.add(f"plain, {count} {noun}: {name[:3]}", ("plain", count, name), microseconds,
                      difference, added(microseconds), **(limit if count == 1 else {}))
    label = f"{sizes.streams:,} streams"
    table.add(f"{label}: total", ("streams", "seconds"), lambda v: f"{v:.2f} s", ratio, times,
              "≤ 1.10 ×", lambda v: v <= 1.1)
    table.add(f"{label}: relay p50", ("streams", "relay_p50_us"), milliseconds, ratio, times)
    table.add(f"{label}: relay p99", ("streams", "relay_p99_us"), milliseconds, ratio, times,
              "≤ 1.50 ×", lambda v: v <= 1.5)
    table.add_absolute(f"{label}: memory (RSS)", ("streams", "rss_mb"), megabytes, "≤ 64 MB",
                       lambda v: v <= 64)
    for name, bound in zip(sizes.bodies, (500, 2000)):
        table.add(f"{name} request body: p50", ("bodies", name, "p50_us"), milliseconds,
                  difference, added(milliseconds), f"≤ +{bound / 1000:.1f} ms",
                  lambda v, b=bound: v <= b)
    table.add_cpu("translation", "passed_on", "translated", 60)
    table.add_cpu("routing", "pinned", "routed", 2)
    table.add_absolute("idle memory (RSS)", ("idle_mb",), megabytes, "≤ 20 MB", lambda v: v <= 20)
    if results.get("llmgw"):
        start = statistics.median(results["llmgw"][0]["start_ms"])
        table.rows.append(Row("start: exec to ready", llmgw=f"{start:.1f} ms", budget="≤ 50 ms",
                              passed=start <= 50, value=start))
    return table.rows


def keys_table(few, many):
    """Rows of llmgw with few keys and with many; the columns of nginx and llmgw hold the two."""
    rps = statistics.median(map(ratio, few["rps"], many["rps"]))
    return [Row("plain, 32 connections: requests/s", f"{statistics.median(few['rps']):,.0f}",
                f"{statistics.median(many['rps']):,.0f}", times(rps), "≥ 0.95 ×", rps >= 0.95),
            Row("idle memory (RSS)", megabytes(few["idle_mb"]), megabytes(many["idle_mb"]),
                added(megabytes)(many["idle_mb"] - few["idle_mb"])),
            Row("start: exec to ready", f"{few['start_ms']:.1f} ms", f"{many['start_ms']:.1f} ms",
                f"{many['start_ms'] / few['start_ms']:.1f} ×")]


def keys_markdown(rows, counts):
    few, many = (f"{count:,} gateway keys" for count in counts)
    lines = [f"| | {few} | {many} | compared | budget | |", "|---|--:|--:|--:|--:|---|"]
    return "\n".join(lines + [line(row) for row in rows])


VERDICTS = {True: "pass", False: "**missed**", None: ""}


def rates_markdown(kind, rates):
    """Medians of requests per second by server and number of connections."""
    counts = list(next(iter(rates.values())))
    lines = [f"| {kind}, requests per second | " + " | ".join(rates) + " |",
             "|---|" + "--:|" * len(rates)]
    for count in counts:
        values = (f"{statistics.median(rates[name][count]):,.0f}" for name in rates)
        lines.append(f"| {count} connections | " + " | ".join(values) + " |")
    return "\n".join(lines) + "\n"


def line(row):
    return (f"| {row.what} | {row.nginx} | {row.llmgw} | {row.comparison} "
            f"| {row.budget} | {VERDICTS[row.passed]} |")


def failures(results):
    """Every load that had a failed request: (server, what, count, first failure)."""
    found = []

    def look(server, what, entry):
        if isinstance(entry, dict) and "failed" in entry:
            if entry["failed"]:
                found.append((server, what, entry["failed"], entry["first_failure"]))
        elif isinstance(entry, dict):
            for key, inner in entry.items():
                look(server, f"{what} {key}".strip(), inner)

    for server, rounds in results.items():
        for entry in rounds:
            look(server, "", entry)
    return found


def machine():
    model = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2), "date": time.strftime("%Y-%m-%d")}


def markdown(rows, facts, sizes):
    host = facts["machine"]
    lines = [
        f"{host['date']}, {host['cores']} cores of {host['cpu']}, Linux {host['kernel']}, "
        f"load {host['load_before']} before.",
        f"{', '.join(facts['servers'])}; {sizes.rounds} rounds of {sizes.seconds:g} s, "
        "taken in turns; medians. Load, provider and gateway share the machine over loopback.",
        "nginx is `proxy_pass` with one worker, keep-alive upstream, no access log, bodies kept "
        "in memory and, for streams, `proxy_buffering off`.",
        "",
        "| | nginx | llmgw | compared | budget | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    return "\n".join(lines + [line(row) for row in rows])
