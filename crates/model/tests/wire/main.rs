//! Packets and filters as others see them: Wireshark, libpcap and the kernel.
//!
//! ```text
//! packets (made at random, well formed) ─┬─▶ tshark   field by field, byte by byte
//!                                        ├─▶ tcpdump  which of them a filter keeps
//!                                        ├─▶ kernel   checksums; filters of a packet socket
//!                                        ├─▶ tags     filters, where a tag stands beside a packet
//!                                        └─▶ fuzz     broken at random: nothing panics
//! ```
//!
//! Everything is the same in every run; `GLASSNET_SEED` asks for other packets and filters, and each
//! test prints it.

mod filters;
mod folder;
mod fuzz;
mod kernel;
mod packets;
mod pcap;
mod random;
mod tags;
mod tcpdump;
mod tshark;
