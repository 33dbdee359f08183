//! The database `information_schema`: the catalogue described by itself, in the tables and columns of the SQL standard
//! (ISO/IEC 9075-11), as far as tools ask for them. What stands after the standard's columns has Athena's names.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

use super::constraints;
use crate::catalog::{Catalog, Column, Database, Relation, standard};
use crate::error::{Error, ErrorCode, Result};
use crate::name::INFORMATION_SCHEMA;

/// The tables that it has.
pub const INFORMATION_SCHEMA_TABLES: &[&str] = &[
    "columns",
    "key_column_usage",
    "referential_constraints",
    "schemata",
    "table_constraints",
    "tables",
    "views",
];

/// The rows of the table `table` of `information_schema`, or `None` if it has no such table. They describe the catalogue
/// `catalog_name`, which is `catalog`, in the order of their names.
///
/// # Errors
/// Those of the catalogue.
pub async fn rows(catalog: &dyn Catalog, catalog_name: &str, table: &str) -> Result<Option<RecordBatch>> {
    let batch = match table {
        "columns" => batch(COLUMNS, &columns(described(catalog, catalog_name).await?))?,
        "schemata" => batch(SCHEMATA, &schemata(catalog, catalog_name).await?)?,
        "tables" => batch(TABLES, &described(catalog, catalog_name).await?)?,
        "views" => {
            let mut views = described(catalog, catalog_name).await?;
            views.retain(|relation| relation.definition.is_some());
            batch(VIEWS, &views)?
        }
        other => match constraints::schema(other) {
            Some(schema) => RecordBatch::new_empty(schema),
            None => return Ok(None),
        },
    };
    Ok(Some(batch))
}

/// How one column is made from rows `R`.
enum Cell<R> {
    /// Text that may be NULL.
    Text(fn(&R) -> Option<&str>),
    /// A number that may be NULL.
    Number(fn(&R) -> Option<i64>),
}

/// A row of `schemata`.
struct Described {
    catalog: String,
    database: Database,
}

/// What tools are told of a table or view: a row of `tables` or `views`.
#[derive(Clone, Debug)]
pub struct DescribedRelation {
    /// Its catalogue.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Its columns, those of its partitions last.
    pub columns: Vec<Column>,
    /// How many of the columns, the last ones, stand in the paths of files.
    pub partition_columns: usize,
    /// Whether an INSERT may be tried.
    pub takes_rows: bool,
    /// The query of a view.
    pub definition: Option<String>,
    /// What it is for, in the words of whoever made it.
    pub comment: Option<String>,
}

/// What a relation is, as tools sort them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelationKind {
    /// Rows that somebody keeps.
    Table,
    /// A query under a name.
    View,
    /// What Owlet shows of itself.
    System,
}

impl RelationKind {
    /// The word of the SQL standard, and for what it has none, that of PostgreSQL.
    fn standard_word(self) -> &'static str {
        match self {
            Self::Table => "BASE TABLE",
            Self::View => "VIEW",
            Self::System => "SYSTEM VIEW",
        }
    }
}

/// A row of `columns`.
struct DescribedColumn {
    catalog: String,
    database: String,
    relation: String,
    ordinal_position: i64,
    data_type: String,
    numbers: Numbers,
    extra: Option<&'static str>,
    column: Column,
}

/// The precisions and lengths of a type.
#[derive(Debug, Default, PartialEq, Eq)]
struct Numbers {
    length: Option<i64>,
    precision: Option<i64>,
    radix: Option<i64>,
    scale: Option<i64>,
    datetime_precision: Option<i64>,
}

const SCHEMATA: &[(&str, Cell<Described>)] = &[
    ("catalog_name", Cell::Text(|row| Some(&row.catalog))),
    ("schema_name", Cell::Text(|row| Some(&row.database.name))),
    ("schema_owner", Cell::Text(|_| None)),
    ("default_character_set_catalog", Cell::Text(|_| None)),
    ("default_character_set_schema", Cell::Text(|_| None)),
    ("default_character_set_name", Cell::Text(|_| None)),
    ("sql_path", Cell::Text(|_| None)),
    ("location", Cell::Text(|row| row.database.location.as_deref())),
    ("comment", Cell::Text(|row| row.database.comment.as_deref())),
];

