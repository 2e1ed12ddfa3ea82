//! The walk itself: through one state of the machine, and with a port where one decides.

use super::beyond::Beyond;
use super::ways::Ways;
use super::{Understood, called, port};
use crate::machine::Machine;
use model::explain::TraceText;
use model::host::NamespaceId;
use model::path::{self, End, Question};

/// The paths. Where they depend on a port of the kernel's choice, one that it might choose is taken,
/// and told.
pub(super) fn walk(
    machine: &mut Machine,
    understood: &mut Understood,
    one_way: bool,
    mut beyond: Option<&mut Beyond>,
) -> Ways {
    let mut unsteady = None;
    let mut walk = |machine: &mut Machine, question: &Question| {
        let (ways, changing) = steadily(machine, question, one_way, beyond.as_deref_mut());
        unsteady = changing;
        // No port helps where nobody answers.
        let told = beyond.as_ref().map(|beyond| (beyond.refused, beyond.port));
        (ways, told.unwrap_or_default())
    };
    let known = |ways: &Ways| !ways.ends().any(|end| matches!(end, End::Unknown { .. }));
    let question = &mut understood.question;
    let (ways, (refused, taken)) = walk(machine, question);
    if let Some(port) = taken {
        question.source_port = taken;
        understood.notes.push(TraceText::TakenPort { port });
    }
    let chosen = question.source_port.is_none() && question.asked != path::Asked::Echo;
    let ways = match known(&ways) || !chosen || refused {
        true => ways,
        false => {
            let port = port::likely(machine, &question.namespace);
            let again = Question { source_port: Some(port), ..question.clone() };
            let (certain, _) = walk(machine, &again);
            if known(&certain) {
                understood.question = again;
                understood.notes.push(TraceText::FromPort { port });
                certain
            } else {
                ways
            }
        }
    };
    if let Some(id) = unsteady {
        let place = called(machine, &id);
        understood.notes.push(TraceText::Unsteady { place });
    }
    ways
}

/// How often a walk is begun anew since rules changed under it.
const TRIES: usize = 3;

/// The paths through one state of the machine; else the last ones, and whose rules kept changing.
fn steadily(
    machine: &mut Machine,
    question: &Question,
    one_way: bool,
    mut beyond: Option<&mut Beyond>,
) -> (Ways, Option<NamespaceId>) {
    let host = machine.host.clone();
    let mut tries = 1;
    loop {
        let ways = Ways::walk(&host, machine, question, one_way, beyond.as_deref_mut());
        match machine.changed() {
            Some(_) if tries < TRIES => machine.forget(),
            changed => return (ways, changed),
        }
        tries += 1;
    }
}
