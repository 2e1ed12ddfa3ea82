//! Steps and the kernel's refusals in words.

use crate::protocol::Failure;
use model::diff::Change;
use model::explain::{Deed, Reason};

/// A kernel error as a failure for people.
pub(super) fn kernel_said(error: &kernel::Error) -> Failure {
    Reason::KernelSaid { said: error.to_string() }.into()
}

/// What a step does, in English, for logs.
pub(super) fn in_words(change: &Change) -> String {
    Deed::from(change).to_string()
}
