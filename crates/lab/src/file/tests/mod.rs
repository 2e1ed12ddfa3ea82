//! What the lab file accepts. The words in which it refuses are in the crate's
//! `tests/refused`.

mod accepted;
mod schema;
