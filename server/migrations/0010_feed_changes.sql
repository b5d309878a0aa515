-- What a reader is told of a change stands in the index by which it is found: without `gone` in it each of a
-- pull's rows was looked up a second time, somewhere in all of the feed. PostgreSQL reads the row in any
-- case, because it is too new for its index to say that everybody may see it.

--[sqlite]
DROP INDEX feed_changes;
--[sqlite]
CREATE INDEX feed_changes ON feed (scope, channel, seq, gone);
