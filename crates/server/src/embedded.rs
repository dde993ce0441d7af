//! The vault inside a desktop: hosted by whichever program of this computer is first, found by the others.
//!
//! Who holds the folder's lock hosts it and writes its address beside it, for its owner alone to read.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::SetupCode;
use crate::all::{self, AllOptions, Running, StartError};
use crate::private_file;

/// Where an embedded vault listens, and how it is known.
pub struct Address {
    /// `https://127.0.0.1:port`
    pub url: String,
    /// SHA-256 of the certificate's public key, base64url.
    pub pin: String,
    /// Allows the first team; only while there was none when the vault was started.
    pub setup_code: Option<SetupCode>,
}

/// An address as its file has it. The setup code is in it for the other programs of the same user.
#[derive(Serialize, Deserialize)]
struct Written {
    url: String,
    pin: String,
    setup_code: Option<String>,
}

/// An embedded vault, hosted here or by another program.
pub enum Embedded {
    /// This program hosts it, until this is dropped or stopped.
    Here(Address, Box<Running>),
    /// Another program of this computer does.
    Elsewhere(Address),
}

impl Embedded {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        match self {
            Self::Here(address, _) | Self::Elsewhere(address) => address,
        }
    }

    /// Stops it if it is hosted here.
    pub async fn stop(self) -> Result<(), StartError> {
        match self {
            Self::Here(_, running) => running.stop().await,
            Self::Elsewhere(_) => Ok(()),
        }
    }
}

/// Between two looks at whether another program has written its address.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a program that has the lock may take to write it.
const LIMIT: Duration = Duration::from_secs(10);

/// Hosts the vault of this folder, or finds the program that does.
pub async fn host_or_find(folder: &Path) -> Result<Embedded, StartError> {
    let file = address_file(folder);
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        match all::start(AllOptions { data: folder.to_owned(), listen }).await {
            Ok(running) => {
                let written = Written {
                    url: running.url.clone(),
                    pin: running.pin.to_string(),
                    setup_code: running.setup_code.as_ref().map(|code| code.expose().to_owned()),
                };
                let json = Zeroizing::new(serde_json::to_vec(&written).map_err(std::io::Error::other)?);
                private_file::replace(&file, &json)?;
                return Ok(Embedded::Here(written.into(), Box::new(running)));
            }
            Err(in_use @ StartError::InUse { .. }) => {
                // The address may be of a host before this one: it is good if somebody answers there.
                if let Some(address) = read(&file)?
                    && answers(&address).await
                {
                    return Ok(Embedded::Elsewhere(address));
                }
                if tokio::time::Instant::now() >= end {
                    return Err(in_use);
                }
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn address_file(folder: &Path) -> PathBuf {
    folder.join("address")
}

fn read(file: &Path) -> Result<Option<Address>, StartError> {
    let written = private_file::read(file)?.and_then(|json| serde_json::from_slice::<Written>(&json).ok());
    Ok(written.map(Address::from))
}

impl From<Written> for Address {
    fn from(written: Written) -> Self {
        let Written { url, pin, setup_code } = written;
        Self { url, pin, setup_code: setup_code.map(SetupCode::kept) }
    }
}

async fn answers(address: &Address) -> bool {
    let Some(socket) = address.url.strip_prefix("https://") else { return false };
    tokio::net::TcpStream::connect(socket).await.is_ok()
}
