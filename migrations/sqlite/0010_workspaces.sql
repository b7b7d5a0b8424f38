-- Workspaces of a chat platform in which people have installed Firebell. Their tokens are sealed with a key that is not
-- in the database. Not history: who installed what is in the organisation's log.
CREATE TABLE workspace (
    chat           TEXT NOT NULL,
    team           TEXT NOT NULL,
    name           TEXT NOT NULL DEFAULT '',
    bot_user       TEXT NOT NULL DEFAULT '',
    scopes         TEXT NOT NULL DEFAULT '',
    sealed         TEXT NOT NULL DEFAULT '',
    -- Microseconds, as everywhere; 0 where the tokens do not expire.
    expires_at     INTEGER NOT NULL DEFAULT 0,
    obtained_at    INTEGER NOT NULL DEFAULT 0,
    -- When a renewal was begun whose outcome is not recorded; 0 where none is under way.
    renewing_since INTEGER NOT NULL DEFAULT 0,
    -- connected, revoked (Slack takes the token no more), unrenewable (it works until it expires)
    standing       TEXT NOT NULL DEFAULT 'connected',
    installed_at   INTEGER NOT NULL DEFAULT 0,
    installed_by   TEXT NOT NULL DEFAULT '',
    -- Counts changes: whoever changes a row names what they have read.
    version        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chat, team)
) STRICT;

-- Installations that somebody has begun in a browser, by the hash of what comes back with it. Each is taken once.
CREATE TABLE installation (
    state_hash   TEXT PRIMARY KEY,
    chat         TEXT NOT NULL,
    person       TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
