//! Pulling plugs and cables: `glassnet lab kill`, `start`, `cut`, `mend`.

use super::place;
use super::progress::Shown;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use model::explain::Text;
use serde_json::json;

/// Cut a machine's power: processes, namespaces and /run are gone, /var is kept
#[derive(Args)]
pub(super) struct Kill {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,
}

/// Start a machine whose power was cut
#[derive(Args)]
pub(super) struct Start {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,
}

/// Cut a link
#[derive(Args)]
pub(super) struct Cut {
    /// Link, such as alpha.eth0; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]LINK")]
    place: String,
}

/// Mend a link that was cut
#[derive(Args)]
pub(super) struct Mend {
    /// Link, such as alpha.eth0; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]LINK")]
    place: String,
}

impl Kill {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        lab::kill(&place.lab, &place.part)?;
        out.document(&json!({ "killed": place.part }))?;
        out.say(&Text::MachineKilled { name: &place.part })?;
        DONE
    }
}

impl Start {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let mut shown = Shown::new(out);
        let started = lab::start(&place.lab, &place.part, &mut |progress| shown.tell(progress))?;
        drop(shown);
        if !started {
            out.document(&json!({ "started": null }))?;
            return out.say(&Text::MachineRuns { name: &place.part }).and(DONE);
        }
        out.document(&json!({ "started": place.part }))?;
        out.say(&Text::MachineStarted { name: &place.part })?;
        DONE
    }
}

impl Cut {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        lab::cut(&place.lab, &place.part)?;
        out.document(&json!({ "cut": place.part }))?;
        out.say(&Text::LinkCut { name: &place.part })?;
        DONE
    }
}

impl Mend {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        lab::mend(&place.lab, &place.part)?;
        out.document(&json!({ "mended": place.part }))?;
        out.say(&Text::LinkMended { name: &place.part })?;
        DONE
    }
}
