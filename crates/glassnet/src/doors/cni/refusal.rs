//! Every no, with its code (SPEC, "Error" and "STATUS") and words a person can act on.
//!
//! | code | means | retry helps |
//! |---|---|---|
//! | 1–7 | as in the SPEC: the engine or the configuration is at fault | no |
//! | 5 | also: the daemon or its queue could not write to disk | after mending |
//! | 11 | the daemon is not there, or busy | yes |
//! | 50, 51 | of STATUS: no ADD can be served; 51 also when existing containers may suffer | later |
//! | 100 and up | ours, see [`number`] | no |

use super::version::Version;
use crate::client::NoAnswer;
use crate::protocol::{Code, Failure};
use serde_json::{Value, json};
use std::io;

/// Why a verb was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{}; glassnet speaks {}", asked_in(.asked.as_deref()), Version::ALL.map(Version::as_str).join(", "))]
    Version { asked: Option<String> },
    #[error("{verb} came with CNI {}, and the configuration's cniVersion is {}", since.as_str(), version.as_str())]
    VerbTooNew { verb: &'static str, version: Version, since: Version },
    #[error("{path} is {value}: {why}")]
    Unsupported { path: String, value: String, why: String },
    #[error(
        "there is no network namespace at CNI_NETNS={netns}; the container may have ended already"
    )]
    NoContainer { netns: String },
    #[error("{name} is not usable: {why}")]
    Environment { name: &'static str, why: String },
    #[error("{verb} needs {names} in its environment")]
    Missing { verb: &'static str, names: String },
    #[error("standard input could not be read: {0}")]
    Input(String),
    #[error(
        "the configuration on standard input is longer than {} bytes",
        super::document::LONGEST
    )]
    TooLong,
    #[error("the configuration on standard input: {0}")]
    NotJson(String),
    #[error("{}: {why}", place(path, value))]
    Invalid { path: String, value: String, why: String },
    #[error("{path} is missing; {why}")]
    Absent { path: &'static str, why: &'static str },
    #[error("{0}; engines run the CNI program as root")]
    Forbidden(String),
    #[error("{0}")]
    NoDaemon(String),
    #[error("{0}; the CNI program and the daemon may be of different versions")]
    Odd(String),
    #[error("{answer}; nor could the DEL be queued for it: {queue}")]
    NotQueued { answer: String, queue: String },
    #[error("{message}")]
    Daemon { code: Code, message: String },
    #[error("{message}")]
    NotReady { code: u32, message: String },
    #[error("{}", .0.join("; "))]
    Differs(Vec<String>),
}

fn asked_in(version: Option<&str>) -> String {
    match version {
        Some(version) => format!("cniVersion is {version:?}"),
        None => "cniVersion is missing".to_owned(),
    }
}

fn place(path: &str, value: &str) -> String {
    if path.is_empty() {
        format!("the configuration is {value}")
    } else {
        format!("{path} is {value}")
    }
}

/// The number of what the daemon refused. Those from 100 are ours alone.
fn number(code: Code) -> u32 {
    match code {
        Code::NoNamespace => 4,
        Code::Storage => 5,
        Code::InvalidRequest | Code::NoNetwork => 7,
        Code::Busy => 11,
        Code::Exhausted => 101,
        Code::Taken => 102,
        Code::Exists => 103,
        Code::InUse => 104,
        Code::Kernel | Code::Node => 105,
        Code::Differs => 106,
        Code::Blocked => 107,
        Code::Cluster => 108,
    }
}

impl Refusal {
    /// The code and what it means in a few words.
    fn code(&self) -> (u32, &'static str) {
        let code = match self {
            Self::Version { .. } | Self::VerbTooNew { .. } => 1,
            Self::Unsupported { .. } => 2,
            Self::NoContainer { .. } => 3,
            Self::Environment { .. } | Self::Missing { .. } => 4,
            Self::Input(_) | Self::Forbidden(_) | Self::NotQueued { .. } => 5,
            Self::NotJson(_) => 6,
            Self::TooLong | Self::Invalid { .. } | Self::Absent { .. } => 7,
            Self::NoDaemon(_) => 11,
            Self::Odd(_) => 100,
            Self::Daemon { code, .. } => number(*code),
            Self::NotReady { code, .. } => *code,
            Self::Differs(_) => number(Code::Differs),
        };
        let means = match code {
            1 => "incompatible CNI version",
            2 => "unsupported field in the network configuration",
            3 => "no such container",
            4 => "invalid environment variable",
            5 => "I/O failure",
            6 => "the network configuration cannot be decoded",
            7 => "invalid network configuration",
            11 => "try again later",
            50 => "the network cannot take containers now",
            51 => "the network cannot take containers now, and those it has may lack connectivity",
            101 => "nothing is left to give out",
            102 => "somebody else has it",
            103 => "attached already, with other settings",
            104 => "still in use",
            105 => "the kernel refused",
            106 => "the container's network is not what it should be",
            107 => "another program's rules drop what is forwarded",
            _ => "the daemon's answer is not understood",
        };
        (code, means)
    }

    /// As it goes to standard output.
    pub(super) fn written(&self, version: Version) -> Value {
        let (code, msg) = self.code();
        json!({
            "cniVersion": version.as_str(),
            "code": code,
            "msg": msg,
            "details": self.to_string(),
        })
    }

    /// An answer that belongs to another question.
    pub(super) fn unexpected(answer: &impl std::fmt::Debug) -> Self {
        let answer: String = format!("{answer:?}").chars().take(200).collect();
        Self::Odd(format!("the daemon answered something else than was asked: {answer}"))
    }
}

impl From<NoAnswer> for Refusal {
    fn from(answer: NoAnswer) -> Self {
        match answer {
            NoAnswer::Down { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                Self::Forbidden(format!("{} may not be opened: {source}", path.display()))
            }
            NoAnswer::Down { .. } | NoAnswer::Silent { .. } => Self::NoDaemon(answer.to_string()),
            NoAnswer::Odd { .. } => Self::Odd(answer.to_string()),
        }
    }
}

impl From<Failure> for Refusal {
    fn from(Failure { code, message, .. }: Failure) -> Self {
        match code {
            Code::NoNamespace => Self::Environment { name: "CNI_NETNS", why: message },
            _ => Self::Daemon { code, message },
        }
    }
}
