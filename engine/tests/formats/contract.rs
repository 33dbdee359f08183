//! What holds for every format, written once.

use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use owlet_engine::ErrorCode;
use owlet_s3_fixture::{RequestKind, RequestRule, S3Fixture};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{batch, column, gzip, put, refused, three_rows, zstd};
use crate::support::{TestEngine, parquet_bytes};

/// A way to write a batch, and the ending of the files.
pub struct Way {
    pub ending: &'static str,
    pub write: fn(&RecordBatch) -> Vec<u8>,
    /// Whether a file that is cut off can be told from one that is not.
    knows_its_end: bool,
}

pub const WAYS: &[Way] = &[
    Way {
        ending: "parquet",
        write: |batch| parquet_bytes(std::slice::from_ref(batch)),
        knows_its_end: true,
    },
    Way {
        ending: "csv",
        write: |batch| csv(batch, b','),
        knows_its_end: false,
    },
    Way {
        ending: "csv.gz",
        write: |batch| gzip(&csv(batch, b',')),
        knows_its_end: true,
    },
    Way {
        ending: "CSV.zst",
        write: |batch| zstd(&csv(batch, b',')),
        knows_its_end: true,
    },
    Way {
        ending: "tsv",
        write: |batch| csv(batch, b'\t'),
        knows_its_end: false,
    },
    Way {
        ending: "json",
        write: json_lines,
        knows_its_end: true,
    },
    Way {
        ending: "ndjson.gz",
        write: |batch| gzip(&json_lines(batch)),
        knows_its_end: true,
    },
    Way {
        ending: "array.json",
        write: json_array,
        knows_its_end: true,
    },
    Way {
        ending: "arrow",
        write: arrow_file,
        knows_its_end: true,
    },
    Way {
        ending: "arrows",
        write: arrow_stream,
        knows_its_end: true,
    },
];

fn csv(batch: &RecordBatch, delimiter: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = arrow::csv::WriterBuilder::new()
        .with_header(true)
        .with_delimiter(delimiter)
        .build(&mut bytes);
    writer.write(batch).unwrap();
    drop(writer);
    bytes
}

fn json_lines(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner()
}

fn json_array(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner()
}

fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch.slice(0, 1)).unwrap();
    writer.write(&batch.slice(1, batch.num_rows() - 1)).unwrap();
    writer.into_inner().unwrap()
}

fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn rows_are_read_with_their_types_and_projected() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    for Way { ending, write, .. } in WAYS {
        put(here, &format!("t.{ending}"), write(&three_rows()));
        let from = format!("FROM 't.{ending}'");
        let all = owlet
            .table(&format!(
                "SELECT count(*) AS n, sum(id) AS ids, sum(price) AS price, arrow_typeof(max(id)) AS id_type, \
                 arrow_typeof(max(price)) AS price_type, max(name) AS name, count(name) AS names {from}"
            ))
            .await;
        let wanted = "| 3 | 6   | 0.75  | Int64   | Float64    | owl  | 2     |";
        assert!(all.contains(wanted), "{ending}: {all}");
        assert_eq!(
            owlet.value(&format!("SELECT price {from} WHERE id = 2")).await,
            "2.25",
            "{ending}"
        );
        assert_eq!(
            owlet.value(&format!("SELECT name {from} WHERE price < 0")).await,
            "a, \"b\"\nc",
            "{ending}"
        );
        assert_eq!(owlet.value(&format!("SELECT count(*) {from}")).await, "3", "{ending}");
        assert_eq!(
            owlet.value(&format!("SELECT count(*) {from} WHERE name IS NULL")).await,
            "1",
            "{ending}"
        );
        assert_eq!(
            owlet
                .value(&format!("SELECT id + 1 {from} ORDER BY id DESC LIMIT 1"))
                .await,
            "4",
            "{ending}"
        );
    }
}

