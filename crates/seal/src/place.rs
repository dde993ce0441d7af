//! Where a team is, in a line that holds no secret: the link with which a member adds a further computer
//! (`twinlock:computer#…`), and the line that is kept beside the words of a recovery kit (`twinlock:kit#…`).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use twinlock_protocol::encoding::{decode_strict, from_base64url, to_base64url};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::{KeyholderId, TeamId};

use crate::link::Pin;

const LONGEST: usize = 4096;
const COMPUTER: Form = Form { what: "a link to add a computer", prefix: "twinlock:computer#" };
const KIT: Form = Form { what: "the line of a recovery kit", prefix: "twinlock:kit#" };

/// One of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    what: &'static str,
    prefix: &'static str,
}

/// Why such a line cannot be read. Nothing of it is repeated: it may be something else, and secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It does not begin like one.
    #[error("{what} begins with {prefix}")]
    Prefix {
        /// What was expected.
        what: &'static str,
        /// How that begins.
        prefix: &'static str,
    },
    /// It was cut short or changed on the way.
    #[error("{what} is incomplete here: copy the whole of it, from twinlock: to its last character")]
    Body {
        /// What was expected.
        what: &'static str,
    },
    /// It is of a later version.
    #[error("{what} was made by a newer version of Twinlock here: update this one")]
    NewerVersion {
        /// What was expected.
        what: &'static str,
    },
}

/// Where a team is, and how fresh a history has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The team.
    pub team: TeamId,
    /// Where the vault is.
    pub address: String,
    /// The vault's certificate, where no public authority vouches for it.
    pub pin: Option<Pin>,
    /// The log's head when the line was made: whoever uses it sees a history at least that fresh.
    pub head: LogHead,
}

/// What the computer that is to sign shows to the one that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputerLink {
    /// Where the team is.
    pub place: Place,
    /// The computer that shows the link: nobody else's signature adds the new one.
    pub computer: KeyholderId,
}

/// What is kept beside a kit's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitLine {
    /// Where the team is.
    pub place: Place,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComputerBody {
    v: u64,
    team: TeamId,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    head: LogHead,
    computer: KeyholderId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KitBody {
    v: u64,
    team: TeamId,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    head: LogHead,
}

impl ComputerLink {
    /// The link as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { place: Place { team, address, pin, head }, computer } = self.clone();
        COMPUTER.write(&ComputerBody { v: 1, team, address, pin, head, computer })
    }

    /// Reads a link; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let ComputerBody { v: _, team, address, pin, head, computer } = COMPUTER.read(text)?;
        Ok(Self { place: Place { team, address, pin, head }, computer })
    }
}

impl KitLine {
    /// The line as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Place { team, address, pin, head } = self.place.clone();
        KIT.write(&KitBody { v: 1, team, address, pin, head })
    }

    /// Reads a line; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let KitBody { v: _, team, address, pin, head } = KIT.read(text)?;
        Ok(Self { place: Place { team, address, pin, head } })
    }
}

impl Form {
    fn write(self, body: &impl Serialize) -> String {
        #[expect(clippy::expect_used, reason = "a struct of strings and integers: no map keys, no floats")]
        let json = serde_json::to_vec(body).expect("a link is serialisable");
        format!("{}{}", self.prefix, to_base64url(&json))
    }

    fn read<B: DeserializeOwned>(self, text: &str) -> Result<B, PlaceError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let Self { what, prefix } = self;
        let body = text.trim().strip_prefix(prefix).ok_or(PlaceError::Prefix { what, prefix })?;
        let json = from_base64url(body).ok_or(PlaceError::Body { what })?;
        let version: Version = serde_json::from_slice(&json).map_err(|_| PlaceError::Body { what })?;
        if version.v != 1 {
            return Err(PlaceError::NewerVersion { what });
        }
        decode_strict(&json, LONGEST).map_err(|_| PlaceError::Body { what })
    }
}
