//! Where a team is, in a line that holds no secret: the link with which a member adds a further computer
//! (`twinlock:computer#…`), and the line that is kept beside the words of a recovery kit (`twinlock:kit#…`).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::{KeyholderId, TeamId};

use crate::form::{Form, FormError, VERSION};
use crate::link::Pin;

const LONGEST: usize = 4096;
const COMPUTER: Kind =
    Kind { what: "a link to add a computer", form: Form { prefix: "twinlock:computer#", longest: LONGEST } };
const KIT: Kind =
    Kind { what: "the line of a recovery kit", form: Form { prefix: "twinlock:kit#", longest: LONGEST } };

/// One of the two.
#[derive(Clone, Copy)]
struct Kind {
    what: &'static str,
    form: Form,
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
        COMPUTER.write(&ComputerBody { v: VERSION, team, address, pin, head, computer })
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
        KIT.write(&KitBody { v: VERSION, team, address, pin, head })
    }

    /// Reads a line; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let KitBody { v: _, team, address, pin, head } = KIT.read(text)?;
        Ok(Self { place: Place { team, address, pin, head } })
    }
}

impl Kind {
    fn write(self, body: &impl Serialize) -> String {
        self.form.write(body).expose().to_owned()
    }

    fn read<B: Serialize + DeserializeOwned>(self, text: &str) -> Result<B, PlaceError> {
        let Self { what, form } = self;
        form.read(text).map_err(|error| match error {
            FormError::Prefix => PlaceError::Prefix { what, prefix: form.prefix },
            FormError::Body => PlaceError::Body { what },
            FormError::NewerVersion => PlaceError::NewerVersion { what },
        })
    }
}
