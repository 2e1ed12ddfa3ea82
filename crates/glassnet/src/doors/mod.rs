//! The doors by which engines come in.

pub(crate) mod cni;
