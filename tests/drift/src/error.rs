//! What goes wrong in the test itself. None of it says anything about the model.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Kernel(#[from] kernel::Error),

    /// A line of the case was refused.
    #[error("{program} in {space}: {said}\n{input}")]
    Refused { program: String, space: String, said: String, input: String },

    #[error("cannot {what}")]
    System {
        what: String,
        #[source]
        source: io::Error,
    },

    #[error("{subject} speaks of {name}, which the case does not have")]
    NotThere { subject: String, name: String },

    #[error("{0} of the case is not ready after a second")]
    NotReady(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn system<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::System { what, source: source.into() }
    }
}
