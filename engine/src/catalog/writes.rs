//! Claims on places that statements write to, so that no two statements write into one directory, and so that what a dead
//! statement left can be told from the files of others.
//!
//! A statement takes its claim before its first file and gives it back with the table that it makes, in one transaction. If its
//! process dies in between, the claim stays: the next one to claim the place is told of it, and removes what the dead statement
//! left, whose names carry its query id. A statement whose claim was taken over can no longer make its table.

use std::fmt;

use sqlx::any::AnyRow;

use super::settings::Settings;
use super::transaction::{Transaction, column};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::{Metastore, Statement};

/// In microseconds.
const HOUR: i64 = 3_600_000_000;

/// A statement's right to write below one location, and to register a table there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteClaim {
    /// The directory, with one `/` at its end: a URL, or an absolute path.
    pub location: String,
    /// The query whose it is. The names of the files that it writes carry this id.
    pub query_id: String,
}

/// A claim that was taken, and what dead statements left in its place.
#[derive(Clone, Debug)]
pub struct TakenClaim {
    /// The claim.
    pub claim: WriteClaim,
    /// Claims of dead statements at, above or below its location. Whoever has taken the place removes their files and then
    /// [releases](WriteClaims::release) them, before it looks whether the place is empty.
    pub abandoned: Vec<WriteClaim>,
}

/// Who asks for a claim.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The statement.
    pub query_id: &'a str,
    /// The process that runs it, by the id under which it has opened its history.
    pub process_id: &'a str,
    /// The time, in microseconds since the Unix epoch.
    pub now: i64,
}

/// What can be known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It runs.
    Alive,
    /// It has ended.
    Ended,
    /// It left no trace in this data directory: it may have ended, or run on another machine.
    Unknown,
}

/// The claims in one metastore.
#[derive(Clone)]
pub struct WriteClaims {
    metastore: Metastore,
    /// In microseconds.
    unknown_limit: i64,
}

impl WriteClaims {
    /// The claims in `metastore`.
    #[must_use]
    pub fn new(metastore: Metastore, settings: &Settings) -> Self {
        Self {
            metastore,
            unknown_limit: i64::from(settings.unknown_claim_limit_hours) * HOUR,
        }
    }

    /// Claims `location` for `writer`: a directory as a URL or an absolute path, in the one spelling that all statements use for
    /// it (`s3://` rather than `s3a://`), with or without `/` at its end. `liveness` tells of a process by its id.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` if a living statement has a claim at this location, above or below it; those of the metastore.
    pub async fn claim(
        &self,
        location: &str,
        writer: Writer<'_>,
        liveness: &(dyn Fn(&str) -> Liveness + Send + Sync),
    ) -> Result<TakenClaim> {
        let claim = WriteClaim {
            location: format!("{}/", location.trim_end_matches('/')),
            query_id: writer.query_id.to_owned(),
        };
        let mut transaction = Transaction::begin(&self.metastore, "claim a place to write to").await?;
        let mut abandoned = Vec::new();
        for other in overlapping(&mut transaction, &claim.location).await? {
            if !self.is_abandoned(&other, writer.now, liveness) {
                return Err(taken(&claim.location, &other.claim));
            }
            abandoned.push(other.claim);
        }
        for other in &abandoned {
            let sql = "UPDATE owlet_write_claims SET abandoned = 1 WHERE query_id = $1 AND location = $2";
            transaction.execute(of(sql, other)).await?;
        }
        let sql = "INSERT INTO owlet_write_claims (query_id, location, process_id, claimed_at) VALUES ($1, $2, $3, $4)";
        let insert = of(sql, &claim).bind(writer.process_id.to_owned()).bind(writer.now);
        transaction.execute(insert).await?;
        transaction.commit().await?;
        Ok(TakenClaim { claim, abandoned })
    }

    /// Gives `claim` back, with nothing left in its place. Whoever dropped a statement in the middle removes its files first.
    ///
    /// # Errors
    /// Those of the metastore.
    pub async fn release(&self, claim: &WriteClaim) -> Result<()> {
        let delete = || {
            of(
                "DELETE FROM owlet_write_claims WHERE query_id = $1 AND location = $2",
                claim,
            )
        };
        self.metastore.execute("release a place to write to", delete).await?;
        Ok(())
    }

