-- The first step that the database took by itself since it last agreed with Redis: which token was
-- presented, and when. By it the journal tells old news from two histories of one session.
ALTER TABLE sessions ADD COLUMN direct_from BIGINT;
ALTER TABLE sessions ADD COLUMN direct_at BIGINT;
