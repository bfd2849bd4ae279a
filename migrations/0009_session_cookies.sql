-- What is kept of a session's cookie, which forward-auth takes: a digest. Most sessions have none.
ALTER TABLE sessions ADD COLUMN cookie_digest TEXT;
CREATE UNIQUE INDEX sessions_by_cookie ON sessions (cookie_digest) WHERE cookie_digest IS NOT NULL;
