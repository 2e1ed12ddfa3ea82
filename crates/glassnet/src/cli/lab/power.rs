//! Pulling plugs and cables: `glassnet lab kill`, `start`, `cut`, `mend`.

use super::progress::Shown;
use super::{place, services};
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use lab::{Disk, Service};
use model::explain::Text;
use serde_json::json;

/// Cut a machine's power: processes, namespaces and /run are gone, /var is kept
#[derive(Args)]
pub(super) struct Kill {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,
}

/// Start a machine whose power was cut, or one service that was stopped
#[derive(Args)]
pub(super) struct Start {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,

    /// Only this service of a machine that runs: etcd or node
    #[arg(value_name = "SERVICE", value_parser = services::service())]
    service: Option<Service>,

    /// Start the machine with an empty /var
    #[arg(long, conflicts_with = "service")]
    new_disk: bool,
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
        if let Some(service) = self.service {
            return services::start(&place, service, out);
        }
        let disk = if self.new_disk { Disk::New } else { Disk::Kept };
        let mut shown = Shown::new(out);
        let tell = &mut |progress: lab::Progress<'_>| shown.tell(progress);
        let started = lab::start(&place.lab, &place.part, disk, tell)?;
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
