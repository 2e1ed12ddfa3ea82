//! Of a finding: what somebody cannot reach, how that is known, and what mends it.

use super::say::sentences;
use super::{Cure, Language, Say};
use crate::net::Family;
use crate::path::{End, Evidence};
use std::net::IpAddr;

sentences! {
    /// What a container needs to reach.
    enum Target;
    Outside { family: Family } en "the outside by {family}" zh "外部（{family}）"
    Gateway { address: IpAddr } en "its gateway {address}" zh "网关 {address}"
    Neighbour { address: IpAddr, place: String }
        en "{address} of {place}, in its own network"
        zh "同一网络中 {place} 的 {address}"
}

/// Where a packet ended, and what was last decided on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub end: End,
    pub evidence: Vec<Evidence>,
}

impl Say for Proof {
    fn said(&self, language: Language) -> String {
        let end = self.end.said(language);
        match self.evidence.is_empty() {
            true => end,
            false => {
                let all: Vec<_> = self.evidence.iter().map(|one| one.said(language)).collect();
                format!("{end} ({})", all.join("; "))
            }
        }
    }
}

/// What to do, and the command that does it, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    pub cure: Cure,
    pub command: Option<String>,
}

impl Say for Remedy {
    fn said(&self, language: Language) -> String {
        let cure = self.cure.said(language);
        let colon = if language == Language::Zh { "：" } else { ": " };
        match &self.command {
            Some(command) => format!("{cure}{colon}{}", command.said(language)),
            None => cure,
        }
    }
}

/// Those that something happens to. Of many, some are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(pub Vec<String>);

impl Say for Who {
    fn said(&self, language: Language) -> String {
        const NAMED: usize = 6;
        let named = self.0.iter().take(NAMED).cloned().collect::<Vec<_>>().said(language);
        match (self.0.len().saturating_sub(NAMED), language) {
            (0, _) => named,
            (more, Language::En) => format!("{named} and {more} more"),
            (_, Language::Zh) => format!("{named} 等共 {} 个", self.0.len()),
        }
    }
}