const TABLES: &[(&str, Cell<DescribedRelation>)] = &[
    ("table_catalog", Cell::Text(|row| Some(&row.catalog))),
    ("table_schema", Cell::Text(|row| Some(&row.database))),
    ("table_name", Cell::Text(|row| Some(&row.name))),
    ("table_type", Cell::Text(|row| Some(row.kind.standard_word()))),
    ("self_referencing_column_name", Cell::Text(|_| None)),
    ("reference_generation", Cell::Text(|_| None)),
    ("user_defined_type_catalog", Cell::Text(|_| None)),
    ("user_defined_type_schema", Cell::Text(|_| None)),
    ("user_defined_type_name", Cell::Text(|_| None)),
    ("is_insertable_into", Cell::Text(|row| Some(yes_or_no(row.takes_rows)))),
    ("is_typed", Cell::Text(|_| Some("NO"))),
    ("commit_action", Cell::Text(|_| None)),
    ("comment", Cell::Text(|row| row.comment.as_deref())),
];

const VIEWS: &[(&str, Cell<DescribedRelation>)] = &[
    ("table_catalog", Cell::Text(|row| Some(&row.catalog))),
    ("table_schema", Cell::Text(|row| Some(&row.database))),
    ("table_name", Cell::Text(|row| Some(&row.name))),
    ("view_definition", Cell::Text(|row| row.definition.as_deref())),
    ("check_option", Cell::Text(|_| Some("NONE"))),
    ("is_updatable", Cell::Text(|_| Some("NO"))),
    ("is_insertable_into", Cell::Text(|_| Some("NO"))),
    ("comment", Cell::Text(|row| row.comment.as_deref())),
];

const COLUMNS: &[(&str, Cell<DescribedColumn>)] = &[
    ("table_catalog", Cell::Text(|row| Some(&row.catalog))),
    ("table_schema", Cell::Text(|row| Some(&row.database))),
    ("table_name", Cell::Text(|row| Some(&row.relation))),
    ("column_name", Cell::Text(|row| Some(&row.column.name))),
    ("ordinal_position", Cell::Number(|row| Some(row.ordinal_position))),
    ("column_default", Cell::Text(|_| None)),
    ("is_nullable", Cell::Text(|row| Some(yes_or_no(row.column.nullable)))),
    ("data_type", Cell::Text(|row| Some(&row.data_type))),
    ("character_maximum_length", Cell::Number(|row| row.numbers.length)),
    ("character_octet_length", Cell::Number(|row| row.numbers.length)),
    ("numeric_precision", Cell::Number(|row| row.numbers.precision)),
    ("numeric_precision_radix", Cell::Number(|row| row.numbers.radix)),
    ("numeric_scale", Cell::Number(|row| row.numbers.scale)),
    ("datetime_precision", Cell::Number(|row| row.numbers.datetime_precision)),
    ("comment", Cell::Text(|row| row.column.comment.as_deref())),
    ("extra_info", Cell::Text(|row| row.extra)),
];

impl<R> Cell<R> {
    fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Number(_) => DataType::Int64,
        }
    }

    fn array(&self, rows: &[R]) -> ArrayRef {
        match self {
            Self::Text(text) => Arc::new(rows.iter().map(text).collect::<StringArray>()),
            Self::Number(number) => Arc::new(rows.iter().map(number).collect::<Int64Array>()),
        }
    }
}

fn schema<R>(cells: &[(&str, Cell<R>)]) -> SchemaRef {
    let field = |(name, cell): &(&str, Cell<R>)| Field::new(*name, cell.data_type(), true);
    Arc::new(Schema::new(cells.iter().map(field).collect::<Vec<_>>()))
}

fn batch<R>(cells: &[(&str, Cell<R>)], rows: &[R]) -> Result<RecordBatch> {
    let arrays = cells.iter().map(|(_, cell)| cell.array(rows)).collect();
    RecordBatch::try_new(schema(cells), arrays)
        .map_err(|error| Error::new(ErrorCode::Internal, "cannot show the catalogue as a table").caused_by(error))
}

