//! The database `sample`: tables over the files that are part of the program, so that a new user has something to ask at once.
//!
//! The columns are declared here, with what they mean, so that DESCRIBE needs no file. That they are those of the files is kept by a
//! test.

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Column, Database, OwnDatabase, Ownership, Relation, TableDefinition, types};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;
use crate::name::{DEFAULT_CATALOG, SAMPLE_DATABASE, TableName};

/// A table as it is written down here. A column is its name, its SQL type, and what it means.
struct Declared {
    name: &'static str,
    comment: &'static str,
    format: &'static str,
    columns: &'static [(&'static str, &'static str, &'static str)],
    partition_columns: &'static [(&'static str, &'static str, &'static str)],
}

/// In the order of the names.
const TABLES: &[Declared] = &[
    Declared {
        name: "repairs",
        comment: "reports of the workshop, one a repair, with what was done as an array",
        format: "json",
        columns: &[
            ("report_id", "bigint", "rises with time"),
            ("reported_at", "timestamp", "local time of the city"),
            ("reported_by", "varchar", "rider, patrol or dock"),
            ("station", "varchar", "where the bicycle stood, a name of stations"),
            (
                "bike",
                "struct<number: varchar, kind: varchar, odometer_km: double>",
                "the bicycle, its kind as in trips",
            ),
            ("note", "varchar", "what was said; NULL from a dock"),
            (
                "work",
                "array<struct<part: varchar, action: varchar, minutes: int, cost: decimal(8,2)>>",
                "what was done; empty if nothing was wrong, NULL while in the workshop",
            ),
            ("mechanic", "varchar", "NULL while in the workshop"),
            ("finished_at", "timestamp", "NULL while in the workshop"),
            (
                "amount",
                "decimal(8,2)",
                "parts, and 0.80 a minute; NULL while in the workshop",
            ),
        ],
        partition_columns: &[],
    },
    Declared {
        name: "stations",
        comment: "where bicycles are rented and given back",
        format: "csv",
        columns: &[
            ("name", "varchar", "unique"),
            ("east_km", "double", "kilometres east of the market square"),
            ("north_km", "double", "kilometres north of the market square"),
            ("docks", "int", "room for so many bicycles"),
        ],
        partition_columns: &[],
    },
    Declared {
        name: "trips",
        comment: "rentals of bicycles, one a row, a partition a month",
        format: "parquet",
        columns: &[
            ("trip_id", "bigint", "rises with time, with gaps"),
            ("started_at", "timestamp", "local time of the city"),
            ("ended_at", "timestamp", "NULL if no dock saw the bicycle come back"),
            ("start_station", "varchar", "a name of stations"),
            ("end_station", "varchar", "a name of stations; NULL where ended_at is"),
            ("bike", "varchar", "classic, electric or cargo"),
            ("rider", "varchar", "member (half an hour is free) or casual"),
            ("distance_km", "double", "NULL where ended_at is"),
            ("fare", "decimal(6,2)", "NULL where ended_at is"),
        ],
        partition_columns: &[("month", "varchar", "of started_at, such as 2026-05")],
    },
];

/// The database `sample`.
///
/// # Errors
/// `INTERNAL` if a declaration above is wrong.
pub fn sample_database() -> Result<OwnDatabase> {
    let tables = TABLES.iter().map(|table| {
        let definition = table.definition()?;
        Ok(Relation::Table(Arc::new(definition)))
    });
    Ok(OwnDatabase {
        database: Database {
            name: SAMPLE_DATABASE.to_owned(),
            comment: Some(
                "bicycles of a city that does not exist, to try things out; part of Owlet, read-only".to_owned(),
            ),
            ..Database::default()
        },
        relations: tables.collect::<Result<_>>()?,
        refusal: "is part of Owlet and cannot be changed; use another one, or leave it out by `sample = false` under [catalog] to \
                  have the name for yourself",
    })
}

impl Declared {
    fn definition(&self) -> Result<TableDefinition> {
        Ok(TableDefinition {
            name: TableName::new(DEFAULT_CATALOG, SAMPLE_DATABASE, self.name),
            columns: columns(self.columns)?,
            partition_columns: columns(self.partition_columns)?,
            location: format!("sample://{}/", self.name),
            format: Format::new(self.format, BTreeMap::new())?,
            ownership: Ownership::External,
            comment: Some(self.comment.to_owned()),
            properties: BTreeMap::new(),
        })
    }
}

fn columns(declared: &[(&str, &str, &str)]) -> Result<Vec<Column>> {
    let column = |(name, data_type, comment): &(&str, &str, &str)| {
        Ok(Column {
            comment: Some((*comment).to_owned()),
            ..Column::new(*name, data_type_named(data_type)?)
        })
    };
    declared.iter().map(column).collect()
}

fn data_type_named(text: &str) -> Result<DataType> {
    let parser = Parser::new(&GenericDialect {}).try_with_sql(text);
    let read = parser.and_then(|mut parser| types::read(&mut parser));
    read.map_err(|error| Error::new(ErrorCode::Internal, format!("\"{text}\" is no type")).caused_by(error))
}
