//! Partitions: SHOW PARTITIONS, MSCK REPAIR TABLE, ALTER TABLE … ADD and DROP PARTITION.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{place, stored};
use crate::catalog::{Change, Column, IfExists, Partition, Relation, TableDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::{self, DeclaredPartition};
use crate::governance;
use crate::name::quoted;
use crate::planner::plan::{CatalogEffect, Effect, Plan};
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::syntax::{AddPartitions, DropPartitions, PartitionSpec, Reference};

/// The partitions that a table has: those in its directory and those that were registered, without those that were dropped.
pub async fn show_partitions(planning: &Planning<'_>, table: &Reference) -> Result<Plan> {
    let table = partitioned(planning, table).await?;
    let found = present(planning, &table).await?;
    let line = |one: &DeclaredPartition| {
        [
            Some(shown(&table, &one.values)),
            one.location.as_ref().map(ToString::to_string),
        ]
    };
    let lines = found.iter().map(line).collect();
    planning.answer(rows::of_text(["partition", "location"], lines)?).await
}

/// Registers the partitions that lie in the table's directory, those that were dropped among them: what Hive and Athena demand before
/// they read them, and what brings a dropped one back here.
pub async fn repair_table(planning: &Planning<'_>, table: &Reference) -> Result<Plan> {
    let table = partitioned(planning, table).await?;
    let sources = planning.sources();
    let registered = sources.catalog.partitions(&table.name).await?;
    let mut declaration = governance::declaration(&table, sources).await?;
    declaration.partitions.retain(|one| !one.dropped);
    let found = formats::find_partitions(sources.storage, &declaration, sources.formats).await?;
    let known = registered
        .iter()
        .filter(|one| !one.dropped)
        .map(|one| canonical(&table, &one.values));
    let known = known.collect::<Result<BTreeSet<_>>>()?;
    let mut new = Vec::new();
    for one in found {
        let values = canonical(&table, &one.values)?;
        if !known.contains(&values) {
            new.push(DeclaredPartition { values, ..one });
        }
    }
    let line = |one: &DeclaredPartition| [Some(shown(&table, &one.values)), Some("added".to_owned())];
    let report = rows::of_text(["partition", "repair"], new.iter().map(line).collect())?;
    if new.is_empty() {
        return planning.answer(report).await;
    }
    let partitions = new.into_iter().map(registration).collect();
    let change = Change::AddPartitions {
        table: table.name.clone(),
        partitions,
        if_exists: IfExists::Keep,
    };
    let effect = CatalogEffect {
        change,
        orphaned: Vec::new(),
    };
    planning.with_effect(report, Effect::Catalog(Box::new(effect))).await
}

/// Registers partitions, each in the place that the statement names or else where the layout puts it.
pub async fn add_partitions(planning: &Planning<'_>, add: &AddPartitions) -> Result<Plan> {
    let table = partitioned(planning, &add.table).await?;
    let mut partitions = Vec::with_capacity(add.partitions.len());
    for spec in &add.partitions {
        let location = match &spec.location {
            None => None,
            Some(written) => Some(place::directory(planning, written)?.to_string()),
        };
        partitions.push(Partition {
            values: values(&table, spec)?,
            location,
            dropped: false,
        });
    }
    let change = Change::AddPartitions {
        table: table.name.clone(),
        partitions,
        if_exists: if add.if_not_exists {
            IfExists::Keep
        } else {
            IfExists::Fail
        },
    };
    planning.change(change).await
}

/// Takes partitions from a table. Their files stay, and are not read.
pub async fn drop_partitions(planning: &Planning<'_>, drop: &DropPartitions) -> Result<Plan> {
    let table = partitioned(planning, &drop.table).await?;
    let known = present(planning, &table).await?;
    let known = known.iter().map(|one| canonical(&table, &one.values));
    let known = known.collect::<Result<BTreeSet<_>>>()?;
    let mut partitions = Vec::with_capacity(drop.partitions.len());
    for spec in &drop.partitions {
        let values = values(&table, spec)?;
        match known.contains(&values) {
            true => partitions.push(values),
            false if drop.if_exists => {}
            false => {
                let partition = shown(&table, &values);
                let message = format!(
                    "the table {} has no partition \"{partition}\"; SHOW PARTITIONS lists them",
                    table.name
                );
                return Err(Error::new(ErrorCode::TableNotFound, message));
            }
        }
    }
    let change = Change::DropPartitions {
        table: table.name.clone(),
        partitions,
    };
    planning.change(change).await
}

async fn partitioned(planning: &Planning<'_>, named: &Reference) -> Result<Arc<TableDefinition>> {
    let sources = planning.sources();
    let relation = governance::find(planning.authorization(), named, planning.defaults(), sources);
    match relation.await? {
        Relation::Table(table) if !table.partition_columns.is_empty() => Ok(table),
        _ => {
            let name = governance::full_name(named, planning.defaults());
            let message = format!("{name} is not a partitioned table");
            Err(Error::new(ErrorCode::NotSupported, message))
        }
    }
}

async fn present(planning: &Planning<'_>, table: &TableDefinition) -> Result<Vec<DeclaredPartition>> {
    let sources = planning.sources();
    let declaration = governance::declaration(table, sources).await?;
    formats::find_partitions(sources.storage, &declaration, sources.formats).await
}

/// The values of a specification in the order of the table's columns: each of them, once, and in the one spelling that the type has.
fn values(table: &TableDefinition, spec: &PartitionSpec) -> Result<Vec<Option<String>>> {
    let columns = &table.partition_columns;
    let of_table = format!("the table {}", table.name);
    for (name, _) in &spec.values {
        if columns.iter().all(|column| column.name != *name) {
            let known = columns.iter().map(|column| column.name.as_str());
            return Err(stored::no_column(name, &of_table, known));
        }
    }
    let value = |column: &Column| {
        let mut given = spec.values.iter().filter(|(name, _)| *name == column.name);
        match (given.next(), given.next()) {
            (Some((_, value)), None) => formats::partition_value(&column.name, &column.data_type, value.as_deref()),
            (Some(_), Some(_)) => Err(stored::twice(&column.name, "the partition")),
            (None, _) => {
                let message = format!(
                    "the partition says nothing of {}; give every partition column",
                    quoted(&column.name)
                );
                Err(Error::new(ErrorCode::InvalidValue, message))
            }
        }
    };
    columns.iter().map(value).collect()
}

/// `values`, each in the one spelling that its column's type has.
fn canonical(table: &TableDefinition, values: &[Option<String>]) -> Result<Vec<Option<String>>> {
    let value = |(column, value): (&Column, &Option<String>)| {
        formats::partition_value(&column.name, &column.data_type, value.as_deref())
    };
    table.partition_columns.iter().zip(values).map(value).collect()
}

/// A partition as Hive shows it: `dt=2024-01-01/hour=7`.
fn shown(table: &TableDefinition, values: &[Option<String>]) -> String {
    let pairs = table.partition_columns.iter().zip(values).map(|(column, value)| {
        let value = value.as_deref().unwrap_or(formats::HIVE_NULL);
        format!("{}={value}", column.name)
    });
    pairs.collect::<Vec<_>>().join("/")
}

fn registration(found: DeclaredPartition) -> Partition {
    Partition {
        values: found.values,
        location: found.location.map(|location| location.to_string()),
        dropped: false,
    }
}
