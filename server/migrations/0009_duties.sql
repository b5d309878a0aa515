-- Work that runs at intervals, on one node at a time (src/duties/). Times are those of the database's
-- own clock. What is here is about the nodes that run now: back-ups leave it out.

CREATE TABLE duties (
    name TEXT /*bytes*/ NOT NULL,
    -- Grows whenever the duty is taken or taken away: who has an old term changes nothing any more.
    term BIGINT NOT NULL,
    -- Grows while the holder lives; the others take over when it has stood still for long enough.
    beat BIGINT NOT NULL,
    -- The node that is at it, for people to read; NULL: nobody.
    holder TEXT,
    -- When it was last done, and last tried.
    done BIGINT,
    tried BIGINT,
    -- Failures since it was last done.
    failures BIGINT NOT NULL,
    CONSTRAINT duties_pk PRIMARY KEY (name)
) /*clustered*/;
