//! Partitions are registered, hidden and found again.

use std::slice::from_ref;

use super::*;
use crate::catalog::Partition;

both_databases!(
    partitions_are_registered_hidden_and_registered_again,
    partitions_are_added_all_or_none,
    many_partitions_are_one_change,
    only_partitioned_tables_have_partitions,
);

/// A registered partition without a place of its own; an empty text is NULL.
pub(super) fn partition(values: &[&str]) -> Partition {
    let value = |value: &&str| (!value.is_empty()).then(|| (*value).to_owned());
    Partition {
        values: values.iter().map(value).collect(),
        location: None,
        dropped: false,
    }
}

fn add(partitions: &[Partition], if_exists: IfExists) -> Change {
    let (table, partitions) = (name("t"), partitions.to_vec());
    Change::AddPartitions {
        table,
        partitions,
        if_exists,
    }
}

fn drop(partitions: &[Partition]) -> Change {
    let partitions = partitions.iter().map(|partition| partition.values.clone()).collect();
    Change::DropPartitions {
        table: name("t"),
        partitions,
    }
}

async fn open_with_table(place: &Place) -> BuiltinCatalog {
    let catalog = open(place).await;
    changes(&catalog, create_table(table(name("t")), IfExists::Fail)).await;
    catalog
}

async fn listed(catalog: &BuiltinCatalog) -> Vec<Partition> {
    catalog.partitions(&name("t")).await.unwrap()
}

async fn partitions_are_registered_hidden_and_registered_again(place: Place) {
    let catalog = open_with_table(&place).await;
    let null = partition(&["2024", ""]);
    let odd = partition(&["2024", "NULL',\"\0é"]);
    let elsewhere = Partition {
        location: Some("s3://other/place/".to_owned()),
        ..partition(&["2023", "de"])
    };
    changes(
        &catalog,
        add(&[odd.clone(), null.clone(), elsewhere.clone()], IfExists::Fail),
    )
    .await;
    assert_eq!(listed(&catalog).await, [elsewhere.clone(), null.clone(), odd.clone()]);

    // One of them was never registered: its files were found by listing.
    let found = partition(&["2025", "fr"]);
    changes(&catalog, drop(&[elsewhere.clone(), found.clone(), found.clone()])).await;
    leaves(&catalog, drop(from_ref(&found))).await;
    let hidden = |partition: &Partition| Partition {
        location: None,
        dropped: true,
        ..partition.clone()
    };
    assert_eq!(
        listed(&catalog).await,
        [hidden(&elsewhere), null.clone(), odd.clone(), hidden(&found)]
    );

    leaves(&catalog, add(from_ref(&null), IfExists::Keep)).await;
    changes(&catalog, add(&[elsewhere.clone(), null.clone()], IfExists::Keep)).await;
    changes(&catalog, add(from_ref(&found), IfExists::Fail)).await;
    assert_eq!(listed(&catalog).await, [elsewhere, null, odd, found]);
    let other = TableName::new("glue", "default", "t");
    assert!(catalog.partitions(&other).await.unwrap().is_empty());
}

async fn partitions_are_added_all_or_none(place: Place) {
    let catalog = open_with_table(&place).await;
    let (first, second) = (partition(&["1", "a"]), partition(&["2", ""]));
    changes(&catalog, add(from_ref(&second), IfExists::Fail)).await;
    let words = "the partition (year = '2', country = NULL) of \"lake.default.t\" is registered already";
    let both = [first.clone(), second.clone()];
    refuses(&catalog, add(&both, IfExists::Fail), ErrorCode::AlreadyExists, words).await;
    let twice = [first.clone(), first.clone()];
    refuses(
        &catalog,
        add(&twice, IfExists::Fail),
        ErrorCode::AlreadyExists,
        "is named twice",
    )
    .await;
    refuses(
        &catalog,
        add(&both, IfExists::Replace),
        ErrorCode::NotSupported,
        "only tables and views",
    )
    .await;
    let short = [first.clone(), partition(&["3"])];
    refuses(
        &catalog,
        add(&short, IfExists::Keep),
        ErrorCode::InvalidValue,
        "has 2 values",
    )
    .await;
    refuses(&catalog, drop(&short), ErrorCode::InvalidValue, "has 2 values").await;
    let long = partition(&["1", &"x".repeat(2_000)]);
    refuses(
        &catalog,
        add(&[first, long], IfExists::Keep),
        ErrorCode::InvalidValue,
        "2000 are the limit",
    )
    .await;
    assert_eq!(listed(&catalog).await, [second]);
}

async fn many_partitions_are_one_change(place: Place) {
    let catalog = open_with_table(&place).await;
    // Random letters, so that PostgreSQL cannot compress the longest values into its index.
    let mut state = 7_u32;
    let mut longest = || -> String {
        let letter = |_| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            char::from_digit((state >> 16) % 36, 36).unwrap()
        };
        (0..990).map(letter).collect()
    };
    let mut many: Vec<Partition> = (0..2_500).map(|n| partition(&[&format!("{n:05}"), "x"])).collect();
    many.extend((0..5).map(|_| partition(&[&longest(), &longest()])));
    changes(&catalog, add(&many, IfExists::Fail)).await;
    assert_eq!(listed(&catalog).await.len(), many.len());
    changes(&catalog, drop(&many)).await;
    assert!(listed(&catalog).await.iter().all(|partition| partition.dropped));
    let too_many: Vec<Partition> = (0..100_001).map(|n| partition(&[&n.to_string(), "x"])).collect();
    refuses(
        &catalog,
        add(&too_many, IfExists::Keep),
        ErrorCode::ExceededStatementLimit,
        "100001 partitions",
    )
    .await;
}

async fn only_partitioned_tables_have_partitions(place: Place) {
    let catalog = open(&place).await;
    let one = [partition(&["1", "a"])];
    for change in [add(&one, IfExists::Keep), drop(&one)] {
        refuses(
            &catalog,
            change,
            ErrorCode::TableNotFound,
            "there is no table \"lake.default.t\"",
        )
        .await;
    }
    changes(&catalog, create_view(view(name("t")), IfExists::Fail)).await;
    for change in [add(&one, IfExists::Keep), drop(&one)] {
        refuses(
            &catalog,
            change,
            ErrorCode::TableNotFound,
            "is a view: only tables have partitions",
        )
        .await;
    }
    changes(&catalog, drop_view(name("t"), IfMissing::Fail)).await;
    let flat = TableDefinition {
        partition_columns: Vec::new(),
        ..table(name("t"))
    };
    changes(&catalog, create_table(flat, IfExists::Fail)).await;
    for change in [add(&one, IfExists::Keep), drop(&one)] {
        refuses(&catalog, change, ErrorCode::InvalidValue, "has no partition columns").await;
    }
}
