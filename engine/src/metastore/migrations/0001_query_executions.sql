-- The history of queries. A row is written when a statement is submitted, and closed once.
CREATE TABLE owlet_query_executions (
    query_id TEXT NOT NULL PRIMARY KEY,
    -- The process whose query it is, for the day when that process is found dead.
    process_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    statement_type TEXT NOT NULL,
    sql_text TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Microseconds since the Unix epoch.
    submitted_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    row_count BIGINT NOT NULL DEFAULT 0,
    bytes_scanned BIGINT NOT NULL DEFAULT 0,
    bytes_written BIGINT NOT NULL DEFAULT 0,
    spilled_bytes BIGINT NOT NULL DEFAULT 0,
    get_requests BIGINT NOT NULL DEFAULT 0,
    head_requests BIGINT NOT NULL DEFAULT 0,
    list_requests BIGINT NOT NULL DEFAULT 0,
    put_requests BIGINT NOT NULL DEFAULT 0,
    post_requests BIGINT NOT NULL DEFAULT 0,
    delete_requests BIGINT NOT NULL DEFAULT 0,
    error_code TEXT,
    error_message TEXT
);

CREATE INDEX owlet_query_executions_submitted_at ON owlet_query_executions (submitted_at);

-- The few that are open, so that closing those of a dead process does not read the whole history.
CREATE INDEX owlet_query_executions_open ON owlet_query_executions (process_id) WHERE ended_at IS NULL;
