//! `file://` and plain paths.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::{FILE, Kept, Scheme};
use crate::error::Result;
use crate::storage::location::Location;
use crate::storage::network::Network;

pub(super) const SCHEME: Scheme = Scheme {
    name: FILE,
    aliases: &[],
    description: "files of this machine, for the local shell",
    bucket: |authority| authority.is_empty().then(String::new),
    open,
};

fn open<'a>(_: &'a Network, _: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    let kept: Kept = Arc::new(|_, _| Ok(Arc::new(LocalFileSystem::new()) as Arc<dyn ObjectStore>));
    async move { Ok(kept) }.boxed()
}
