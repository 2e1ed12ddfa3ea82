//! Errors as CNI wants them (SPEC, "Error"): a code, what happened, and what to try.

use crate::client::NoAnswer;
use crate::protocol::{Code, Failure};
use serde_json::json;

/// Codes of the SPEC.
pub(super) const VERSION: u32 = 1;
pub(super) const UNSUPPORTED: u32 = 2;
pub(super) const ENVIRONMENT: u32 = 4;
pub(super) const IO: u32 = 5;
pub(super) const DECODE: u32 = 6;
pub(super) const CONFIG: u32 = 7;
pub(super) const TRY_AGAIN: u32 = 11;
/// Of STATUS: an ADD could not be served.
pub(super) const NOT_AVAILABLE: u32 = 50;
/// Ours, from 100 on.
pub(super) const EXHAUSTED: u32 = 101;
pub(super) const TAKEN: u32 = 102;
pub(super) const EXISTS: u32 = 103;
pub(super) const IN_USE: u32 = 104;
pub(super) const KERNEL: u32 = 105;
pub(super) const DIFFERS: u32 = 106;

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CniError {
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) details: String,
}

impl CniError {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: String::new() }
    }

    pub(super) fn with(self, details: impl Into<String>) -> Self {
        Self { details: details.into(), ..self }
    }

    /// The error object.
    pub(super) fn document(&self, version: &str) -> String {
        let mut document = json!({ "cniVersion": version, "code": self.code, "msg": self.message });
        if !self.details.is_empty() {
            document["details"] = json!(self.details);
        }
        format!("{document}\n")
    }
}

impl From<Failure> for CniError {
    fn from(failure: Failure) -> Self {
        let code = match failure.code {
            Code::InvalidRequest | Code::NoNetwork => CONFIG,
            Code::NoNamespace => ENVIRONMENT,
            Code::Storage => IO,
            Code::Busy => TRY_AGAIN,
            Code::Exhausted => EXHAUSTED,
            Code::Taken => TAKEN,
            Code::Exists => EXISTS,
            Code::InUse => IN_USE,
            Code::Kernel => KERNEL,
            Code::Differs => DIFFERS,
        };
        Self::new(code, failure.message)
    }
}

impl From<NoAnswer> for CniError {
    fn from(error: NoAnswer) -> Self {
        Self::new(TRY_AGAIN, error.to_string())
            .with("the glassnet daemon has to run on this host; see `systemctl status glassnet`")
    }
}
