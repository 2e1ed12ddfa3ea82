//! `glassnet explain`: what an error code means.

use super::error::Error;
use super::output::Output;
use super::table::Table;
use super::{DONE, Outcome};
use clap::Args;
use model::explain::codes::{self, ErrorCode};
use model::explain::{Language, Text};
use serde_json::{Value, json};

/// Explain an error code, or list all of them
#[derive(Args)]
pub(super) struct Explain {
    /// The word in brackets at the end of an error message
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let Some(name) = self.code else { return list(out) };
        let name = name.trim_matches(['[', ']']);
        let code = codes::find(name).ok_or_else(|| Error::NoSuchCode(name.to_owned()))?;
        let language = out.language;
        out.document(&document(code, language))?;
        out.say(&Text::CodeMeaning { name, title: code.title(language) })?;
        out.say(&Text::Verbatim(&format!("\n{}", code.meaning(language))))?;
        out.say(&Text::Verbatim(code.advice(language)))?;
        DONE
    }
}

fn list(out: &Output) -> Outcome {
    let language = out.language;
    out.document(&codes::all().map(|code| document(code, language)).collect::<Vec<_>>())?;
    let mut table = Table::new([Text::Code, Text::Meaning]);
    for code in codes::all() {
        table.row([code.name.to_owned(), code.title(language).to_owned()]);
    }
    out.table(&table, &Text::Verbatim(""))?;
    DONE
}

fn document(code: &ErrorCode, language: Language) -> Value {
    json!({
        "code": code.name,
        "title": code.title(language),
        "meaning": code.meaning(language),
        "try": code.advice(language),
    })
}