/// The databases of `catalog`, `information_schema` among them, in the order of their names.
///
/// # Errors
/// Those of the catalogue.
pub async fn databases(catalog: &dyn Catalog) -> Result<Vec<Database>> {
    let mut databases = catalog.databases().await?;
    if databases.iter().all(|database| database.name != INFORMATION_SCHEMA) {
        databases.push(Database {
            name: INFORMATION_SCHEMA.to_owned(),
            comment: Some("the catalogue described by itself, as the SQL standard has it".to_owned()),
            ..Database::default()
        });
        databases.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(databases)
}

/// Everything that stands in `database` of the catalogue `catalog_name`, which is `catalog`, in the order of the names. No file is
/// read.
///
/// # Errors
/// Those of the catalogue.
pub async fn relations(catalog: &dyn Catalog, catalog_name: &str, database: &str) -> Result<Vec<DescribedRelation>> {
    let mut rows = Vec::new();
    if database == INFORMATION_SCHEMA {
        rows.extend(own_tables(catalog_name));
    }
    let kept = catalog.relations(database).await?;
    rows.extend(kept.iter().map(|relation| describe(relation, catalog_name, database)));
    Ok(rows)
}

async fn schemata(catalog: &dyn Catalog, catalog_name: &str) -> Result<Vec<Described>> {
    let row = |database| Described {
        catalog: catalog_name.to_owned(),
        database,
    };
    Ok(databases(catalog).await?.into_iter().map(row).collect())
}

/// Everything that stands in a database. Each database is read on its own: what is made meanwhile may be seen or not.
async fn described(catalog: &dyn Catalog, catalog_name: &str) -> Result<Vec<DescribedRelation>> {
    let mut rows = Vec::new();
    for database in databases(catalog).await? {
        rows.extend(relations(catalog, catalog_name, &database.name).await?);
    }
    Ok(rows)
}

fn describe(relation: &Relation, catalog: &str, database: &str) -> DescribedRelation {
    let row = |kind, columns| DescribedRelation {
        catalog: catalog.to_owned(),
        database: database.to_owned(),
        name: relation.name().to_owned(),
        kind,
        columns,
        partition_columns: 0,
        takes_rows: false,
        definition: None,
        comment: None,
    };
    match relation {
        Relation::Table(table) => DescribedRelation {
            partition_columns: table.partition_columns.len(),
            takes_rows: !table.is_read_only(),
            comment: table.comment.clone(),
            ..row(
                RelationKind::Table,
                [table.columns.as_slice(), &table.partition_columns].concat(),
            )
        },
        Relation::View(view) => DescribedRelation {
            definition: Some(view.sql.clone()),
            comment: view.comment.clone(),
            ..row(RelationKind::View, view.columns.clone())
        },
        Relation::System(table) => row(RelationKind::System, columns_of(&table.schema())),
    }
}

fn own_tables(catalog: &str) -> impl Iterator<Item = DescribedRelation> {
    let schemas = [
        ("columns", schema(COLUMNS)),
        ("schemata", schema(SCHEMATA)),
        ("tables", schema(TABLES)),
        ("views", schema(VIEWS)),
    ];
    let mut schemas: Vec<_> = schemas.into_iter().chain(constraints::schemas()).collect();
    schemas.sort_by_key(|(name, _)| *name);
    schemas.into_iter().map(|(name, schema)| DescribedRelation {
        catalog: catalog.to_owned(),
        database: INFORMATION_SCHEMA.to_owned(),
        name: name.to_owned(),
        kind: RelationKind::System,
        columns: columns_of(&schema),
        partition_columns: 0,
        takes_rows: false,
        definition: None,
        comment: None,
    })
}

fn columns_of(schema: &Schema) -> Vec<Column> {
    let column = |field: &Arc<Field>| Column {
        nullable: field.is_nullable(),
        ..Column::new(field.name(), field.data_type().clone())
    };
    schema.fields().iter().map(column).collect()
}

fn columns(relations: Vec<DescribedRelation>) -> Vec<DescribedColumn> {
    let row = |relation: &DescribedRelation, place: usize, column: &Column| DescribedColumn {
        catalog: relation.catalog.clone(),
        database: relation.database.clone(),
        relation: relation.name.clone(),
        ordinal_position: i64::try_from(place + 1).unwrap_or(i64::MAX),
        data_type: standard::name(&column.data_type),
        numbers: numbers(&column.data_type),
        extra: (place + relation.partition_columns >= relation.columns.len()).then_some("partition key"),
        column: column.clone(),
    };
    relations
        .iter()
        .flat_map(|relation| {
            relation
                .columns
                .iter()
                .enumerate()
                .map(move |(place, column)| row(relation, place, column))
        })
        .collect()
}

/// What the standard tells of a type. Binary numbers have a precision in bits, as in PostgreSQL.
fn numbers(data_type: &DataType) -> Numbers {
    let binary = |bits: i64, scale| Numbers {
        precision: Some(bits),
        radix: Some(2),
        scale,
        ..Numbers::default()
    };
    let decimal = |precision: u8, scale: i8| Numbers {
        precision: Some(precision.into()),
        radix: Some(10),
        scale: Some(scale.into()),
        ..Numbers::default()
    };
    let datetime = |digits| Numbers {
        datetime_precision: Some(digits),
        ..Numbers::default()
    };
    match data_type {
        DataType::Int8 | DataType::UInt8 => binary(8, Some(0)),
        DataType::Int16 | DataType::UInt16 => binary(16, Some(0)),
        DataType::Int32 | DataType::UInt32 => binary(32, Some(0)),
        DataType::Int64 | DataType::UInt64 => binary(64, Some(0)),
        DataType::Float16 => binary(11, None),
        DataType::Float32 => binary(24, None),
        DataType::Float64 => binary(53, None),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => decimal(*precision, *scale),
        DataType::Date32 | DataType::Date64 => datetime(0),
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) | DataType::Duration(unit) => {
            datetime(digits(*unit))
        }
        DataType::FixedSizeBinary(length) => Numbers {
            length: Some((*length).into()),
            ..Numbers::default()
        },
        DataType::Dictionary(_, values) => numbers(values),
        _ => Numbers::default(),
    }
}

