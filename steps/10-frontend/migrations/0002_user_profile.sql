-- SQLite cannot add a column that is NOT NULL and starts at the current time. So the
-- table is made anew and the rows are copied, as Django does on SQLite.
CREATE TABLE new_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    is_staff BOOLEAN NOT NULL DEFAULT FALSE,
    is_superuser BOOLEAN NOT NULL DEFAULT FALSE,
    last_login TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

INSERT INTO new_users (id, username, password, created_at, updated_at)
SELECT id, username, password, now, now
FROM users, (SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') AS now);

-- The new table counts on from where the old one was: no id is given out twice.
DELETE FROM sqlite_sequence WHERE name = 'new_users';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_users', seq FROM sqlite_sequence WHERE name = 'users';

DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
