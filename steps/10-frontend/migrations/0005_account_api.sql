-- What note 001 shows of a user. '' is none, as for the names.
ALTER TABLE users ADD COLUMN bio TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN image TEXT NOT NULL DEFAULT '';

-- Who logs in by e-mail must be the only one to have it. Names of hosts have no case.
UPDATE users SET email = substr(email, 1, instr(email, '@'))
    || lower(substr(email, instr(email, '@') + 1));
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';
