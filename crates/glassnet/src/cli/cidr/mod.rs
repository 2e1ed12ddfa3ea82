//! `glassnet cidr`: what an address and its prefix mean, with the working; and questions about
//! several of them.
//!
//! `model::cidr` computes, a file here words each answer. Numbers that may exceed 53 bits are texts
//! in JSON. Nothing is sent and nothing changed; only [`here`] looks at the host at all.

mod contains;
mod here;
mod overlaps;
mod show;
mod split;
mod summarize;
mod working;
mod wrong;

use super::Outcome;
use super::error::Error;
use super::output::Output;
use clap::{Args, Subcommand};
use model::cidr;
use model::net::IpNet;
pub(super) use split::NoLength;
pub(super) use wrong::Wrong;

/// Say what an address and its prefix mean, with the working
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  glassnet cidr 192.168.1.17/24
  glassnet cidr 10.0.0.0 255.255.252.0
  glassnet cidr 2001:db8::1/64"
)]
pub(super) struct Cidr {
    /// Address and length, or address and mask in one word or two
    #[arg(value_name = "PREFIX", required = true)]
    prefixes: Vec<String>,

    #[command(subcommand)]
    verb: Option<CidrVerb>,
}

#[derive(Subcommand)]
enum CidrVerb {
    Contains(contains::Contains),
    Overlaps(overlaps::Overlaps),
    Split(split::Split),
    Summarize(summarize::Summarize),
}

impl Cidr {
    pub(super) fn run(self, out: &Output) -> Outcome {
        match self.verb {
            // A word of letters alone is no address, and was meant for a verb.
            None if is_word(&self.prefixes[0]) => {
                Err(Error::NoSuchVerb(format!("cidr {}", self.prefixes[0])))
            }
            None => show::show(&read(&self.prefixes)?, out),
            Some(CidrVerb::Contains(verb)) => verb.run(out),
            Some(CidrVerb::Overlaps(verb)) => verb.run(out),
            Some(CidrVerb::Split(verb)) => verb.run(out),
            Some(CidrVerb::Summarize(verb)) => verb.run(out),
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn read(words: &[String]) -> Result<Vec<IpNet>, Error> {
    let read = cidr::prefixes(words.iter().map(String::as_str));
    read.map_err(|mistake| Error::Cidr(Wrong::Prefix(mistake)))
}

fn read_one(word: &str) -> Result<IpNet, Error> {
    cidr::prefix(word).map_err(|mistake| Error::Cidr(Wrong::Prefix(mistake)))
}

/// As people write it: an address alone has no length.
fn written(prefix: &IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

#[cfg(test)]
mod tests;
