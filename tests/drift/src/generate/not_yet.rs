//! Kinds that the generator knows and leaves out, since the model does not yet do as the kernel does.
//! Each with what is in its way; a kind whose line is taken out comes into the cases from then on.

/// What is left out, and why.
pub const NOT_YET: &[(Kind, &str)] =
    &[(Kind::OwnGateway, "an IPv4 gateway that is the host's own address is none")];

/// A kind of network or packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OwnGateway,
}

/// Whether cases may have it.
pub(super) fn allowed(kind: Kind) -> bool {
    NOT_YET.iter().all(|(not_yet, _)| *not_yet != kind)
}
