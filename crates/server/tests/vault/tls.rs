//! Transport security from outside, by another implementation: OpenSSL.

use std::process::Command;

use crate::support::Vault;

/// Runs `openssl s_client`; gives whether the handshake was completed, and everything it said.
async fn s_client(vault: &Vault, options: &[&str]) -> (bool, String) {
    let address = vault.running.address.to_string();
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    tokio::task::spawn_blocking(move || {
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &address])
            .args(options)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let text =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.success(), text)
    })
    .await
    .unwrap()
}

/// Lets this OpenSSL offer old versions at all; else it would be the client who refuses.
const OLD: &str = "DEFAULT:@SECLEVEL=0";

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_0_and_1_1_are_refused_by_the_vault() {
    let vault = Vault::start().await;
    for version in ["-tls1", "-tls1_1"] {
        let (connected, text) = s_client(&vault, &[version, "-cipher", OLD]).await;
        assert!(!connected, "{text}");
        // The vault's own alert, so the offer reached it.
        assert!(text.contains("SSL alert number") && text.contains("Cipher is (NONE)"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_and_1_3_work() {
    let vault = Vault::start().await;
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let (connected, text) = s_client(&vault, &[option]).await;
        assert!(connected, "{text}");
        assert!(text.contains(&format!("New, {version}, Cipher is ")), "{text}");
    }
}

/// SHA-256 of the served certificate's public key, as OpenSSL sees it.
async fn served_pin(vault: &Vault) -> String {
    use sha2::{Digest as _, Sha256};
    let (_, text) = s_client(vault, &["-showcerts"]).await;
    let key = tokio::task::spawn_blocking(move || {
        let mut openssl = Command::new("sh")
            .args(["-c", "openssl x509 -noout -pubkey | openssl pkey -pubin -outform der"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut openssl.stdin.take().unwrap(), text.as_bytes()).unwrap();
        openssl.wait_with_output().unwrap().stdout
    });
    twinlock_protocol::encoding::to_base64url(&Sha256::digest(key.await.unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_is_that_of_the_served_key_and_outlives_a_restart() {
    let vault = Vault::start().await;
    let pin = vault.running.pin.to_string();
    assert_eq!(pin.len(), 43);
    assert_eq!(served_pin(&vault).await, pin);
    let vault = vault.restart().await;
    assert_eq!(vault.running.pin.to_string(), pin);
    assert_eq!(served_pin(&vault).await, pin);
}
