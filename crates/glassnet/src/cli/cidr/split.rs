//! `glassnet cidr split`: a prefix in parts, a line each, made as they are printed.

use super::{Wrong, read_one};
use crate::cli::error::Error;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::cidr::{self, Parts};
use model::explain::{Language, Text};
use model::net::IpNet;
use std::fmt;
use std::str::FromStr;

/// Lines that are printed without a further word.
pub(super) const MOST_LINES: u128 = 65_536;

/// Split a prefix into parts that cover it exactly
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet cidr split 10.0.0.0/22 /24
  glassnet cidr split 10.0.0.0/22 --into 5

Where the number of parts is no power of two, the last ones are half as large as the first.")]
pub(super) struct Split {
    /// The prefix
    #[arg(value_name = "PREFIX")]
    prefix: String,

    /// Length of each part, such as /24
    #[arg(value_name = "LENGTH", required_unless_present = "into", conflicts_with = "into")]
    length: Option<Length>,

    /// Number of parts
    #[arg(long, value_name = "COUNT")]
    into: Option<u128>,

    /// Print them all, also if they are more than 65,536
    #[arg(long)]
    all: bool,
}

impl Split {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let prefix = read_one(&self.prefix)?;
        let parts = match (self.length, self.into) {
            (Some(Length(length)), _) => cidr::to_length(&prefix, length),
            (None, parts) => cidr::into_parts(&prefix, parts.unwrap_or(1)),
        };
        let parts = parts.map_err(|no| Error::Cidr(Wrong::Split(no)))?;
        if parts.total().exceeds(MOST_LINES) && !self.all {
            return Err(Error::Cidr(Wrong::TooManyLines(parts.total())));
        }
        if out.json {
            out.lines(document(&prefix.trunc(), parts))?;
        } else {
            out.lines(parts)?;
        }
        DONE
    }
}

/// The lines of one JSON document, which may be longer than memory.
pub(super) fn document(prefix: &IpNet, parts: Parts) -> impl Iterator<Item = String> {
    let count = parts.total();
    let head =
        format!("{{\n  \"prefix\": \"{prefix}\",\n  \"count\": \"{count}\",\n  \"parts\": [");
    let mut parts = parts.peekable();
    let body = std::iter::from_fn(move || {
        let part = parts.next()?;
        let comma = if parts.peek().is_some() { "," } else { "" };
        Some(format!("    \"{part}\"{comma}"))
    });
    std::iter::once(head).chain(body).chain(std::iter::once("  ]\n}".to_owned()))
}

/// A length with its slash, so that nobody takes it for a number of parts.
#[derive(Clone)]
struct Length(u8);

/// Why a text is no length: the text.
#[derive(Debug)]
pub(in crate::cli) struct NoLength(String);

impl FromStr for Length {
    type Err = NoLength;

    fn from_str(text: &str) -> Result<Self, NoLength> {
        let digits = text.strip_prefix('/').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let length = digits.and_then(|digits| digits.parse().ok());
        length.map(Self).ok_or_else(|| NoLength(text.to_owned()))
    }
}

impl NoLength {
    pub(in crate::cli) fn say(&self, language: Language) -> String {
        match self.0.parse::<u128>() {
            Ok(number) => Text::LengthOrCount { number }.say(language),
            Err(_) => Text::NoLength.say(language),
        }
    }
}

impl fmt::Display for NoLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::En))
    }
}

impl std::error::Error for NoLength {}
