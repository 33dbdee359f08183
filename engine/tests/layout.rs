//! Files as tables: what is listed, what is read, under which schema; beside what the bare engine makes of the same files.

use arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use owlet_engine::ErrorCode;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::support::{TestEngine, numbers, parquet_bytes};

fn put(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn one_column(name: &str, column: impl arrow::array::Array + 'static) -> Vec<u8> {
    parquet_bytes(&[RecordBatch::try_from_iter_with_nullable([(name, Arc::new(column) as ArrayRef, true)]).unwrap()])
}

async fn bare_value(context: &SessionContext, sql: &str) -> String {
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    arrow::util::display::array_value_to_string(batches[0].column(0), 0).unwrap()
}

#[tokio::test]
async fn what_another_writer_adds_replaces_or_removes_is_seen_by_the_next_statement() {
    let owlet = TestEngine::local().await;
    let t = owlet.directory.path().join("t");
    put(&t, "a.parquet", numbers("n", [1]));
    let bare = SessionContext::new();
    bare.register_parquet("t", t.to_str().unwrap(), ParquetReadOptions::default())
        .await
        .unwrap();
    let ours = "SELECT coalesce(sum(n), 0) FROM 't/'";
    assert_eq!(owlet.value(ours).await, "1");
    assert_eq!(bare_value(&bare, "SELECT sum(n) FROM t").await, "1");
    put(&t, "b.parquet", numbers("n", [10]));
    assert_eq!(owlet.value(ours).await, "11");
    assert_eq!(
        bare_value(&bare, "SELECT sum(n) FROM t").await,
        "1",
        "the bare engine sees new files now: drop this guard"
    );
    put(&t, "a.parquet", numbers("n", [5]));
    assert_eq!(owlet.value(ours).await, "15");
    fs::remove_file(t.join("b.parquet")).unwrap();
    assert_eq!(owlet.value(ours).await, "5");
}

#[tokio::test]
async fn sub_directories_are_read_and_hidden_names_are_not() {
    let owlet = TestEngine::local().await;
    let t = owlet.directory.path().join("t");
    put(&t, "a.parquet", numbers("n", [1]));
    put(&t, "deep/er/b.parquet", numbers("n", [10]));
    put(&t, "_hidden.parquet", numbers("n", [100]));
    put(&t, ".hidden.parquet", numbers("n", [1000]));
    put(&t, "_temporary/0/c.parquet", numbers("n", [10_000]));
    put(&t, "_SUCCESS", "");
    for location in ["t", "t/", "t/**/*.parquet", "t/**"] {
        assert_eq!(
            owlet.value(&format!("SELECT sum(n) FROM '{location}'")).await,
            "11",
            "{location}"
        );
    }
    assert_eq!(owlet.value("SELECT sum(n) FROM 't/*.parquet'").await, "1");
    assert_eq!(owlet.value("SELECT sum(n) FROM 't/_*.parquet'").await, "100");
    let bare = SessionContext::new();
    bare.register_parquet("t", t.to_str().unwrap(), ParquetReadOptions::default())
        .await
        .unwrap();
    assert_ne!(
        bare_value(&bare, "SELECT sum(n) FROM t").await,
        "11",
        "the bare engine has Hive's layout now: drop this guard"
    );
}

#[tokio::test]
async fn columns_are_matched_in_any_case_and_a_missing_one_is_null() {
    let owlet = TestEngine::local().await;
    let t = owlet.directory.path().join("t");
    put(&t, "a.parquet", numbers("id", [1]));
    put(&t, "b.parquet", numbers("ID", [2]));
    put(&t, "c.parquet", numbers("other", [3]));
    assert_eq!(owlet.value("SELECT sum(Id) FROM 't/'").await, "3");
    assert_eq!(owlet.value("SELECT count(id) FROM 't/'").await, "2");
    assert_eq!(owlet.value("SELECT count(*) FROM 't/' WHERE id = 2").await, "1");
    assert_eq!(owlet.value("SELECT count(*) FROM 't/' WHERE id IS NULL").await, "1");
    assert_eq!(owlet.value("SELECT max(id) FROM 't/'").await, "2");
    let bare = SessionContext::new();
    bare.register_parquet("t", t.to_str().unwrap(), ParquetReadOptions::default())
        .await
        .unwrap();
    assert_ne!(
        bare_value(&bare, "SELECT sum(id) FROM t").await,
        "3",
        "the bare engine matches names in any case now"
    );
}

#[tokio::test]
async fn a_type_may_widen_from_file_to_file_and_a_clash_names_file_and_column() {
    let owlet = TestEngine::local().await;
    let t = owlet.directory.path().join("t");
    put(&t, "a.parquet", one_column("n", Int32Array::from(vec![1, 2])));
    put(&t, "b.parquet", one_column("n", Int64Array::from(vec![1 << 40])));
    assert_eq!(
        owlet.value("SELECT sum(n) FROM 't/'").await,
        ((1_i64 << 40) + 3).to_string()
    );
    assert_eq!(owlet.value("SELECT count(*) FROM 't/' WHERE n > 1").await, "2");
    assert_eq!(owlet.value("SELECT min(n) FROM 't/'").await, "1");
    put(&t, "c.parquet", one_column("N", StringArray::from(vec!["x"])));
    let error = owlet.run("SELECT sum(n) FROM 't/'").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadData);
    assert!(
        error.message().contains("c.parquet") && error.message().contains("\"n\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_beyond_the_sample_is_checked_before_it_is_read() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_INFERENCE_FILES", "2")]).await;
    let t = owlet.directory.path().join("t");
    for name in ["a", "b", "c"] {
        put(&t, &format!("{name}.parquet"), numbers("n", [1]));
    }
    assert_eq!(owlet.value("SELECT count(*) FROM 't/'").await, "3");
    put(&t, "b.parquet", one_column("unseen", Int64Array::from(vec![1])));
    let error = owlet.run("SELECT count(*) FROM 't/'").await.unwrap_err();
    assert!(
        error.message().contains("b.parquet") && error.message().contains("unseen"),
        "{error}"
    );
}

