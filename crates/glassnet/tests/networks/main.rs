//! Networks that nobody here wrote: what `glassnet trace` says of them, and what they do.
//!
//! Each is built as its own makers build it, on a private host (`tests/clients/host`) with a namespace
//! beside it that stands for the world outside. Then everybody asks everybody, and every address and port
//! that is offered; each question is first put to `glassnet trace` and then asked by a real socket.
//!
//! ```text
//! a network's file ─▶ Stage: places, addresses, offers ─▶ Question ─┬▶ predict: trace --json ─┐
//!                                                                   └▶ ask: real sockets ─────┴▶ compare
//! ```

mod ask;
mod compare;
mod docker;
mod kube_proxy;
mod listen;
mod plugins;
mod podman;
mod policy;
mod predict;
mod private_host;
mod stage;
