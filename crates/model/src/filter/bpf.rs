//! Classic BPF: the instructions that a packet socket's filter consists of (`linux/filter.h`,
//! `linux/bpf_common.h`; McCanne and Jacobson, "The BSD Packet Filter", 1993), and what they do.

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

impl Instruction {
    pub(super) const fn of(code: u16, operand: u32) -> Self {
        Self { code, yes: 0, no: 0, operand }
    }
}

/// The parts a code is put together from.
pub(super) mod code {
    pub(in crate::filter) const LD: u16 = 0x00;
    pub(in crate::filter) const LDX: u16 = 0x01;
    pub(in crate::filter) const ST: u16 = 0x02;
    pub(in crate::filter) const ALU: u16 = 0x04;
    pub(in crate::filter) const JMP: u16 = 0x05;
    pub(in crate::filter) const RET: u16 = 0x06;
    pub(in crate::filter) const MISC: u16 = 0x07;

    pub(in crate::filter) const WORD: u16 = 0x00;
    pub(in crate::filter) const HALF: u16 = 0x08;
    pub(in crate::filter) const BYTE: u16 = 0x10;

    pub(in crate::filter) const IMMEDIATE: u16 = 0x00;
    pub(in crate::filter) const ABSOLUTE: u16 = 0x20;
    pub(in crate::filter) const INDIRECT: u16 = 0x40;
    pub(in crate::filter) const MEMORY: u16 = 0x60;
    pub(in crate::filter) const LENGTH: u16 = 0x80;
    /// Four times the lower half of a byte: the length of an IPv4 header.
    pub(in crate::filter) const HEADER_LENGTH: u16 = 0xa0;

    pub(in crate::filter) const ADD: u16 = 0x00;
    pub(in crate::filter) const SUB: u16 = 0x10;
    pub(in crate::filter) const MUL: u16 = 0x20;
    pub(in crate::filter) const DIV: u16 = 0x30;
    pub(in crate::filter) const OR: u16 = 0x40;
    pub(in crate::filter) const AND: u16 = 0x50;
    pub(in crate::filter) const LEFT: u16 = 0x60;
    pub(in crate::filter) const RIGHT: u16 = 0x70;
    pub(in crate::filter) const NEGATE: u16 = 0x80;
    pub(in crate::filter) const MOD: u16 = 0x90;
    pub(in crate::filter) const XOR: u16 = 0xa0;

    pub(in crate::filter) const ALWAYS: u16 = 0x00;
    pub(in crate::filter) const EQUAL: u16 = 0x10;
    pub(in crate::filter) const GREATER: u16 = 0x20;
    pub(in crate::filter) const AT_LEAST: u16 = 0x30;

    /// The second operand is the index register.
    pub(in crate::filter) const X: u16 = 0x08;
    pub(in crate::filter) const TAX: u16 = 0x00;
}

/// What the kernel tells beside a packet's bytes (`SKF_AD_*`).
pub(super) mod beside {
    /// `SKF_AD_OFF`.
    pub(super) const FIRST: u32 = -0x1000_i32 as u32;
    pub(in crate::filter) const DIRECTION: u32 = FIRST + 4;
    pub(in crate::filter) const HARDWARE: u32 = FIRST + 28;
    pub(in crate::filter) const TAG: u32 = FIRST + 44;
    pub(in crate::filter) const TAGGED: u32 = FIRST + 48;
    pub(in crate::filter) const TAG_PROTOCOL: u32 = FIRST + 60;
}

/// Instructions in a program at most (`BPF_MAXINSNS`).
pub const LONGEST: usize = 4096;

/// Cells of scratch memory (`BPF_MEMWORDS`).
pub(super) const CELLS: usize = 16;

/// What a packet socket tells of a packet beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// `ARPHRD_*` of the link.
    pub hardware: u16,
    /// `PACKET_*`: to whom it goes, as the link sees it.
    pub direction: u8,
    /// The ether type and the control information of a tag that was taken off.
    pub tag: Option<(u16, u16)>,
}

