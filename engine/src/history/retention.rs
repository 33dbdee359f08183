//! The upkeep of the history: rows of dead processes are closed, old rows are deleted.
//!
//! It runs when a history is opened and then once a day, or each minute while there is more to delete than one batch. One read
//! finds that there is nothing to delete, so a process that lives for one statement can afford it.

use std::sync::atomic::Ordering;

use sqlx::Row;

use super::execution::QueryState;
use super::log::Shared;
use super::presence::{self, Presence};
use crate::catalog::WriteClaims;
use crate::error::{Error, ErrorCode, Result};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Whether the time of the next upkeep has come.
pub(super) fn is_due(shared: &Shared) -> bool {
    (shared.clock)() >= shared.next_upkeep.load(Ordering::Acquire)
}

/// Runs the upkeep, if its time has come and nobody else has begun with it.
pub(super) async fn run_if_due(shared: &Shared) -> Result<()> {
    let now = (shared.clock)();
    let due = shared.next_upkeep.load(Ordering::Acquire);
    // Should it fail, it is tried again in a minute.
    let claimed = shared
        .next_upkeep
        .compare_exchange(due, now + MINUTE, Ordering::AcqRel, Ordering::Acquire);
    if now < due || claimed.is_err() {
        return Ok(());
    }
    if let Some(directory) = shared.metastore.directory() {
        for departed in presence::departed(directory)? {
            close_rows_of(shared, departed, now).await?;
        }
    }
    if !delete_old(shared, now).await? {
        shared.next_upkeep.store(now + DAY, Ordering::Release);
    }
    Ok(())
}

/// Closes what a dead process left open, gives up the places that it was writing to, and then forgets the process.
async fn close_rows_of(shared: &Shared, departed: Presence, now: i64) -> Result<()> {
    let update = || {
        let sql = "UPDATE owlet_query_executions SET state = $2, ended_at = $3, error_code = $4, error_message = $5 \
            WHERE process_id = $1 AND ended_at IS NULL";
        sqlx::query(sql)
            .bind(departed.process_id.clone())
            .bind(QueryState::Failed.as_str())
            .bind(now)
            .bind(ErrorCode::Internal.as_str())
            .bind("the process ended before the query did")
    };
    shared
        .metastore
        .execute("close the queries of a process that has ended", update)
        .await?;
    WriteClaims::abandon_all_of(&shared.metastore, &departed.process_id).await?;
    departed.leave().map_err(|error| {
        Error::new(
            ErrorCode::Internal,
            format!("cannot remove the file of a process that has ended: {}", error.kind()),
        )
        .caused_by(error)
    })
}

/// Deletes the oldest rows beyond the retention, one batch of them. Whether there may be more.
async fn delete_old(shared: &Shared, now: i64) -> Result<bool> {
    let cutoff = now.saturating_sub(i64::from(shared.settings.retention_days).saturating_mul(DAY));
    let oldest = || sqlx::query("SELECT submitted_at FROM owlet_query_executions ORDER BY submitted_at LIMIT 1");
    let action = "delete old queries";
    let rows = shared.metastore.fetch_all(action, oldest).await?;
    let is_old = rows
        .first()
        .is_some_and(|row| row.try_get::<i64, _>(0).is_ok_and(|oldest| oldest < cutoff));
    if !is_old {
        return Ok(false);
    }
    let limit = i64::from(shared.settings.retention_batch_rows);
    let delete = || {
        let sql = "DELETE FROM owlet_query_executions WHERE query_id IN \
            (SELECT query_id FROM owlet_query_executions WHERE submitted_at < $1 ORDER BY submitted_at LIMIT $2)";
        sqlx::query(sql).bind(cutoff).bind(limit)
    };
    let deleted = shared.metastore.execute(action, delete).await?;
    Ok(i64::try_from(deleted).unwrap_or(i64::MAX) >= limit)
}
