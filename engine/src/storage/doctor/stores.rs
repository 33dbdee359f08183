//! The steps for stores without steps of their own: what queries do, a listing and a read, through the road of queries, with
//! their errors.

use bytes::Bytes;
use futures::FutureExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::check::{Check, OnFailure};
use super::finding::Verdict;
use super::site::Site;
use crate::error::Result;
use crate::storage::access::Access;
use crate::storage::failure::from_object_store;
use crate::storage::objects::next_object;

/// Every step, in the order in which they build on each other.
pub(super) const CHECKS: &[Check] = &[
    Check {
        step: "list",
        run: |site| list(site).boxed(),
        on_failure: OnFailure::Stop,
        if_silent: SILENT,
    },
    Check {
        step: "range",
        run: |site| range(site).boxed(),
        on_failure: OnFailure::GoOn,
        if_silent: SILENT,
    },
];

const SILENT: &str = "check account, endpoint and network";

async fn list(site: &mut Site) -> Verdict {
    match first_object(site).await {
        Ok((_, Some(object))) => Verdict::passed(format!("the store lists, first \"{}\"", object.location)),
        Ok((_, None)) => Verdict::warning(
            format!("nothing lies under \"{}\"", site.location),
            "check the spelling, upper and lower case included",
        ),
        // The error says what to do, as queries say it.
        Err(error) => Verdict::failed("the store does not list what lies there", error.message()),
    }
}

async fn range(site: &mut Site) -> Verdict {
    match first_bytes(site).await {
        Ok(Some(bytes)) => Verdict::passed(format!("{} bytes of an object were read", bytes.len())),
        Ok(None) => Verdict::skipped("no object with bytes in it was found to read from"),
        Err(error) => Verdict::failed("an object cannot be read", error.message()),
    }
}

async fn first_object(site: &Site) -> Result<(std::sync::Arc<dyn ObjectStore>, Option<ObjectMeta>)> {
    let store = site.storage.query(Access::Local).store(&site.location)?;
    let path = site.location.path();
    let mut listing = store.list((!path.is_root()).then_some(path));
    let mut first = None;
    // The first with bytes in it; else the first.
    while let Some(object) = next_object(&mut listing, &site.location).await? {
        if object.size > 0 {
            first = Some(object);
            break;
        }
        first.get_or_insert(object);
    }
    drop(listing);
    Ok((store, first))
}

async fn first_bytes(site: &Site) -> Result<Option<Bytes>> {
    let (store, object) = first_object(site).await?;
    let Some(object) = object.filter(|object| object.size > 0) else {
        return Ok(None);
    };
    let read = store.get_range(&object.location, 0..object.size.min(16)).await;
    read.map(Some)
        .map_err(|error| from_object_store(error, site.location.object(&object.location)))
}
