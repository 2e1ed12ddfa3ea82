//! One blocking rtnetlink socket: send a request, gather answers, read the
//! acknowledgement.
//!
//! The acknowledgement's extended text (extack) is decoded here by hand, since
//! it is the one place where the kernel says what it disliked.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use thiserror::Error;

const HEADER: usize = 16;
const ERROR_CODE: usize = HEADER + 4;
const TYPE_ERROR: u16 = 2;
const FLAG_CAPPED: u16 = 0x100;
const FLAG_TLVS: u16 = 0x200;
const EXTACK_TEXT: u16 = 1;
/// No request of ours is answered by more datagrams than this.
const MOST_DATAGRAMS: usize = 64;

#[derive(Debug, Error)]
pub enum WireError {
    #[error("no netlink socket: {0}")]
    Socket(#[source] io::Error),
    #[error("the kernel would not {what}: {errno}{text}")]
    Refused { what: String, errno: Errno, text: String },
    #[error("no link called {name} in this namespace")]
    NoLink { name: String },
    #[error("the kernel's answer to \"{what}\" could not be read")]
    Unreadable { what: String },
}

/// A request and the flags it needs beside REQUEST and ACK.
pub(crate) struct Request {
    pub(crate) message: RouteNetlinkMessage,
    pub(crate) flags: u16,
}

pub(crate) struct Socket {
    socket: netlink_sys::Socket,
    sequence: u32,
}

impl Socket {
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = netlink_sys::Socket::new(NETLINK_ROUTE)?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Sends a request that has no answer but yes or no.
    pub(crate) fn tell(&mut self, request: &Request, what: &str) -> Result<(), WireError> {
        self.ask(request, what).map(drop)
    }

    /// Sends a request and gathers what comes before its acknowledgement.
    pub(crate) fn ask(
        &mut self,
        request: &Request,
        what: &str,
    ) -> Result<Vec<RouteNetlinkMessage>, WireError> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | request.flags;
        header.sequence_number = self.sequence;
        let mut message =
            NetlinkMessage::new(header, NetlinkPayload::from(request.message.clone()));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map_err(WireError::Socket)?;

        let mut answers = Vec::new();
        for _ in 0..MOST_DATAGRAMS {
            let (datagram, _) = self.socket.recv_from_full().map_err(WireError::Socket)?;
            if self.read(&datagram, what, &mut answers)? {
                return Ok(answers);
            }
        }
        Err(WireError::Unreadable { what: what.to_owned() })
    }

    /// Reads one datagram; true once the acknowledgement was in it.
    fn read(
        &self,
        datagram: &[u8],
        what: &str,
        answers: &mut Vec<RouteNetlinkMessage>,
    ) -> Result<bool, WireError> {
        let unreadable = || WireError::Unreadable { what: what.to_owned() };
        let mut rest = datagram;
        while rest.len() >= HEADER {
            let length = number32(rest, 0) as usize;
            if length < HEADER || length > rest.len() {
                return Err(unreadable());
            }
            let one = &rest[..length];
            rest = &rest[length.next_multiple_of(4).min(rest.len())..];
            if number32(one, 8) != self.sequence {
                continue;
            }
            if number16(one, 4) == TYPE_ERROR {
                return acknowledged(one, what).map(|()| true);
            }
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(one)
                .map_err(|_| unreadable())?;
            if let NetlinkPayload::InnerMessage(inner) = message.payload {
                answers.push(inner);
            }
        }
        Ok(false)
    }
}

fn acknowledged(message: &[u8], what: &str) -> Result<(), WireError> {
    if message.len() < ERROR_CODE {
        return Err(WireError::Unreadable { what: what.to_owned() });
    }
    let code = number32(message, HEADER).cast_signed();
    if code == 0 {
        return Ok(());
    }
    Err(WireError::Refused {
        what: what.to_owned(),
        errno: Errno::from_raw(-code),
        text: extack(message).map(|text| format!(" ({text})")).unwrap_or_default(),
    })
}

/// The kernel's own words about an error, if it gave any.
fn extack(message: &[u8]) -> Option<String> {
    let flags = number16(message, 6);
    if flags & FLAG_TLVS == 0 {
        return None;
    }
    let request = message.get(ERROR_CODE..)?;
    let skip = if flags & FLAG_CAPPED != 0 {
        HEADER
    } else {
        (number32(request.get(..4)?, 0) as usize).next_multiple_of(4)
    };
    let mut attributes = request.get(skip..)?;
    while attributes.len() >= 4 {
        let length = usize::from(number16(attributes, 0));
        let value = attributes.get(4..length)?;
        if number16(attributes, 2) == EXTACK_TEXT {
            let text = value.split(|byte| *byte == 0).next()?;
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
    None
}

fn number16(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn number32(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refusal as the kernel sends it: header, -EEXIST, the capped request,
    /// one text attribute.
    #[test]
    fn the_kernels_own_words_are_read() {
        let mut bytes = Vec::new();
        bytes.extend(48u32.to_ne_bytes());
        bytes.extend(TYPE_ERROR.to_ne_bytes());
        bytes.extend((FLAG_CAPPED | FLAG_TLVS).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend((-17i32).to_ne_bytes());
        bytes.extend([0; HEADER]);
        bytes.extend(11u16.to_ne_bytes());
        bytes.extend(EXTACK_TEXT.to_ne_bytes());
        bytes.extend(b"taken!\0\0");
        let error = acknowledged(&bytes, "add a thing").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the kernel would not add a thing: EEXIST: File exists (taken!)"
        );
    }
}
