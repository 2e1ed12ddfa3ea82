//! Which of the needed capabilities this process lacks.

use std::fs;

use crate::error::Error;

/// Bit numbers from `linux/capability.h`, and what each is needed for.
const NEEDED: [(u32, &str); 5] = [
    (12, "CAP_NET_ADMIN"),  // links, addresses, routes
    (18, "CAP_SYS_CHROOT"), // joining a mount namespace
    (19, "CAP_SYS_PTRACE"), // finding processes by their token
    (21, "CAP_SYS_ADMIN"),  // namespaces and mounts
    (5, "CAP_KILL"),        // ending them
];

pub(crate) fn check() -> Result<(), Error> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lacking = lacking(&status);
    if lacking.is_empty() { Ok(()) } else { Err(Error::Privilege { lacking }) }
}

fn lacking(status: &str) -> Vec<&'static str> {
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    NEEDED.iter().filter(|(bit, _)| effective & (1 << bit) == 0).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        assert!(lacking("CapEff:\t000001ffffffffff\n").is_empty());
        let error = Error::Privilege { lacking: lacking("CapEff:\t00000000000c1020\n") };
        assert_eq!(
            error.to_string(),
            "a lab needs the capabilities CAP_SYS_ADMIN, which this process lacks: run the \
             command as root (for instance with sudo)"
        );
    }
}
