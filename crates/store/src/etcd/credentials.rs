//! Certificates and keys, read from their files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use model::explain::SystemFault;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Endpoint, Error, Tls};

/// What was read.
pub(super) struct Credentials {
    ca: Vec<u8>,
    /// Certificate and key.
    identity: Option<(Vec<u8>, Vec<u8>)>,
    config: Arc<ClientConfig>,
}

impl Credentials {
    /// Reads the files; what cannot be used is said here rather than when the server hangs up.
    pub(super) fn read(tls: &Tls) -> Result<Self, Error> {
        let ca = read(&tls.ca)?;
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(certificates(&ca, &tls.ca)?);
        if usable == 0 {
            return Err(not_pem(&tls.ca));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots);
        let Some(files) = &tls.identity else {
            let config = Arc::new(builder.with_no_client_auth());
            return Ok(Self { ca, identity: None, config });
        };
        let (cert, key) = (read(&files.cert)?, read(&files.key)?);
        let chain = certificates(&cert, &files.cert)?;
        let parsed = PrivateKeyDer::from_pem_slice(&key).map_err(|_| not_pem(&files.key))?;
        let config = builder.with_client_auth_cert(chain, parsed).map_err(|error| {
            let path = files.key.display().to_string();
            Error::KeyNotOfCertificate { path, why: error.to_string() }
        })?;
        Ok(Self { ca, identity: Some((cert, key)), config: Arc::new(config) })
    }

    /// As the client of etcd wants them, to speak with this member.
    pub(super) fn options(&self, endpoint: &Endpoint) -> etcd_client::TlsOptions {
        let options = etcd_client::TlsOptions::new()
            .ca_certificate(etcd_client::Certificate::from_pem(&self.ca))
            // An IPv6 address stands in brackets in a URI, and without in a certificate.
            .domain_name(&endpoint.host);
        match &self.identity {
            Some((cert, key)) => options.identity(etcd_client::Identity::from_pem(cert, key)),
            None => options,
        }
    }

    /// As TLS itself wants them.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// Whether we have a certificate of our own.
    pub(super) fn have_identity(&self) -> bool {
        self.identity.is_some()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::ReadFile {
        path: path.display().to_string(),
        why: SystemFault::from(&error),
    })
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|found| !found.is_empty()).ok_or_else(|| not_pem(path))
}

fn not_pem(path: &Path) -> Error {
    Error::NotPem { path: path.display().to_string() }
}