#[tokio::test]
async fn nested_columns_are_counted_right() {
    let owlet = TestEngine::local().await;
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None, Some(vec![])]);
    put(owlet.directory.path(), "l.parquet", one_column("l", lists));
    assert_eq!(owlet.value("SELECT count(l) FROM 'l.parquet'").await, "2");
    assert_eq!(
        owlet.value("SELECT count(*) FROM 'l.parquet' WHERE l IS NULL").await,
        "1"
    );
}

#[tokio::test]
async fn directories_that_spell_a_column_are_one_and_prune_files() {
    let owlet = TestEngine::local().await;
    let t = owlet.directory.path().join("t");
    put(&t, "day=2024-01-01/a.parquet", numbers("n", [0, 1]));
    put(&t, "day=2024-01-02/a.parquet", numbers("n", [4, 6]));
    put(&t, "day=__HIVE_DEFAULT_PARTITION__/a.parquet", numbers("n", [40, 60]));
    assert_eq!(
        owlet
            .value("SELECT sum(n) FROM 't/' WHERE day = DATE '2024-01-02'")
            .await,
        "10"
    );
    assert_eq!(owlet.value("SELECT sum(n) FROM 't/' WHERE day IS NULL").await, "100");
    assert_eq!(owlet.value("SELECT count(day) FROM 't/'").await, "4");
    assert_eq!(
        owlet
            .value("SELECT count(*) FROM 't/' WHERE day < DATE '1999-01-01'")
            .await,
        "0"
    );
    assert_eq!(owlet.value("SELECT arrow_typeof(max(day)) FROM 't/'").await, "Date32");
    let all = owlet.run("SELECT sum(n) FROM 't/'").await.unwrap().statistics;
    let one = owlet
        .run("SELECT sum(n) FROM 't/' WHERE day = DATE '2024-01-02'")
        .await
        .unwrap()
        .statistics;
    assert_eq!(
        all.requests.get - one.requests.get,
        2,
        "two of three files are not opened: {all:?} {one:?}"
    );
}

#[tokio::test]
async fn tables_with_a_log_are_not_read_as_bare_parquet() {
    let owlet = TestEngine::local().await;
    for (name, log) in [
        ("delta", "_delta_log/00000000000000000000.json"),
        ("hudi", ".hoodie/hoodie.properties"),
        ("ice", "metadata/v1.metadata.json"),
    ] {
        let t = owlet.directory.path().join(name);
        put(&t, "a.parquet", numbers("n", [1]));
        put(&t, log, "{}");
        let error = owlet.run(&format!("SELECT * FROM '{name}/'")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotSupported, "{error}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_parquet_is_named() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "bad.parquet", "this is not Parquet, whatever it is called");
    put(here, "short.parquet", "PAR1");
    put(here, "rows.xls", "a\n1\n");
    put(here, "empty/_SUCCESS", "");
    for (location, code, part) in [
        ("bad.parquet", ErrorCode::BadData, "bad.parquet"),
        ("short.parquet", ErrorCode::BadData, "short.parquet"),
        ("rows.xls", ErrorCode::NotSupported, "rows.xls"),
        ("gone.parquet", ErrorCode::TableNotFound, "gone.parquet"),
        ("gone/", ErrorCode::TableNotFound, "gone/"),
        ("empty/", ErrorCode::TableNotFound, "empty/"),
        ("*.nothing", ErrorCode::TableNotFound, "*.nothing"),
    ] {
        let error = owlet.run(&format!("SELECT * FROM '{location}'")).await.unwrap_err();
        assert_eq!(error.code(), code, "{location}: {error}");
        assert!(error.message().contains(part), "{location}: {error}");
        assert!(error.position().is_some(), "{location}: {error}");
    }
}

#[tokio::test]
async fn names_that_are_wrong_get_the_nearest_right_one() {
    let owlet = TestEngine::local().await;
    put(owlet.directory.path(), "n.parquet", numbers("amount", [1]));
    let error = owlet.run("SELECT\n  amuont\nFROM 'n.parquet'").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ColumnNotFound);
    assert!(error.message().contains("did you mean \"amount\""), "{error}");
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column), (2, 3));
    let error = owlet.run("SELECT * FROM system.query_execution").await.unwrap_err();
    assert!(error.message().contains("did you mean \"query_executions\""), "{error}");
}

#[tokio::test]
async fn rows_with_nan_are_found_though_footers_leave_it_out() {
    let owlet = TestEngine::local().await;
    let floats = arrow::array::Float64Array::from(vec![1.0, f64::NAN]);
    put(owlet.directory.path(), "f.parquet", one_column("f", floats));
    assert_eq!(
        owlet.value("SELECT count(*) FROM 'f.parquet' WHERE f = 'NaN'").await,
        "1"
    );
    assert_eq!(owlet.value("SELECT count(*) FROM 'f.parquet' WHERE f > 5").await, "1");
}

#[tokio::test]
async fn set_operations_that_count_rows_are_refused_because_the_bare_engine_does_not_count() {
    let sql = "SELECT * FROM (VALUES (1), (1)) a EXCEPT ALL SELECT * FROM (VALUES (1)) b";
    let bare = SessionContext::new().sql(sql).await.unwrap().collect().await.unwrap();
    let rows: usize = bare.iter().map(RecordBatch::num_rows).sum();
    assert_ne!(rows, 1, "the bare engine counts rows now: drop this guard");
    let error = TestEngine::local().await.run(sql).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotSupported);
}
