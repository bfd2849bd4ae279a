-- The pepper of digests: made once, sealed under a master key.

CREATE TABLE peppers (
    id BIGINT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
