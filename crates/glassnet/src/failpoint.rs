//! Places at which tests kill who asks the daemon; see [`store::failpoint`].

store::failpoints! {
    /// All is read, nothing was asked.
    BEFORE_ASKED = "client.before-asked",
    /// The question is sent: the daemon may have done it, or not.
    ASKED = "client.asked",
    /// The daemon has done it, and whoever called does not know.
    ANSWERED = "client.answered",
    /// A detach is queued, and whoever called does not know.
    LEFT = "client.left",
}
