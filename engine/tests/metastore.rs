//! The metastore and the history in it, as processes see them: many at once, killed in the middle, on files that are not right.

mod failures;
mod history;
mod processes;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use owlet_engine::history::{Clock, Filter, History, QueryExecution, Settings, Submission};
use owlet_engine::metastore::{self, Metastore};

use crate::support::place::Place;

/// 2026-01-01, in microseconds since the Unix epoch.
const NEW_YEAR: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;

/// A clock that moves by one microsecond each time it is asked, and by as much as a test wants.
#[derive(Clone)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    fn forward(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.fetch_add(1, Ordering::SeqCst))
    }
}

async fn open_metastore(directory: &Path) -> Metastore {
    Metastore::open(&metastore::Settings::default(), directory)
        .await
        .unwrap()
}

async fn open_metastore_at(place: &Place) -> Metastore {
    let settings = metastore::Settings {
        url: place.url.as_deref().map(Into::into),
        ..metastore::Settings::default()
    };
    Metastore::open(&settings, &place.directory).await.unwrap()
}

async fn open_history(place: &Place, process_id: &str) -> History {
    let clock = TestClock::at(NEW_YEAR).clock();
    History::open(open_metastore_at(place).await, Settings::default(), process_id, clock)
        .await
        .unwrap()
}

fn submission(query_id: &str) -> Submission {
    Submission {
        query_id: query_id.to_owned(),
        sql: "SELECT 1".to_owned(),
        principal: "ann".to_owned(),
        statement_type: "SELECT".to_owned(),
    }
}

async fn all(history: &History) -> Vec<QueryExecution> {
    history
        .list(&Filter {
            limit: 100_000,
            ..Filter::default()
        })
        .await
        .unwrap()
}

async fn only(history: &History) -> QueryExecution {
    let mut rows = all(history).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}
