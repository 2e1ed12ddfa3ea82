//! `glassnet capture` where packets really pass: in labs, in containers, on links that go away; and its
//! files, as tshark reads them.
//!
//! It takes root, and tcpdump and tshark of `scripts/setup test`.

mod files;
mod gone;
#[path = "../one_host/lab.rs"]
mod lab;
mod podman;
mod seen;
mod sightings;
mod unprivileged;
mod watch;
mod wireshark;
