//! Written files hold the values that were selected: read back by Owlet itself, and by an independent engine.

use arrow::util::display::{ArrayFormatter, FormatOptions};
use owlet_engine::ErrorCode;

use crate::support::{Answer, TestEngine, duckdb};

type Rows = Vec<Vec<String>>;

/// Values that formats of text get wrong: NULL beside nothing, what separates and quotes, spaces, other scripts, the ends of ranges.
const FLAT: &str = "SELECT id, text, other, CAST(stamp AS TIMESTAMP) AS stamp, CAST(day AS DATE) AS day, \
     CAST(amount AS DECIMAL(38, 10)) AS amount, big, ratio, yes FROM (VALUES \
     (1, 'plain', 'x', '2024-01-31 10:00:00', '2024-02-29', '12345678901234567890.0123456789', 9223372036854775807, 0.1, true), \
     (2, '', 'x', '1969-12-31 23:59:59.999999', '1582-10-15', '-0.0000000001', -9223372036854775807, 1e300, false), \
     (3, NULL, 'x', NULL, NULL, NULL, NULL, NULL, NULL), \
     (4, 'a,b;c\td', '', '2024-01-31 10:00:00.5', '9999-12-31', '0', 0, -0.25, true), \
     (5, 'say \"x\"', NULL, '2262-01-01 00:00:00', '0001-01-01', '99', 1, 5e-324, false), \
     (6, 'two\nlines\r\nthree', '\"', '2024-01-01 00:00:00', '2024-01-01', '1', 2, 1, true), \
     (7, ' padded ', '\\N', '2024-01-01 00:00:00', '2024-01-01', '1', 3, 2, true), \
     (8, 'Ünïcode 🦉 ', 'NULL', '2024-01-01 00:00:00.000001', '2024-01-01', '1', 4, 3, true), \
     (9, 'back\\slash', 'null', '2024-01-01 00:00:00', '2024-01-01', '1', 5, 4, true) \
     ) AS v(id, text, other, stamp, day, amount, big, ratio, yes)";

/// The types of [`FLAT`] in DuckDB.
const FLAT_TYPES: &str = "{'id': 'BIGINT', 'text': 'VARCHAR', 'other': 'VARCHAR', 'stamp': 'TIMESTAMP', 'day': 'DATE', \
     'amount': 'DECIMAL(38, 10)', 'big': 'BIGINT', 'ratio': 'DOUBLE', 'yes': 'BOOLEAN'}";

const NESTED: &str = "SELECT 1 AS id, make_array('a', NULL, '') AS list, named_struct('x', 1, 'y', 'é\"') AS pair \
     UNION ALL SELECT 2, NULL, NULL";

/// A way to write: its options, and how `DuckDB` reads what lies at `{}`.
struct Way {
    options: &'static str,
    duckdb: Option<&'static str>,
}

const WAYS: &[Way] = &[
    Way {
        options: "format = 'parquet'",
        duckdb: Some("read_parquet('{}/*.parquet')"),
    },
    Way {
        options: "format = 'parquet', write_compression = 'snappy'",
        duckdb: Some("read_parquet('{}/*.parquet')"),
    },
    Way {
        options: "format = 'parquet', write_compression = 'lz4'",
        duckdb: Some("read_parquet('{}/*.parquet')"),
    },
    Way {
        options: "format = 'parquet', write_compression = 'gzip', compression_level = 9",
        duckdb: Some("read_parquet('{}/*.parquet')"),
    },
    Way {
        options: "format = 'csv'",
        duckdb: Some("read_csv('{}/*.csv', header=true, columns=%, allow_quoted_nulls=false)"),
    },
    Way {
        options: "format = 'csv', write_compression = 'gzip'",
        duckdb: Some("read_csv('{}/*.csv.gz', header=true, columns=%, allow_quoted_nulls=false)"),
    },
    Way {
        options: "format = 'tsv', write_compression = 'zstd'",
        duckdb: Some("read_csv('{}/*.tsv.zst', delim='\t', header=true, columns=%, allow_quoted_nulls=false)"),
    },
    Way {
        options: "format = 'json'",
        duckdb: Some("read_json('{}/*.json', format='newline_delimited', columns=%)"),
    },
    Way {
        options: "format = 'json', write_compression = 'zstd'",
        duckdb: Some("read_json('{}/*.json.zst', format='newline_delimited', columns=%)"),
    },
    Way {
        options: "format = 'arrow'",
        duckdb: None,
    },
    Way {
        options: "format = 'arrow', write_compression = 'zstd'",
        duckdb: None,
    },
];

