//! Each change is made whole or not at all, and refused in words.

use super::*;

both_databases!(
    tables_and_views_share_one_namespace,
    what_is_there_is_kept_if_that_was_asked_for,
    a_view_is_replaced_by_a_view_alone,
    a_table_is_replaced_by_a_table_alone,
    a_statement_of_the_wrong_kind_is_told_the_right_one,
    what_is_missing_is_named_with_the_nearest_name,
    a_database_opens_with_its_tables_or_not_at_all,
    a_database_goes_with_what_it_holds_only_if_that_was_asked_for,
    names_of_owlet_itself_and_of_other_catalogues_are_refused,
);

async fn tables_and_views_share_one_namespace(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_table(table(name("t")), IfExists::Fail)).await;
    changes(&catalog, create_view(view(name("v")), IfExists::Fail)).await;
    for taken in ["t", "v"] {
        let words = format!(
            "there is already a {} \"lake.default.{taken}\"",
            if taken == "t" { "table" } else { "view" }
        );
        refuses(
            &catalog,
            create_table(table(name(taken)), IfExists::Fail),
            ErrorCode::AlreadyExists,
            &words,
        )
        .await;
        refuses(
            &catalog,
            create_view(view(name(taken)), IfExists::Fail),
            ErrorCode::AlreadyExists,
            &words,
        )
        .await;
    }
    changes(&catalog, create_database("sales", IfExists::Fail)).await;
    changes(
        &catalog,
        create_view(view(TableName::new("lake", "sales", "t")), IfExists::Fail),
    )
    .await;
}

async fn what_is_there_is_kept_if_that_was_asked_for(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_table(table(name("t")), IfExists::Keep)).await;
    changes(&catalog, create_database("sales", IfExists::Keep)).await;
    let other = TableDefinition {
        comment: None,
        ..table(name("t"))
    };
    leaves(&catalog, create_table(other, IfExists::Keep)).await;
    leaves(&catalog, create_view(view(name("t")), IfExists::Keep)).await;
    leaves(&catalog, create_database("sales", IfExists::Keep)).await;
    assert_eq!(*as_table(lookup(&catalog, &name("t")).await), table(name("t")));
    let words = "there is already a database \"sales\"";
    refuses(
        &catalog,
        create_database("sales", IfExists::Fail),
        ErrorCode::AlreadyExists,
        words,
    )
    .await;
    leaves(&catalog, drop_table(name("x"), IfMissing::Ignore)).await;
    leaves(&catalog, drop_view(name("x"), IfMissing::Ignore)).await;
    leaves(
        &catalog,
        drop_table(TableName::new("lake", "x", "x"), IfMissing::Ignore),
    )
    .await;
    leaves(&catalog, drop_database("x", false, IfMissing::Ignore)).await;
}

async fn a_view_is_replaced_by_a_view_alone(place: Place) {
    let catalog = open(&place).await;
    let replaced = |name| create_view(view(name), IfExists::Replace);
    changes(&catalog, replaced(name("v"))).await;
    let new = ViewDefinition {
        sql: "SELECT 2 AS b".to_owned(),
        ..view(name("v"))
    };
    changes(&catalog, create_view(new.clone(), IfExists::Replace)).await;
    assert_eq!(*as_view(lookup(&catalog, &name("v")).await), new);
    changes(&catalog, create_table(table(name("t")), IfExists::Fail)).await;
    let words = "there is already a table \"lake.default.t\"";
    refuses(&catalog, replaced(name("t")), ErrorCode::AlreadyExists, words).await;
    assert_eq!(relation_names(&catalog, "default").await, ["t", "v"]);
}

async fn a_table_is_replaced_by_a_table_alone(place: Place) {
    let catalog = open(&place).await;
    let replaced = |table| create_table(table, IfExists::Replace);
    changes(&catalog, replaced(table(name("t")))).await;
    let partitions = Change::AddPartitions {
        table: name("t"),
        partitions: vec![super::partitions::partition(&["2024", "CH"])],
        if_exists: IfExists::Fail,
    };
    changes(&catalog, partitions).await;
    let new = TableDefinition {
        location: "s3://bucket/other/".to_owned(),
        ..table(name("t"))
    };
    changes(&catalog, replaced(new.clone())).await;
    assert_eq!(*as_table(lookup(&catalog, &name("t")).await), new);
    assert_eq!(catalog.partitions(&name("t")).await.unwrap(), []);
    changes(&catalog, create_view(view(name("v")), IfExists::Fail)).await;
    let words = "there is already a view \"lake.default.v\"";
    refuses(&catalog, replaced(table(name("v"))), ErrorCode::AlreadyExists, words).await;
    assert_eq!(relation_names(&catalog, "default").await, ["t", "v"]);
}

async fn a_statement_of_the_wrong_kind_is_told_the_right_one(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_table(table(name("t")), IfExists::Fail)).await;
    changes(&catalog, create_view(view(name("v")), IfExists::Fail)).await;
    for if_missing in [IfMissing::Fail, IfMissing::Ignore] {
        let words = "\"lake.default.v\" is a view: drop it with DROP VIEW";
        refuses(
            &catalog,
            drop_table(name("v"), if_missing),
            ErrorCode::TableNotFound,
            words,
        )
        .await;
        let words = "\"lake.default.t\" is a table: drop it with DROP TABLE";
        refuses(
            &catalog,
            drop_view(name("t"), if_missing),
            ErrorCode::TableNotFound,
            words,
        )
        .await;
    }
    changes(&catalog, drop_table(name("t"), IfMissing::Fail)).await;
    changes(&catalog, drop_view(name("v"), IfMissing::Fail)).await;
    assert!(relation_names(&catalog, "default").await.is_empty());
}

