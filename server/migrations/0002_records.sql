-- One table a kind of record: its exact JSON, and the columns that views and constraints need
-- (filled by src/modules/<process>/table.rs). `seq` is the sequence of the record's last change.

CREATE TABLE users (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT users_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    account TEXT /*bytes*/ NOT NULL CONSTRAINT users_account_once UNIQUE,
    name TEXT NOT NULL,
    disabled BIGINT NOT NULL CONSTRAINT users_disabled_flag CHECK (disabled IN (0, 1))
);

CREATE TABLE settings (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT settings_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE projects (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT projects_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT projects_scope_is_id CHECK (scope = id)
);

CREATE TABLE clusters (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT clusters_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT clusters_project FOREIGN KEY (scope) REFERENCES projects (id)
);
CREATE INDEX clusters_of_scope ON clusters (scope, code);

CREATE TABLE buildings (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT buildings_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT buildings_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX buildings_of_cluster ON buildings (scope, cluster_id, number);

CREATE TABLE households (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT households_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    building_id TEXT /*bytes*/ NOT NULL,
    label TEXT /*bytes*/ NOT NULL,
    floor BIGINT NOT NULL,
    -- Hundredths of a square metre.
    area_centi BIGINT NOT NULL CONSTRAINT households_area_positive CHECK (area_centi > 0),
    status TEXT /*bytes*/ NOT NULL CONSTRAINT households_status_known
        CHECK (status IN ('not_delivered', 'delivered', 'renovating', 'vacant', 'owner_occupied', 'let')),
    key_customer BIGINT NOT NULL,
    CONSTRAINT households_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id),
    CONSTRAINT households_building FOREIGN KEY (building_id) REFERENCES buildings (id)
);
CREATE INDEX households_of_cluster ON households (scope, cluster_id, label);
CREATE INDEX households_by_label ON households (scope, label);
CREATE INDEX households_of_building ON households (building_id);

CREATE TABLE tickets (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT tickets_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    number BIGINT,
    kind TEXT /*bytes*/ NOT NULL CONSTRAINT tickets_kind_known
        CHECK (kind IN ('repair', 'complaint', 'enquiry', 'request', 'finding', 'paid_service')),
    category TEXT /*bytes*/ NOT NULL,
    urgency TEXT /*bytes*/ NOT NULL,
    intake TEXT /*bytes*/ NOT NULL,
    state TEXT /*bytes*/ NOT NULL CONSTRAINT tickets_state_known
        CHECK (state IN ('received', 'assessed', 'assigned', 'accepted', 'in_progress', 'waiting', 'done',
                         'return_visit', 'closed', 'declined')),
    cluster_id TEXT /*bytes*/ NOT NULL,
    unit_id TEXT /*bytes*/,
    place TEXT NOT NULL,
    -- Whose work it is now.
    assignee TEXT /*bytes*/,
    opened_by TEXT /*bytes*/ NOT NULL,
    opened_at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    relay_due BIGINT,
    paused BIGINT,
    stopped BIGINT,
    -- Fen of the completed job.
    total BIGINT,
    score BIGINT CONSTRAINT tickets_score_in_range CHECK (score BETWEEN 1 AND 5),
    reopened BIGINT NOT NULL,
    conflicts BIGINT NOT NULL CONSTRAINT tickets_conflicts_not_negative CHECK (conflicts >= 0),
    changed_at BIGINT NOT NULL,
    CONSTRAINT tickets_number_once UNIQUE (scope, number),
    CONSTRAINT tickets_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id),
    CONSTRAINT tickets_unit FOREIGN KEY (unit_id) REFERENCES households (id)
);
CREATE INDEX tickets_by_state ON tickets (scope, state, due);
CREATE INDEX tickets_by_opening ON tickets (scope, opened_at);
CREATE INDEX tickets_of_cluster ON tickets (scope, cluster_id, opened_at);
CREATE INDEX tickets_of_unit ON tickets (unit_id);
CREATE INDEX tickets_of_assignee ON tickets (scope, assignee);

CREATE TABLE round_templates (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT round_templates_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    template_id TEXT /*bytes*/ NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    retired BIGINT NOT NULL,
    superseded BIGINT NOT NULL,
    CONSTRAINT round_templates_version_once UNIQUE (template_id, version)
);

