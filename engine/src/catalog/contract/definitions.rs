//! Definitions are kept exactly, and seen by everybody.

use super::*;

both_databases!(
    definitions_are_seen_at_once_and_survive_a_restart,
    the_default_database_is_there,
    a_name_finds_what_is_there_and_nothing_else,
    ten_thousand_names_are_found_at_once,
    names_are_listed_in_the_order_of_their_bytes,
    what_cannot_be_kept_is_refused,
);

async fn definitions_are_seen_at_once_and_survive_a_restart(place: Place) {
    let (table, view) = (table(name("t")), view(name("v")));
    let first = open(&place).await;
    let metastore = open_metastore(&place).await;
    let second = BuiltinCatalog::new(metastore.clone());
    assert!(lookup(&second, &table.name).await.is_none());
    changes(&first, create_database("sales", IfExists::Fail)).await;
    changes(&first, create_table(table.clone(), IfExists::Fail)).await;
    changes(&first, create_view(view.clone(), IfExists::Fail)).await;
    for catalog in [second, open(&place).await] {
        assert_eq!(*as_table(lookup(&catalog, &table.name).await), table);
        assert_eq!(*as_view(lookup(&catalog, &view.name).await), view);
        assert_eq!(catalog.database("sales").await.unwrap(), Some(database("sales")));
        assert_eq!(catalog.relations("default").await.unwrap().len(), 2);
    }
    changes(&first, drop_table(table.name.clone(), IfMissing::Fail)).await;
    assert!(lookup(&BuiltinCatalog::new(metastore), &table.name).await.is_none());
}

async fn the_default_database_is_there(place: Place) {
    let catalog = open(&place).await;
    let databases = catalog.databases().await.unwrap();
    assert_eq!(
        databases.iter().map(|database| &database.name).collect::<Vec<_>>(),
        ["default"]
    );
    assert_eq!(catalog.database("default").await.unwrap(), databases.first().cloned());
    assert_eq!(catalog.database("sales").await.unwrap(), None);
    assert!(catalog.relations("default").await.unwrap().is_empty());
    assert!(catalog.relations("sales").await.unwrap().is_empty());
    let all = drop_database("default", true, IfMissing::Fail);
    refuses(
        &catalog,
        all,
        ErrorCode::PermissionDenied,
        "\"default\" cannot be dropped",
    )
    .await;
}

async fn a_name_finds_what_is_there_and_nothing_else(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_database("sales", IfExists::Fail)).await;
    let in_sales = TableName::new("lake", "sales", "t");
    let quoted = name("T'\"; DROP TABLE owlet_relations --");
    for name in [name("t"), in_sales.clone(), quoted.clone()] {
        let location = format!("s3://b/{name}/");
        changes(
            &catalog,
            create_table(
                TableDefinition {
                    location,
                    ..table(name)
                },
                IfExists::Fail,
            ),
        )
        .await;
    }
    let elsewhere = TableName::new("glue", "default", "t");
    let names = [
        name("x"),
        in_sales,
        name("t"),
        elsewhere.clone(),
        quoted,
        name("T"),
        name("t"),
    ];
    let found = catalog.find(&names).await.unwrap();
    let locations = found
        .into_iter()
        .map(|relation| relation.map(|table| as_table(Some(table)).location.clone()));
    let expected = [
        None,
        Some(&names[1]),
        Some(&names[2]),
        None,
        Some(&names[4]),
        None,
        Some(&names[2]),
    ];
    let expected = expected.map(|name| name.map(|name| format!("s3://b/{name}/")));
    assert_eq!(locations.collect::<Vec<_>>(), expected);
    assert!(catalog.find(&[]).await.unwrap().is_empty());
    assert!(catalog.find(&[elsewhere]).await.unwrap()[0].is_none());
}

async fn ten_thousand_names_are_found_at_once(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_table(table(name("t9999")), IfExists::Fail)).await;
    let mut names: Vec<TableName> = (0..10_000).map(|n| name(&format!("t{n}"))).collect();
    let found = catalog.find(&names).await.unwrap();
    assert_eq!(found.iter().filter(|relation| relation.is_some()).count(), 1);
    assert!(found[9_999].is_some());
    names.push(name("one more"));
    assert_eq!(
        catalog.find(&names).await.unwrap_err().code(),
        ErrorCode::ExceededStatementLimit
    );
}

async fn names_are_listed_in_the_order_of_their_bytes(place: Place) {
    let catalog = open(&place).await;
    let names = ["B", "_a", "a", "a-b", "aa", "b", "ä"];
    for name in names.iter().rev() {
        changes(&catalog, create_database(name, IfExists::Fail)).await;
        changes(&catalog, create_view(view(super::name(name)), IfExists::Fail)).await;
    }
    assert_eq!(relation_names(&catalog, "default").await, names);
    let databases = catalog
        .databases()
        .await
        .unwrap()
        .into_iter()
        .map(|database| database.name);
    assert_eq!(databases.filter(|name| name != "default").collect::<Vec<_>>(), names);
}

async fn what_cannot_be_kept_is_refused(place: Place) {
    let catalog = open(&place).await;
    let invalid = ErrorCode::InvalidValue;
    let long = "é".repeat(127);
    changes(&catalog, create_table(table(name(&long)), IfExists::Fail)).await;
    let refused = create_table(table(name(&format!("{long}ab"))), IfExists::Fail);
    refuses(&catalog, refused, invalid, "has 256 bytes, where 255 are the limit").await;
    refuses(
        &catalog,
        create_table(table(name("")), IfExists::Fail),
        invalid,
        "is empty",
    )
    .await;
    refuses(
        &catalog,
        create_database("a\0b", IfExists::Fail),
        invalid,
        "control character",
    )
    .await;
    let nul = ViewDefinition {
        sql: "SELECT '\0'".to_owned(),
        ..view(name("v"))
    };
    refuses(&catalog, create_view(nul, IfExists::Fail), invalid, "NUL").await;
    let twice = TableDefinition {
        partition_columns: vec![Column::new("id", DataType::Int8)],
        ..table(name("twice"))
    };
    refuses(
        &catalog,
        create_table(twice, IfExists::Fail),
        invalid,
        "two columns \"id\"",
    )
    .await;
    let columns = (0..10_000)
        .map(|n| Column::new(format!("c{n}"), DataType::Utf8))
        .collect::<Vec<_>>();
    let wide = |columns| TableDefinition {
        columns,
        ..table(name("wide"))
    };
    let refused = create_table(wide(columns.clone()), IfExists::Fail);
    refuses(&catalog, refused, ErrorCode::ExceededStatementLimit, "10002 columns").await;
    changes(&catalog, create_table(wide(columns[2..].to_vec()), IfExists::Fail)).await;
    let refused = create_view(
        ViewDefinition {
            sql: "x".repeat(5 << 20),
            ..view(name("v"))
        },
        IfExists::Fail,
    );
    refuses(&catalog, refused, ErrorCode::ExceededStatementLimit, "shorten it").await;
}