async fn what_is_missing_is_named_with_the_nearest_name(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_database("sales", IfExists::Fail)).await;
    changes(&catalog, create_table(table(name("orders")), IfExists::Fail)).await;
    let words = "there is no table \"lake.default.ordrs\"; did you mean \"orders\"?";
    refuses(
        &catalog,
        drop_table(name("ordrs"), IfMissing::Fail),
        ErrorCode::TableNotFound,
        words,
    )
    .await;
    let words = "there is no view \"lake.default.x\"; SHOW VIEWS lists those that are there";
    refuses(
        &catalog,
        drop_view(name("x"), IfMissing::Fail),
        ErrorCode::TableNotFound,
        words,
    )
    .await;
    let words = "there is no database \"sles\"; did you mean \"sales\"?";
    let in_sles = TableName::new("lake", "sles", "t");
    for change in [
        drop_database("sles", true, IfMissing::Fail),
        drop_table(in_sles.clone(), IfMissing::Fail),
        create_table(table(in_sles.clone()), IfExists::Keep),
        create_view(view(in_sles), IfExists::Replace),
    ] {
        refuses(&catalog, change, ErrorCode::DatabaseNotFound, words).await;
    }
}

async fn a_database_opens_with_its_tables_or_not_at_all(place: Place) {
    let catalog = open(&place).await;
    let tables = |names: &[&str]| {
        let in_sales = |table_name: &&str| table(TableName::new("lake", "sales", *table_name));
        names.iter().map(in_sales).collect::<Vec<_>>()
    };
    let opened = |tables| Change::CreateDatabase {
        database: database("sales"),
        tables,
        if_exists: IfExists::Fail,
    };
    let twice = opened(tables(&["a", "b", "a"]));
    refuses(&catalog, twice, ErrorCode::AlreadyExists, "has two tables \"a\"").await;
    assert_eq!(catalog.database("sales").await.unwrap(), None);
    changes(&catalog, opened(tables(&["b", "a"]))).await;
    assert_eq!(relation_names(&catalog, "sales").await, ["a", "b"]);
    refuses(
        &catalog,
        opened(tables(&["c"])),
        ErrorCode::AlreadyExists,
        "there is already a database",
    )
    .await;
    assert_eq!(relation_names(&catalog, "sales").await, ["a", "b"]);
}

async fn a_database_goes_with_what_it_holds_only_if_that_was_asked_for(place: Place) {
    let catalog = open(&place).await;
    changes(&catalog, create_database("sales", IfExists::Fail)).await;
    changes(&catalog, create_database("other", IfExists::Fail)).await;
    for table_name in ["t", "u"] {
        for database in ["sales", "other"] {
            let table = table(TableName::new("lake", database, table_name));
            changes(&catalog, create_table(table, IfExists::Fail)).await;
        }
    }
    let partition = super::partitions::partition(&["2024", "de"]);
    let partitions = Change::AddPartitions {
        table: TableName::new("lake", "sales", "t"),
        partitions: vec![partition],
        if_exists: IfExists::Fail,
    };
    changes(&catalog, partitions.clone()).await;
    let words = "the database \"sales\" is not empty: it holds \"t\" and 1 more";
    refuses(
        &catalog,
        drop_database("sales", false, IfMissing::Ignore),
        ErrorCode::AlreadyExists,
        words,
    )
    .await;
    changes(&catalog, drop_database("sales", true, IfMissing::Fail)).await;
    assert!(relation_names(&catalog, "sales").await.is_empty());
    assert_eq!(relation_names(&catalog, "other").await, ["t", "u"]);
    // A new table of an old name has nothing of the old one.
    changes(&catalog, create_database("sales", IfExists::Fail)).await;
    changes(
        &catalog,
        create_table(table(TableName::new("lake", "sales", "t")), IfExists::Fail),
    )
    .await;
    assert!(
        catalog
            .partitions(&TableName::new("lake", "sales", "t"))
            .await
            .unwrap()
            .is_empty()
    );
    changes(&catalog, partitions).await;
}

async fn names_of_owlet_itself_and_of_other_catalogues_are_refused(place: Place) {
    let catalog = open(&place).await;
    for reserved in ["information_schema", "system"] {
        let words = format!("the database \"{reserved}\" is Owlet's own");
        for change in [
            create_database(reserved, IfExists::Keep),
            create_table(table(TableName::new("lake", reserved, "t")), IfExists::Fail),
            drop_database(reserved, true, IfMissing::Ignore),
        ] {
            refuses(&catalog, change, ErrorCode::PermissionDenied, &words).await;
        }
    }
    let elsewhere = TableName::new("glue", "default", "t");
    for change in [
        create_table(table(elsewhere.clone()), IfExists::Keep),
        create_view(view(elsewhere.clone()), IfExists::Keep),
        drop_table(elsewhere, IfMissing::Ignore),
    ] {
        refuses(
            &catalog,
            change,
            ErrorCode::DatabaseNotFound,
            "there is no catalogue \"glue\"",
        )
        .await;
    }
}
