//! What a command is doing, told while it does it.

use std::fmt;

/// A step of `up`, `start` or `down`, in the order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Machines,
    Links,
    Services,
    Networks,
    Containers,
    Ending,
}

/// One thing more is done: `done` of `total` in this step, the last was `what`.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub step: Step,
    pub done: usize,
    pub total: usize,
    pub what: &'a str,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machines => "machines",
            Self::Links => "links",
            Self::Services => "services",
            Self::Networks => "networks",
            Self::Containers => "containers",
            Self::Ending => "ending",
        })
    }
}

impl fmt::Display for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{} {}", self.step, self.done, self.total, self.what)
    }
}

/// Where progress is told.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(Progress<'_>);
