//! Wanted less actual: the ordered steps from what a host is to what it should be.

mod step;

pub use step::{Change, LinkChange, NftChange, Step};
