-- How many tokens each signing key has signed, written down now and then.
ALTER TABLE signing_keys ADD COLUMN tokens_signed BIGINT NOT NULL DEFAULT 0;
