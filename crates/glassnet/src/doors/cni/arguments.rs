//! `CNI_ARGS` (CONVENTIONS, "CNI_ARGS"): `IgnoreUnknown=1;IP=10.88.0.9;MAC=02:00:5e:00:53:01`.
//!
//! As with the reference plugins, a key that nobody knows is an error unless `IgnoreUnknown` is
//! true; Kubernetes engines set it, since they pass keys of their own.

use super::environment::invalid;
use super::refusal::Refusal;
use super::wishes::address;
use model::net::Mac;
use std::net::IpAddr;

const VARIABLE: &str = "CNI_ARGS";

/// What was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) address: Option<IpAddr>,
    pub(super) mac: Option<Mac>,
}

impl Arguments {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut arguments = Self::default();
        let mut ignore_unknown = false;
        let mut unknown = Vec::new();
        for pair in text.split(';').filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                let start = shorten(pair);
                return Err(invalid(VARIABLE, format!("{start:?} is not KEY=VALUE")));
            };
            let wrong = |why: String| invalid(VARIABLE, format!("in {key}: {why}"));
            match key {
                "IgnoreUnknown" => {
                    ignore_unknown = truth(value).ok_or_else(|| {
                        wrong(format!("{:?} is neither true nor false", shorten(value)))
                    })?;
                }
                "IP" if value.is_empty() => {}
                "IP" => arguments.address = Some(address(value).map_err(wrong)?),
                "MAC" if value.is_empty() => {}
                "MAC" => {
                    let mac = shorten(value).parse().map_err(|why| wrong(format!("{why}")))?;
                    arguments.mac = Some(mac);
                }
                _ => unknown.push(shorten(key)),
            }
        }
        if ignore_unknown || unknown.is_empty() {
            return Ok(arguments);
        }
        let unknown = unknown.join(", ");
        let why = format!(
            "it has keys that are not known here: {unknown}; \
             there is IP, MAC and IgnoreUnknown, and IgnoreUnknown=1 lets others pass"
        );
        Err(invalid(VARIABLE, why))
    }
}

/// The spellings that Go's `strconv.ParseBool` takes, less the odd ones.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" => Some(true),
        "0" | "f" | "false" => Some(false),
        _ => None,
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}
