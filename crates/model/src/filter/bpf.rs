//! Classic BPF: the instructions that a packet socket's filter consists of (`linux/filter.h`,
//! `linux/bpf_common.h`; McCanne and Jacobson, "The BSD Packet Filter", 1993).

/// One instruction, as `struct sock_filter` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub code: u16,
    /// How many instructions to skip if the condition holds …
    pub yes: u8,
    /// … and if it does not.
    pub no: u8,
    pub operand: u32,
}