fn rows(answer: &Answer) -> Rows {
    let options = FormatOptions::default()
        .with_null("∅")
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    let mut rows = Vec::new();
    for batch in &answer.batches {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
    }
    rows
}

/// Whether two texts are the same value: the engines print fractions of seconds and large numbers each in their own way.
fn same(ours: &str, theirs: &str) -> bool {
    let is_time = ours.len() == 26 && ours.as_bytes()[10] == b' ' && ours.as_bytes()[4] == b'-';
    let numbers = (ours.parse::<f64>(), theirs.parse::<f64>());
    ours == theirs
        || (is_time && ours.trim_end_matches(".000000") == theirs)
        || matches!(numbers, (Ok(a), Ok(b)) if a.to_bits() == b.to_bits() && [ours, theirs].iter().any(|text| text.contains(['e', 'E'])))
}

#[tokio::test]
async fn every_format_gives_back_the_values_that_were_written() {
    let owlet = TestEngine::local().await;
    let selected = rows(&owlet.run(&format!("{FLAT} ORDER BY id")).await.unwrap());
    assert_eq!(selected.len(), 9);
    let mut queries = Vec::new();
    for (number, way) in WAYS.iter().enumerate() {
        let place = owlet.directory.path().join(format!("w{number}"));
        let (options, place) = (way.options, place.display());
        let create = format!("CREATE TABLE w{number} WITH ({options}, external_location = '{place}/') AS {FLAT}");
        owlet
            .run(&create)
            .await
            .unwrap_or_else(|error| panic!("{options}: {error}"));
        let read = owlet.run(&format!("SELECT * FROM w{number} ORDER BY id")).await;
        let read = rows(&read.unwrap_or_else(|error| panic!("{options}: {error}")));
        assert_eq!(read, selected, "{options}");
        if let Some(duckdb) = way.duckdb {
            let table = duckdb.replace("{}", &place.to_string()).replace('%', FLAT_TYPES);
            queries.push(format!(
                "SELECT * REPLACE (CAST(stamp AS TIMESTAMP) AS stamp) FROM {table} ORDER BY id"
            ));
        }
    }
    let answers: Vec<Rows> = duckdb::answers("writes/duckdb_query.py", &queries);
    for (query, theirs) in queries.iter().zip(answers) {
        assert_eq!(theirs.len(), selected.len(), "{query}");
        for (ours, theirs) in selected.iter().zip(&theirs) {
            let equal = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b));
            assert!(equal, "{query}:\n{ours:?} here,\n{theirs:?} in DuckDB");
        }
    }
}

#[tokio::test]
async fn nested_values_are_written_where_the_format_has_them() {
    let owlet = TestEngine::local().await;
    let selected = rows(
        &owlet
            .run(&format!("SELECT * FROM ({NESTED}) ORDER BY id"))
            .await
            .unwrap(),
    );
    for format in ["parquet", "json", "arrow"] {
        let create = format!("CREATE TABLE {format}_t WITH (format = '{format}') AS {NESTED}");
        owlet
            .run(&create)
            .await
            .unwrap_or_else(|error| panic!("{format}: {error}"));
        let read = owlet.run(&format!("SELECT * FROM {format}_t ORDER BY id")).await;
        assert_eq!(rows(&read.unwrap()), selected, "{format}");
    }
    let error = owlet
        .run(&format!("CREATE TABLE t WITH (format = 'csv') AS {NESTED}"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotSupported);
    assert!(error.message().contains("column \"list\""), "{error}");
}

#[tokio::test]
async fn a_line_of_one_null_is_a_row() {
    let owlet = TestEngine::local().await;
    for format in ["csv", "tsv", "json"] {
        let create = format!(
            "CREATE TABLE one_{format} WITH (format = '{format}') AS \
             SELECT text FROM (VALUES ('a'), (NULL), (''), (NULL)) AS v(text)"
        );
        owlet.run(&create).await.unwrap();
        let counts = format!("SELECT count(*) * 10 + count(text) AS n FROM one_{format}");
        assert_eq!(owlet.value(&counts).await, "42", "{format}");
    }
}

#[tokio::test]
async fn what_json_has_no_number_for_is_refused() {
    let owlet = TestEngine::local().await;
    let create = "CREATE TABLE t WITH (format = 'json') AS SELECT CAST('NaN' AS DOUBLE) AS ratio";
    let error = owlet.run(create).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidValue);
    assert!(error.message().contains("column \"ratio\""), "{error}");
    let error = owlet.run("SELECT * FROM t").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TableNotFound);
}
