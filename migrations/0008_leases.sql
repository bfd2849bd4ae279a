-- Who does what only one node is to do at a time; and how much there is of what grows, as counted
-- by that node.

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE TABLE sizes (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);
