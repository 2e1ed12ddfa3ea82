//! Kinds that the generator knows and leaves out, since the model does not yet do as the kernel does.
//! Each with what is in its way; a kind whose line is taken out comes into the cases from then on.

/// What is left out, and why.
pub const NOT_YET: &[(Kind, &str)] = &[
    (
        Kind::BridgedWithoutForwarding,
        "a bridged packet with a new destination is routed as one that came in",
    ),
    (Kind::OwnGateway, "an IPv4 gateway that is the host's own address is none"),
    (Kind::WrongEntry, "an entry of a bridge moves to the port where its address is seen"),
];

/// A kind of network or packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BridgedWithoutForwarding,
    OwnGateway,
    WrongEntry,
}

/// Whether cases may have it.
pub(super) fn allowed(kind: Kind) -> bool {
    NOT_YET.iter().all(|(not_yet, _)| *not_yet != kind)
}
