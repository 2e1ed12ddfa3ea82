//! What people read, in their language.
//!
//! Every sentence stands once, in a list, with its English and its Chinese text side by side and
//! typed parameters; a verb picks a sentence and fills it, it writes none:
//!
//! - [`Text`]: what a command says: headings, answers, mistakes in what was typed;
//! - [`Finding`]: what a check of the host found: what is wrong, how we know, what to do;
//! - [`codes`]: the stable code of each error, with its meaning and what to try.
//!
//! The help of each verb stands beside the verbs. Log lines are for programs and stay English.

pub mod codes;
mod findings;
mod language;
mod texts;

pub use findings::{Finding, Words};
pub use language::Language;
pub use texts::Text;
