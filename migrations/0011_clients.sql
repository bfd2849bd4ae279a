-- Clients beside the default one, and the digests of their secrets.

-- What is chosen for a client is one JSON object: all clients are held in memory, and no query
-- looks into it. The default client has none: what holds for it is configured.
ALTER TABLE clients ADD COLUMN kind TEXT NOT NULL DEFAULT 'public';
ALTER TABLE clients ADD COLUMN settings TEXT;
ALTER TABLE clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN rotated_at BIGINT;
ALTER TABLE clients ADD COLUMN deleted_at BIGINT;

-- A rotated secret counts beside the new one for a while.
CREATE TABLE client_secrets (
    client_id TEXT NOT NULL REFERENCES clients (id),
    digest TEXT NOT NULL,
    pepper_id BIGINT NOT NULL,
    valid_until BIGINT,
    PRIMARY KEY (client_id, digest)
);
