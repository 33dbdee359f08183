//! DELETE and UPDATE lose their WHERE when the optimizer folds it away, and EXPLAIN of them runs them (H1, H2).

use super::{Failures, bare, refusal, rows_in};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

/// A statement that must leave the table with these rows, and the rows that the bare engine leaves.
async fn check(failures: &mut Failures, statement: &str, right: &str, wrong: &str) {
    let context = bare();
    rows_in(&context, "CREATE TABLE t (id INT) AS VALUES (1), (2), (3)")
        .await
        .unwrap();
    let ran = rows_in(&context, statement).await;
    let left = rows_in(&context, "SELECT id FROM t ORDER BY id").await.unwrap();
    assert_ne!(right, wrong);
    let outcome = match ran {
        Err(error) => Err(format!("the bare engine refuses it now: {error}")),
        Ok(_) if left != wrong => Err(format!("the bare engine leaves: {left}")),
        Ok(_) => {
            refusal(
                &TestEngine::local().await,
                statement,
                ErrorCode::NotSupported,
                "is not supported yet",
            )
            .await
        }
    };
    failures.note(statement, outcome);
}

#[tokio::test]
async fn a_condition_that_is_folded_away_changes_every_row_in_the_bare_engine_and_is_refused_here() {
    let mut failures = Failures::default();
    for condition in [
        "false",
        "1 = 2",
        "id = 1 AND id = 2",
        "id = NULL",
        "NULL",
        "id IN (SELECT 7)",
    ] {
        check(
            &mut failures,
            &format!("DELETE FROM t WHERE {condition}"),
            "1; 2; 3",
            "",
        )
        .await;
    }
    check(&mut failures, "DELETE FROM t LIMIT 1", "2; 3", "").await;
    for condition in ["id IN (SELECT 7)", "id NOT IN (SELECT id FROM t)"] {
        check(
            &mut failures,
            &format!("UPDATE t SET id = 9 WHERE {condition}"),
            "1; 2; 3",
            "9; 9; 9",
        )
        .await;
    }
    failures.assert_none();
}

#[tokio::test]
async fn explain_of_a_change_changes_rows_in_the_bare_engine_and_is_refused_here() {
    let mut failures = Failures::default();
    check(&mut failures, "EXPLAIN DELETE FROM t WHERE id = 1", "1; 2; 3", "2; 3").await;
    check(&mut failures, "EXPLAIN DELETE FROM t", "1; 2; 3", "").await;
    check(
        &mut failures,
        "EXPLAIN UPDATE t SET id = 9 WHERE id = 1",
        "1; 2; 3",
        "2; 3; 9",
    )
    .await;
    failures.assert_none();
}
