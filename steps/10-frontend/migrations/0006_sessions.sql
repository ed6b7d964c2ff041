-- Random, and new with each new password. Tokens carry it; NULL until the first time.
ALTER TABLE users ADD COLUMN stamp TEXT;
