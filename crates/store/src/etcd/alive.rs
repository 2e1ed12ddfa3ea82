//! A key that says that a node lives, and that is gone when the node is.
//!
//! It stands under a lease of etcd, which runs out unless it is renewed in time. Renewing goes on
//! in a task of its own, over whatever member of etcd answers.

use std::time::Duration;

use etcd_client::{LeaseKeepAliveStream, LeaseKeeper, PutOptions, TxnOp};
use model::cluster::{Alive, Entry, Key, NodeName};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::connection::{Unanswered, Via};
use super::transaction::TRIES;
use super::{Client, Error, Outcome, Refusal};

/// Keeps the key there. It is gone within the lease's time once this is dropped.
pub struct Living {
    client: Client,
    lease: i64,
    renewing: JoinHandle<()>,
    ended: watch::Receiver<bool>,
}

impl Client {
    /// Says that a node lives, for as long as the [`Living`] is kept and the store hears of it at
    /// least once in `ttl` (whole seconds, 2 at least). Refused while another machine lives under
    /// that name; what the same machine said before is replaced.
    ///
    /// Call it in a tokio runtime.
    pub async fn alive(
        &self,
        node: &NodeName,
        alive: &Alive,
        ttl: Duration,
    ) -> Result<Outcome<Living>, Error> {
        let seconds = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let grant =
            |mut etcd: etcd_client::Client| async move { etcd.lease_grant(seconds, None).await };
        let (granted, _) = self.call(grant).await?;
        let lease = granted.id();
        let granted = Duration::from_secs(granted.ttl().unsigned_abs());
        match self.put_alive(node, alive, lease).await? {
            Ok(()) => {
                let (tell, ended) = watch::channel(false);
                let renew = self.clone().renew(lease, granted / 3, tell);
                let renewing = tokio::spawn(renew);
                Ok(Ok(Living { client: self.clone(), lease, renewing, ended }))
            }
            Err(refusal) => {
                // Not kept, it runs out on its own; this only is tidier.
                let _ = self.revoke(lease).await;
                Ok(Err(refusal))
            }
        }
    }

    async fn put_alive(
        &self,
        node: &NodeName,
        alive: &Alive,
        lease: i64,
    ) -> Result<Outcome<()>, Error> {
        let entry = Entry::Alive(node.clone(), alive.clone());
        let key = entry.key();
        for _ in 0..TRIES {
            let (there, changed, _) = self.read(&key).await?;
            if let Some(Entry::Alive(node, Alive { machine, .. })) = there
                && machine != alive.machine
            {
                return Ok(Err(Refusal::NameHeld { node, machine }));
            }
            let options = PutOptions::new().with_lease(lease);
            let put = TxnOp::put(self.place(&key), entry.value(), Some(options));
            let when = vec![self.unchanged(&key, changed)];
            if self.transact(when, vec![put], Vec::new()).await?.done {
                return Ok(Ok(()));
            }
        }
        Err(Error::Restless { key: Key::Alive(node.clone()).to_string() })
    }

    async fn revoke(&self, lease: i64) -> Result<(), Error> {
        let revoke = |mut etcd: etcd_client::Client| async move { etcd.lease_revoke(lease).await };
        match self.call(revoke).await {
            Ok(_) | Err(Unanswered::NoLease(_)) => Ok(()),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// Renews a lease every so often, until the store says that it has run out.
    async fn renew(self, lease: i64, every: Duration, ended: watch::Sender<bool>) {
        loop {
            let begin =
                |mut etcd: etcd_client::Client| async move { etcd.lease_keep_alive(lease).await };
            let over = match self.call(begin).await {
                Ok(((keeper, answers), via)) => self.renew_by(keeper, answers, &via, every).await,
                Err(Unanswered::NoLease(_)) => true,
                Err(_) => false,
            };
            if over {
                // Nobody may be waiting for it.
                let _ = ended.send(true);
                return;
            }
            sleep(every.min(Duration::from_secs(1))).await;
        }
    }

    /// Renews over one connection while that lasts; says whether the lease has run out.
    async fn renew_by(
        &self,
        mut keeper: LeaseKeeper,
        mut answers: LeaseKeepAliveStream,
        via: &Via,
        every: Duration,
    ) -> bool {
        loop {
            let renewed = timeout(self.options().timeouts.attempt, async {
                keeper.keep_alive().await?;
                answers.message().await
            });
            match renewed.await {
                Ok(Ok(Some(answer))) if answer.ttl() > 0 => sleep(every).await,
                Ok(Ok(Some(_))) => return true,
                _ => {
                    self.give_up(via);
                    return false;
                }
            }
        }
    }
}

impl Living {
    /// Waits until the store has let go of it, because it was not to be reached for too long. The
    /// node is to say anew that it lives.
    pub async fn ended(&mut self) {
        if self.ended.wait_for(|ended| *ended).await.is_err() {
            // Renewing is never given up otherwise, except at the end of the runtime.
            std::future::pending::<()>().await;
        }
    }

    /// Says that the node leaves: at once, rather than when the lease has run out.
    pub async fn leave(self) -> Result<(), Error> {
        self.renewing.abort();
        self.client.revoke(self.lease).await
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}
