//! What the path of a file says, and what lies on the way to it.

use arrow::array::{Int64Array, StringArray};
use owlet_engine::ErrorCode;

use super::contract::WAYS;
use super::{batch, column, put, refused};
use crate::support::{TestEngine, numbers};

/// As in Hive and Spark, and as for declared tables: the path is what the table is divided by, and what is pruned by.
#[tokio::test]
async fn a_key_in_the_path_wins_over_a_column_of_the_same_name() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_INFERENCE_FILES", "2")]).await;
    let here = owlet.directory.path();
    for (number, way) in WAYS.iter().enumerate() {
        let ending = way.ending;
        for year in [2023, 2024, 2025] {
            let rows = batch(&[
                ("Year", column(StringArray::from(vec!["other", "text"]))),
                ("n", column(Int64Array::from(vec![year, 1]))),
            ]);
            put(here, &format!("t{number}/year={year}/a.{ending}"), (way.write)(&rows));
        }
        let t = format!("'t{number}/'");
        assert_eq!(
            owlet.value(&format!("SELECT sum(n) FROM {t} WHERE year = 2024")).await,
            "2025",
            "{ending}"
        );
        assert_eq!(
            owlet.value(&format!("SELECT sum(year) FROM {t} WHERE n = 1")).await,
            "6072",
            "{ending}"
        );
        assert_eq!(
            owlet.run(&format!("SELECT * FROM {t} LIMIT 1")).await.unwrap().batches[0].num_columns(),
            2,
            "{ending}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_back_is_named_and_is_no_passing_failure() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/a.parquet", numbers("n", [1]));
    put(here, "t/sub/b.parquet", numbers("n", [2]));
    std::os::unix::fs::symlink(here.join("t"), here.join("t/sub/back")).unwrap();
    put(here, "u/a.parquet", numbers("n", [1]));
    std::os::unix::fs::symlink("itself", here.join("u/itself")).unwrap();
    for (table, link) in [
        ("t/", "t/sub/back"),
        ("t/**/*.parquet", "t/sub/back"),
        ("u/", "u/itself"),
    ] {
        let sql = format!("SELECT sum(n) FROM '{table}'");
        refused(&owlet, &sql, ErrorCode::InvalidValue, &[link, "symbolic link"]).await;
    }
    assert_eq!(owlet.value("SELECT sum(n) FROM 't/a.parquet'").await, "1");
}
