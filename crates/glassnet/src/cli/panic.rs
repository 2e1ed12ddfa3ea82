//! A mistake of ours, told like any other error, and with where it is: in words on stderr, and to a
//! program that wants JSON as the one document it waits for.

use super::error::Error;
use super::output::{Output, colour};
use model::explain::{Language, Text, codes};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Where the last panic was, and what it said.
static LAST: Mutex<Option<(String, String)>> = Mutex::new(None);

/// From now on, panics are told in this language, on stderr.
pub(super) fn tell_in(language: Language) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("panic");
        let error = Text::Error.say(language);
        let red = colour(io::stderr().is_terminal());
        let error = if red { format!("\x1b[1;31m{error}\x1b[0m") } else { error };
        let bug = Text::Bug { place: &place, what }.say(language);
        let advice = codes::find("bug").map_or("", |code| code.advice(language));
        let advice = Text::Try { text: advice }.say(language);
        // There is nowhere to tell that stderr is closed.
        let _ = writeln!(io::stderr(), "{error}: {bug} [bug]\n{advice}");
        let what = what.to_owned();
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, what));
    }));
}

/// Ends a verb that panicked. People have read of it by now; a program has not.
pub(super) fn ended(out: &Output) -> ExitCode {
    if !out.json {
        return ExitCode::FAILURE;
    }
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (place, what) = last.unwrap_or_default();
    Error::Bug { place, what }.tell(out)
}
