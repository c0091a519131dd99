//! A command that listens, as a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::Client;

/// A process that does not outlive the test.
pub struct Process {
    pub child: Option<Child>,
    pub folder: TempDir,
    pub address: String,
}

impl Process {
    /// Begins in a folder, and waits until it listens. The address is kept in `ready`.
    pub async fn new(folder: TempDir, arguments: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        command.current_dir(&folder).args(arguments).args(["--addr-file", "ready"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let address = loop {
            match fs::read_to_string(folder.path().join("ready")) {
                Ok(address) => break address.trim().to_owned(),
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
            if child.try_wait().expect("it can be asked").is_some() {
                let output = child.wait_with_output().expect("its output");
                panic!("it has ended: {}", String::from_utf8_lossy(&output.stderr));
            }
        };
        Process { child: Some(child), folder, address }
    }

    pub async fn client(&self) -> Client {
        Client::tcp(&self.address).await
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().expect("kill is there");
        assert!(status.success(), "{status}");
    }

    /// What it has written when it has ended, and its folder.
    pub async fn ended(mut self) -> (Option<i32>, String, String, TempDir) {
        let child = self.child.take().expect("it is waited for once");
        let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.expect("no panic");
        let Output { status, stdout, stderr } = output.expect("its output");
        assert!(status.code().is_none() || !self.path("ready").exists(), "the address is not kept");
        let folder = std::mem::replace(&mut self.folder, TempDir::new().expect("a folder"));
        (status.code(), text(stdout), text(stderr), folder)
    }

    /// What it has written when it has ended.
    pub async fn output(self) -> (Option<i32>, String, String) {
        let (code, out, err, _) = self.ended().await;
        (code, out, err)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

/// A client that trusts this certificate.
pub async fn over_tls(address: &str, certificate: &Path) -> std::io::Result<Client> {
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("it can be trusted");
    let config = ClientConfig::builder_with_provider(ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().expect("there are some");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.expect("it listens");
    let name = "localhost".try_into().expect("a name");
    Ok(Client::over(TlsConnector::from(Arc::new(config)).connect(name, stream).await?).await)
}
