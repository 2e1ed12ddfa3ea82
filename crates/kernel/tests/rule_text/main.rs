//! Rules print as nft(8) and iptables(8) print them: rulesets are fed to the real programs in
//! network namespaces of their own, read from the kernel, and held line by line against what the
//! programs list.

mod dice;
mod iptables;
mod iptables_random;
mod nft;
mod random;
#[path = "../../src/testing.rs"]
mod testing;

// The names that `testing` uses.
use kernel::{NetNs, Sockets, netns};
