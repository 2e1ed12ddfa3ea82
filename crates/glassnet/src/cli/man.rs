//! `glassnet man`: the manual, a page a verb.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome, grammar};
use clap::{Args, Command};
use clap_mangen::Man as Page;
use std::io;
use std::path::{Path, PathBuf};

/// Print the manual page, or write a page for each verb
#[derive(Args)]
pub(super) struct Man {
    /// Directory to write all pages into
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut command = grammar::command(out.language);
        command.build();
        match &self.directory {
            None => {
                let page = page(&command).map_err(Error::Output)?;
                out.text("page", &String::from_utf8_lossy(&page))?;
            }
            Some(directory) => {
                let written = write(&command, directory)?;
                out.document(&written)?;
                let lines = written.iter().map(|path| format!("{}\n", path.display()));
                if !out.json {
                    out.raw(&lines.collect::<String>())?;
                }
            }
        }
        DONE
    }
}

/// Writes the page of a command and of all below it: `glassnet-network-create.1`.
fn write(command: &Command, directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = directory.join(format!("{name}.1"));
    let failed = |error| Error::File(path.clone(), error);
    std::fs::write(&path, page(command).map_err(failed)?).map_err(failed)?;
    let mut written = vec![path.clone()];
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        written.extend(write(verb, directory)?);
    }
    Ok(written)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let version = concat!("glassnet ", env!("CARGO_PKG_VERSION"));
    Page::new(command.clone()).source(version).manual("glassnet").render(&mut page)?;
    Ok(page)
}
