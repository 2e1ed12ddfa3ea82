//! Certificates for labs whose etcd speaks TLS.
//!
//! The lab's authority signs a certificate for each such etcd, good for all
//! its addresses and its name, and one for each client: the machines that run
//! glassnet, and those of the etcds themselves, for people. They are made once
//! and kept in the lab's directory; every boot of a machine, also one with a
//! new disk, finds its own in its /etc. The authority's key is not kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustix::fs::{Mode, OFlags};

use crate::error::Error;
use crate::service::{CLIENT_FILES, SERVER_FILES};
use crate::topology::{Machine, Topology};

const AUTHORITY: &str = "ca.pem";

/// Makes all that the lab needs, if it needs any.
pub(crate) fn make(directory: &Path, topology: &Topology) -> Result<(), Error> {
    if !topology.machines.iter().any(has_tls) {
        return Ok(());
    }
    let make = || -> Result<(), Box<dyn std::error::Error>> {
        let authority = authority(&topology.name)?;
        keep(directory, AUTHORITY, &authority.pem())?;
        for machine in &topology.machines {
            if is_client(machine, topology) {
                let (certificate, key) = issue(&authority, machine, false)?;
                keep(directory, &format!("{}.client.pem", machine.name), &certificate)?;
                keep(directory, &format!("{}.client.key", machine.name), &key)?;
            }
            if has_tls(machine) {
                let (certificate, key) = issue(&authority, machine, true)?;
                keep(directory, &format!("{}.server.pem", machine.name), &certificate)?;
                keep(directory, &format!("{}.server.key", machine.name), &key)?;
            }
        }
        Ok(())
    };
    make().map_err(|why| Error::Credentials { why: why.to_string() })
}

/// The files a machine finds in its /etc, each with its text.
pub(crate) fn of(
    directory: &Path,
    topology: &Topology,
    machine: &Machine,
) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut files = Vec::new();
    let mut add = |from: String, to: &str, name: &str| {
        let path = directory.join(&from);
        let text = fs::read_to_string(&path)
            .map_err(|why| Error::Credentials { why: format!("{}: {why}", path.display()) })?;
        files.push((Path::new(to).join(name), text));
        Ok(())
    };
    let name = &machine.name;
    if is_client(machine, topology) {
        add(AUTHORITY.to_owned(), CLIENT_FILES, AUTHORITY)?;
        add(format!("{name}.client.pem"), CLIENT_FILES, "client.pem")?;
        add(format!("{name}.client.key"), CLIENT_FILES, "client.key")?;
    }
    if has_tls(machine) {
        add(AUTHORITY.to_owned(), SERVER_FILES, AUTHORITY)?;
        add(format!("{name}.server.pem"), SERVER_FILES, "server.pem")?;
        add(format!("{name}.server.key"), SERVER_FILES, "server.key")?;
    }
    Ok(files)
}

fn has_tls(machine: &Machine) -> bool {
    machine.etcd.is_some_and(|etcd| etcd.tls)
}

fn is_client(machine: &Machine, topology: &Topology) -> bool {
    let shared = topology.keeper().is_some_and(|(_, etcd)| etcd.tls);
    has_tls(machine) || (machine.node && shared)
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(lab: &str) -> Result<Authority, rcgen::Error> {
    let mut wanted = CertificateParams::new(Vec::new())?;
    wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    wanted.distinguished_name.push(DnType::CommonName, format!("authority of the lab {lab}"));
    CertifiedIssuer::self_signed(wanted, KeyPair::generate()?)
}

/// Certificate and key of a machine, as a server's or a client's.
fn issue(
    authority: &Authority,
    machine: &Machine,
    server: bool,
) -> Result<(String, String), rcgen::Error> {
    let mut names = vec![machine.name.clone()];
    if server {
        names.push("localhost".to_owned());
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        // An address is a name of its own kind to them.
        names.extend(machine.addresses().map(|address| address.to_string()));
    }
    let mut wanted = CertificateParams::new(names)?;
    wanted.distinguished_name.push(DnType::CommonName, machine.name.clone());
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    if server {
        // It is its own client too, where it translates JSON into gRPC.
        wanted.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    }
    wanted.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = wanted.signed_by(&key, authority)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Nobody else on the computer may read a key.
fn keep(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let file = rustix::fs::open(directory.join(name), flags, Mode::RUSR | Mode::WUSR)?;
    io::Write::write_all(&mut fs::File::from(file), text.as_bytes())
}
