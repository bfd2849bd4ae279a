-- Users are found by how their names begin.

-- In the order of bytes, whatever the database sorts by: names that begin alike stand together.
CREATE INDEX login_names_by_prefix ON login_names (name COLLATE "C", user_id);
