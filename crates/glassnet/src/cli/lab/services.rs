//! One service of a lab's machine: `glassnet lab stop`, `start`, `freeze`, `thaw`.

use super::place::{self, Place};
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use lab::Service;
use model::explain::Text;
use serde_json::json;

/// Reads the name of a service; another is answered with all of them.
pub(super) fn service() -> impl TypedValueParser<Value = Service> {
    PossibleValuesParser::new(["etcd", "node"]).try_map(|name| name.parse::<Service>())
}

/// End a service of a machine at once, as a crash would
#[derive(Args)]
pub(super) struct Stop {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,

    /// Service: etcd or node
    #[arg(value_name = "SERVICE", value_parser = service())]
    service: Service,
}

/// Stop a machine's services in their tracks: they keep their connections and answer nothing
#[derive(Args)]
pub(super) struct Freeze {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,

    /// Only this service: etcd or node
    #[arg(value_name = "SERVICE", value_parser = service())]
    service: Option<Service>,
}

/// Let services that were frozen go on
#[derive(Args)]
pub(super) struct Thaw {
    /// Machine; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]HOST")]
    place: String,

    /// Only this service: etcd or node
    #[arg(value_name = "SERVICE", value_parser = service())]
    service: Option<Service>,
}

impl Stop {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let stopped = lab::stop(&place.lab, &place.part, self.service)?;
        let (name, service) = (&*place.part, &*self.service.to_string());
        let document = json!({ "machine": name, "stopped": stopped.then_some(service) });
        out.document(&document)?;
        out.say(&match stopped {
            true => Text::ServiceStopped { name, service },
            false => Text::ServiceRestsAlready { name, service },
        })?;
        DONE
    }
}

/// What `glassnet lab start` does if a service is named.
pub(super) fn start(place: &Place, service: Service, out: &Output) -> Outcome {
    let started = lab::start_service(&place.lab, &place.part, service)?;
    let (name, service) = (&*place.part, &*service.to_string());
    out.document(&json!({ "machine": name, "started": started.then_some(service) }))?;
    out.say(&match started {
        true => Text::ServiceStarted { name, service },
        false => Text::ServiceRunsAlready { name, service },
    })?;
    DONE
}

impl Freeze {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let services = words(&lab::freeze(&place.lab, &place.part, self.service)?);
        out.document(&json!({ "machine": place.part, "frozen": services }))?;
        let (name, services) = (&*place.part, &*services.join(", "));
        out.say(&match services {
            "" => Text::NoServiceRuns { name },
            services => Text::ServicesFrozen { name, services },
        })?;
        DONE
    }
}

impl Thaw {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let services = words(&lab::thaw(&place.lab, &place.part, self.service)?);
        out.document(&json!({ "machine": place.part, "thawed": services }))?;
        let (name, services) = (&*place.part, &*services.join(", "));
        out.say(&match services {
            "" => Text::NoServiceRuns { name },
            services => Text::ServicesThawed { name, services },
        })?;
        DONE
    }
}

fn words(services: &[Service]) -> Vec<String> {
    services.iter().map(ToString::to_string).collect()
}
