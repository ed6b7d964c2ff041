-- The table that the server of chapter 2 made at its first start. IF NOT EXISTS: a
-- database from that chapter goes on as it is.
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL
);