#[tokio::test]
async fn columns_of_files_are_matched_by_name_and_added_ones_are_null() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    for (number, Way { ending, write, .. }) in WAYS.iter().enumerate() {
        let t = format!("t{number}");
        put(here, &format!("{t}/a.{ending}"), write(&three_rows()));
        let later = batch(&[
            ("added", column(StringArray::from(vec!["new"]))),
            ("PRICE", column(Float64Array::from(vec![100.5]))),
            ("ID", column(Int64Array::from(vec![4]))),
        ]);
        put(
            here,
            &format!("{t}/day=2024-01-02/b.{ending}").replace("day=2024-01-02/", ""),
            write(&later),
        );
        let shown = owlet
            .table(&format!(
                "SELECT sum(id) AS ids, sum(price) AS prices, count(name) AS names, count(added) AS added, max(added) AS last FROM '{t}/'"
            ))
            .await;
        assert!(
            shown.contains("| 10  | 101.25 | 2     | 1     | new  |"),
            "{ending}: {shown}"
        );
        assert_eq!(
            owlet.value(&format!("SELECT id FROM '{t}/' WHERE added = 'new'")).await,
            "4",
            "{ending}"
        );
    }
}

#[tokio::test]
async fn empty_files_are_no_rows_and_cut_off_ones_are_errors() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    for (
        number,
        Way {
            ending,
            write,
            knows_its_end,
        },
    ) in WAYS.iter().enumerate()
    {
        let t = format!("t{number}");
        put(here, &format!("{t}/a.{ending}"), write(&three_rows()));
        put(here, &format!("{t}/b.{ending}"), "");
        assert_eq!(
            owlet.value(&format!("SELECT count(*) FROM '{t}/'")).await,
            "3",
            "{ending}"
        );
        if *knows_its_end {
            let whole = write(&three_rows());
            for length in [whole.len() - 1, whole.len() / 2, 1] {
                put(here, &format!("{t}/b.{ending}"), &whole[..length]);
                let sql = format!("SELECT sum(id) FROM '{t}/'");
                // Of an array of JSON, the last bytes are its line break and its end.
                let length_matters = !(*ending == "json" && length == whole.len() - 1);
                if length_matters {
                    refused(&owlet, &sql, ErrorCode::BadData, &[&format!("b.{ending}")]).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_clash_of_types_names_file_and_column() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    for (number, Way { ending, write, .. }) in WAYS.iter().enumerate() {
        let t = format!("t{number}");
        put(here, &format!("{t}/a.{ending}"), write(&three_rows()));
        let other = batch(&[("Id", column(StringArray::from(vec!["x"])))]);
        put(here, &format!("{t}/b.{ending}"), write(&other));
        let sql = format!("SELECT count(id) FROM '{t}/'");
        if ending.to_lowercase().contains("sv") {
            // All texts of a column were looked at: it is one of text.
            assert_eq!(owlet.value(&sql).await, "4", "{ending}");
        } else {
            refused(&owlet, &sql, ErrorCode::BadData, &["\"id\"", &format!("b.{ending}")]).await;
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_never_a_mixture_and_the_bill_is_the_servers() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    for Way { ending, write, .. } in WAYS {
        let key = format!("t/a.{ending}");
        fixture.reset();
        fixture.put("lake", &key, write(&three_rows()));
        let sql = format!("SELECT sum(id) FROM 's3://lake/{key}'");
        fixture.reset();
        let answer = owlet.run(&sql).await.unwrap();
        assert_eq!(answer.value(), "6", "{ending}");
        let server = fixture.counters();
        let ours = answer.statistics;
        assert_eq!(
            [server.get, server.head, server.list, server.body_bytes_sent],
            [
                ours.requests.get,
                ours.requests.head,
                ours.requests.list,
                ours.bytes_scanned
            ],
            "{ending}"
        );
        // Another file than before, of which nothing is remembered.
        let other = batch(&[("id", column(Int64Array::from(vec![7, 8, 9])))]);
        fixture.put("lake", &key, write(&other));
        let (objects, version, write, changed) = (fixture.objects(), AtomicU64::new(0), *write, key.clone());
        fixture.on_applied(RequestRule::on(RequestKind::Get), move |_| {
            let next = version.fetch_add(1, Ordering::Relaxed) + 1;
            let id = i64::try_from(next).unwrap();
            let rows = batch(&[("id", column(Int64Array::from(vec![id, id + 1, id + 5])))]);
            objects.put("lake", &changed, write(&rows));
        });
        refused(&owlet, &sql, ErrorCode::ObjectChanged, &[&format!("a.{ending}")]).await;
    }
}

#[tokio::test]
async fn formats_are_not_mixed_and_the_advice_works_for_sub_directories_too() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "t/deep/a.parquet", parquet_bytes(&[three_rows()]));
    put(here, "t/deep/b.csv", csv(&three_rows(), b','));
    let error = refused(
        &owlet,
        "SELECT * FROM 't/'",
        ErrorCode::NotSupported,
        &["b.csv", "csv", "parquet"],
    )
    .await;
    let advice = error.message().rsplit('"').nth(1).unwrap().to_owned();
    assert!(advice.ends_with("t/**/*.parquet"), "{error}");
    assert_eq!(owlet.value(&format!("SELECT count(*) FROM '{advice}'")).await, "3");
    assert_eq!(owlet.value("SELECT count(*) FROM 't/**/*.csv'").await, "3");
}

#[tokio::test]
async fn a_pattern_lists_what_its_beginning_names_and_no_more() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for n in 0..60 {
        fixture.put("lake", &format!("many/{n:04}.csv"), format!("n\n{n}\n"));
        fixture.put("lake", &format!("many/0002/{n:04}.csv"), format!("n\n{n}\n"));
    }
    fixture.put("lake", "many/001", csv(&three_rows(), b','));
    let owlet = TestEngine::over(&fixture).await;
    for (pattern, sum, lists, heads) in [
        ("many/000*.csv", "45", 8, 0),
        ("many/005?.csv", "545", 2, 0),
        ("many/0002/000*.csv", "45", 2, 0),
        ("many/{0001,0003}.csv", "4", 13, 0),
        ("many/00{01,03}.csv", "4", 13, 0),
    ] {
        fixture.reset();
        fixture.set_page_size(10);
        let answer = owlet
            .run(&format!("SELECT sum(n) FROM 's3://lake/{pattern}'"))
            .await
            .unwrap();
        assert_eq!(answer.value(), sum, "{pattern}");
        let counters = fixture.counters();
        assert!(counters.list <= lists, "{pattern}: {} pages", counters.list);
        assert_eq!(counters.head, heads, "{pattern}");
    }
    fixture.put("lake", "x/001", parquet_bytes(&[three_rows()]));
    fixture.put("lake", "x/0012", parquet_bytes(&[three_rows()]));
    assert_eq!(
        owlet.value("SELECT count(*) FROM 's3://lake/x/001*'").await,
        "6",
        "a star means nothing as well"
    );
}

#[tokio::test]
async fn bytes_that_are_broken_name_their_file_wherever_they_are_met() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let values = (0..50_000_i64).map(|n| n * n);
    let rows = batch(&[("n", column(Int64Array::from_iter_values(values)))]);
    // Compressed: what is broken in plain values is another value.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    let whole = writer.into_inner().unwrap();
    let good = parquet_bytes(&[batch(&[("n", column(Int64Array::from(vec![1, 2])))])]);
    let mut page = whole.clone();
    page[whole.len() / 4..whole.len() / 2].fill(0xff);
    let mut header = whole.clone();
    header[4..40].fill(0xff);
    let shifted = [&whole[..4], &whole[whole.len() * 3 / 4..]].concat();
    for (index, broken) in [page, header, shifted].into_iter().enumerate() {
        let name = format!("t{index}/b.parquet");
        for (name, bytes) in [(format!("t{index}/a.parquet"), &good), (name.clone(), &broken)] {
            put(owlet.directory.path(), &name, bytes);
            fixture.put("lake", &name, bytes);
        }
        for place in [format!("t{index}/"), format!("s3://lake/t{index}/")] {
            for what in ["sum(n % 7)", "count(DISTINCT n)"] {
                let sql = format!("SELECT {what} FROM '{place}' WHERE n <> 5");
                refused(&owlet, &sql, ErrorCode::BadData, &[&name]).await;
            }
        }
    }
}

#[tokio::test]
async fn what_fails_in_an_expression_is_not_the_files_fault() {
    let owlet = TestEngine::local().await;
    for Way { ending, write, .. } in WAYS {
        put(owlet.directory.path(), &format!("t.{ending}"), write(&three_rows()));
        let error = owlet
            .run(&format!("SELECT 1 / (id - id) FROM 't.{ending}'"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidValue, "{ending}: {error}");
    }
}
