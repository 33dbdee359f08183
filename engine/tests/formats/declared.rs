//! Tables whose columns, format and partitions are declared.

use arrow::array::{
    BinaryArray, Float32Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
};
use owlet_engine::ErrorCode;
use owlet_s3_fixture::{RequestKind, S3Fixture};

use super::{batch, column, put, refused};
use crate::support::{TestEngine, numbers, parquet_bytes};

#[tokio::test]
async fn of_a_thousand_partitions_only_those_that_a_predicate_means_are_listed_and_read() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    for day in 0..1_000 {
        let key = format!(
            "t/dt=2024-{:02}-{:02}/hour={:02}/a.parquet",
            day / 28 % 12 + 1,
            day % 28 + 1,
            day / 336
        );
        fixture.put("lake", &key, numbers("n", [day]));
    }
    let declare = "CREATE EXTERNAL TABLE t (n BIGINT) PARTITIONED BY (dt DATE, hour INT) STORED AS PARQUET LOCATION 's3://lake/t/'";
    owlet.run(declare).await.unwrap();
    for (sql, value, lists, gets) in [
        // The directories of the table, of one day, and the one file below.
        (
            "SELECT sum(n) FROM t WHERE dt = DATE '2024-02-03' AND hour = 1",
            "366",
            3,
            2,
        ),
        ("SELECT sum(n) FROM t WHERE dt = DATE '2024-02-03'", "1098", 2, 6),
        ("SELECT count(*) FROM t WHERE dt = DATE '2024-02-03'", "3", 2, 3),
        ("SELECT count(*) FROM t WHERE dt = DATE '1999-01-01'", "0", 1, 0),
        (
            "SELECT count(*) FROM t WHERE dt BETWEEN DATE '2024-02-03' AND DATE '2024-02-04' AND n > 0",
            "6",
            3,
            12,
        ),
    ] {
        fixture.reset();
        let answer = owlet.run(sql).await.unwrap();
        assert_eq!(answer.value(), value, "{sql}");
        let counters = fixture.counters();
        assert_eq!((counters.list, counters.head), (lists, 0), "{sql}");
        assert!(counters.get <= gets, "{sql}: {} GETs", counters.get);
        let day = "dt=2024-02-0";
        let elsewhere = fixture
            .requests()
            .into_iter()
            .filter(|request| request.kind == RequestKind::Get);
        for request in elsewhere {
            assert!(format!("{request:?}").contains(day), "{sql}: {request:?}");
        }
    }
    fixture.reset();
    assert_eq!(owlet.value("SELECT count(*) FROM t").await, "1000");
    assert_eq!(fixture.counters().list, 1, "without a predicate there is one listing");
}

#[tokio::test]
async fn partition_values_have_their_declared_type_whatever_their_spelling() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/Year=2024/month=07/a.parquet", numbers("n", [1]));
    put(here, "t/year=2024/MONTH=8/a.parquet", numbers("n", [10]));
    put(
        here,
        "t/year=2025/month=__HIVE_DEFAULT_PARTITION__/a.parquet",
        numbers("n", [100]),
    );
    put(here, "t/_temporary/year=1/x", "no");
    owlet
        .run("CREATE EXTERNAL TABLE t (n BIGINT) PARTITIONED BY (year INT, month INT) STORED AS PARQUET LOCATION 't/'")
        .await
        .unwrap();
    for (filter, sum) in [
        ("month = 7", "1"),
        ("month > 7", "10"),
        ("month IS NULL", "100"),
        ("year = 2024", "11"),
        ("year = 2024 AND n > 5", "10"),
        ("year + month = 2032", "10"),
        ("n = 100 OR month = 7", "101"),
    ] {
        assert_eq!(
            owlet.value(&format!("SELECT sum(n) FROM t WHERE {filter}")).await,
            sum,
            "{filter}"
        );
    }
    assert_eq!(owlet.value("SELECT arrow_typeof(max(month)) FROM t").await, "Int32");
    put(here, "t/year=2026/month=May/a.parquet", numbers("n", [1]));
    refused(
        &owlet,
        "SELECT sum(n) FROM t",
        ErrorCode::BadData,
        &["month=May", "\"month\""],
    )
    .await;
    assert_eq!(
        owlet.value("SELECT sum(n) FROM t WHERE year = 2024").await,
        "11",
        "nobody looked there"
    );
    std::fs::remove_dir_all(here.join("t/year=2026")).unwrap();
    put(here, "t/year=2024/stray.parquet", numbers("n", [1]));
    for sql in ["SELECT sum(n) FROM t", "SELECT sum(n) FROM t WHERE month = 7"] {
        refused(&owlet, sql, ErrorCode::BadData, &["stray.parquet", "month=…"]).await;
    }
}

