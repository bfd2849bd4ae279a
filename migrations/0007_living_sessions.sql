-- A login counts the living sessions of its user: those that were ended are not looked at.

CREATE INDEX sessions_living ON sessions (user_id, id) WHERE revoked_reason IS NULL;
