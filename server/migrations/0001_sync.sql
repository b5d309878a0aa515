-- The log, the feed and what the write path keeps beside them. Times are UTC milliseconds, money is
-- fen, ids are lower-case UUID text. /*bytes*/ and /*clustered*/ are explained in src/db/dialect.rs.

-- Single facts: `epoch` changes when the database comes back from a backup; `backup` says whether
-- one is configured.
CREATE TABLE meta (
    name TEXT /*bytes*/ NOT NULL CONSTRAINT meta_pk PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row a scope; every writer of the scope locks it first, so commit order is sequence order.
CREATE TABLE scopes (
    scope TEXT /*bytes*/ NOT NULL CONSTRAINT scopes_pk PRIMARY KEY,
    head BIGINT NOT NULL CONSTRAINT scopes_head_not_negative CHECK (head >= 0),
    -- Hash of the log's last row; empty for an empty log.
    head_hash TEXT NOT NULL,
    -- Everything up to here is in the last backup.
    backed_up BIGINT NOT NULL CONSTRAINT scopes_backed_up_within CHECK (backed_up >= 0)
);

-- Append-only: idempotency, audit trail and the order of the feed in one.
CREATE TABLE log (
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL CONSTRAINT log_seq_positive CHECK (seq > 0),
    op TEXT /*bytes*/ NOT NULL,
    device TEXT /*bytes*/ NOT NULL,
    n BIGINT NOT NULL CONSTRAINT log_n_positive CHECK (n > 0),
    actor TEXT /*bytes*/ NOT NULL,
    actor_name TEXT NOT NULL,
    kind TEXT /*bytes*/ NOT NULL,
    v BIGINT NOT NULL,
    -- Exact bytes as the phone wrote them.
    payload TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    at_device BIGINT NOT NULL,
    clock_offset BIGINT,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT log_outcome_known
        CHECK (outcome IN ('applied', 'merged', 'conflict', 'refused', 'held')),
    code TEXT NOT NULL,
    -- The answer's exact bytes; a resend gets the same.
    reply TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT log_pk PRIMARY KEY (scope, seq),
    CONSTRAINT log_op_once UNIQUE (op),
    CONSTRAINT log_number_once UNIQUE (scope, device, n),
    CONSTRAINT log_scope_known FOREIGN KEY (scope) REFERENCES scopes (scope)
);

-- Last number taken per device and scope.
CREATE TABLE device_heads (
    scope TEXT /*bytes*/ NOT NULL,
    device TEXT /*bytes*/ NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT device_heads_pk PRIMARY KEY (scope, device)
) /*clustered*/;

-- Numbers that only the server gives out.
CREATE TABLE counters (
    scope TEXT /*bytes*/ NOT NULL,
    name TEXT /*bytes*/ NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT counters_pk PRIMARY KEY (scope, name)
) /*clustered*/;

-- Commands that wait: for a record of another device, or (no `waits_kind`) for a newer server.
CREATE TABLE held (
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    waits_kind TEXT /*bytes*/,
    waits_id TEXT /*bytes*/,
    op TEXT /*bytes*/ NOT NULL,
    device TEXT /*bytes*/ NOT NULL,
    n BIGINT NOT NULL,
    -- Who acted, with the rights of that moment, as JSON.
    actor TEXT NOT NULL,
    kind TEXT /*bytes*/ NOT NULL,
    v BIGINT NOT NULL,
    payload TEXT NOT NULL,
    at_device BIGINT NOT NULL,
    clock_offset BIGINT,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    CONSTRAINT held_pk PRIMARY KEY (scope, seq),
    CONSTRAINT held_is_logged FOREIGN KEY (scope, seq) REFERENCES log (scope, seq)
);
CREATE INDEX held_waits ON held (waits_kind, waits_id, scope);

-- What needs a person: refused and conflicting commands, until somebody has settled them. `op` is
-- the command's; its payload is in the log.
CREATE TABLE quarantine (
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    op TEXT /*bytes*/ NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT quarantine_outcome_known CHECK (outcome IN ('conflict', 'refused')),
    code TEXT NOT NULL,
    at BIGINT NOT NULL,
    settled_at BIGINT,
    settled_by TEXT,
    CONSTRAINT quarantine_pk PRIMARY KEY (scope, seq),
    CONSTRAINT quarantine_is_logged FOREIGN KEY (scope, seq) REFERENCES log (scope, seq)
);
CREATE INDEX quarantine_open ON quarantine (scope, settled_at, at);

-- State-based: for each channel a record speaks or spoke on, the sequence of its last change there.
CREATE TABLE feed (
    scope TEXT /*bytes*/ NOT NULL,
    channel TEXT /*bytes*/ NOT NULL,
    kind TEXT /*bytes*/ NOT NULL,
    record_id TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    gone BIGINT NOT NULL CONSTRAINT feed_gone_flag CHECK (gone IN (0, 1)),
    CONSTRAINT feed_pk PRIMARY KEY (scope, channel, kind, record_id)
) /*clustered*/;
CREATE INDEX feed_changes ON feed (scope, channel, seq);

-- Which commands named which attachments; the bytes may come before or after.
CREATE TABLE blob_refs (
    sha256 TEXT /*bytes*/ NOT NULL,
    scope TEXT /*bytes*/ NOT NULL,
    op TEXT /*bytes*/ NOT NULL,
    CONSTRAINT blob_refs_pk PRIMARY KEY (sha256, scope, op)
) /*clustered*/;
