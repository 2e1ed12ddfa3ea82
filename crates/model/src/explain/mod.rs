//! What people read, in their language.
//!
//! Every sentence stands once, in a list, with its English and its Chinese text side by side and
//! typed parameters; a verb picks a sentence and fills it, it writes none:
//!
//! - [`Text`]: what a command says: headings, answers, mistakes in what was typed;
//! - [`Reason`]: why the daemon said no; [`Deed`] and [`Notice`]: what it did, and what it tells of
//!   itself. They cross the protocol as facts, and the client says them;
//! - [`StoreFailure`], [`StoreRefusal`]: why the store that hosts share could not be asked, and what it
//!   said no to;
//! - [`PathText`]: what happened to a packet; [`TraceText`], [`Cure`]: what is said around that, and what
//!   to do about it;
//! - [`Lesson`]: the same for who sees it for the first time;
//! - [`AddressKind`], [`PrefixFault`]: what addresses are for, and why a text is no prefix;
//! - [`CaptureText`], [`LadderText`], [`FilterFault`]: captured packets, and filters of them;
//! - [`ChangeFault`]: why a change cannot be tried in memory;
//! - [`WayFault`]: why a peer is not reached as it should be;
//! - [`Finding`], [`Target`]: what a check of the host found: what is wrong, how we know, what to do;
//! - [`codes`]: the stable code of each error, with its meaning and what to try.
//!
//! The help of each verb stands beside the verbs. Log lines are for programs and stay English.

mod capture;
mod changes;
pub mod codes;
mod deeds;
mod findings;
mod lab_file;
mod labs;
mod language;
mod lessons;
mod names;
mod path;
mod prefixes;
mod reach;
mod reasons;
mod say;
mod standing;
mod store;
mod system;
mod texts;
mod trace;
mod ways;

pub use capture::{CaptureText, FilterFault, LadderText};
pub use changes::ChangeFault;
pub use codes::Code;
pub use deeds::{Deed, Notice};
pub use findings::{Finding, Words};
pub use lab_file::{LabCure, LabMistake, LabThing, LabValue};
pub use labs::{LabDeed, LabFailure};
pub use language::Language;
pub use lessons::{Lesson, Teacher};
pub use names::{Fault, Named};
pub use path::PathText;
pub use prefixes::{AddressKind, PrefixCure, PrefixFault};
pub use reach::ReachText;
pub use reasons::{
    AttachmentDifference, Choice, NetworkDifference, Ports, Reason, Reserved, Unusable,
};
pub use say::Say;
pub use standing::{Proof, Remedy, Target, Who};
pub use store::{StoreFailure, StoreFault, StoreRefusal, StoreTried};
pub use system::SystemFault;
pub use texts::Text;
pub use trace::{Cure, MaskedText, PartText, TraceRefusal, TraceText};
pub use ways::{Unsent, WayFault};
