//! `glassnet trace` and `glassnet snapshot` on networks that nobody here made by glassnet, and in a lab.
//!
//! It takes root. Named namespaces of a test are gone when it ends.

mod dropped;
mod explain;
#[path = "../one_host/lab.rs"]
mod lab;
mod machines;
mod masked;
mod names;
mod reach;
mod schema;
mod snapshot;
mod stage;
mod there_and_back;
mod unprivileged;
mod what_if;