impl Told {
    fn load(&self, what: u32) -> Option<u32> {
        let (protocol, control) = self.tag.unwrap_or_default();
        Some(match what {
            beside::HARDWARE => self.hardware.into(),
            beside::DIRECTION => self.direction.into(),
            beside::TAGGED => self.tag.is_some().into(),
            beside::TAG => control.into(),
            beside::TAG_PROTOCOL => protocol.into(),
            _ => return None,
        })
    }
}

/// What a program gives for a packet: how many of its bytes are to be kept, 0 for none. `length` is
/// what it had on the wire. What reaches beyond the bytes ends with 0; so does what asks for things
/// that a file does not tell.
pub fn run(program: &[Instruction], bytes: &[u8], length: u32) -> u32 {
    run_to_end(program, bytes, length, None).unwrap_or(0)
}

/// The same of a packet that a socket gave.
pub fn run_told(program: &[Instruction], bytes: &[u8], length: u32, told: &Told) -> u32 {
    run_to_end(program, bytes, length, Some(told)).unwrap_or(0)
}

fn run_to_end(
    program: &[Instruction],
    bytes: &[u8],
    length: u32,
    told: Option<&Told>,
) -> Option<u32> {
    use code::*;
    let (mut a, mut x, mut memory) = (0_u32, 0_u32, [0_u32; CELLS]);
    let mut at = 0_usize;
    loop {
        let Instruction { code, yes, no, operand } = *program.get(at)?;
        at += 1;
        let load = |offset: u32| {
            let size = match code & 0x18 {
                WORD => 4,
                HALF => 2,
                _ => 1,
            };
            let from = offset as usize;
            let bytes = bytes.get(from..from.checked_add(size)?)?;
            Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
        };
        let cell = |memory: &[u32; CELLS]| memory.get(operand as usize).copied();
        match (code & 7, code & 0xe0) {
            (LD, ABSOLUTE) if operand >= beside::FIRST => a = told?.load(operand)?,
            (LD, ABSOLUTE) => a = load(operand)?,
            (LD, INDIRECT) => a = load(x.checked_add(operand)?)?,
            (LD, IMMEDIATE) => a = operand,
            (LD, LENGTH) => a = length,
            (LD, MEMORY) => a = cell(&memory)?,
            (LDX, IMMEDIATE) => x = operand,
            (LDX, MEMORY) => x = cell(&memory)?,
            (LDX, HEADER_LENGTH) => x = u32::from(bytes.get(operand as usize)? & 0xf) * 4,
            (ST, _) => *memory.get_mut(operand as usize)? = a,
            (ALU, _) => a = computed(code, a, if code & X != 0 { x } else { operand })?,
            (JMP, _) => {
                let other = if code & X != 0 { x } else { operand };
                let holds = match code & 0xf0 {
                    ALWAYS => {
                        at += operand as usize;
                        continue;
                    }
                    EQUAL => a == other,
                    GREATER => a > other,
                    AT_LEAST => a >= other,
                    _ => return None,
                };
                at += usize::from(if holds { yes } else { no });
            }
            (RET, _) => return Some(operand),
            (MISC, _) => x = a,
            _ => return None,
        }
    }
}

/// What an instruction of the class `ALU` makes of two numbers; nothing of a division by 0.
pub(super) fn computed(operation: u16, a: u32, b: u32) -> Option<u32> {
    use code::*;
    Some(match operation & 0xf0 {
        ADD => a.wrapping_add(b),
        SUB => a.wrapping_sub(b),
        MUL => a.wrapping_mul(b),
        DIV => a.checked_div(b)?,
        MOD => a.checked_rem(b)?,
        OR => a | b,
        AND => a & b,
        XOR => a ^ b,
        LEFT => a.checked_shl(b).unwrap_or(0),
        RIGHT => a.checked_shr(b).unwrap_or(0),
        NEGATE => a.wrapping_neg(),
        _ => return None,
    })
}
