//! Messages (`struct nlmsghdr` and what follows), there and back.

/// `NLM_F_*`.
pub(crate) const REQUEST: u16 = 1;
pub(super) const ACKNOWLEDGE: u16 = 4;
pub(crate) const DUMP: u16 = 0x300;
pub(crate) const REPLACE: u16 = 0x100;
pub(crate) const EXCL: u16 = 0x200;
pub(crate) const CREATE: u16 = 0x400;
pub(crate) const APPEND: u16 = 0x800;
/// `NLM_F_DUMP_INTR`: what was dumped changed meanwhile.
pub(super) const INTERRUPTED: u16 = 0x10;
/// The flag as requests name it.
pub(crate) const ACK: u16 = ACKNOWLEDGE;

/// `NLMSG_ERROR`, `NLMSG_DONE`.
pub(super) const ERROR: u16 = 2;
pub(super) const DONE: u16 = 3;

pub(super) const HEADER: usize = 16;

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// `RTM_*`, or subsystem and message of netfilter.
    pub kind: u16,
    /// `NLM_F_*` beyond `NLM_F_REQUEST`.
    pub flags: u16,
    pub body: Vec<u8>,
    /// The object it is about, for errors: `link "gn1" in host`.
    pub subject: String,
}

impl Message {
    pub fn new(kind: u16, flags: u16, body: Vec<u8>, subject: impl Into<String>) -> Self {
        Self { kind, flags, body, subject: subject.into() }
    }

    /// Appends the message as it goes to the kernel.
    pub(crate) fn emit(&self, flags: u16, sequence: u32, to: &mut Vec<u8>) {
        let len = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        to.extend_from_slice(&len.to_ne_bytes());
        to.extend_from_slice(&self.kind.to_ne_bytes());
        to.extend_from_slice(&(self.flags | flags | REQUEST).to_ne_bytes());
        to.extend_from_slice(&sequence.to_ne_bytes());
        to.extend_from_slice(&0_u32.to_ne_bytes());
        to.extend_from_slice(&self.body);
        to.resize(to.len().next_multiple_of(4), 0);
    }
}

/// A message that came, lying in the socket's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    /// The socket whose request it answers or tells of; 0 for what the kernel did by itself.
    pub(crate) port: u32,
    pub(crate) body: &'a [u8],
}

/// Splits a datagram into its messages; what does not fit ends them.
pub(crate) fn split(mut datagram: &[u8]) -> impl Iterator<Item = Received<'_>> {
    std::iter::from_fn(move || {
        let header = datagram.first_chunk::<HEADER>()?;
        let len = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let body = datagram.get(HEADER..len)?;
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Received {
            kind: u16::from_ne_bytes([header[4], header[5]]),
            flags: u16::from_ne_bytes([header[6], header[7]]),
            sequence: u32::from_ne_bytes([header[8], header[9], header[10], header[11]]),
            port: u32::from_ne_bytes([header[12], header[13], header[14], header[15]]),
            body,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_apart_as_they_were_put_together() {
        let mut bytes = Vec::new();
        Message::new(16, CREATE, vec![1, 2, 3], "one").emit(ACK, 7, &mut bytes);
        Message::new(17, 0, vec![], "two").emit(0, 8, &mut bytes);
        let got: Vec<_> = split(&bytes).map(|m| (m.kind, m.flags, m.sequence, m.body)).collect();
        assert_eq!(got, [(16, CREATE | ACK | REQUEST, 7, &[1, 2, 3][..]), (17, REQUEST, 8, &[])]);
        assert_eq!(split(&bytes[..20]).count(), 1);
        assert_eq!(split(&bytes[..18]).count(), 0);
    }
}
