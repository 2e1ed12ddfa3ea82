//! `glassnet lab up` and `lab down`.

use super::progress::Shown;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::explain::Text;
use serde_json::json;
use std::path::PathBuf;

/// Build the lab that a file describes
#[derive(Args)]
pub(super) struct Up {
    /// Lab file (YAML); its schema: glassnet lab schema
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Take a lab down, also one that was not finished
#[derive(Args)]
pub(super) struct Down {
    /// Name of the lab
    #[arg(value_name = "NAME")]
    name: String,
}

impl Up {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut shown = Shown::new(out);
        let topology = lab::up(&self.file, &mut |progress| shown.tell(progress))?;
        drop(shown);
        out.document(&topology)?;
        out.say(&Text::LabUp { name: &topology.name, machines: topology.machines.len() })?;
        DONE
    }
}

impl Down {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut shown = Shown::new(out);
        let there = lab::down(&self.name, &mut |progress| shown.tell(progress))?;
        drop(shown);
        if !there {
            // What is wanted gone is gone: the verb may be repeated.
            out.document(&json!({ "down": null }))?;
            return out.say(&Text::LabNotThere { name: &self.name }).and(DONE);
        }
        out.document(&json!({ "down": self.name }))?;
        out.say(&Text::LabDown { name: &self.name })?;
        DONE
    }
}