#[tokio::test]
async fn an_empty_or_absent_place_is_an_empty_table() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    for (name, clauses) in [
        ("a", "(n BIGINT) STORED AS PARQUET LOCATION 's3://lake/nothing/'"),
        ("b", "(n BIGINT) STORED AS CSV LOCATION 'nothing/'"),
        (
            "c",
            "(n BIGINT) PARTITIONED BY (d DATE) STORED AS JSON LOCATION 's3://lake/nothing/'",
        ),
        (
            "d",
            "(n BIGINT) PARTITIONED BY (d DATE) STORED AS PARQUET LOCATION 'nothing/'",
        ),
    ] {
        owlet
            .run(&format!("CREATE EXTERNAL TABLE {name} {clauses}"))
            .await
            .unwrap();
        assert_eq!(
            owlet.value(&format!("SELECT count(*) FROM {name}")).await,
            "0",
            "{name}"
        );
        assert_eq!(
            owlet.value(&format!("SELECT sum(n) FROM {name} WHERE n > 1")).await,
            "",
            "{name}"
        );
    }
    assert_eq!(
        owlet.value("SELECT count(*) FROM c WHERE d = DATE '2024-01-01'").await,
        "0"
    );
    assert_eq!(
        owlet.value("SELECT count(*) FROM d WHERE d = DATE '2024-01-01'").await,
        "0"
    );
}

