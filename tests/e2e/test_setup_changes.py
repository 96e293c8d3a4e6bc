# SPDX-License-Identifier: Apache-2.0
"""The set-up changes, breaks or disappears while requests run: none of them may notice."""

import os
import pathlib
import resource
import shutil
import sqlite3
import threading
import time

import pytest

import shapes
from conftest import chat_body, new_secret
from http_raw import SLOW, wait_until

CHAT = "/v1/chat/completions"


def database_file(gateway):
    return pathlib.Path(gateway.home) / "llmgw.db"


def write(gateway, sql, *values):
    """Changes the database the way a damaged tool or a careless hand would."""
    database = sqlite3.connect(database_file(gateway))
    with database:
        database.execute(sql, values)
    database.close()


class Load:
    """Clients that ask without a pause, each over its own connection; whatever is no 200 is kept."""

    def __init__(self, gateway, clients=4):
        self.gateway, self.stop, self.count, self.failures = gateway, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, args=(at % 2 == 0,))
                        for at in range(clients)]

    def run(self, stream):
        while not self.stop.is_set():
            try:
                with self.gateway.connect() as client:
                    for _ in range(5):
                        answer = client.request("POST", CHAT, body=chat_body(stream=stream))
                        if answer.status != 200 or (stream and b"[DONE]" not in answer.body):
                            self.failures.append((answer.status, answer.body))
                        self.count += 1
            except Exception as error:  # noqa: BLE001  (shown by the test)
                self.failures.append(error)
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def more(self, count=40):
        """Waits until that many further requests were answered."""
        goal = self.count + count
        wait_until(lambda: self.count >= goal or self.failures, 20)
        assert not self.failures, self.failures[:3]


def test_gateway_keys_change_under_load(private_lab):
    lab = private_lab
    with Load(lab.gateway) as load:
        for at in range(5):
            lab.gateway.create_key(f"new-{at}")
            load.more()
            lab.gateway.cli("keys", "revoke", f"new-{at}", "--yes")
            load.more()
    assert not load.failures and lab.gateway.stop() == 0


def test_a_provider_key_is_replaced_under_load(private_lab, mock):
    """The old key still works while the new one is put in its place: nobody is refused."""
    lab = private_lab
    lab.gateway.cli("models", "alias", "mine", "lab/m")
    with Load(lab.gateway) as load:
        for at in range(3):
            load.more()
            label, secret = f"lab{at}", new_secret("rotated")
            mock.keys.add(secret)
            lab.gateway.add_provider("custom", mock.url, secret, name=label)
            lab.gateway.cli("models", "alias", "mine", f"{label}/m")
            wait_until(lambda: lab.chat("mine").status == 200 and
                       mock.last.header("authorization") == "Bearer " + secret, 5)
            load.more()
    assert not load.failures and lab.gateway.stop() == 0


def test_an_unusable_setting_keeps_the_last_set_up(private_lab):
    lab = private_lab
    lab.gateway.set("limits.body", "2k")
    wait_until(lambda: lab.chat(text="x" * 3000).status == 413, 3)
    write(lab.gateway, "insert or replace into settings values ('limits.body', 'a lot')")
    wait_until(lambda: "last one stays in force" in lab.gateway.stderr, 3)
    assert "limits.body" in lab.gateway.stderr
    shapes.check_error(lab.chat(text="x" * 3000), 413)
    assert lab.chat().status == 200
    lab.gateway.create_key("meanwhile")  # other changes wait, too, until it is put right
    lab.gateway.set("limits.body", "1m")
    wait_until(lambda: lab.chat(text="x" * 3000).status == 200, 3)
    assert lab.gateway.stop() == 0


@pytest.mark.parametrize("column, value", [("base_url", "ftp://nowhere"), ("base_url", ""),
                                           ("sealed", b"\x01damaged")])
def test_a_damaged_provider_harms_itself_only(private_lab, column, value):
    lab = private_lab
    write(lab.gateway, f"update provider_keys set {column} = ? where label = 'openai'", value)
    answer = wait_until(lambda: (a := lab.chat("openai/gpt-4o-mini")).status != 200 and a, 3)
    error = shapes.check_error(answer, answer.status)
    assert "openai" in error["message"] and answer.status < 500
    assert lab.chat().status == 200 and lab.chat("groq/gpt-oss-120b").status == 200
    assert lab.gateway.stop() == 0


def damage(file):
    file.write_bytes(b"not a database at all, " * 2000)


def empty(file):
    file.write_bytes(b"")


