//! Several hosts with one store, in labs.
//!
//! `histories` plays random histories; GLASSNET_HISTORIES says how many (else a few), GLASSNET_SEED
//! where to begin: a failure names the seed that plays it again.

#[path = "../one_host/lab.rs"]
#[allow(dead_code)]
mod lab;

mod away;
mod crash;
mod engine;
mod faults;
mod fleet;
mod histories;
mod names;
mod nodes;
mod pods;
mod reach;
mod traced;
mod walked;
