//! CNI versions: which there are, and which verb came with which (SPEC, "Released versions").

use super::document;
use super::environment::Command;
use super::field::Field;
use super::refusal::Refusal;
use serde_json::{Value, json};

/// A version of the SPEC that we speak, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V0_3_1,
    V0_4_0,
    V1_0_0,
    V1_1_0,
}

impl Version {
    pub(super) const ALL: [Self; 4] = [Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];
    pub(super) const LATEST: Self = Self::V1_1_0;

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }
}

impl Command {
    /// The first version that has the verb.
    fn since(self) -> Version {
        match self {
            Self::Add | Self::Del | Self::Version => Version::V0_3_1,
            Self::Check => Version::V0_4_0,
            Self::Status | Self::Gc => Version::V1_1_0,
        }
    }

    pub(super) fn allowed_in(self, version: Version) -> Result<(), Refusal> {
        if version >= self.since() {
            return Ok(());
        }
        Err(Refusal::VerbTooNew { verb: self.as_str(), version, since: self.since() })
    }
}

/// The version that a configuration asks for.
pub(super) fn asked(root: &Field<'_>) -> Result<Version, Refusal> {
    let asked = root.member("cniVersion")?.map(|field| field.text()).transpose()?;
    let known = Version::ALL.into_iter().find(|version| Some(version.as_str()) == asked);
    known.ok_or_else(|| Refusal::Version {
        asked: asked.map(|text| text.chars().take(40).collect()),
    })
}

/// The answer to VERSION. `cniVersion` is what was asked in, if it looks like a version at all: an
/// engine may find out by this verb what it can speak.
pub(super) fn supported(input: &[u8]) -> Value {
    let document = document::parse(input).unwrap_or_default();
    let like_a_version = |text: &&str| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        text.len() <= 20 && text.split('.').count() == 3 && text.split('.').all(digits)
    };
    let asked = document.get("cniVersion").and_then(Value::as_str).filter(like_a_version);
    json!({
        "cniVersion": asked.unwrap_or(Version::LATEST.as_str()),
        "supportedVersions": Version::ALL.map(Version::as_str),
    })
}
