//! TPC-H data and queries.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

pub const TABLES: [&str; 8] = [
    "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
];

/// The scale of the tests' data: 600,000 line items.
const SCALE: f64 = 0.1;

/// The directory of the eight tables at scale 0.1, one directory a table, made once for all test processes.
pub fn data() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = parent.join("tpch-0.1");
    if made.exists() {
        return made;
    }
    // Several test processes may come here at once: each makes its own, the first to finish gives it the name.
    let own = tempfile::tempdir_in(parent).unwrap();
    write(
        own.path(),
        "customer",
        CustomerArrow::new(CustomerGenerator::new(SCALE, 1, 1)),
    );
    write(
        own.path(),
        "lineitem",
        LineItemArrow::new(LineItemGenerator::new(SCALE, 1, 1)),
    );
    write(
        own.path(),
        "nation",
        NationArrow::new(NationGenerator::new(SCALE, 1, 1)),
    );
    write(own.path(), "orders", OrderArrow::new(OrderGenerator::new(SCALE, 1, 1)));
    write(own.path(), "part", PartArrow::new(PartGenerator::new(SCALE, 1, 1)));
    write(
        own.path(),
        "partsupp",
        PartSuppArrow::new(PartSuppGenerator::new(SCALE, 1, 1)),
    );
    write(
        own.path(),
        "region",
        RegionArrow::new(RegionGenerator::new(SCALE, 1, 1)),
    );
    write(
        own.path(),
        "supplier",
        SupplierArrow::new(SupplierGenerator::new(SCALE, 1, 1)),
    );
    if fs::rename(own.path(), &made).is_ok() {
        // The directory has another name now; there is nothing to remove.
        let _ = own.keep();
    }
    made
}

/// Writes two files of several row groups each, as a lake would have them.
fn write(directory: &Path, table: &str, batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>) {
    let directory = directory.join(table);
    fs::create_dir(&directory).unwrap();
    let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
    let half = batches.len().div_ceil(2);
    for (index, part) in batches.chunks(half.max(1)).enumerate() {
        let file = File::create(directory.join(format!("part-{index}.parquet"))).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(50_000))
            .build();
        let mut writer = ArrowWriter::try_new(file, part[0].schema(), Some(properties)).unwrap();
        for batch in part {
            writer.write(batch).unwrap();
        }
        writer.close().unwrap();
    }
}

/// The text of query `number` over tables at `base` (`s3://bucket/tpch`, `/some/directory`).
pub fn query(number: usize, base: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../datasets/tpch/queries/q{number:02}.sql"));
    let text = fs::read_to_string(path).unwrap();
    let named: Vec<String> = TABLES
        .iter()
        .filter(|table| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| word == **table)
        })
        .map(|table| format!("{table} AS (SELECT * FROM '{base}/{table}/')"))
        .collect();
    format!("WITH {}\n{}", named.join(",\n"), text.trim().trim_end_matches(';'))
}
