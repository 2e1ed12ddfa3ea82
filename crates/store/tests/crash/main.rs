//! Kills real processes and looks at what they left: at every failpoint, each time it
//! is reached; at random moments under load; and with a disk that is full.
//!
//! The child is this test binary, told by an environment variable to run one of its
//! stories. What it was promised ("acknowledged") it notes in a file beside the state
//! directory; a write(2) that returned survives SIGKILL.

mod child;
mod failpoints;
mod full_disk;
mod random;
