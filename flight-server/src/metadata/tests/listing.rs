//! Catalogues, databases, tables and keys.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Schema};
use arrow_flight::IpcMessage;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTables, CommandGetXdbcTypeInfo,
};
use bytes::Bytes;

use super::{TestEngine, fields};
use crate::metadata::Metadata;
use crate::results::{Views, Wire};

fn catalogs() -> Metadata {
    Metadata::Catalogs(CommandGetCatalogs {})
}

fn schemas(catalog: Option<&str>, pattern: Option<&str>) -> Metadata {
    Metadata::Schemas(CommandGetDbSchemas {
        catalog: catalog.map(str::to_owned),
        db_schema_filter_pattern: pattern.map(str::to_owned),
    })
}

fn tables(catalog: Option<&str>, schema: Option<&str>, table: Option<&str>, types: &[&str]) -> CommandGetTables {
    CommandGetTables {
        catalog: catalog.map(str::to_owned),
        db_schema_filter_pattern: schema.map(str::to_owned),
        table_name_filter_pattern: table.map(str::to_owned),
        table_types: types.iter().map(ToString::to_string).collect(),
        include_schema: false,
    }
}

/// Every question that there is.
fn all() -> Vec<Metadata> {
    let with_schema = CommandGetTables {
        include_schema: true,
        ..CommandGetTables::default()
    };
    vec![
        catalogs(),
        schemas(None, None),
        Metadata::Tables(CommandGetTables::default()),
        Metadata::Tables(with_schema),
        Metadata::TableTypes,
        Metadata::SqlInfo(CommandGetSqlInfo::default()),
        Metadata::XdbcTypeInfo(CommandGetXdbcTypeInfo::default()),
        Metadata::PrimaryKeys(CommandGetPrimaryKeys::default()),
        Metadata::ExportedKeys(CommandGetExportedKeys::default()),
        Metadata::ImportedKeys(CommandGetImportedKeys::default()),
        Metadata::CrossReference(CommandGetCrossReference::default()),
    ]
}

#[test]
fn schemas_are_those_of_the_specification_to_the_last_nullability() {
    let text = |name, nullable| (name, DataType::Utf8, nullable);
    let number = |name| (name, DataType::Int32, false);
    let tables_without = vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("table_type", false),
    ];
    let mut tables_with = tables_without.clone();
    tables_with.push(("table_schema", DataType::Binary, false));
    let foreign = vec![
        text("pk_catalog_name", true),
        text("pk_db_schema_name", true),
        text("pk_table_name", false),
        text("pk_column_name", false),
        text("fk_catalog_name", true),
        text("fk_db_schema_name", true),
        text("fk_table_name", false),
        text("fk_column_name", false),
        number("key_sequence"),
        text("fk_key_name", true),
        text("pk_key_name", true),
        ("update_rule", DataType::UInt8, false),
        ("delete_rule", DataType::UInt8, false),
    ];
    let primary = vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        number("key_sequence"),
        text("key_name", true),
    ];
    let wanted = [
        (0, vec![text("catalog_name", false)]),
        (1, vec![text("catalog_name", true), text("db_schema_name", false)]),
        (2, tables_without),
        (3, tables_with),
        (4, vec![text("table_type", false)]),
        (7, primary),
        (8, foreign.clone()),
        (9, foreign.clone()),
        (10, foreign),
    ];
    for (place, wanted) in wanted {
        let metadata = &all()[place];
        assert_eq!(fields(&metadata.schema()), wanted, "{metadata:?}");
    }
}

#[tokio::test]
async fn what_is_announced_is_what_comes_and_nothing_is_recorded() {
    let engine = TestEngine::with_tables().await;
    let recorded = "SELECT count(*) FROM system.query_executions";
    let before: u64 = engine.value(recorded).await.parse().unwrap();
    for metadata in all() {
        engine.rows(&metadata).await;
    }
    let after: u64 = engine.value(recorded).await.parse().unwrap();
    assert_eq!(after, before + 1, "the query that counts is the only one");
}

