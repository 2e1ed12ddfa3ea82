//! What routers and switches are to lose: `drop: [udp 4789, larger 1400]`, and
//! `silent: true`, which is to lose one's own errors about size.

use model::explain::{LabCure, LabMistake};

use super::report::Mistake;
use super::shape::{MachineShape, Many};
use crate::dropped::Dropped;
use crate::topology::Role;

/// Each once, in the order of the file.
pub(super) fn read(texts: &Many, mistakes: &mut Vec<Mistake>) -> Vec<Dropped> {
    let mut drops = Vec::new();
    for text in &texts.0 {
        match text.value.parse::<Dropped>() {
            Ok(dropped) if drops.contains(&dropped) => {}
            Ok(dropped) => drops.push(dropped),
            Err(_) => {
                let none = LabMistake::NoDrop { text: text.value.clone() };
                mistakes.push(Mistake::on(text, none).with(LabCure::Drops));
            }
        }
    }
    drops
}

/// Only a router passes on what is not its own.
pub(super) fn of_machine(
    role: Role,
    shape: &MachineShape,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Dropped> {
    let mut drops = read(&shape.drop, mistakes);
    if role == Role::Host {
        for text in &shape.drop.0 {
            mistakes.push(Mistake::on(text, LabMistake::DropOnHost).with(LabCure::DropElsewhere));
        }
        if let Some(silent) = &shape.silent {
            mistakes.push(Mistake::on(silent, LabMistake::DropOnHost).with(LabCure::DropElsewhere));
        }
    }
    let silent = shape.silent.as_ref().is_some_and(|silent| silent.value);
    if silent && !drops.contains(&Dropped::TooBig) {
        drops.push(Dropped::TooBig);
    }
    drops
}
