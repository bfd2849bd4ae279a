-- Users, what they log in with, and their sessions; signing keys; the change log.
-- Times are unix milliseconds. The rules of this folder are in README.md.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT,
    credential_version BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    disabled_at BIGINT,
    erased_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Usernames and e-mail addresses alike, case-folded: one look-up at login, and nobody can take
-- another's e-mail address as a name.
CREATE TABLE login_names (
    name TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL
);
CREATE UNIQUE INDEX login_names_of_user ON login_names (user_id, kind);

CREATE TABLE user_grants (
    user_id TEXT NOT NULL REFERENCES users (id),
    pattern TEXT NOT NULL,
    PRIMARY KEY (user_id, pattern)
);
CREATE INDEX user_grants_by_pattern ON user_grants (pattern, user_id);

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_one_default ON clients (is_default) WHERE is_default;

-- The prev_ columns hold what the last advance replaced: RETURNING shows new values only.
CREATE TABLE sessions (
    digest TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    client_id TEXT NOT NULL REFERENCES clients (id),
    scopes TEXT,
    audiences TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    label TEXT,
    address TEXT,
    created_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT,
    generation BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    budget_at BIGINT NOT NULL,
    burst_from BIGINT NOT NULL,
    burst_at BIGINT NOT NULL,
    late_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    prev_generation BIGINT NOT NULL,
    prev_key_id BIGINT NOT NULL,
    prev_rotated_at BIGINT NOT NULL,
    prev_budget_at BIGINT NOT NULL,
    prev_burst_from BIGINT NOT NULL,
    prev_burst_at BIGINT NOT NULL,
    prev_idle_expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (absolute_expires_at);

-- At most one active and one next key an algorithm, whoever races.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT
);
CREATE UNIQUE INDEX signing_keys_one_each ON signing_keys (algorithm, state)
WHERE state IN ('next', 'active');

CREATE TABLE key_checks (
    purpose TEXT NOT NULL,
    id BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (purpose, id)
);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('changes', 0);

CREATE TABLE changes (
    number BIGINT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_before BIGINT,
    except_sid TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX changes_by_age ON changes (created_at);