#[tokio::test]
async fn a_file_is_read_under_the_declared_types_only_if_no_value_changes() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    let file = batch(&[
        ("Small", column(Int32Array::from(vec![7]))),
        ("single", column(Float32Array::from(vec![1.5]))),
        ("bytes", column(BinaryArray::from_vec(vec![b"text"]))),
        ("nanos", column(TimestampNanosecondArray::from(vec![1_500_000_000]))),
        ("long", column(Int64Array::from(vec![1 << 40]))),
        ("word", column(StringArray::from(vec!["x"]))),
    ]);
    put(here, "t/a.parquet", parquet_bytes(std::slice::from_ref(&file)));
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &file.schema()).unwrap();
    writer.write(&file).unwrap();
    put(here, "u/a.arrow", writer.into_inner().unwrap());
    for (format, place) in [("PARQUET", "t"), ("ARROW", "u")] {
        let declare = |name: &str, columns: &str| {
            format!("CREATE EXTERNAL TABLE {name}_{place} ({columns}) STORED AS {format} LOCATION '{place}/'")
        };
        let good = "word VARCHAR, small BIGINT, single DOUBLE, bytes VARCHAR, nanos TIMESTAMP, absent INT";
        owlet.run(&declare("good", good)).await.unwrap();
        let shown = owlet.table(&format!("SELECT * FROM good_{place}")).await;
        assert!(
            shown.contains("| x    | 7     | 1.5    | text  | 1970-01-01T00:00:01.500 |        |"),
            "{format}: {shown}"
        );
        assert_eq!(
            owlet
                .value(&format!(
                    "SELECT count(*) FROM good_{place} WHERE small = 7 AND bytes = 'text'"
                ))
                .await,
            "1"
        );
        for (index, (columns, parts)) in [
            ("long INT", ["\"long\"", "Int64"]),
            ("word BIGINT", ["\"word\"", "Utf8"]),
            ("small VARCHAR", ["\"small\"", "Int32"]),
            ("absent INT NOT NULL", ["\"absent\"", "NOT NULL"]),
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("bad{index}");
            owlet.run(&declare(&name, columns)).await.unwrap();
            let file = format!("{place}/a.{}", format.to_lowercase());
            let parts = [parts[0], parts[1], &file];
            refused(
                &owlet,
                &format!("SELECT * FROM {name}_{place}"),
                ErrorCode::BadData,
                &parts,
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_time_that_is_finer_than_declared_is_an_error_that_names_the_file() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    let file = |nanos| {
        batch(&[(
            "at",
            column(TimestampNanosecondArray::from(vec![Some(1_000), None, Some(nanos)])),
        )])
    };
    let ipc = |batch: &RecordBatch| {
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.into_inner().unwrap()
    };
    for (format, name) in [("PARQUET", "t/a.parquet"), ("ARROW", "u/a.arrows")] {
        let (table, _) = name.split_once('/').unwrap();
        let bytes = |nanos| {
            if format == "ARROW" {
                ipc(&file(nanos))
            } else {
                parquet_bytes(&[file(nanos)])
            }
        };
        let declare = format!("CREATE EXTERNAL TABLE {table} (at TIMESTAMP) STORED AS {format} LOCATION '{table}/'");
        owlet.run(&declare).await.unwrap();
        put(here, name, bytes(5_000));
        let early = "at < TIMESTAMP '1970-01-01 00:00:00.000003'";
        assert_eq!(
            owlet.value(&format!("SELECT max(at) FROM {table}")).await,
            "1970-01-01T00:00:00.000005"
        );
        assert_eq!(
            owlet
                .value(&format!("SELECT count(*) FROM {table} WHERE {early}"))
                .await,
            "1"
        );
        assert_eq!(owlet.value(&format!("SELECT count(at) FROM {table}")).await, "2");
        put(here, name, bytes(5_001));
        for sql in [format!("SELECT max(at) FROM {table}"), format!("SELECT * FROM {table}")] {
            refused(&owlet, &sql, ErrorCode::BadData, &[name, "\"at\"", "finer"]).await;
        }
    }
}

#[tokio::test]
async fn nested_columns_are_read_as_declared_and_never_as_null_for_their_case() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    let line = "{\"s\":{\"a\":7,\"b\":1.5,\"gone\":1},\"l\":[1,2],\"m\":{\"k\":5}}\n";
    put(here, "j/a.json", line);
    let columns = "s STRUCT<a:INT,b:DOUBLE>, l ARRAY<INT>, m MAP<STRING,INT>";
    owlet
        .run(&format!(
            "CREATE EXTERNAL TABLE j ({columns}) STORED AS JSON LOCATION 'j/'"
        ))
        .await
        .unwrap();
    owlet
        .run("CREATE TABLE p LOCATION 'p/' AS SELECT * FROM j")
        .await
        .unwrap();
    for (name, wider) in [
        ("same", columns),
        (
            "wider",
            "S STRUCT<a:BIGINT,new:DATE>, l ARRAY<BIGINT>, m MAP<STRING,BIGINT>",
        ),
    ] {
        for (format, place) in [("JSON", "j"), ("PARQUET", "p")] {
            let table = format!("{name}_{place}");
            let declare = format!("CREATE EXTERNAL TABLE {table} ({wider}) STORED AS {format} LOCATION '{place}/'");
            owlet.run(&declare).await.unwrap();
            let shown = owlet
                .table(&format!("SELECT s['a'] AS a, l[2] AS l, m['k'] AS m FROM {table}"))
                .await;
            assert!(shown.contains("| 7 | 2 | 5 |"), "{table}: {shown}");
        }
    }
    assert_eq!(owlet.value("SELECT s['new'] FROM wider_p").await, "");
    for columns in ["s STRUCT<a:SMALLINT>", "l ARRAY<STRING>", "s INT"] {
        owlet.run("DROP TABLE IF EXISTS bad").await.unwrap();
        let declare = format!("CREATE EXTERNAL TABLE bad ({columns}) STORED AS PARQUET LOCATION 'p/'");
        owlet.run(&declare).await.unwrap();
        refused(
            &owlet,
            "SELECT * FROM bad",
            ErrorCode::BadData,
            &["is declared as", "p/"],
        )
        .await;
    }
}

#[tokio::test]
async fn text_is_read_as_declared_by_name_or_by_position() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/a.csv", "NAME,id,more\nowl,007,x\n,8,y\n");
    put(here, "t/b.csv", "id\n9\n");
    put(here, "h/a", "1\u{1}owl\n2\u{1}\\N\n");
    put(here, "h/b", "3\u{1}a\u{1}more\n");
    put(here, "h/c", "4\n");
    put(here, "q/a.csv", "\"id\";\"name\"\n\"1\";\"a\\\";b\"\n");
    put(
        here,
        "j/a.json",
        "{\"ID\":\"007\",\"name\":{\"first\":1}}\n{\"name\":true,\"extra\":1}\n",
    );
    for (declare, sql, wanted) in [
        (
            "CREATE EXTERNAL TABLE t (id INT, name VARCHAR, absent DATE) STORED AS CSV LOCATION 't/' OPTIONS ('format.has_header' 'true')",
            "SELECT id, name, absent FROM t ORDER BY id",
            vec![
                "| 7  | owl  |        |",
                "| 8  |      |        |",
                "| 9  |      |        |",
            ],
        ),
        (
            "CREATE EXTERNAL TABLE h (id INT, name STRING) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' LOCATION 'h/'",
            "SELECT id, name FROM h ORDER BY id",
            vec!["| 1  | owl  |", "| 2  |      |", "| 3  | a    |", "| 4  |      |"],
        ),
        (
            "CREATE EXTERNAL TABLE q (id INT, name STRING) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' \
             WITH SERDEPROPERTIES ('separatorChar' = ';') LOCATION 'q/' TBLPROPERTIES ('skip.header.line.count' = '1')",
            "SELECT id, name FROM q",
            vec!["| 1  | a\";b |"],
        ),
        (
            "CREATE EXTERNAL TABLE j (id INT, name STRING) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 'j/'",
            "SELECT id, name FROM j ORDER BY id",
            vec!["| 7  | {\"first\":1} |", "|    | true        |"],
        ),
    ] {
        owlet.run(declare).await.unwrap();
        let shown = owlet.table(sql).await;
        for row in wanted {
            assert!(shown.contains(row), "{sql}: {shown}");
        }
    }
    owlet
        .run("CREATE EXTERNAL TABLE bad (id INT, name DATE) STORED AS CSV LOCATION 't/'")
        .await
        .unwrap();
    refused(
        &owlet,
        "SELECT * FROM bad",
        ErrorCode::BadData,
        &["a.csv\", line 2", "\"owl\"", "\"name\""],
    )
    .await;
    assert_eq!(
        owlet.value("SELECT sum(id) FROM bad").await,
        "24",
        "a column that is not asked for is not read"
    );
}

