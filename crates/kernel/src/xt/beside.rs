//! Targets that do something beside the packet's way: write to a log, count, classify for queueing,
//! fill in a checksum, send a copy.

/// Whether a target leaves the packet's way, addresses and marks as they are, in any revision.
pub(super) fn is(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "AUDIT",
        "CHECKSUM",
        "CLASSIFY",
        "CONNSECMARK",
        "IDLETIMER",
        "LED",
        "LOG",
        "NFLOG",
        "RATEEST",
        "SECMARK",
        "TCPOPTSTRIP",
        "TEE",
        "TRACE",
    ];
    NAMES.contains(&name)
}
