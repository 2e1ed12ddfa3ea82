//! The one binary. As a CNI plugin it answers before a line of clap, of a log or of an async
//! runtime has run; everything else goes through [`cli`].

mod api;
mod cli;
mod client;
mod daemon;
mod doors;
mod failpoint;
mod frame;
mod machine;
mod places;
mod protocol;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}

/// Among what the C library calls before `main`, so that a CNI program does not pay for what Rust
/// does first, 50 us of its 2,000: a handler for an overflown stack, which means to look for the
/// stack in /proc/self/maps.
#[used]
#[allow(unsafe_code, reason = "an attribute; what it says of the section is true")]
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = first;

extern "C" fn first() {
    if std::env::var_os("CNI_COMMAND").is_some() {
        std::process::exit(doors::cni::run());
    }
}