#[tokio::test]
async fn there_is_one_catalogue() {
    let engine = TestEngine::open().await;
    assert_eq!(engine.names(catalogs(), 0..1).await, ["lake"]);
}

#[tokio::test]
async fn databases_are_schemas() {
    let engine = TestEngine::with_tables().await;
    let every = ["lake.default", "lake.information_schema", "lake.sales", "lake.system"];
    assert_eq!(engine.names(schemas(None, None), 0..2).await, every);
    for (catalog, pattern, wanted) in [
        (Some("lake"), None, 4),
        (Some("LAKE"), Some("S%"), 2),
        (Some(""), None, 0),
        (Some("other"), None, 0),
        (None, Some("sales"), 1),
        (None, Some("SALES"), 1),
        (None, Some("sale"), 0),
        (None, Some("information\\_schema"), 1),
        (None, Some("information\\%"), 0),
        (None, Some(""), 0),
    ] {
        let found = engine.names(schemas(catalog, pattern), 0..2).await;
        assert_eq!(found.len(), wanted, "{catalog:?} {pattern:?} {found:?}");
    }
}

#[tokio::test]
async fn tables_are_listed_with_what_they_are_in_the_order_of_their_names() {
    let engine = TestEngine::with_tables().await;
    let found = engine.names(Metadata::Tables(CommandGetTables::default()), 0..4).await;
    assert_eq!(
        found,
        [
            "lake.default.hidden.TABLE",
            "lake.information_schema.columns.SYSTEM TABLE",
            "lake.information_schema.key_column_usage.SYSTEM TABLE",
            "lake.information_schema.referential_constraints.SYSTEM TABLE",
            "lake.information_schema.schemata.SYSTEM TABLE",
            "lake.information_schema.table_constraints.SYSTEM TABLE",
            "lake.information_schema.tables.SYSTEM TABLE",
            "lake.information_schema.views.SYSTEM TABLE",
            "lake.sales.away.TABLE",
            "lake.sales.dear.VIEW",
            "lake.sales.order_lines.TABLE",
            "lake.sales.orders.TABLE",
            "lake.sales.orderxlines.TABLE",
            "lake.system.query_executions.SYSTEM TABLE",
        ]
    );
}

#[tokio::test]
async fn tables_are_found_by_catalogue_patterns_and_types() {
    let engine = TestEngine::with_tables().await;
    let sales = Some("sales");
    let check = async |command: CommandGetTables, wanted: &[&str]| {
        let shown = format!("{command:?}");
        assert_eq!(engine.names(Metadata::Tables(command), 2..3).await, wanted, "{shown}");
    };
    check(tables(None, sales, Some("order\\_lines"), &[]), &["order_lines"]).await;
    check(
        tables(None, sales, Some("order_lines"), &[]),
        &["order_lines", "orderxlines"],
    )
    .await;
    check(tables(None, Some("SA_ES"), Some("ORDERS"), &[]), &["orders"]).await;
    check(tables(Some("lake"), sales, Some("%r"), &[]), &["dear"]).await;
    check(tables(Some(""), None, None, &[]), &[]).await;
    check(tables(None, None, Some(""), &[]), &[]).await;
    check(tables(None, sales, Some("d%"), &["VIEW"]), &["dear"]).await;
    check(tables(None, sales, Some("d%"), &["TABLE"]), &[]).await;
    // As Grafana asks.
    check(
        tables(None, sales, Some("o%s"), &["BASE TABLE", "table"]),
        &["order_lines", "orders", "orderxlines"],
    )
    .await;
    check(tables(None, None, None, &["SYNONYM"]), &[]).await;
}

#[tokio::test]
async fn the_words_for_tables_are_listed_in_their_order() {
    let engine = TestEngine::open().await;
    assert_eq!(
        engine.names(Metadata::TableTypes, 0..1).await,
        ["SYSTEM TABLE", "TABLE", "VIEW"]
    );
}

