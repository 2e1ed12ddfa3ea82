//! `glassnet cidr summarize`: the fewest prefixes that cover exactly those that were given.

use super::{Wrong, read};
use crate::cli::error::Error;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::cidr;
use model::net::IpNet;
use std::io::{self, BufRead};

/// Give the shortest list of prefixes that covers exactly these
#[derive(Args)]
#[command(after_help = "Examples:
  glassnet cidr summarize 10.0.0.0/24 10.0.1.0/24 10.0.2.0/23
  glassnet cidr split 10.0.0.0/22 /26 | glassnet cidr summarize -")]
pub(super) struct Summarize {
    /// The prefixes, each as for glassnet cidr; `-` reads them from stdin, one a line
    #[arg(value_name = "PREFIX", required = true)]
    prefixes: Vec<String>,
}

impl Summarize {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let (stdin, words): (Vec<String>, Vec<String>) =
            self.prefixes.into_iter().partition(|word| word == "-");
        let mut prefixes = read(&words)?;
        if !stdin.is_empty() {
            prefixes.extend(from_lines(io::stdin().lock())?);
        }
        let fewest = cidr::summarize(&prefixes);
        out.document(&fewest)?;
        if !out.json {
            out.lines(fewest.iter())?;
        }
        DONE
    }
}

/// One prefix a line; an empty line is none.
pub(super) fn from_lines(input: impl BufRead) -> Result<Vec<IpNet>, Error> {
    let mut prefixes = Vec::new();
    for (number, line) in input.lines().enumerate() {
        let line = line.map_err(|error| Error::File("stdin".into(), error))?;
        if !line.trim().is_empty() {
            let read = cidr::prefixes([line.as_str()]);
            prefixes.extend(read.map_err(|it| Error::Cidr(Wrong::Line(number + 1, it)))?);
        }
    }
    Ok(prefixes)
}
