//! `lab cut` and `lab mend`: pulling a cable out, and plugging it in again.
//!
//! The fabric's end of the link goes down, so the machine sees its carrier
//! lost: nothing of its own is changed. What is cut stays cut when a machine
//! is started again.

use crate::error::Error;
use crate::power::PATIENCE;
use crate::privilege;
use crate::state::LabDirectory;
use crate::topology::Port;
use crate::wiring;

/// Cuts the link called `machine.link`. To cut one end of a cable cuts it.
pub fn cut(lab: &str, link: &str) -> Result<(), Error> {
    set(lab, link, true)
}

/// Mends a link; one that was never cut stays as it is.
pub fn mend(lab: &str, link: &str) -> Result<(), Error> {
    set(lab, link, false)
}

fn set(lab: &str, link: &str, cut: bool) -> Result<(), Error> {
    privilege::check()?;
    let directory = LabDirectory::lock(lab, PATIENCE)?;
    let mut record = directory.finished()?;
    let port =
        record.topology.ports().find(|port| port.label() == link).ok_or_else(|| Error::NoLink {
            lab: lab.to_owned(),
            name: link.to_owned(),
            links: record.topology.ports().map(|port| port.label()).collect(),
        })?;
    let far = record.topology.far_end(port).map(|far: Port<'_>| far.label());
    if cut {
        record.cut.insert(link.to_owned());
    } else {
        record.cut.remove(link);
        far.map(|far| record.cut.remove(&far));
    }
    directory.write(&record)?;
    wiring::set_ports(&record)
}
