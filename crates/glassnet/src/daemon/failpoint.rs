//! Places at which tests kill the daemon; see [`store::failpoint`].

store::failpoints! {
    /// The lease is durable, the kernel holds nothing of it.
    ATTACH_LEASED = "daemon.attach.leased",
    /// The kernel holds all of it, the journal does not say so.
    ATTACH_CONNECTED = "daemon.attach.connected",
    /// The journal says so, nobody was told.
    ATTACH_NOTED = "daemon.attach.noted",
    DETACH_INTENT = "daemon.detach.intent",
    DETACH_DISCONNECTED = "daemon.detach.disconnected",
    /// Links are deleted, their leases not freed.
    REAPED = "daemon.reap.deleted",
    /// Between two steps of a diff; counted by the step.
    STEP_DONE = "daemon.step.done",
    NETWORK_CREATED = "daemon.network.created",
}
