-- API keys and the digests of their secrets.

-- ends_at is when a key stopped or will stop to count for good: the earlier of its expiry and its
-- revocation.
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    owner_id TEXT REFERENCES users (id),
    display_prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audiences TEXT NOT NULL,
    read_only BOOLEAN NOT NULL,
    addresses TEXT NOT NULL,
    metadata TEXT NOT NULL,
    version BIGINT NOT NULL,
    expires_at BIGINT,
    ends_at BIGINT,
    last_used_at BIGINT,
    disabled_at BIGINT,
    revoked_at BIGINT,
    rotated_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT
);
CREATE INDEX api_keys_of_owner ON api_keys (owner_id, id);
CREATE INDEX api_keys_by_end ON api_keys (ends_at);
CREATE UNIQUE INDEX api_keys_one_name_each ON api_keys (owner_id, name)
WHERE revoked_at IS NULL AND owner_id IS NOT NULL;
CREATE UNIQUE INDEX api_keys_one_name_of_service ON api_keys (name)
WHERE revoked_at IS NULL AND owner_id IS NULL;

-- A rotated key has two for a while.
CREATE TABLE api_key_secrets (
    lookup TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    digest TEXT NOT NULL,
    pepper_id BIGINT NOT NULL,
    valid_until BIGINT
);
CREATE INDEX api_key_secrets_of_key ON api_key_secrets (key_id);