    /// Gives `claim` up without a word of what lies in its place: whoever claims the place next removes it.
    ///
    /// # Errors
    /// Those of the metastore.
    pub async fn abandon(&self, claim: &WriteClaim) -> Result<()> {
        let sql = "UPDATE owlet_write_claims SET abandoned = 1 WHERE query_id = $1 AND location = $2";
        self.metastore.execute("give up a claim", || of(sql, claim)).await?;
        Ok(())
    }

    /// Whether `claim` stands. After a [`Change`](super::Change) with it that failed for the metastore, this tells whether it was
    /// made nevertheless: then the claim is gone.
    ///
    /// # Errors
    /// Those of the metastore.
    pub async fn is_held(&self, claim: &WriteClaim) -> Result<bool> {
        let select = || of(SELECT_HELD, claim);
        let rows = self.metastore.fetch_all("look up a claim", select).await?;
        Ok(!rows.is_empty())
    }

    /// Notes that the process has ended, so that its claims count as abandoned for everybody.
    ///
    /// # Errors
    /// Those of the metastore.
    pub async fn abandon_all_of(metastore: &Metastore, process_id: &str) -> Result<()> {
        let update = || {
            let sql = "UPDATE owlet_write_claims SET abandoned = 1 WHERE process_id = $1";
            sqlx::query(sql).bind(process_id.to_owned())
        };
        metastore
            .execute("give up the claims of a process that has ended", update)
            .await?;
        Ok(())
    }

    fn is_abandoned(&self, row: &ClaimRow, now: i64, liveness: &(dyn Fn(&str) -> Liveness + Send + Sync)) -> bool {
        row.abandoned
            || match liveness(&row.process_id) {
                Liveness::Alive => false,
                Liveness::Ended => true,
                Liveness::Unknown => now.saturating_sub(row.claimed_at) > self.unknown_limit,
            }
    }
}

impl fmt::Debug for WriteClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteClaims({:?})", self.metastore)
    }
}

/// Gives `claim` back in `transaction`, or fails if it no longer stands.
pub(super) async fn surrender(transaction: &mut Transaction<'_>, claim: &WriteClaim) -> Result<()> {
    let sql = "DELETE FROM owlet_write_claims WHERE query_id = $1 AND location = $2 AND abandoned = 0";
    if transaction.execute(of(sql, claim)).await? == 1 {
        return Ok(());
    }
    let location = &claim.location;
    let message = format!(
        "another statement has taken over the place \"{location}\", since this one was thought dead: run it again"
    );
    Err(Error::new(ErrorCode::ObjectChanged, message))
}

const SELECT_HELD: &str =
    "SELECT query_id FROM owlet_write_claims WHERE query_id = $1 AND location = $2 AND abandoned = 0";

struct ClaimRow {
    claim: WriteClaim,
    process_id: String,
    claimed_at: i64,
    abandoned: bool,
}

/// The claims at `location`, above and below it.
async fn overlapping(transaction: &mut Transaction<'_>, location: &str) -> Result<Vec<ClaimRow>> {
    // Both end with `/`, so one lies in the other if, and only if, it begins with it.
    let sql = "SELECT query_id, location, process_id, claimed_at, abandoned FROM owlet_write_claims \
        WHERE substr($1, 1, length(location)) = location OR substr(location, 1, length($1)) = $1";
    let rows = transaction
        .fetch_all(sqlx::query(sql).bind(location.to_owned()))
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<ClaimRow> {
    Ok(ClaimRow {
        claim: WriteClaim {
            query_id: column(row, 0)?,
            location: column(row, 1)?,
        },
        process_id: column(row, 2)?,
        claimed_at: column(row, 3)?,
        abandoned: column::<i64>(row, 4)? != 0,
    })
}

/// `sql` with the query of `claim` as `$1` and its location as `$2`.
fn of(sql: &'static str, claim: &WriteClaim) -> Statement {
    sqlx::query(sql)
        .bind(claim.query_id.clone())
        .bind(claim.location.clone())
}

fn taken(location: &str, other: &WriteClaim) -> Error {
    let (query_id, place) = (&other.query_id, &other.location);
    let message = format!(
        "another statement, \"{query_id}\", is writing to \"{place}\": wait until it has ended, or write to another place \
         than \"{location}\""
    );
    Error::new(ErrorCode::AlreadyExists, message)
}
