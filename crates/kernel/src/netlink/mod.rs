//! Speaking netlink: messages, their attributes and a small blocking socket.
//!
//! ```text
//! Message { kind, flags, body }      body = fixed header ++ attributes
//!        │ Socket::request / send_all / dump
//!        ▼
//! nlmsghdr ++ body  ──▶ kernel ──▶  acknowledgements, or a dump's replies
//! ```
//!
//! The kernel's side: `net/netlink/af_netlink.c`, `include/uapi/linux/netlink.h`.

mod acknowledgement;
mod attribute;
mod message;
pub(crate) mod rtm;
mod socket;

pub use attribute::{Attribute, Attributes, Writer};
pub use message::Message;
pub(crate) use message::{ACK, APPEND, CREATE, EXCL, REPLACE, Received};
pub use socket::{Protocol, Socket};
