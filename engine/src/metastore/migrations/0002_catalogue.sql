-- The catalogue `lake`: databases, the tables and views in them, the partitions of tables, and who is writing where.
CREATE TABLE owlet_databases (
    name TEXT NOT NULL PRIMARY KEY,
    comment TEXT,
    location TEXT,
    -- A JSON object of texts.
    properties TEXT NOT NULL
);

INSERT INTO owlet_databases (name, comment, properties) VALUES ('default', 'the database that a session starts in', '{}');

-- Tables and views share one namespace, so they share one table and its key.
CREATE TABLE owlet_relations (
    database_name TEXT NOT NULL REFERENCES owlet_databases (name),
    name TEXT NOT NULL,
    -- TABLE or VIEW.
    kind TEXT NOT NULL,
    -- An Arrow IPC stream without batches, in base64.
    columns TEXT NOT NULL,
    comment TEXT,
    -- What only tables have. Columns as above; options and properties are JSON objects of texts.
    partition_columns TEXT,
    location TEXT,
    format TEXT,
    format_options TEXT,
    -- EXTERNAL or MANAGED.
    ownership TEXT,
    properties TEXT,
    -- What only views have.
    sql_text TEXT,
    sql_database TEXT,
    PRIMARY KEY (database_name, name)
);

CREATE TABLE owlet_partitions (
    database_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    -- A JSON array of texts and nulls, one for each partition column.
    partition_values TEXT NOT NULL,
    location TEXT,
    -- 1 for a partition whose files are there and are not read.
    dropped BIGINT NOT NULL,
    PRIMARY KEY (database_name, table_name, partition_values),
    FOREIGN KEY (database_name, table_name) REFERENCES owlet_relations (database_name, name)
);

-- A statement that writes claims its place before its first file, and gives it back with the table that it makes.
CREATE TABLE owlet_write_claims (
    query_id TEXT NOT NULL,
    -- A directory, with one `/` at its end.
    location TEXT NOT NULL,
    process_id TEXT NOT NULL,
    -- Microseconds since the Unix epoch.
    claimed_at BIGINT NOT NULL,
    -- 1 once the process was found dead.
    abandoned BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (query_id, location)
);
