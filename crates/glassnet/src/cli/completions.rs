//! `glassnet completions`: what a shell needs to complete our command lines.

use super::output::Output;
use super::{DONE, Outcome, grammar};
use clap::Args;
use clap_complete::Shell;

/// Print a completion script for a shell
#[derive(Args)]
#[command(after_help = "Example:
  glassnet completions bash > /etc/bash_completion.d/glassnet")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut script = Vec::new();
        let mut command = grammar::command(out.language);
        clap_complete::generate(self.shell, &mut command, "glassnet", &mut script);
        out.text("completions", &String::from_utf8_lossy(&script))?;
        DONE
    }
}
