-- Sign-in, devices and the state of uploads. None of this is synced.

CREATE TABLE credentials (
    user_id TEXT /*bytes*/ NOT NULL CONSTRAINT credentials_pk PRIMARY KEY,
    -- Argon2 hash in its PHC form.
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    must_change BIGINT NOT NULL CONSTRAINT credentials_must_change_flag CHECK (must_change IN (0, 1)),
    CONSTRAINT credentials_user FOREIGN KEY (user_id) REFERENCES users (id)
);

-- An installation of the app × a user.
CREATE TABLE devices (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT devices_pk PRIMARY KEY,
    user_id TEXT /*bytes*/ NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    last_sync BIGINT,
    -- Since when it is shut out.
    revoked BIGINT,
    client_build TEXT,
    -- Server time minus device time in ms, as the device measured it.
    clock_offset BIGINT,
    -- Commands it said it had not sent yet.
    outbox_waiting BIGINT,
    CONSTRAINT devices_user FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX devices_of_user ON devices (user_id);

CREATE TABLE sessions (
    -- SHA-256 of the cookie's token: a copy of this table signs nobody in.
    token_hash TEXT /*bytes*/ NOT NULL CONSTRAINT sessions_pk PRIMARY KEY,
    user_id TEXT /*bytes*/ NOT NULL,
    device_id TEXT /*bytes*/ NOT NULL,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    address TEXT NOT NULL,
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT sessions_device FOREIGN KEY (device_id) REFERENCES devices (id)
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_of_device ON sessions (device_id);
CREATE INDEX sessions_by_use ON sessions (last_seen);

-- Failed sign-ins by account and by address, to slow guessing down.
CREATE TABLE sign_in_tries (
    key TEXT /*bytes*/ NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sign_in_tries_of_key ON sign_in_tries (key, at);
CREATE INDEX sign_in_tries_by_time ON sign_in_tries (at);

-- Attachments by the SHA-256 of their bytes, whole or on their way.
CREATE TABLE blobs (
    sha256 TEXT /*bytes*/ NOT NULL CONSTRAINT blobs_pk PRIMARY KEY,
    size BIGINT NOT NULL CONSTRAINT blobs_size_positive CHECK (size > 0),
    -- Sniffed, never believed.
    mime TEXT NOT NULL,
    received BIGINT NOT NULL CONSTRAINT blobs_received_within CHECK (received BETWEEN 0 AND size),
    complete BIGINT NOT NULL CONSTRAINT blobs_complete_flag CHECK (complete IN (0, 1)),
    uploaded_by TEXT /*bytes*/,
    -- When the last bytes came.
    at BIGINT NOT NULL
);
CREATE INDEX blobs_by_time ON blobs (complete, at);
