-- The registry of scopes.

CREATE TABLE scopes (
    name TEXT NOT NULL PRIMARY KEY,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Until now whatever was granted by name was a scope. It stays one.
INSERT INTO scopes (name, description, created_at)
SELECT user_grants.pattern, '', MIN(users.created_at)
FROM user_grants JOIN users ON users.id = user_grants.user_id
WHERE user_grants.pattern NOT LIKE '%*' AND substr(user_grants.pattern, 1, 7) <> 'signet.'
GROUP BY user_grants.pattern;