/// Each relation, as SQL names it, with its columns, read as a client reads them.
async fn columns(engine: &TestEngine) -> Vec<(String, Schema)> {
    let command = CommandGetTables {
        include_schema: true,
        ..CommandGetTables::default()
    };
    let rows = engine.rows(&Metadata::Tables(command)).await;
    let [database, table] = [1, 2].map(|column| rows.column(column).as_string::<i32>());
    let schemas = rows.column(4).as_binary::<i32>();
    (0..rows.num_rows())
        .map(|row| {
            let bytes = schemas.value(row);
            assert_eq!(bytes[..4], [0xff; 4], "an encapsulated message begins so");
            let schema = Schema::try_from(IpcMessage(Bytes::copy_from_slice(bytes))).unwrap();
            (format!("{}.{}", database.value(row), table.value(row)), schema)
        })
        .collect()
}

#[tokio::test]
async fn columns_are_those_that_were_declared_with_their_comments() {
    let engine = TestEngine::with_tables().await;
    let columns = columns(&engine).await;
    let of = |table: &str| &columns.iter().find(|(name, _)| name == table).unwrap().1;
    let orders = of("sales.orders");
    let shown: Vec<String> = fields(orders)
        .iter()
        .map(|(name, data_type, nullable)| format!("{name} {data_type} {nullable}"))
        .collect();
    assert_eq!(
        shown,
        [
            "order_id Int64 false",
            "price Decimal128(12, 2) true",
            "note Utf8 true",
            "at Timestamp(µs) true"
        ]
    );
    let said = |column: usize, key: &str| orders.field(column).metadata().get(&format!("ARROW:FLIGHT:SQL:{key}"));
    assert_eq!(said(0, "REMARKS").unwrap(), "from the shop");
    assert_eq!(said(1, "TYPE_NAME").unwrap(), "decimal");
    assert_eq!(said(1, "PRECISION").unwrap(), "12");
    assert_eq!(said(1, "SCALE").unwrap(), "2");
    assert_eq!(said(2, "TABLE_NAME").unwrap(), "orders");
    assert_eq!(said(2, "IS_READ_ONLY").unwrap(), "0");
    // Nothing is there to be opened.
    let away: Vec<&str> = fields(of("sales.away")).iter().map(|(name, ..)| *name).collect();
    assert_eq!(away, ["n", "note", "day"]);
    let hidden: Vec<&str> = fields(of("default.hidden")).iter().map(|(name, ..)| *name).collect();
    assert_eq!(hidden, ["fleeting"], "the temporary table, as a query would find it");
}

#[tokio::test]
async fn columns_have_the_types_that_a_query_of_them_is_sent_with() {
    let engine = TestEngine::with_tables().await;
    for (table, schema) in columns(&engine).await {
        if table == "sales.away" {
            continue;
        }
        // A temporary table is in no database.
        let named = table.strip_prefix("default.").unwrap_or(&table);
        let (sent, _) = engine.run(&format!("SELECT * FROM {named} LIMIT 0")).await.unwrap();
        let sent = Wire::of(&sent, Views::Cast);
        let types = |schema: &Schema| -> Vec<(String, DataType)> {
            let fields = schema.fields().iter();
            fields
                .map(|field| (field.name().clone(), field.data_type().clone()))
                .collect()
        };
        assert_eq!(types(&schema), types(sent.schema()), "{table}");
    }
}

#[tokio::test]
async fn tables_have_no_keys_and_say_so() {
    let engine = TestEngine::with_tables().await;
    let named = CommandGetPrimaryKeys {
        catalog: Some("lake".to_owned()),
        db_schema: Some("sales".to_owned()),
        table: "orders".to_owned(),
    };
    for metadata in all().into_iter().skip(7).chain([Metadata::PrimaryKeys(named)]) {
        assert_eq!(engine.rows(&metadata).await.num_rows(), 0, "{metadata:?}");
    }
}
