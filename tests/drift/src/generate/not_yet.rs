//! Kinds that the generator knows and leaves out, since the model does not yet do as the kernel does.
//! Each with what is in its way; a kind whose line is taken out comes into the cases from then on.

/// What is left out, and why.
pub const NOT_YET: &[(Kind, &str)] = &[
    (
        Kind::RefusedWithoutSource,
        "IPv6 asks again with a source where the first lookup, without one, was refused",
    ),
    (
        Kind::LearningOff,
        "a port that does not learn leaves its addresses unknown, frames for them flood",
    ),
];

/// A kind of network or packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    RefusedWithoutSource,
    LearningOff,
}

/// Whether cases may have it.
pub(super) fn allowed(kind: Kind) -> bool {
    NOT_YET.iter().all(|(not_yet, _)| *not_yet != kind)
}