def replace_by_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("how", [damage, empty, replace_by_folder])
def test_a_database_broken_under_load(private_lab, how):
    lab = private_lab
    with Load(lab.gateway) as load:
        load.more()
        for name in ("llmgw.db-wal", "llmgw.db-shm"):
            database_file(lab.gateway).with_name(name).unlink(missing_ok=True)
        how(database_file(lab.gateway))
        end = time.monotonic() + 1.0  # the watcher looks four times a second
        while time.monotonic() < end:
            load.more(10)
    assert not load.failures
    assert lab.gateway.process.poll() is None and lab.gateway.stop() == 0


def test_a_database_locked_for_long(private_lab):
    lab = private_lab
    lock = sqlite3.connect(database_file(lab.gateway), isolation_level=None)
    lock.execute("begin exclusive")
    with Load(lab.gateway) as load, lab.gateway.connect() as client:
        end = time.monotonic() + 2.0
        slowest = 0.0
        while time.monotonic() < end:
            start = time.monotonic()
            assert client.request("POST", CHAT, body=chat_body()).status == 200
            slowest = max(slowest, time.monotonic() - start)
    assert not load.failures and slowest < 0.5 * SLOW
    lock.execute("rollback")
    lock.close()
    lab.gateway.set("limits.body", "2k")
    wait_until(lambda: lab.chat(text="x" * 3000).status == 413, 3)  # it looks again
    assert lab.gateway.stop() == 0


def copy_with_small_bodies(gateway):
    """A backup of the database in which `limits.body` is another."""
    copy = database_file(gateway).with_name("backup.db")
    with sqlite3.connect(database_file(gateway)) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        target.execute("insert or replace into settings values ('limits.body', '2k')")
    source.close()
    target.close()
    copy.chmod(0o600)
    return copy


def delete(gateway):
    for name in ("llmgw.db-wal", "llmgw.db-shm", "llmgw.db"):
        database_file(gateway).with_name(name).unlink(missing_ok=True)


def takes_small_bodies(lab):
    return lab.chat(text="x" * 3000).status == 413


def test_a_database_that_is_deleted_and_put_back_under_load(private_lab):
    lab = private_lab
    copy = copy_with_small_bodies(lab.gateway)
    with Load(lab.gateway) as load:
        load.more()
        delete(lab.gateway)
        wait_until(lambda: "the database is gone; the last set-up stays in force"
                   in lab.gateway.stderr, 3)
        load.more()
        assert not database_file(lab.gateway).exists()
        # Whoever looked now would find an empty file, and then half of one.
        with open(os.open(database_file(lab.gateway), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.flush()
            load.more()
            file.write(copy.read_bytes())
        wait_until(lambda: takes_small_bodies(lab), 3)
        load.more()
    assert not load.failures
    assert lab.gateway.stderr.count("the database is gone") == 1
    lab.gateway.set("limits.body", "1m")
    wait_until(lambda: not takes_small_bodies(lab), 3)
    assert lab.gateway.stop() == 0


def test_a_database_that_is_replaced_under_load(private_lab):
    lab = private_lab
    copy = copy_with_small_bodies(lab.gateway)
    with Load(lab.gateway) as load:
        load.more()
        for name in ("llmgw.db-wal", "llmgw.db-shm"):
            database_file(lab.gateway).with_name(name).unlink(missing_ok=True)
        os.replace(copy, database_file(lab.gateway))
        wait_until(lambda: takes_small_bodies(lab), 3)
        load.more()
    assert not load.failures
    assert "another database is in the place of the last one" in lab.gateway.stderr
    assert lab.gateway.stop() == 0


def test_a_database_that_others_may_read_is_not_taken(private_lab):
    lab = private_lab
    copy = copy_with_small_bodies(lab.gateway)
    copy.chmod(0o644)
    delete(lab.gateway)
    shutil.copy2(copy, database_file(lab.gateway))
    wait_until(lambda: "the database cannot be opened; the last set-up stays in force"
               in lab.gateway.stderr, 3)
    assert not takes_small_bodies(lab) and lab.chat().status == 200
    database_file(lab.gateway).chmod(0o600)
    wait_until(lambda: takes_small_bodies(lab), 3)
    assert lab.gateway.stop() == 0


def test_a_daemon_that_cannot_write_goes_on(private_lab):
    """As on a full disk: no file of the daemon can grow any more."""
    lab = private_lab
    pid = lab.gateway.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    with Load(lab.gateway) as load:
        load.more()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        lab.gateway.set("limits.body", "2k")
        load.more()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        wait_until(lambda: takes_small_bodies(lab), 5)
        load.more()
    assert not load.failures
    assert lab.gateway.process.poll() is None and lab.gateway.stop() == 0
