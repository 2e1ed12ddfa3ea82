//! What the grammar finds wrong with a command line, in our words and the user's language. Of
//! `clap` only the facts are used: which argument, which value, what would have been allowed.

use super::{capture, cidr, netns, publish, rate};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use model::cluster::InvalidName;
use model::explain::{Language, Text};
use model::net::{InvalidLinkName, InvalidMac};
use std::error::Error as _;
use std::net::AddrParseError;
use std::num::{ParseIntError, TryFromIntError};

/// A command line that was not understood.
pub(super) struct Usage {
    pub(super) error: clap::Error,
    /// The verb as far as it was understood: `glassnet network create`.
    pub(super) command: String,
}

impl Usage {
    /// What is wrong.
    pub(super) fn message(&self, language: Language) -> String {
        let argument = &self.first(ContextKind::InvalidArg);
        let value = &self.first(ContextKind::InvalidValue);
        let text = match self.error.kind() {
            ErrorKind::UnknownArgument => Text::UnknownArgument { text: argument },
            ErrorKind::InvalidSubcommand => {
                return Text::UnknownVerb { text: &self.first(ContextKind::InvalidSubcommand) }
                    .say(language);
            }
            ErrorKind::MissingSubcommand => {
                let verbs = &self.all(ContextKind::ValidSubcommand);
                return Text::MissingVerb { verbs }.say(language);
            }
            ErrorKind::MissingRequiredArgument => {
                return Text::MissingArgument { text: &self.all(ContextKind::InvalidArg) }
                    .say(language);
            }
            ErrorKind::InvalidValue if value.is_empty() => Text::MissingValue { argument },
            ErrorKind::InvalidValue => {
                let choices = &self.all(ContextKind::ValidValue);
                return Text::InvalidChoice { argument, value, choices }.say(language);
            }
            ErrorKind::ValueValidation => {
                let reason = &self.reason(language);
                return Text::InvalidValue { argument, value, reason }.say(language);
            }
            ErrorKind::ArgumentConflict if self.first(ContextKind::PriorArg) == *argument => {
                Text::TooOften { argument }
            }
            ErrorKind::ArgumentConflict => {
                let with = &self.all(ContextKind::PriorArg);
                return Text::Conflict { argument, with }.say(language);
            }
            _ => return first_line(&self.error.to_string()),
        };
        text.say(language)
    }

    /// What to try.
    pub(super) fn advice(&self, language: Language) -> Option<String> {
        let kinds = [
            ContextKind::SuggestedArg,
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedValue,
        ];
        let suggestion = kinds.iter().map(|kind| self.first(*kind)).find(|text| !text.is_empty());
        Some(match suggestion {
            Some(text) => Text::DidYouMean { text: &text }.say(language),
            None => Text::MoreHelp { command: &self.command }.say(language),
        })
    }

    /// Why a value was refused: in our own words where the refusal is ours.
    fn reason(&self, language: Language) -> String {
        let Some(source) = self.error.source() else {
            return first_line(&self.error.to_string());
        };
        if let Some(invalid) = source.downcast_ref::<netns::Invalid>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<publish::Invalid>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<rate::Invalid>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<capture::Invalid>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<cidr::NoLength>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<InvalidName>() {
            invalid.say(language)
        } else if let Some(invalid) = source.downcast_ref::<InvalidLinkName>() {
            invalid.say(language)
        } else if source.is::<InvalidMac>() {
            Text::NoMac.say(language)
        } else if source.is::<AddrParseError>() {
            Text::NoAddress.say(language)
        } else if source.is::<ipnet::AddrParseError>() {
            Text::NoSubnet.say(language)
        } else if source.is::<ParseIntError>() || source.is::<TryFromIntError>() {
            Text::NoNumber.say(language)
        } else {
            // A range of numbers is checked by clap, which tells of it in words only.
            let said = source.to_string();
            said.split_once(" is not in ")
                .map_or_else(|| said.clone(), |(_, range)| Text::OutOfRange { range }.say(language))
        }
    }

    fn context(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn first(&self, kind: ContextKind) -> String {
        self.context(kind).into_iter().next().unwrap_or_default()
    }

    fn all(&self, kind: ContextKind) -> String {
        self.context(kind).join(", ")
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
