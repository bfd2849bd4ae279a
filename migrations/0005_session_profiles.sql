-- What sessions in Redis share, kept once and known there by its number: scopes, audiences and how
-- their users logged in, as a JSON text found by its SHA-256. A row may go when no session that
-- uses it can live any more.
CREATE TABLE session_profiles (
    id BIGINT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    keep_until BIGINT NOT NULL
);
CREATE INDEX session_profiles_by_end ON session_profiles (keep_until);
INSERT INTO counters (name, value) VALUES ('session_profiles', 0);
