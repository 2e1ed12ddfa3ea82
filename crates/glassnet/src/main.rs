//! The one binary. As a CNI plugin it answers before a line of clap, of a log or of an async
//! runtime has run; everything else goes through [`cli`].

mod api;
mod cli;
mod client;
mod daemon;
mod doors;
mod failpoint;
mod frame;
mod protocol;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os("CNI_COMMAND").is_some() {
        return doors::cni::run();
    }
    cli::run()
}
