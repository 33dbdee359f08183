//! What writing holds is reserved, and it makes do with little.

use super::*;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use std::fmt::Write;

/// Writes 24 mebibytes with so much memory; gives the rows and the number of files, nothing if that is not enough.
async fn write_within(bytes: usize, target: &Target, files: Files, settings: &WriteSettings) -> (u64, Option<usize>) {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
    let batches = streamed((0..24).map(|n| Ok(incompressible(n, &format!("p{}", n % 6)))).collect());
    let result = write(target, files, batches, &pool, settings).await;
    let (rows, count) = match result {
        Ok(mut written) => {
            written.keep();
            (written.rows, Some(written.files.len()))
        }
        Err(DataFusionError::ResourcesExhausted(_)) => (0, None),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(pool.reserved(), 0, "all is given back");
    (rows, count)
}

#[tokio::test]
async fn a_row_group_is_ended_early_before_memory_is_said_to_be_short() {
    let settings = WriteSettings {
        target_file_bytes: 100 << 20,
        ..small()
    };
    let bench = Bench::bucket();
    let (rows, files) = write_within(8 << 20, &bench.target("parquet"), Files::One, &settings).await;
    assert_eq!((rows, files), (24 * 16, Some(1)));
    // The one row group that the settings allow would be ready at the end alone, and all held until then.
    assert!(bench.storage.usage().requests.put >= 3);
}

#[tokio::test]
async fn files_of_several_partitions_are_ended_early_before_memory_is_said_to_be_short() {
    let settings = WriteSettings {
        target_file_bytes: 100 << 20,
        upload_part_bytes: 10 << 20,
        ..small()
    };
    let bench = Bench::bucket();
    let (rows, files) = write_within(100 << 20, &bench.partitioned("arrow"), Files::Many, &settings).await;
    assert_eq!(
        (rows, files),
        (24 * 16, Some(6)),
        "one file a partition where there is room"
    );
    let bench = Bench::bucket();
    let (rows, files) = write_within(12 << 20, &bench.partitioned("arrow"), Files::Many, &settings).await;
    assert_eq!(rows, 24 * 16);
    assert!(files > Some(6), "{files:?}");
    bench.assert_counted();
}

#[tokio::test]
async fn memory_that_is_not_enough_for_anything_is_an_error_and_nothing_stays() {
    let bench = Bench::bucket();
    let (_, files) = write_within(1000, &bench.target("arrow"), Files::One, &small()).await;
    assert_eq!(files, None);
    assert!(bench.names().is_empty());
    bench.assert_counted();
}

/// The `n`th mebibyte of texts that compress to half at best.
fn incompressible(n: i64, part: &str) -> RecordBatch {
    texts(n * ROWS..(n + 1) * ROWS, part, |n| {
        let mut state = n.cast_unsigned().wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut text = String::new();
        while text.len() < 64 << 10 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            write!(text, "{state:016x}").unwrap();
        }
        text
    })
}