#[tokio::test]
async fn registered_partitions_win_over_those_that_are_found() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/dt=1/a.parquet", numbers("n", [1]));
    put(here, "t/dt=02/a.parquet", numbers("n", [10]));
    put(here, "t/extra/a.parquet", numbers("n", [100]));
    put(here, "elsewhere/a.parquet", numbers("n", [1000]));
    owlet
        .run("CREATE EXTERNAL TABLE t (n BIGINT) PARTITIONED BY (dt INT) STORED AS PARQUET LOCATION 't/'")
        .await
        .unwrap();
    refused(&owlet, "SELECT sum(n) FROM t", ErrorCode::BadData, &["extra/a.parquet"]).await;
    owlet
        .run("ALTER TABLE t ADD PARTITION (dt = 3) LOCATION 't/extra/'")
        .await
        .unwrap();
    assert_eq!(owlet.value("SELECT sum(n) FROM t").await, "111");
    owlet.run("ALTER TABLE t DROP PARTITION (dt = 2)").await.unwrap();
    assert_eq!(owlet.value("SELECT sum(n) FROM t").await, "101");
    assert_eq!(owlet.value("SELECT coalesce(sum(n), 0) FROM t WHERE dt = 2").await, "0");
    owlet
        .run("ALTER TABLE t ADD PARTITION (dt = 4) LOCATION 'elsewhere/'")
        .await
        .unwrap();
    assert_eq!(owlet.value("SELECT sum(n) FROM t WHERE dt > 2").await, "1100");
    assert_eq!(owlet.value("SELECT sum(n) FROM t WHERE dt = 4").await, "1000");
}

#[tokio::test]
async fn delimited_rows_are_text_without_stored_as() {
    let owlet = TestEngine::local().await;
    put(owlet.directory.path(), "x/data", "1,one\n2,\\N\n");
    owlet
        .run(
            "CREATE EXTERNAL TABLE h (id INT, name STRING) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' \
             LINES TERMINATED BY '\\n' LOCATION 'x/'",
        )
        .await
        .unwrap();
    assert_eq!(owlet.value("SELECT sum(id) FROM h").await, "3");
    assert_eq!(owlet.value("SELECT count(name) FROM h").await, "1");
}

#[tokio::test]
async fn what_nobody_understands_of_a_declaration_is_refused() {
    let owlet = TestEngine::local().await;
    for (clauses, part) in [
        ("OPTIONS ('foo' 'bar')", "\"foo\""),
        ("STORED AS CSV OPTIONS ('foo' 'bar')", "\"foo\""),
        ("ROW FORMAT DELIMITED LINES TERMINATED BY ';'", "line.delim"),
        ("TBLPROPERTIES ('projection.enabled' = 'true')", "projection"),
        (
            "STORED AS PARQUET TBLPROPERTIES ('Projection.Enabled' = 'true')",
            "projection",
        ),
    ] {
        let sql = format!("CREATE EXTERNAL TABLE t (id INT) {clauses} LOCATION 'x/'");
        refused(&owlet, &sql, ErrorCode::NotSupported, &[part]).await;
    }
}
