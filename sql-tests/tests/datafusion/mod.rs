//! DataFusion's own files of records, run through Owlet's road and classified by the code here, never by a person
//! (docs/decisions/0010). They come with the crate `datafusion-sqllogictest`, whose functions also write out and compare the rows.
//!
//! What must hold: every record of every file has one class; no file has fewer answers, and none more wrong ones, than
//! `answered.json` says. With `OWLET_TEST_BLESS=1` the file is written again, and only for the better. `OWLET_TEST_SLT=joins` runs the
//! files with that in their names alone. What is not answered is written to `datafusion-records.jsonl` among cargo's temporary files.

mod absent;
mod classify;
mod corpus;
mod description;
mod report;
mod session;
mod shadow;

use futures::StreamExt;
use std::path::Path;

use corpus::Corpus;
use report::{FileReport, Kept};

/// Files that are run at once: as many as the runtime has threads.
const AT_ONCE: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_of_datafusions_files_is_answered_or_cleanly_refused() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let corpus = Corpus::copied();
    let part = variable("OWLET_TEST_SLT");
    let directory = corpus.directory();
    let mut reports: Vec<FileReport> = futures::stream::iter(corpus.files(&part))
        .map(|file| {
            let directory = directory.to_owned();
            tokio::spawn(async move {
                let name = file.name.clone();
                FileReport::of(name, classify::run(file, &directory).await)
            })
        })
        .buffer_unordered(AT_ONCE)
        .map(Result::unwrap)
        .collect()
        .await;
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    report::print(&reports);
    report::write_details(
        &reports,
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("datafusion-records.jsonl"),
    );

    for report in &reports {
        let counted = corpus.count_by_lines(&report.name);
        assert_eq!(report.outcomes.len(), counted, "records of {}", report.name);
    }
    let kept = Kept::read();
    if variable("OWLET_TEST_BLESS").is_empty() {
        kept.compare(&reports, part.is_empty());
    } else {
        kept.improved(&reports).write();
    }
}
