//! No two statements write into one place, and what a dead one left is told apart.

use super::*;
use crate::catalog::writes::TakenClaim;
use crate::catalog::{Liveness, Settings, WriteClaim, WriteClaims, Writer};
use crate::error::Result;

const HOUR: i64 = 3_600_000_000;

both_databases!(
    a_claim_keeps_others_out_at_above_and_below_its_place,
    the_claim_of_a_dead_process_is_taken_over,
    a_process_of_which_nothing_is_known_keeps_its_claim_for_a_day,
    a_claim_goes_with_the_table_that_it_was_for,
    a_statement_whose_claim_was_taken_over_makes_no_table,
    the_claims_of_a_process_are_given_up_for_everybody,
);

async fn claims(place: &Place) -> WriteClaims {
    WriteClaims::new(open_metastore(place).await, &Settings::default())
}

/// Claims `location` at hour `hour`, where every process is as `liveness` says.
async fn claim(
    claims: &WriteClaims,
    location: &str,
    query_id: &str,
    hour: i64,
    liveness: Liveness,
) -> Result<TakenClaim> {
    let writer = Writer {
        query_id,
        process_id: "process",
        now: hour * HOUR,
    };
    claims.claim(location, writer, &|_| liveness).await
}

fn of(location: &str, query_id: &str) -> WriteClaim {
    WriteClaim {
        location: location.to_owned(),
        query_id: query_id.to_owned(),
    }
}

async fn a_claim_keeps_others_out_at_above_and_below_its_place(place: Place) {
    let (first, second) = (claims(&place).await, claims(&place).await);
    let taken = claim(&first, "s3://bucket/a_b/c%", "one", 0, Liveness::Alive)
        .await
        .unwrap();
    assert_eq!(
        (&taken.claim, taken.abandoned.len()),
        (&of("s3://bucket/a_b/c%/", "one"), 0)
    );
    for location in [
        "s3://bucket/a_b/c%",
        "s3://bucket/a_b/c%//",
        "s3://bucket/a_b/c%/d",
        "s3://bucket/a_b",
        "s3://bucket",
    ] {
        let error = claim(&second, location, "two", 1_000, Liveness::Alive)
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::AlreadyExists, "{location}");
        assert!(
            error.message().contains("another statement, \"one\", is writing to"),
            "{error}"
        );
    }
    // Neither a step that begins alike, nor a letter that a pattern would take for another, nor another case.
    for location in [
        "s3://bucket/a_b/c%d",
        "s3://bucket/axb/c%",
        "s3://bucket/a_b/cd",
        "s3://bucket/A_b/c%",
        "/bucket/a_b",
    ] {
        claim(&second, location, "two", 0, Liveness::Alive).await.unwrap();
    }
    first.release(&taken.claim).await.unwrap();
    first.release(&taken.claim).await.unwrap();
    claim(&second, "s3://bucket/a_b/c%", "two", 0, Liveness::Alive)
        .await
        .unwrap();
}

async fn the_claim_of_a_dead_process_is_taken_over(place: Place) {
    let claims = claims(&place).await;
    for (location, query_id) in [("/w/a", "above"), ("/w/a/b/c", "below"), ("/w/x", "beside")] {
        // Dead already when the next one looks.
        claim(&claims, location, query_id, 0, Liveness::Ended).await.unwrap();
    }
    let mut taken = claim(&claims, "/w/a/b", "new", 0, Liveness::Ended).await.unwrap();
    taken.abandoned.sort_by(|a, b| a.query_id.cmp(&b.query_id));
    assert_eq!(taken.abandoned, [of("/w/a/", "above"), of("/w/a/b/c/", "below")]);
    // Until their files are gone they stay known, also if this one dies in its turn.
    let next = claim(&claims, "/w/a/b", "next", 0, Liveness::Ended).await.unwrap();
    assert_eq!(next.abandoned.len(), 3);
    for abandoned in &next.abandoned {
        assert!(!claims.is_held(abandoned).await.unwrap());
        claims.release(abandoned).await.unwrap();
    }
    claims.release(&next.claim).await.unwrap();
    let last = claim(&claims, "/w/a/b", "last", 0, Liveness::Alive).await.unwrap();
    assert!(last.abandoned.is_empty());
    assert!(claims.is_held(&last.claim).await.unwrap());
}

async fn a_process_of_which_nothing_is_known_keeps_its_claim_for_a_day(place: Place) {
    let claims = claims(&place).await;
    claim(&claims, "/w", "one", 0, Liveness::Unknown).await.unwrap();
    let refused = claim(&claims, "/w", "two", 24, Liveness::Unknown).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AlreadyExists);
    let taken = claim(&claims, "/w", "two", 25, Liveness::Unknown).await.unwrap();
    assert_eq!(taken.abandoned, [of("/w/", "one")]);
}

async fn a_claim_goes_with_the_table_that_it_was_for(place: Place) {
    let (catalog, claims) = (open(&place).await, claims(&place).await);
    let taken = claim(&claims, "/w/t", "one", 0, Liveness::Alive).await.unwrap().claim;
    let create = |table_name: &str, database: &str, if_exists| Change::CreateTable {
        table: Box::new(table(TableName::new("lake", database, table_name))),
        if_exists,
        claim: Some(taken.clone()),
    };
    changes(&catalog, create_table(table(name("there")), IfExists::Fail)).await;
    leaves(&catalog, create("there", "default", IfExists::Keep)).await;
    refuses(
        &catalog,
        create("there", "default", IfExists::Fail),
        ErrorCode::AlreadyExists,
        "already a table",
    )
    .await;
    refuses(
        &catalog,
        create("t", "sales", IfExists::Fail),
        ErrorCode::DatabaseNotFound,
        "\"sales\"",
    )
    .await;
    assert!(
        claims.is_held(&taken).await.unwrap(),
        "whoever made no table has files to remove"
    );
    changes(&catalog, create("t", "default", IfExists::Fail)).await;
    assert!(!claims.is_held(&taken).await.unwrap());
    claim(&claims, "/w/t", "two", 0, Liveness::Alive).await.unwrap();
}

async fn a_statement_whose_claim_was_taken_over_makes_no_table(place: Place) {
    let (catalog, claims) = (open(&place).await, claims(&place).await);
    let lost = claim(&claims, "/w/t", "one", 0, Liveness::Alive).await.unwrap().claim;
    let create = Change::CreateTable {
        table: Box::new(table(name("t"))),
        if_exists: IfExists::Fail,
        claim: Some(lost.clone()),
    };
    let words = "another statement has taken over the place \"/w/t/\"";
    claim(&claims, "/w/t", "two", 0, Liveness::Ended).await.unwrap();
    refuses(&catalog, create.clone(), ErrorCode::ObjectChanged, words).await;
    claims.release(&lost).await.unwrap();
    refuses(&catalog, create, ErrorCode::ObjectChanged, words).await;
    assert!(relation_names(&catalog, "default").await.is_empty());
}

async fn the_claims_of_a_process_are_given_up_for_everybody(place: Place) {
    let metastore = open_metastore(&place).await;
    let claims = claims(&place).await;
    claim(&claims, "/w", "one", 0, Liveness::Alive).await.unwrap();
    WriteClaims::abandon_all_of(&metastore, "another").await.unwrap();
    assert!(claim(&claims, "/w", "two", 0, Liveness::Unknown).await.is_err());
    WriteClaims::abandon_all_of(&metastore, "process").await.unwrap();
    let taken = claim(&claims, "/w", "two", 0, Liveness::Unknown).await.unwrap();
    assert_eq!(taken.abandoned, [of("/w/", "one")]);
}
