//! The steps for `s3://`: one file each, one line each in [`CHECKS`].

mod bucket;
mod clock;
mod credentials;
mod list;
mod page;
mod permission;
mod protocol;
mod range;
mod region;
mod road;
mod settings;
mod style;
mod write;

use super::check::Check;
use super::reach;

pub(super) use road::Road;
pub(super) use write::take_back;

/// Every step, in the order in which they build on each other.
pub(super) const CHECKS: &[Check] = &[
    settings::CHECK,
    reach::ADDRESS,
    reach::TLS,
    protocol::CHECK,
    clock::CHECK,
    credentials::CHECK,
    region::CHECK,
    style::CHECK,
    permission::CHECK,
    bucket::CHECK,
    list::CHECK,
    range::CHECK,
    write::CHECK,
];
