//! Kinds that the generator knows and leaves out, since the model does not yet do as the kernel does.
//! Each with what is in its way; a kind whose line is taken out comes into the cases from then on.

/// What is left out, and why.
pub const NOT_YET: &[(Kind, &str)] = &[
    (
        Kind::OwnSourceFromElsewhere,
        "with accept_local, rp_filter=2 takes a source that is the receiver's own",
    ),
    (
        Kind::WrongNeighbourOfIpv6,
        "who answers a neighbour solicitation sends by its own cache, wrong entries too",
    ),
    (Kind::ArpIgnored, "who answers ARP learns the asker's address, and needs not ask back"),
    (Kind::MasqueradeOnLoopback, "an address of scope host is not masqueraded with"),
    (Kind::RulesOfBridgeLinks, "a bridge's own link has hooks of ingress and egress, too"),
    (
        Kind::LengthsOfAnswers,
        "an echo's answer is as long as the request; at egress the frame's header counts",
    ),
    (
        Kind::BridgedWithoutForwarding,
        "a bridged packet with a new destination is routed as one that came in",
    ),
    (Kind::OwnGateway, "an IPv4 gateway that is the host's own address is none"),
];

/// A kind of network or packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OwnSourceFromElsewhere,
    WrongNeighbourOfIpv6,
    ArpIgnored,
    MasqueradeOnLoopback,
    RulesOfBridgeLinks,
    LengthsOfAnswers,
    BridgedWithoutForwarding,
    OwnGateway,
}

/// Whether cases may have it.
pub(super) fn allowed(kind: Kind) -> bool {
    NOT_YET.iter().all(|(not_yet, _)| *not_yet != kind)
}
