-- Tombstones are forgotten after a while (src/store/floor.rs). Up to its floor a scope's feed no longer
-- says what left a channel: a reader who stands before it begins a new snapshot.

ALTER TABLE scopes ADD COLUMN feed_floor BIGINT NOT NULL DEFAULT 0;

-- Where each log ended on a day, so that the floor follows this server's own days: times in the log
-- are those of the commands, and history that was brought in is old when it is written.
CREATE TABLE feed_marks (
    scope TEXT /*bytes*/ NOT NULL,
    at BIGINT NOT NULL,
    head BIGINT NOT NULL,
    CONSTRAINT feed_marks_pk PRIMARY KEY (scope, at)
) /*clustered*/;

-- So that forgetting costs what is forgotten.
CREATE INDEX feed_gone ON feed (scope, seq) WHERE gone = 1;
