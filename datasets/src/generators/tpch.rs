//! TPC-H: the rows of `dbgen`, by the crate `tpchgen`. <https://www.tpc.org/tpch/>

use arrow::datatypes::SchemaRef;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

use super::encoding::Encoding;
use super::plan::{Batches, Plan, PlannedFile};
use super::random::whole;
use super::{Generator, Refusal, Wishes};

pub(super) const GENERATOR: Generator = Generator {
    name: "tpch",
    summary: "the eight tables of TPC-H, row by row those of dbgen: customers, orders and what they order",
    options: &[(
        "scale",
        "1 is 6 million line items, about 1 GB as text and 230 MB as Parquet; from 0.001 to 100000 [default: 1]",
    )],
    tables: &[
        "lineitem", "orders", "partsupp", "customer", "part", "supplier", "nation", "region",
    ],
    plan,
};

/// Below, a part has fewer suppliers than the specification gives it, and at some point none.
const LEAST_SCALE: f64 = 0.001;
/// The largest scale of the specification.
const MOST_SCALE: f64 = 100_000.0;
/// Four row groups: about 100 MiB of line items. The other tables have fewer bytes a row, or nearly as many.
const ROWS_PER_FILE: u64 = 4 << 20;

struct Table {
    name: &'static str,
    /// At scale 1; a table that does not grow has them at any scale.
    rows: f64,
    grows: bool,
    schema: fn() -> SchemaRef,
    /// The rows of a part, from 1, of so many parts, at a scale.
    batches: fn(f64, i32, i32) -> Batches,
}

/// The tables, in the order of [`Generator::tables`].
const TABLES: [Table; 8] = [
    Table {
        name: "lineitem",
        rows: 6_001_215.0,
        grows: true,
        schema: LineItemArrow::schema_ref,
        batches: |scale, part, parts| Box::new(LineItemArrow::new(LineItemGenerator::new(scale, part, parts))),
    },
    Table {
        name: "orders",
        rows: 1_500_000.0,
        grows: true,
        schema: OrderArrow::schema_ref,
        batches: |scale, part, parts| Box::new(OrderArrow::new(OrderGenerator::new(scale, part, parts))),
    },
    Table {
        name: "partsupp",
        rows: 800_000.0,
        grows: true,
        schema: PartSuppArrow::schema_ref,
        batches: |scale, part, parts| Box::new(PartSuppArrow::new(PartSuppGenerator::new(scale, part, parts))),
    },
    Table {
        name: "customer",
        rows: 150_000.0,
        grows: true,
        schema: CustomerArrow::schema_ref,
        batches: |scale, part, parts| Box::new(CustomerArrow::new(CustomerGenerator::new(scale, part, parts))),
    },
    Table {
        name: "part",
        rows: 200_000.0,
        grows: true,
        schema: PartArrow::schema_ref,
        batches: |scale, part, parts| Box::new(PartArrow::new(PartGenerator::new(scale, part, parts))),
    },
    Table {
        name: "supplier",
        rows: 10_000.0,
        grows: true,
        schema: SupplierArrow::schema_ref,
        batches: |scale, part, parts| Box::new(SupplierArrow::new(SupplierGenerator::new(scale, part, parts))),
    },
    Table {
        name: "nation",
        rows: 25.0,
        grows: false,
        schema: NationArrow::schema_ref,
        batches: |scale, part, parts| Box::new(NationArrow::new(NationGenerator::new(scale, part, parts))),
    },
    Table {
        name: "region",
        rows: 5.0,
        grows: false,
        schema: RegionArrow::schema_ref,
        batches: |scale, part, parts| Box::new(RegionArrow::new(RegionGenerator::new(scale, part, parts))),
    },
];

fn plan(wishes: &Wishes) -> Result<Plan, Refusal> {
    let encoding = Encoding::choose(wishes.format, wishes.compression)?;
    let scale = wishes.scale.unwrap_or(1.0);
    if !(LEAST_SCALE..=MOST_SCALE).contains(&scale) {
        return Err(Refusal(format!(
            "--scale is {scale}: give a number from {LEAST_SCALE} to {MOST_SCALE}"
        )));
    }
    let mut files = Vec::new();
    let mut expected_rows = 0;
    for table in TABLES.iter().filter(|table| wishes.includes(table.name)) {
        let rows = whole(if table.grows { table.rows * scale } else { table.rows });
        let parts = i32::try_from(rows.div_ceil(ROWS_PER_FILE))
            .map_err(|_| Refusal(format!("--scale is {scale}: it would make too many files")))?;
        expected_rows += rows;
        for (number, part) in (0..).zip(1..=parts) {
            let batches = table.batches;
            let place = (table.name, "");
            files.push(PlannedFile::numbered(
                place,
                number,
                encoding,
                (table.schema)(),
                move || batches(scale, part, parts),
            ));
        }
    }
    Ok(Plan {
        files,
        expected_rows,
        encoding,
    })
}
