-- A database as schema 2 left it, with a row in every table. Never edited: it stands for the
-- databases that people have. Newer versions must open it (tests/unit/store_test.cc).
PRAGMA application_id = 1819045223;
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE provider_keys (
    id          INTEGER PRIMARY KEY,
    label       TEXT NOT NULL UNIQUE,
    provider    TEXT NOT NULL,
    base_url    TEXT NOT NULL,
    source      TEXT NOT NULL
                CHECK (source IN ('none', 'stored', 'env', 'file', 'command')),
    source_ref  TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    weight      INTEGER NOT NULL,
    region      TEXT NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE provider_key_options (
    key_id   INTEGER NOT NULL REFERENCES provider_keys (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (key_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_keys (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    fingerprint TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX gateway_keys_in_use ON gateway_keys (name) WHERE revoked_at IS NULL;
CREATE INDEX gateway_keys_by_name ON gateway_keys (name);
CREATE TABLE aliases (
    name   TEXT PRIMARY KEY,
    target TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE provider_renewals (
    label      TEXT PRIMARY KEY,
    renewed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES ('timeouts.idle', '90s');
INSERT INTO provider_keys VALUES
    (7, 'lab', 'custom', 'http://127.0.0.1:8080/v1', 'stored', '', x'0102', 'sk-…abcd', 3, 'eu', 0,
     1700000000000);
INSERT INTO provider_key_options VALUES (7, 0, 'z', '1'), (7, 1, 'a', '2');
INSERT INTO gateway_keys VALUES
    ('k_one', 'default', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
     'llmgw_…wxyz', 1700000000001, NULL, 1700000000002);
INSERT INTO aliases VALUES ('fast', 'openai/gpt-4o-mini');
INSERT INTO provider_renewals VALUES ('lab', 1700000000003);
PRAGMA user_version = 2;