/// The digits of the fraction of a second.
fn digits(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

fn yes_or_no(fact: bool) -> &'static str {
    if fact { "YES" } else { "NO" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{
        BuiltinCatalog, Change, IfExists, Ownership, SystemTable, TableDefinition, ViewDefinition, WithOwnDatabases,
        system_database,
    };
    use crate::formats::Format;
    use crate::metastore::Metastore;
    use crate::name::TableName;
    use arrow::util::display::array_value_to_string;
    use arrow::util::pretty::pretty_format_batches;
    use async_trait::async_trait;
    use std::collections::BTreeMap;

    /// A table of Owlet itself whose rows nobody may read to describe it.
    #[derive(Debug)]
    struct Costly;

    #[async_trait]
    impl SystemTable for Costly {
        fn name(&self) -> &'static str {
            "costly"
        }

        fn schema(&self) -> SchemaRef {
            Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]))
        }

        async fn rows(&self) -> Result<RecordBatch> {
            panic!("its rows were read")
        }
    }

    fn commented(name: &str, data_type: DataType) -> Column {
        Column {
            nullable: false,
            comment: Some("why".to_owned()),
            ..Column::new(name, data_type)
        }
    }

    async fn catalog() -> WithOwnDatabases {
        let catalog = BuiltinCatalog::new(Metastore::in_memory().await.unwrap());
        let sales = Database {
            name: "sales".to_owned(),
            comment: Some("what was sold".to_owned()),
            location: Some("s3://b/sales/".to_owned()),
            ..Database::default()
        };
        let orders = TableDefinition {
            name: TableName::new("lake", "sales", "orders"),
            columns: vec![
                commented("id", DataType::Int64),
                Column::new("price", DataType::Decimal128(12, 2)),
                Column::new("at", DataType::Timestamp(TimeUnit::Millisecond, None)),
                Column::new("hash", DataType::FixedSizeBinary(16)),
            ],
            partition_columns: vec![Column::new("day", DataType::Date32)],
            location: "s3://b/sales/orders/".to_owned(),
            format: Format::parquet(),
            ownership: Ownership::External,
            comment: Some("all orders".to_owned()),
            properties: BTreeMap::new(),
        };
        let view = ViewDefinition {
            name: TableName::new("lake", "default", "dear"),
            sql: "SELECT price FROM orders".to_owned(),
            database: "sales".to_owned(),
            columns: vec![Column::new("price", DataType::Float32)],
            comment: None,
        };
        for change in [
            Change::CreateDatabase {
                database: sales,
                tables: vec![orders],
                if_exists: IfExists::Fail,
            },
            Change::CreateView {
                view: Box::new(view),
                if_exists: IfExists::Fail,
            },
        ] {
            catalog.change(change).await.unwrap();
        }
        WithOwnDatabases::new(Arc::new(catalog), vec![system_database(vec![Arc::new(Costly)])])
    }

    /// The columns `shown` of `table`, without the rows about `information_schema` itself.
    async fn check(table: &str, shown: &[&str], expected: &str) {
        let batch = rows(&catalog().await, "lake", table).await.unwrap().unwrap();
        let database = if table == "schemata" {
            "schema_name"
        } else {
            "table_schema"
        };
        let places = std::iter::once(&database).chain(shown);
        let places: Vec<usize> = places.map(|name| batch.schema().index_of(name).unwrap()).collect();
        let cell = |place: &usize, row| array_value_to_string(batch.column(*place), row).unwrap();
        let lines: Vec<String> = (0..batch.num_rows())
            .filter(|row| cell(&places[0], *row) != INFORMATION_SCHEMA)
            .map(|row| {
                places[1..]
                    .iter()
                    .map(|place| cell(place, row))
                    .collect::<Vec<_>>()
                    .join(",")
            })
            .collect();
        let expected: Vec<&str> = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(lines, expected);
    }

    #[tokio::test]
    async fn databases_are_schemata() {
        let shown = ["catalog_name", "schema_name", "schema_owner", "location", "comment"];
        let expected = "
            lake,default,,,the database that a session starts in
            lake,sales,,s3://b/sales/,what was sold
            lake,system,,,Owlet's own tables";
        check("schemata", &shown, expected).await;
    }

    #[tokio::test]
    async fn tables_say_what_they_are() {
        let shown = [
            "table_catalog",
            "table_schema",
            "table_name",
            "table_type",
            "is_insertable_into",
            "comment",
        ];
        let expected = "
            lake,default,dear,VIEW,NO,
            lake,sales,orders,BASE TABLE,YES,all orders
            lake,system,costly,SYSTEM VIEW,NO,";
        check("tables", &shown, expected).await;
    }

    #[tokio::test]
    async fn views_show_their_query() {
        let shown = [
            "table_schema",
            "table_name",
            "view_definition",
            "check_option",
            "is_updatable",
        ];
        check("views", &shown, "default,dear,SELECT price FROM orders,NONE,NO").await;
    }

    #[tokio::test]
    async fn columns_are_counted_and_partition_columns_come_last() {
        let shown = [
            "table_name",
            "column_name",
            "ordinal_position",
            "is_nullable",
            "data_type",
            "comment",
            "extra_info",
        ];
        let expected = "
            dear,price,1,YES,real,,
            orders,id,1,NO,bigint,why,
            orders,price,2,YES,decimal(12,2),,
            orders,at,3,YES,timestamp(3),,
            orders,hash,4,YES,varbinary,,
            orders,day,5,YES,date,,partition key
            costly,n,1,NO,bigint,,";
        let own = rows(&catalog().await, "lake", "columns").await.unwrap().unwrap();
        assert!(own.num_rows() > 7 + 40, "information_schema describes itself");
        check("columns", &shown, expected).await;
    }

    #[tokio::test]
    async fn numbers_and_times_have_their_precision() {
        let shown = [
            "column_name",
            "character_maximum_length",
            "numeric_precision",
            "numeric_precision_radix",
            "numeric_scale",
            "datetime_precision",
        ];
        let expected = "
            price,,24,2,,
            id,,64,2,0,
            price,,12,10,2,
            at,,,,,3
            hash,16,,,,
            day,,,,,0
            n,,64,2,0,";
        check("columns", &shown, expected).await;
    }

    #[tokio::test]
    async fn it_has_the_tables_that_it_says_and_describes_them() {
        let catalog = catalog().await;
        let tables = rows(&catalog, "lake", "tables").await.unwrap().unwrap();
        let text = pretty_format_batches(&[tables]).unwrap().to_string();
        for table in INFORMATION_SCHEMA_TABLES {
            assert!(rows(&catalog, "lake", table).await.unwrap().is_some(), "{table}");
            let described = |line: &&str| line.contains(INFORMATION_SCHEMA) && line.contains(&format!("| {table} "));
            assert_eq!(text.lines().filter(described).count(), 1, "{table}");
        }
        assert!(rows(&catalog, "lake", "routines").await.unwrap().is_none());
    }
}
