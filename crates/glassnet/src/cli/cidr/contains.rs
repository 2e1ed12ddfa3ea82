//! `glassnet cidr contains`: whether a prefix holds an address or another prefix, and why.

use super::{read_one, written};
use crate::cli::Outcome;
use crate::cli::output::Output;
use clap::Args;
use model::cidr::{self, Relation};
use model::explain::Text;
use model::net::IpNet;
use serde_json::json;
use std::process::ExitCode;

/// Say whether a prefix contains an address or another prefix; exit code 1 if not
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet cidr contains 10.0.0.0/22 10.0.3.255
  glassnet cidr contains 2001:db8::/32 2001:db8:7::/48")]
pub(super) struct Contains {
    /// The prefix
    #[arg(value_name = "PREFIX")]
    whole: String,

    /// What may be in it
    #[arg(value_name = "ADDRESS_OR_PREFIX")]
    part: String,
}

impl Contains {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let (whole, part) = (read_one(&self.whole)?, read_one(&self.part)?);
        let relation = cidr::relation(&part, &whole);
        let contains = matches!(relation, Relation::Equal | Relation::Inside);
        let why = out.word(why(relation, &whole.trunc(), &part, &written(&part)));
        out.document(&json!({
            "prefix": whole.trunc(),
            "of": part,
            "contains": contains,
            "relation": relation,
            "why": why,
        }))?;
        out.say(&Text::Verbatim(&why))?;
        Ok(if contains { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

pub(super) fn why<'a>(
    relation: Relation,
    whole: &'a IpNet,
    part: &IpNet,
    written: &'a str,
) -> Text<'a> {
    let length = whole.prefix_len();
    match relation {
        Relation::Equal => Text::IsTheSame { part: written, whole },
        Relation::Inside => Text::IsIn { part: written, whole, length },
        Relation::Holds => Text::IsLarger { part: written, whole },
        Relation::OtherFamily => Text::IsOfOtherFamily { part: written, whole },
        Relation::Apart => {
            // They differ in the bits that both have, so in the first of them.
            let bit = cidr::first_difference(whole, &part.trunc()).unwrap_or(length);
            let (first, last) = (whole.network(), whole.broadcast());
            Text::IsNotIn { part: written, whole, bit, first, last }
        }
    }
}
