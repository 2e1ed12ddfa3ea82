//! Which packets are wanted: tcpdump's filter language (`pcap-filter(7)`), compiled to classic BPF.

pub mod bpf;

pub use bpf::Instruction;
