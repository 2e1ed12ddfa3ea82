//! What nobody should send, sent to a real daemon's two sockets: each is told what is wrong, nobody
//! else is held up, and the host, the journal and the daemon's own descriptors are as before.

mod activation;
mod api;
mod attach;
mod host;
mod json;
mod people;
