//! Kinds that the generator knows and leaves out, since the model ends them as unknown or does not yet do
//! as the kernel does. Each with what is in its way; a kind whose line is taken out comes into the cases
//! from then on.

/// What is left out, and why.
pub const NOT_YET: &[(Kind, &str)] = &[
    (Kind::Macvlan, "a link beside another on one wire (macvlan) is not walked"),
    (Kind::ToMany, "broadcast and multicast are not walked: the ways would be many"),
    (Kind::Zone, "connections of zones other than 0 are not kept"),
    (Kind::HeaderSet, "what a rule of nftables writes into a header is not written"),
];

/// A kind of network or packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Macvlan,
    ToMany,
    Zone,
    HeaderSet,
}

/// Whether cases may have it.
pub(super) fn allowed(kind: Kind) -> bool {
    NOT_YET.iter().all(|(not_yet, _)| *not_yet != kind)
}
