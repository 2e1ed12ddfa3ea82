//! A value of the configuration with the way to it, so that an error can say where it is:
//! `runtimeConfig.portMappings[0].hostPort`.
//!
//! A key whose value is `null` counts as absent, as it does to the engines, which are written in
//! Go; so does an empty text where a name or address is wanted.

use super::refusal::Refusal;
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    path: String,
    pub(super) value: &'a Value,
}

impl<'a> Field<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { path: String::new(), value }
    }

    pub(super) fn object(&self) -> Result<&'a Map<String, Value>, Refusal> {
        self.value.as_object().ok_or_else(|| self.not("an object"))
    }

    /// The value of a key, if it has one.
    pub(super) fn member(&self, key: &str) -> Result<Option<Self>, Refusal> {
        let value = self.object()?.get(key).filter(|value| !value.is_null());
        Ok(value.map(|value| Self { path: self.below(key), value }))
    }

    /// The same for a key that engines write in capitals or not.
    pub(super) fn member_in_any_case(&self, key: &str) -> Result<Option<Self>, Refusal> {
        let mut same = self.members()?.filter(|(other, _)| other.eq_ignore_ascii_case(key));
        let found = same.next().map(|(_, field)| field);
        if same.next().is_some() {
            return Err(self.invalid(format_args!("it has {key} twice, in different cases")));
        }
        Ok(found)
    }

    /// All keys with their values, `null` left out.
    pub(super) fn members(&self) -> Result<impl Iterator<Item = (&'a String, Self)>, Refusal> {
        let there = self.object()?.iter().filter(|(_, value)| !value.is_null());
        Ok(there.map(|(key, value)| (key, Self { path: self.below(key), value })))
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, Refusal> {
        let list = self.value.as_array().ok_or_else(|| self.not("a list"))?;
        let item = |(i, value)| Self { path: format!("{}[{i}]", self.path), value };
        Ok(list.iter().enumerate().map(item).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, Refusal> {
        self.value.as_str().ok_or_else(|| self.not("a text"))
    }

    pub(super) fn boolean(&self) -> Result<bool, Refusal> {
        self.value.as_bool().ok_or_else(|| self.not("true or false"))
    }

    /// A whole number from 0 to `most`.
    pub(super) fn number(&self, most: u64) -> Result<u64, Refusal> {
        let number = self.value.as_u64().filter(|number| *number <= most);
        number.ok_or_else(|| self.not(format_args!("a whole number from 0 to {most}")))
    }

    /// A text that means something; `None` for an empty one.
    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(&self) -> Result<Option<T>, Refusal> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|why: T::Err| self.invalid(why))
    }

    pub(super) fn invalid(&self, why: impl fmt::Display) -> Refusal {
        Refusal::Invalid { path: self.path.clone(), value: shown(self.value), why: why.to_string() }
    }

    pub(super) fn unsupported(&self, why: impl fmt::Display) -> Refusal {
        Refusal::Unsupported {
            path: self.path.clone(),
            value: shown(self.value),
            why: why.to_string(),
        }
    }

    fn not(&self, expected: impl fmt::Display) -> Refusal {
        self.invalid(format_args!("expected {expected}"))
    }

    fn below(&self, key: &str) -> String {
        let key: String = key.chars().take(100).collect();
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

/// The value as JSON; of a long one, its start says enough.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 100;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}