CREATE TABLE checkpoints (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT checkpoints_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    template_id TEXT /*bytes*/ NOT NULL,
    point TEXT /*bytes*/ NOT NULL,
    name TEXT NOT NULL,
    code_version BIGINT NOT NULL,
    CONSTRAINT checkpoints_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX checkpoints_of_cluster ON checkpoints (scope, cluster_id, template_id);

CREATE TABLE schedules (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT schedules_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    template_id TEXT /*bytes*/ NOT NULL,
    name TEXT NOT NULL,
    -- Dates as YYYY-MM-DD.
    starts TEXT /*bytes*/ NOT NULL,
    ends TEXT /*bytes*/,
    CONSTRAINT schedules_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX schedules_of_cluster ON schedules (scope, cluster_id);

CREATE TABLE rounds (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT rounds_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    schedule_id TEXT /*bytes*/,
    template_id TEXT /*bytes*/ NOT NULL,
    -- The company's local date it was due on, YYYY-MM-DD.
    due_on TEXT /*bytes*/ NOT NULL,
    name TEXT NOT NULL,
    walked_by TEXT /*bytes*/ NOT NULL,
    started BIGINT NOT NULL,
    finished BIGINT,
    late BIGINT NOT NULL,
    points BIGINT NOT NULL,
    points_done BIGINT NOT NULL CONSTRAINT rounds_points_not_negative CHECK (points_done >= 0),
    -- Tickets raised on the way.
    tickets BIGINT NOT NULL,
    CONSTRAINT rounds_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id),
    CONSTRAINT rounds_schedule FOREIGN KEY (schedule_id) REFERENCES schedules (id)
);
CREATE INDEX rounds_by_day ON rounds (scope, due_on);
CREATE INDEX rounds_of_cluster ON rounds (scope, cluster_id, due_on);
CREATE INDEX rounds_of_schedule ON rounds (schedule_id, due_on);

CREATE TABLE briefings (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT briefings_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    held_on TEXT /*bytes*/ NOT NULL,
    held_by TEXT /*bytes*/ NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT briefings_day_once UNIQUE (cluster_id, held_on),
    CONSTRAINT briefings_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX briefings_by_day ON briefings (scope, held_on);

CREATE TABLE visits (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT visits_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    unit_id TEXT /*bytes*/,
    way TEXT /*bytes*/ NOT NULL,
    result TEXT /*bytes*/ NOT NULL CONSTRAINT visits_result_known
        CHECK (result IN ('answered', 'forwarded', 'promised', 'nothing')),
    -- The day an answer is promised for, YYYY-MM-DD.
    promised TEXT /*bytes*/,
    answers BIGINT NOT NULL,
    visited_by TEXT /*bytes*/ NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT visits_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id),
    CONSTRAINT visits_unit FOREIGN KEY (unit_id) REFERENCES households (id)
);
CREATE INDEX visits_by_time ON visits (scope, at);
CREATE INDEX visits_of_cluster ON visits (scope, cluster_id, at);
CREATE INDEX visits_of_unit ON visits (unit_id, at);

CREATE TABLE arrears (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT arrears_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    unit_id TEXT /*bytes*/ NOT NULL CONSTRAINT arrears_unit_once UNIQUE,
    cluster_id TEXT /*bytes*/ NOT NULL,
    label TEXT /*bytes*/ NOT NULL,
    -- Fen.
    owed BIGINT NOT NULL CONSTRAINT arrears_owed_not_negative CHECK (owed >= 0),
    -- First unpaid month, as its first day.
    since TEXT /*bytes*/,
    months BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    CONSTRAINT arrears_unit FOREIGN KEY (unit_id) REFERENCES households (id),
    CONSTRAINT arrears_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX arrears_by_amount ON arrears (scope, owed);
CREATE INDEX arrears_of_cluster ON arrears (scope, cluster_id, owed);

CREATE TABLE fee_calls (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT fee_calls_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    unit_id TEXT /*bytes*/ NOT NULL,
    cluster_id TEXT /*bytes*/ NOT NULL,
    outcome TEXT /*bytes*/ NOT NULL CONSTRAINT fee_calls_outcome_known
        CHECK (outcome IN ('connected', 'no_answer', 'wrong_number', 'refused')),
    reason TEXT /*bytes*/,
    -- The day payment is promised for, YYYY-MM-DD.
    promised TEXT /*bytes*/,
    -- Fen owed when the call was made.
    owed BIGINT NOT NULL,
    ticket_id TEXT /*bytes*/,
    called_by TEXT /*bytes*/ NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT fee_calls_unit FOREIGN KEY (unit_id) REFERENCES households (id),
    CONSTRAINT fee_calls_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id)
);
CREATE INDEX fee_calls_by_time ON fee_calls (scope, at);
CREATE INDEX fee_calls_of_cluster ON fee_calls (scope, cluster_id, at);
CREATE INDEX fee_calls_of_unit ON fee_calls (unit_id, at);

-- Attachments whose bytes are here, as the phones are told.
CREATE TABLE blob_arrivals (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT blob_arrivals_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT /*bytes*/ NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT blob_arrivals_once UNIQUE (scope, sha256)
);

-- Final outcomes of commands that had been held.
CREATE TABLE settlements (
    id TEXT /*bytes*/ NOT NULL CONSTRAINT settlements_pk PRIMARY KEY,
    scope TEXT /*bytes*/ NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    device TEXT /*bytes*/ NOT NULL,
    outcome TEXT /*bytes*/ NOT NULL
);
