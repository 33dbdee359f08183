//! Whether an object can be created without overwriting another writer's: `PUT` with `If-None-Match: *`.

use futures::FutureExt;
use http::{Method, StatusCode, header};

use super::road::{Asked, ask, directory};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::{Answer, Unanswered};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;

pub(super) const CHECK: Check = Check {
    step: "conditional-put",
    run: |site| write(site).boxed(),
    on_failure: OnFailure::GoOn,
    if_silent: "writing takes too long: try a longer --timeout, or look at the store's own log",
};

/// What stands in the object, for whoever finds it.
const TEXT: &str = "Written by `owlet doctor` to check the store. It can be deleted.\n";

async fn write(site: &mut Site) -> Verdict {
    if !site.terms.may_write {
        return Verdict::skipped("not checked, since it writes an object and deletes it again: add --write");
    }
    // Readers take a name with `_` in front for none of theirs.
    let key = format!("{}_owlet_doctor_{}", directory(&site.location), site.id);
    // Noted before it is sent: whatever interrupts us, it is known what to delete.
    site.written = Some(key.clone());
    let first = put(site, &key).await;
    let verdict = match first {
        Ok(answer) if answer.status.is_success() => judge_second(put(site, &key).await, site, &key),
        Ok(answer) if answer.status.is_client_error() => {
            site.written = None;
            refused(&answer, site)
        }
        Ok(answer) => refused(&answer, site),
        Err(unanswered) => Verdict::failed(
            format!("no answer to a PUT: {}", unanswered.words()),
            "try again, or look at the store's own log",
        ),
    };
    match take_back(site).await {
        Ok(()) => verdict,
        Err(why) => {
            let left = format!("{}/{key}", site.location.store_name());
            site.written = None;
            Verdict::failed(
                format!("\"{left}\" was written and cannot be deleted: {why}"),
                "delete it by hand, and allow s3:DeleteObject",
            )
            .with([verdict.seen])
        }
    }
}

async fn put(site: &Site, key: &str) -> Result<Answer, Unanswered> {
    let asked = Asked {
        method: Method::PUT,
        headers: &[(header::IF_NONE_MATCH, "*")],
        body: TEXT,
        ..Asked::get(key)
    };
    ask(site, asked).await
}

fn judge_second(second: Result<Answer, Unanswered>, site: &Site, key: &str) -> Verdict {
    let conflict = [StatusCode::PRECONDITION_FAILED, StatusCode::CONFLICT];
    match second {
        Ok(answer) if conflict.contains(&answer.status) => Verdict::passed(format!(
            "If-None-Match is obeyed: of two writers of one name the second is refused (tried with \"{}/{key}\", deleted)",
            site.location.store_name()
        )),
        Ok(answer) if answer.status.is_success() => Verdict::failed(
            "the store ignores If-None-Match: two writers could overwrite each other",
            "let one process write at a time, or use a store, or a newer version of it, that obeys conditional writes",
        ),
        Ok(answer) => Verdict::failed(
            format!(
                "the second PUT of one name was not refused as it should be: {}",
                answer.refusal()
            ),
            "look at the store's own log",
        ),
        Err(unanswered) => Verdict::failed(
            format!("no answer to a second PUT: {}", unanswered.words()),
            "try again, or look at the store's own log",
        ),
    }
}

fn refused(answer: &Answer, site: &Site) -> Verdict {
    let refusal = answer.refusal();
    let advice = match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
            "if tables are to be written here, allow s3:PutObject and s3:DeleteObject on \"{}\"",
            site.location
        ),
        StatusCode::NOT_IMPLEMENTED | StatusCode::BAD_REQUEST => {
            "the store knows no conditional writes: use a newer version of it, or only read here".to_owned()
        }
        _ => "look at the store's own log".to_owned(),
    };
    Verdict::failed(format!("nothing can be written: {refusal}"), advice)
}

/// Deletes the object that this examination may have written. Says why if it cannot; then it stays noted.
pub(in crate::storage::doctor) async fn take_back(site: &mut Site) -> Result<(), String> {
    let Some(key) = site.written.clone() else {
        return Ok(());
    };
    let asked = Asked {
        method: Method::DELETE,
        ..Asked::get(&key)
    };
    let answer = ask(site, asked).await.map_err(|unanswered| unanswered.words())?;
    if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
        site.written = None;
        return Ok(());
    }
    Err(answer.refusal().to_string())
}
