-- SimpleJWT's app token_blacklist, and families. Times are seconds since 1970, as in the
-- tokens. No token is stored, only its id: who reads this table cannot log in.

-- Every refresh token that was given out. All that come from one log-in, each made from
-- the one before, are a family; its name is the id of the first.
CREATE TABLE outstanding_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    family TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Refresh tokens that no longer count: used up, or logged out.
CREATE TABLE blacklisted_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    blacklisted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Families of which a used token came back.
CREATE TABLE revoked_families (
    family TEXT NOT NULL PRIMARY KEY,
    revoked_at BIGINT NOT NULL
);
