//! Labs for real. These tests need root, busybox (Debian busybox-static) and
//! the program of `examples/lab.rs`; without them they fail and say so.

mod containers;
mod drops;
mod etcd;
mod interrupted;
mod isolation;
mod power;
mod refusals;
mod stage;
mod wires;
