//! One host with its containers, an outside machine and a neighbour that routes: who reaches whom.
//!
//! Real hosts in a lab, real packets. Every case runs with `bridge-nf-call-*` off and on.

mod alpha;
mod lab;
mod reach;
mod restart;
mod spoof;
