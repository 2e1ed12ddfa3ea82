//! What can go wrong between us and the kernel, with everything it said.

use model::net::LinkName;
use nix::errno::Errno;
use std::fmt;
use std::io;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done or not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel said no to one request.
    #[error("{subject}: {refusal}")]
    Refused {
        /// The object and where it is: `link "gn1" in host`.
        subject: String,
        refusal: Refusal,
    },
    /// A VXLAN link cannot be, because of who has its UDP port, or its number on that port.
    #[error("{subject}: {refusal}; UDP port {port} is used by {by}")]
    TunnelTaken {
        subject: String,
        refusal: Refusal,
        /// The UDP port.
        port: u16,
        by: Box<Occupant>,
    },
    /// A system call failed.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried: `open /run/netns/a`.
        action: String,
        source: io::Error,
    },
    /// What was read kept changing while it was read.
    #[error("{what} kept changing; gave up reading after {tries} tries")]
    Unsteady { what: String, tries: u32 },
    /// A message of the kernel that makes no sense.
    #[error("{what}: the kernel's answer makes no sense: {why}")]
    Malformed { what: String, why: String },
    /// The caller asked for something that cannot be put to the kernel.
    #[error("{subject}: {why}")]
    Unfit { subject: String, why: String },
}

impl Error {
    /// Turns an [`io::Error`] into ours; to be used with `map_err`.
    pub(crate) fn io<E: Into<io::Error>>(action: impl Into<String>) -> impl FnOnce(E) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source: source.into() }
    }

    /// The error number, if there is one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { refusal, .. } | Self::TunnelTaken { refusal, .. } => {
                Some(refusal.errno)
            }
            Self::Io { source, .. } => source.raw_os_error().map(Errno::from_raw),
            _ => None,
        }
    }

    /// Whether the thing to be made was there already. It may differ from the one asked for.
    pub fn already_there(&self) -> bool {
        self.errno() == Some(Errno::EEXIST) && !matches!(self, Self::TunnelTaken { .. })
    }

    /// Whether a bridge has no port left (`find_portno` in `net/bridge/br_if.c`).
    pub fn is_full(&self) -> bool {
        self.errno() == Some(Errno::EXFULL)
    }

    /// Whether the thing to be removed or changed is not there.
    pub fn already_gone(&self) -> bool {
        matches!(
            self.errno(),
            Some(
                Errno::ENOENT | Errno::ENODEV | Errno::ESRCH | Errno::EADDRNOTAVAIL | Errno::ENXIO
            )
        )
    }
}

/// Who has a UDP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// Another VXLAN link.
    Tunnel {
        link: LinkName,
    },
    Process {
        name: String,
        pid: u32,
    },
    /// Nobody that could be found.
    Unknown,
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tunnel { link } => write!(f, "the VXLAN link {link}"),
            Self::Process { name, pid } => write!(f, "{name} (pid {pid})"),
            Self::Unknown => f.write_str("somebody who could not be found"),
        }
    }
}

/// The kernel's no to one message: the error number and what it added (`NETLINK_EXT_ACK`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub errno: Errno,
    /// The kernel's own words.
    pub text: Option<String>,
    /// The type number of the attribute it did not like.
    pub attribute: Option<u16>,
}

impl Refusal {
    /// A refusal of which only the number is known.
    pub fn bare(errno: Errno) -> Self {
        Self { errno, text: None, attribute: None }
    }

    pub(crate) fn of(self, subject: impl Into<String>) -> Error {
        Error::Refused { subject: subject.into(), refusal: self }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.errno.desc(), self.errno)?;
        if let Some(text) = &self.text {
            write!(f, ": {text}")?;
        }
        if let Some(attribute) = self.attribute {
            write!(f, " [attribute {attribute}]")?;
        }
        Ok(())
    }
}
