//! What a lab is doing, on stderr: one line that changes on a terminal, a line a step elsewhere.

use crate::cli::output::Output;
use lab::Step;
use model::explain::{Language, Text};
use std::io::{self, IsTerminal, Write};

/// Shows progress until it is dropped.
pub(super) struct Shown {
    language: Language,
    terminal: bool,
    quiet: bool,
}

impl Shown {
    pub(super) fn new(out: &Output) -> Self {
        let terminal = io::stderr().is_terminal();
        // Programs want the answer only; what they show of stderr is not for them to filter.
        Self { language: out.language, terminal, quiet: out.json }
    }

    pub(super) fn tell(&mut self, progress: lab::Progress<'_>) {
        let lab::Progress { step, done, total, what } = progress;
        if self.quiet || (!self.terminal && done < total) {
            return;
        }
        let step = &word(step).say(self.language);
        let what = if self.terminal { what } else { "" };
        let line = Text::Progress { step, done, total, what }.say(self.language);
        let _ = if self.terminal {
            write!(io::stderr(), "\r\x1b[K{line}")
        } else {
            writeln!(io::stderr(), "{}", line.trim_end())
        };
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if self.terminal && !self.quiet {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn word(step: Step) -> Text<'static> {
    match step {
        Step::Machines => Text::StepMachines,
        Step::Links => Text::StepLinks,
        Step::Services => Text::StepServices,
        Step::Networks => Text::StepNetworks,
        Step::Containers => Text::StepContainers,
        Step::Ending => Text::StepEnding,
    }
}
