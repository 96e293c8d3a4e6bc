# SPDX-License-Identifier: Apache-2.0
"""The log of requests: what is in it, and that nothing that happens to it harms a request."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import time

from gateway import binary
from http_raw import SLOW


def until(condition, what, seconds=15):
    """Waits until something holds; returns what it was."""
    end = time.monotonic() + seconds * SLOW
    while not (found := condition()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)
    return found


def rows(gateway, *args):
    return json.loads(gateway.cli("logs", "list", "--json", *args))


def logged(gateway, count, *args):
    """The newest rows, as soon as there are so many."""
    return until(lambda: len(found := rows(gateway, "--limit", "1000", *args)) >= count and found,
                 f"{count} rows")


def show(gateway, request_id):
    return json.loads(gateway.cli("logs", "show", request_id, "--json"))


def status(gateway):
    return json.loads(gateway.cli("serve", "status", "--json"))


def log_path(gateway):
    return os.path.join(gateway.home, "log.db")


def ask(lab, request_id=None, model="lab/m", **fields):
    headers = [("x-request-id", request_id)] if request_id else []
    return lab.chat(model, headers=headers, **fields)


def seen(lab, request_id):
    until(lambda: any(row["request_id"] == request_id for row in rows(lab.gateway)),
          f"{request_id} in the log")


# ---- what is in it


def test_a_request_is_in_the_log_within_a_second(lab):
    answer = ask(lab)
    assert answer.status == 200
    request_id = answer.header("x-request-id")
    start = time.monotonic()
    seen(lab, request_id)
    assert time.monotonic() - start < 1.0 * SLOW
    row = show(lab.gateway, request_id)
    assert row["requested_model"] == "lab/m" and row["model"] == "m"
    assert (row["provider"], row["key"]) == ("lab", "lab")
    assert (row["status"], row["error"], row["final"], row["attempt"]) == (200, "none", True, 1)
    assert row["endpoint"] == "chat.completions" and row["streamed"] is False
    assert row["input_tokens"] > 0 and row["output_tokens"] > 0
    assert row["usage_source"] == "provider"
    assert row["cost_usd"] is None, "nobody knows what the lab costs"
    assert row["duration_ms"] >= 0
    assert len(row["attempts"]) == 1 and row["attempts"][0]["id"] == row["id"]
    decision = row["decision"]
    assert decision["model"] == "lab/m" and "seed" in decision
    assert [each["provider"] for each in decision["candidates"]][:1] == ["lab"]
    assert decision["order"][0]["candidate"] == 0


def test_a_stream_has_its_first_byte_and_tokens(lab):
    lab.stream(headers=[("x-request-id", "my-stream")]).read()
    seen(lab, "my-stream")
    row = show(lab.gateway, "my-stream")
    assert row["streamed"] is True and row["status"] == 200 and row["error"] == "none"
    assert row["first_byte_ms"] is not None and row["output_tokens"] > 0


def test_a_cost_is_exact(lab):
    answer = ask(lab, "cost", model="openai/gpt-4o-mini")
    seen(lab, "cost")
    assert show(lab.gateway, "cost")["cost_usd"] == answer.json()["usage"]["cost"]
    usage = json.loads(lab.gateway.cli("usage", "--by", "provider", "--json"))
    openai = next(row for row in usage if row["provider"] == "openai")
    assert openai["cost_usd"] == answer.json()["usage"]["cost"]


def test_an_unknown_model_is_logged_with_its_name(lab):
    assert ask(lab, "nobody", model="no-such-model").status == 404
    seen(lab, "nobody")
    row = show(lab.gateway, "nobody")
    assert row["status"] == 404 and row["requested_model"] == "no-such-model"
    assert row["model"] is None and row["provider"] is None and row["attempt"] == 0
    assert row["attempts"] == [] and row["decision"] is None
    found = rows(lab.gateway, "--model", "no-such*", "--errors")
    assert [each["request_id"] for each in found] == ["nobody"]


def test_a_long_model_name_is_cut(lab):
    assert ask(lab, "long", model="é" * 200).status == 404
    seen(lab, "long")
    name = show(lab.gateway, "long")["requested_model"]
    assert name == "é" * 128


def test_prompts_answers_and_keys_are_not_in_it(lab):
    ask(lab, "private", text="correct horse battery staple")
    seen(lab, "private")
    content = b""
    for suffix in ("", "-wal"):
        with open(log_path(lab.gateway) + suffix, "rb") as file:
            content += file.read()
    assert b"private" in content
    for secret in [b"battery", *(each.encode() for each in lab.gateway.secrets)]:
        assert secret not in content
    assert os.stat(log_path(lab.gateway)).st_mode & 0o777 == 0o600


def test_lists_usage_and_export_agree(lab):
    for number in range(5):
        ask(lab, f"list-{number}", model="groq/gpt-oss-120b")
    seen(lab, "list-4")
    names = [row["request_id"] for row in rows(lab.gateway, "--provider", "groq")]
    assert names[:5] == [f"list-{number}" for number in (4, 3, 2, 1, 0)]
    assert rows(lab.gateway, "--limit", "1", "--key", "groq")[0]["request_id"] == "list-4"
    assert rows(lab.gateway, "--since", "1h", "--limit", "1")[0]["request_id"] == "list-4"
    usage = json.loads(lab.gateway.cli("usage", "--by", "key", "--json"))
    assert next(row for row in usage if row["key"] == "groq")["requests"] == len(names)
    exported = [json.loads(line) for line in lab.gateway.cli("logs", "export").splitlines()]
    ids = [row["id"] for row in exported]
    assert ids == sorted(ids) and {"list-0", "list-4"} <= {row["request_id"] for row in exported}
    assert all("decision" in row for row in exported)


def test_a_call_without_a_daemon_is_logged_too(make_gateway):
    gateway = make_gateway()
    gateway.cli("chat", "-m", "mock/echo", "hello")
    row = rows(gateway)[0]
    assert row["provider"] == "mock" and row["status"] == 200
    assert json.loads(gateway.cli("usage", "--json"))[0]["requests"] == 1


# ---- what happens to it


def test_kill_9_loses_nothing_older_than_a_second(private_lab):
    gateway = private_lab.gateway
    for number in range(200):
        assert ask(private_lab, f"kill-{number}").status == 200
    time.sleep(1.0)  # the promise itself, not a wait for something
    gateway.process.send_signal(signal.SIGKILL)
    gateway.wait()
    found = {row["request_id"] for row in rows(gateway, "--limit", "1000")}
    assert {f"kill-{number}" for number in range(200)} <= found
    gateway.start()
    assert ask(private_lab, "after").status == 200
    seen(private_lab, "after")
    assert "damaged" not in gateway.stderr


def test_a_stop_writes_everything(private_lab):
    gateway = private_lab.gateway
    for number in range(50):
        ask(private_lab, f"stop-{number}")
    assert gateway.stop() == 0
    assert len(rows(gateway, "--limit", "1000")) == 50


def test_a_locked_log_is_written_once_the_lock_is_gone(private_lab):
    gateway = private_lab.gateway
    ask(private_lab, "before")
    seen(private_lab, "before")
    lock = sqlite3.connect(log_path(gateway), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    for number in range(20):
        assert ask(private_lab, f"locked-{number}").status == 200
    assert time.monotonic() - start < 5 * SLOW
    until(lambda: "the log cannot be written" in gateway.stderr, "the writer gave up for now")
    assert len(rows(gateway)) == 1, "readers are not kept out"
    lock.execute("ROLLBACK")
    lock.close()
    logged(gateway, 21)
    until(lambda: "the log is written again" in gateway.stderr, "a word that it goes on")
    assert status(gateway)["log_dropped"] == 0 and status(gateway)["logged"] == 21


def test_a_locked_log_does_not_keep_a_daemon_from_starting_or_stopping(private_lab):
    gateway = private_lab.gateway
    ask(private_lab)
    gateway.stop()
    lock = sqlite3.connect(log_path(gateway), isolation_level=None)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    gateway.start()
    assert ask(private_lab).status == 200
    assert gateway.stop() == 0
    assert time.monotonic() - start < 6 * SLOW
    assert "could not be logged" in gateway.stderr
    lock.close()


def test_a_deleted_log_is_begun_anew(private_lab):
    gateway = private_lab.gateway
    ask(private_lab, "gone")
    seen(private_lab, "gone")
    for suffix in ("", "-wal", "-shm"):
        os.unlink(log_path(gateway) + suffix)
    assert ask(private_lab, "fresh").status == 200
    until(lambda: os.path.exists(log_path(gateway)), "a new log")
    assert [row["request_id"] for row in logged(gateway, 1)] == ["fresh"]
    assert "the log was deleted" in gateway.stderr
    assert status(gateway)["log_dropped"] == 0


def damage(gateway):
    garbage = b"this is no database at all " * 4000
    with open(log_path(gateway), "r+b") as file:
        file.write(garbage)
    return garbage


def test_a_damaged_log_is_kept_aside(private_lab):
    gateway = private_lab.gateway
    ask(private_lab, "old")
    seen(private_lab, "old")
    gateway.stop()
    for suffix in ("-wal", "-shm"):
        os.unlink(log_path(gateway) + suffix)
    garbage = damage(gateway)
    gateway.start()
    for number in range(3):
        assert ask(private_lab, f"new-{number}").status == 200
    assert len(logged(gateway, 3)) == 3
    assert "the log is damaged" in gateway.stderr
    aside = [name for name in os.listdir(gateway.home) if "damaged-" in name]
    assert len(aside) == 1
    with open(os.path.join(gateway.home, aside[0]), "rb") as file:
        assert file.read() == garbage
    assert status(gateway)["log_dropped"] == 0


def test_a_log_that_is_damaged_while_it_is_written_harms_no_request(private_lab):
    gateway = private_lab.gateway
    for number in range(50):
        ask(private_lab, f"old-{number}")
    logged(gateway, 50)
    damage(gateway)
    for number in range(50):
        assert ask(private_lab, f"new-{number}").status == 200
    assert gateway.stop() == 0
    gateway.start()
    assert ask(private_lab, "at-last").status == 200
    until(lambda: gateway.run("logs", "show", "at-last").returncode == 0, "it is logged again")


def test_a_full_disk_drops_rows_and_no_request(private_lab):
    gateway = private_lab.gateway
    ask(private_lab, "before")
    seen(private_lab, "before")
    pid = gateway.process.pid
    # No file may grow: what SQLite sees of a disk that is full.
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, most))
    for number in range(30):
        assert ask(private_lab, f"full-{number}").status == 200
    until(lambda: "the log cannot be written" in gateway.stderr, "a warning")
    assert status(gateway)["logged"] == 1
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    logged(gateway, 31)
    assert status(gateway)["log_dropped"] == 0
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, most))
    ask(private_lab, "lost")
    assert gateway.stop() == 0
    assert "some requests could not be logged" in gateway.stderr


def test_a_log_that_cannot_be_opened_is_no_error_of_a_request(private_lab):
    gateway = private_lab.gateway
    gateway.stop()
    for suffix in ("-wal", "-shm", ""):
        if os.path.exists(log_path(gateway) + suffix):
            os.unlink(log_path(gateway) + suffix)
    os.mkdir(log_path(gateway))
    gateway.start()
    assert ask(private_lab, "waits").status == 200
    until(lambda: "the log cannot be written" in gateway.stderr, "a warning")
    done = gateway.run("logs", "list")
    assert done.returncode != 0 and "not a regular file" in done.stderr
    os.rmdir(log_path(gateway))
    logged(gateway, 1)


def test_it_can_be_switched_off_and_on(private_lab):
    gateway = private_lab.gateway
    gateway.set("logs.enabled", "false")
    until(lambda: "the set-up changed" in gateway.stderr, "the setting is in force")
    assert ask(private_lab, "unseen").status == 200
    gateway.set("logs.enabled", "true")
    until(lambda: gateway.stderr.count("the set-up changed") == 2, "the setting is in force")
    ask(private_lab, "seen")
    assert [row["request_id"] for row in logged(gateway, 1)] == ["seen"]


def calls_known(lab, request_id):
    """How many calls to the lab routing knew of when it decided about a new request."""
    assert ask(lab, request_id).status == 200
    seen(lab, request_id)
    return show(lab.gateway, request_id)["decision"]["candidates"][0].get("calls", 0)


def test_health_outlives_the_daemon(private_lab):
    gateway = private_lab.gateway
    for _ in range(10):
        ask(private_lab)
    assert gateway.stop() == 0
    gateway.start()
    assert calls_known(private_lab, "after-stop") == 10

    def saved():
        with sqlite3.connect(f"file:{log_path(gateway)}?mode=ro", uri=True) as log:
            return log.execute("SELECT sum(succeeded) FROM health").fetchone()[0]

    until(lambda: saved() == 11, "the health is saved every few seconds")
    gateway.process.send_signal(signal.SIGKILL)
    gateway.wait()
    gateway.start()
    assert calls_known(private_lab, "after-kill") == 11


def test_follow_prints_each_request_as_it_ends(private_lab):
    gateway = private_lab.gateway
    ask(private_lab, "first")
    seen(private_lab, "first")
    follow = subprocess.Popen([binary(), "logs", "--follow", "--json"], env=gateway.env,
                              stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(follow.stdout.readline())["request_id"] == "first"
        for name in ("second", "third"):
            ask(private_lab, name)
            assert json.loads(follow.stdout.readline())["request_id"] == name
    finally:
        follow.kill()
        follow.wait()
        follow.stdout.close()
