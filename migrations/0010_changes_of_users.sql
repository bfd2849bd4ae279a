-- Whose session a row tells the end of: what a node holds of one user is bounded.

ALTER TABLE changes ADD COLUMN user_id TEXT;
