//! Who we are and who it is, proven by certificates; and what is said when that fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use store::etcd::{Client, Error, Fault, Identity, Options, Tls};
use tempfile::TempDir;

use crate::outage::faults;
use crate::server::{ReachSoon as _, Server, client, free_ports};
use crate::{bounded, load, member};

/// An authority that issues certificates into a directory.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(parameters, key), directory }
    }

    fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    fn issue(&self, called: &str, host: &str, expired: bool) -> Identity {
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, called);
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if expired {
            parameters.not_before = date_time_ymd(2001, 1, 1);
            parameters.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let path = |end| self.directory.path().join(format!("{called}-{host}-{expired}.{end}"));
        let identity = Identity { cert: path("pem"), key: path("key") };
        fs::write(&identity.cert, certificate.pem()).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }
}

/// A server with this certificate that wants one of the authority's.
fn server(authority: &Authority, own: &Identity) -> Server {
    let [port, peer] = free_ports();
    let show = |path: &Path| path.display().to_string();
    Server::with(
        port,
        vec![
            "--name=t".to_owned(),
            format!("--listen-client-urls=https://127.0.0.1:{port}"),
            format!("--advertise-client-urls=https://127.0.0.1:{port}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-cluster=t=http://127.0.0.1:{peer}"),
            format!("--cert-file={}", show(&own.cert)),
            format!("--key-file={}", show(&own.key)),
            format!("--trusted-ca-file={}", show(&authority.ca())),
            "--client-cert-auth".to_owned(),
        ],
    )
}

fn with_tls(host: &str, port: u16, ca: PathBuf, identity: Option<Identity>) -> Client {
    let tls = Some(Tls { ca, identity });
    Client::new(Options::new(&format!("etcds://{host}:{port}"), "/test", tls).unwrap()).unwrap()
}

async fn fault(client: Client) -> Fault {
    let found = faults(client.load().await.unwrap_err());
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap()
}

#[tokio::test]
async fn certificates_prove_both_ends_and_each_fault_is_named() {
    bounded(async {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let ours = || Some(authority.issue("alpha", "alpha", false));
        let server = server(&authority, &authority.issue("etcd", "127.0.0.1", false));
        let to = |ca: &Authority, identity| with_tls("127.0.0.1", server.port, ca.ca(), identity);
        let good = to(&authority, ours());
        good.reach_soon().await;
        good.put_member(&member("alpha", "m")).await.unwrap().unwrap();
        let loaded = load(&good).await;
        assert_eq!(loaded.entries.len(), 1);
        let mut watch = good.watch(loaded.revision).await.unwrap();
        good.put_member(&member("beta", "m")).await.unwrap().unwrap();
        assert_eq!(watch.next().await.unwrap().changes.len(), 1);

        assert_eq!(fault(to(&authority, None)).await, Fault::CertificateWanted);
        assert_eq!(fault(to(&stranger, ours())).await, Fault::UnknownAuthority);
        let strange = Some(stranger.issue("alpha", "alpha", false));
        let refused = fault(to(&authority, strange)).await;
        assert!(matches!(refused, Fault::CertificateRefused { .. }), "{refused}");
        let expired = Some(authority.issue("alpha", "alpha", true));
        let refused = fault(to(&authority, expired)).await;
        assert!(matches!(refused, Fault::CertificateRefused { .. }), "{refused}");
        let by_name = with_tls("localhost", server.port, authority.ca(), ours());
        assert_eq!(fault(by_name).await, Fault::OtherName { host: "localhost".to_owned() });
        assert_eq!(fault(client(&server.address())).await, Fault::TlsWanted);
    })
    .await;
}

#[tokio::test]
async fn a_server_whose_certificate_has_expired_is_named() {
    bounded(async {
        let authority = Authority::new();
        let server = server(&authority, &authority.issue("etcd", "127.0.0.1", true));
        let ours = Some(authority.issue("alpha", "alpha", false));
        let client = with_tls("127.0.0.1", server.port, authority.ca(), ours);
        // Until it listens.
        let mut found = fault(client.clone()).await;
        while found == Fault::Refused {
            found = fault(client.clone()).await;
        }
        assert_eq!(found, Fault::NotValidNow);
    })
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    bounded(async {
        let server = Server::start().await;
        let authority = Authority::new();
        let client = with_tls("127.0.0.1", server.port, authority.ca(), None);
        assert_eq!(fault(client).await, Fault::NoTls);
    })
    .await;
}

/// etcd's own users, as told by the name in the certificate.
#[tokio::test]
async fn who_may_not_is_told_so() {
    bounded(async {
        let authority = Authority::new();
        let server = server(&authority, &authority.issue("etcd", "127.0.0.1", false));
        let user = |called| {
            let ours = Some(authority.issue(called, called, false));
            with_tls("127.0.0.1", server.port, authority.ca(), ours)
        };
        let (root, node) = (authority.issue("root", "root", false), user("alpha"));
        node.reach_soon().await;
        let etcdctl = |arguments: &str| {
            let output = Command::new("etcdctl")
                .env("ETCDCTL_API", "3")
                .arg(format!("--endpoints=https://127.0.0.1:{}", server.port))
                .arg("--cacert")
                .arg(authority.ca())
                .arg("--cert")
                .arg(&root.cert)
                .arg("--key")
                .arg(&root.key)
                .args(arguments.split(' '))
                .output()
                .expect("etcdctl is missing: run `make test`, which installs it");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        for command in [
            "user add root --no-password",
            "user grant-role root root",
            "user add alpha --no-password",
            "role add some",
            "role grant-permission some --prefix=true readwrite /other/",
            "user grant-role alpha some",
            "auth enable",
        ] {
            etcdctl(command);
        }
        let why = || "permission denied".to_owned();
        assert_eq!(fault(node.clone()).await, Fault::Forbidden { why: why() });
        let watching = match node.watch(store::etcd::Revision::default()).await {
            Ok(mut watch) => watch.next().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(faults(watching), [Fault::Forbidden { why: why() }]);
        etcdctl("role grant-permission some --prefix=true readwrite /test/");
        node.put_member(&member("alpha", "m")).await.unwrap().unwrap();
        assert_eq!(load(&node).await.entries.len(), 1);
    })
    .await;
}

#[test]
fn files_that_do_not_do_are_named_at_once() {
    let authority = Authority::new();
    let ours = authority.issue("alpha", "alpha", false);
    let other = authority.issue("beta", "beta", false);
    let ask = |ca: &Path, identity| {
        let tls = Some(Tls { ca: ca.to_owned(), identity });
        let options = Options::new("etcd://127.0.0.1:1", "/test", tls).unwrap();
        Client::new(options).err()
    };
    assert_eq!(ask(&authority.ca(), Some(ours.clone())), None);
    let show = |path: &Path| path.display().to_string();
    assert!(matches!(ask(Path::new("/no/such"), None), Some(Error::ReadFile { .. })));
    assert_eq!(ask(&ours.key, None), Some(Error::NotPem { path: show(&ours.key) }));
    let mixed = Identity { key: other.key.clone(), ..ours.clone() };
    let found = ask(&authority.ca(), Some(mixed));
    assert!(matches!(found, Some(Error::KeyNotOfCertificate { .. })), "{found:?}");
    let swapped = Identity { cert: ours.key.clone(), key: ours.cert };
    assert!(matches!(ask(&authority.ca(), Some(swapped)), Some(Error::NotPem { .. })));
    assert_eq!(Options::new("etcds://a", "/test", None).unwrap_err(), Error::NoAuthority);
}
