-- Assertions by which clients have authenticated (RFC 7523), so that each counts once.

-- `mark` is a digest of the assertion's name; a row is of no use once the assertion has ended.
CREATE TABLE client_assertions (
    client_id TEXT NOT NULL REFERENCES clients (id),
    mark TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, mark)
);
CREATE INDEX client_assertions_by_end ON client_assertions (ends_at);
