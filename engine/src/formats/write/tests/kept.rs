//! What is there when all goes well, and what it cost.

use super::*;

#[tokio::test]
async fn a_small_file_is_one_request_and_visible_under_its_name() {
    for bench in Bench::both() {
        let mut written = written(&bench.target("parquet"), Files::One, mebibytes(1)).await;
        written.keep();
        assert_eq!((written.rows, written.files.len()), (16, 1));
        drop(written);
        assert_eq!(bench.names(), ["t/q1-00000.parquet"]);
        let requests = bench.storage.usage().requests;
        assert_eq!((requests.put, requests.total()), (1, 1));
    }
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_its_size_is_what_was_counted() {
    for bench in Bench::both() {
        let mut written = written(&bench.target("csv"), Files::One, mebibytes(12)).await;
        written.keep();
        let [file] = written.files.as_slice() else {
            panic!("{written:?}")
        };
        let requests = bench.storage.usage().requests;
        assert_eq!((requests.put, requests.post, requests.total()), (3, 2, 5));
        let size = match &bench.place {
            Place::Bucket(fixture) => std::fs::metadata(fixture.bucket_directory("data").join("t/q1-00000.csv")),
            Place::Directory(directory) => std::fs::metadata(directory.path().join("t/q1-00000.csv")),
        };
        assert_eq!(file.bytes, size.unwrap().len());
        assert_eq!(written.bytes, file.bytes);
        assert_eq!(
            bench.storage.usage().bytes_read > 0,
            matches!(bench.place, Place::Bucket(_))
        );
        if let Place::Bucket(_) = bench.place {
            bench.assert_counted();
        }
    }
}

#[tokio::test]
async fn no_row_makes_no_file() {
    for files in [Files::One, Files::Many] {
        let bench = Bench::bucket();
        let written = written(&bench.target("parquet"), files, streamed(vec![Ok(rows(0..0, "a"))])).await;
        assert_eq!((written.rows, written.files.len()), (0, 0));
        assert!(bench.names().is_empty());
        assert_eq!(bench.storage.usage().requests.total(), 0);
    }
}

#[tokio::test]
async fn many_files_roll_at_their_target_size_and_one_does_not() {
    for format in ["parquet", "csv", "json", "arrow"] {
        let bench = Bench::directory();
        let settings = WriteSettings {
            target_file_bytes: 30_000,
            row_group_bytes: 10_000,
            ..small()
        };
        let batches = || streamed((0..20).map(|n| Ok(rows(n * 300..(n + 1) * 300, "a"))).collect());
        let target = bench.target(format);
        let mut many = write(&target, Files::Many, batches(), &unbounded(), &settings)
            .await
            .unwrap();
        many.keep();
        assert!(many.files.len() >= 3, "{format}: {} files", many.files.len());
        let (last, rolled) = many.files.split_last().unwrap();
        assert!(
            rolled.iter().all(|file| (20_000..60_000).contains(&file.bytes)),
            "{format}: {rolled:?}"
        );
        assert!(last.rows > 0);
        assert_eq!(many.files.iter().map(|file| file.rows).sum::<u64>(), 6_000);
        let bench = Bench::directory();
        let target = bench.target(format);
        let mut one = write(&target, Files::One, batches(), &unbounded(), &settings)
            .await
            .unwrap();
        one.keep();
        assert_eq!(one.files.len(), 1, "{format}");
    }
}

#[tokio::test]
async fn rows_go_into_the_directories_of_their_partitions() {
    let bench = Bench::directory();
    let mixed = arrow::compute::concat_batches(
        &rows(0..0, "").schema(),
        &[rows(0..10, "a/b"), rows(10..20, ""), rows(20..30, "a/b")],
    );
    let mut written = written(
        &bench.partitioned("parquet"),
        Files::Many,
        streamed(vec![Ok(mixed.unwrap())]),
    )
    .await;
    written.keep();
    assert_eq!(
        bench.names(),
        ["t/part=/q1-00001.parquet", "t/part=a%2Fb/q1-00000.parquet"]
    );
    let rows: Vec<_> = written
        .files
        .iter()
        .map(|file| (file.partition.clone(), file.rows))
        .collect();
    assert_eq!(
        rows,
        [(vec![Some(String::new())], 10), (vec![Some("a/b".to_owned())], 20)]
    );
}

#[tokio::test]
async fn what_was_written_goes_unless_it_is_kept() {
    for bench in Bench::both() {
        let dropped = written(&bench.target("arrow"), Files::Many, mebibytes(18)).await;
        assert!(bench.names().len() >= 3);
        drop(dropped);
        bench.assert_nothing_stays().await;
        let discarded = written(&bench.target("arrow"), Files::Many, mebibytes(18)).await;
        discarded.discard().await.unwrap();
        assert!(bench.names().is_empty());
        if let Place::Bucket(_) = bench.place {
            bench.assert_counted();
        }
    }
}
