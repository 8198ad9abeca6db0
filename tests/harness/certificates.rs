//! Certificates for the hosts of a test, from an authority of its own.

use std::path::Path;
use std::process::Command;

/// Makes an authority and a certificate for the three hosts and for [`RELAY`](crate::internet::RELAY), in `folder`, valid on these `days` from today.
///
/// # Panics
/// When OpenSSL is not installed.
pub fn make_certificates(folder: &Path, days: &std::ops::Range<i64>) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-x509", "-days", "30", "-subj", "/CN=Starling test authority"];
    let authority_rights =
        ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    openssl(
        folder,
        "req",
        &[&key[..], &authority, &authority_rights, &["-keyout", "ca.key", "-out", "ca.pem"]].concat(),
    );
    openssl(
        folder,
        "req",
        &[&key[..], &["-subj", "/CN=localhost", "-keyout", "localhost.key", "-out", "request.pem"]].concat(),
    );
    std::fs::write(
        folder.join("rights"),
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,DNS:open.localhost,DNS:old.localhost,IP:192.0.2.53\nextendedKeyUsage=serverAuth\n",
    )
    .expect("a file");
    let signing = ["-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    let validity = ["-not_before", &moment(days.start), "-not_after", &moment(days.end)];
    openssl(
        folder,
        "x509",
        &[&signing[..], &validity, &["-extfile", "rights", "-out", "localhost.crt"]].concat(),
    );
}

/// A day counted from today, as OpenSSL wants it.
fn moment(days: i64) -> String {
    let done = Command::new("date")
        .args(["-u", "-d", &format!("{days} days"), "+%Y%m%d%H%M%SZ"])
        .output()
        .expect("date");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn openssl(folder: &Path, command: &str, arguments: &[&str]) {
    let done =
        Command::new("openssl").current_dir(folder).arg(command).args(arguments).output().expect("openssl");
    assert!(done.status.success(), "openssl: {}", String::from_utf8_lossy(&done.stderr));
}
