//! Places at which tests kill the daemon; see [`store::failpoint`].

store::failpoints! {
    /// The lease is durable, the kernel holds nothing of it.
    ATTACH_LEASED = "daemon.attach.leased",
    /// The kernel holds all of it, the journal does not say so.
    ATTACH_CONNECTED = "daemon.attach.connected",
    /// The journal says so, nobody was told.
    ATTACH_NOTED = "daemon.attach.noted",
    /// A failed attach, and each step of it that was taken back.
    STEP_UNDONE = "daemon.step.undone",
    DETACH_INTENT = "daemon.detach.intent",
    DETACH_DISCONNECTED = "daemon.detach.disconnected",
    /// Links are deleted, their leases not freed.
    REAPED = "daemon.reap.deleted",
    /// Connections of the deleted links are forgotten, their leases not freed.
    CONNECTIONS_FORGOTTEN = "daemon.reap.forgotten",
    COMPACTED = "daemon.reap.compacted",
    /// What the last run left half done is noted as to be taken down.
    START_INTENTS = "daemon.start.intents",
    /// Leases of dead namespaces are noted as to be freed.
    SWEPT = "daemon.start.swept",
    /// A socket exists and nobody can find it.
    SOCKET_BOUND = "daemon.start.socket-bound",
    SOCKET_NAMED = "daemon.start.socket-named",
    /// Between two steps of a diff; counted by the step.
    STEP_DONE = "daemon.step.done",
    NETWORK_CREATED = "daemon.network.created",
    NETWORK_REMOVED = "daemon.network.removed",
    /// Addresses are claimed in the store and in the journal.
    CLAIMED = "daemon.cluster.claimed",
    /// Addresses are out of the journal, and still in the store.
    RELEASED = "daemon.cluster.released",
}
