//! Why a question cannot be understood: what is wrong, what to try.

use crate::places::NoPlace;
use model::explain::{ChangeFault, Language, PartText, ReachText, Say as _, Text, TraceText};
use model::net::Family;
use std::net::IpAddr;
use std::path::PathBuf;

pub(in crate::cli) enum Wrong {
    Place(NoPlace),
    /// No namespace that was seen has it.
    NotHere {
        address: IpAddr,
    },
    NoLink {
        link: String,
        place: String,
        known: Vec<String>,
    },
    /// Neither a place nor a host name; the places there are.
    NoName {
        why: TraceText,
        known: Vec<String>,
    },
    /// A place without an address of the family; those it has.
    NoAddress {
        name: String,
        family: Option<Family>,
        others: Vec<IpAddr>,
    },
    Unreadable {
        part: PartText,
        place: String,
        why: String,
    },
    StateNewer {
        path: PathBuf,
        version: String,
    },
    StateDamaged {
        path: PathBuf,
        why: String,
    },
    /// A change that cannot be tried.
    Change(ChangeFault),
    /// Who reaches whom cannot be told.
    Reach(ReachText),
    /// Options that do not go together.
    Usage(TraceText),
}

impl Wrong {
    pub(in crate::cli) fn code(&self) -> &'static str {
        match self {
            Self::Place(_) | Self::NoLink { .. } | Self::NoName { .. } | Self::NotHere { .. } => {
                "no-place"
            }
            Self::NoAddress { .. } => "no-address",
            Self::Unreadable { .. } => "kernel",
            Self::StateNewer { .. } | Self::StateDamaged { .. } => "not-a-snapshot",
            Self::Change(_) | Self::Usage(_) => "usage",
            Self::Reach(ReachText::NobodyIsCalled { .. }) => "no-place",
            Self::Reach(ReachText::Newer { .. } | ReachText::Damaged { .. }) => "not-a-reach",
            Self::Reach(_) => "usage",
        }
    }

    pub(in crate::cli) fn message(&self, language: Language) -> String {
        let shown = |path: &PathBuf| path.display().to_string();
        match self {
            Self::Place(NoPlace::Unknown { name, .. }) => {
                Text::NoSuchPlace { name: &name.said(language) }.say(language)
            }
            Self::Place(NoPlace::Unclear { name, any }) => {
                let any = &any.said(language);
                Text::UnclearPlace { name: &name.said(language), any }.say(language)
            }
            Self::NotHere { address } => TraceText::NobodyHas { address: *address }.say(language),
            Self::NoLink { link, place, .. } => {
                Text::NoSuchLink { link: &link.said(language), place }.say(language)
            }
            Self::NoName { why, .. } | Self::Usage(why) => why.say(language),
            Self::Reach(wrong) => wrong.say(language),
            Self::Change(fault) => TraceText::NoChange { why: fault.say(language) }.say(language),
            Self::NoAddress { name, family, others } => {
                let name = name.clone();
                match (family, others.is_empty()) {
                    (Some(family), false) => {
                        let (family, others) = (*family, others.clone());
                        TraceText::NoAddressOf { name, family, others }.say(language)
                    }
                    _ => TraceText::NoAddress { name }.say(language),
                }
            }
            Self::Unreadable { part, place, why } => {
                let (part, place, why) = (part.clone(), place.clone(), why.clone());
                TraceText::Unreadable { part, place, why }.say(language)
            }
            Self::StateNewer { path, version } => {
                let (path, version) = (shown(path), version.clone());
                TraceText::StateNewer { path, version }.say(language)
            }
            Self::StateDamaged { path, why } => {
                let (path, why) = (shown(path), why.clone());
                TraceText::StateDamaged { path, why }.say(language)
            }
        }
    }

    pub(in crate::cli) fn advice(&self, language: Language) -> Option<String> {
        let (Self::Place(NoPlace::Unknown { known, .. })
        | Self::NoLink { known, .. }
        | Self::NoName { known, .. }) = self
        else {
            return None;
        };
        (!known.is_empty()).then(|| Text::OneOf { names: &known.said(language) }.say(language))
    }
}
