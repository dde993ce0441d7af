//! The teams this home belongs to, and the vault each of them is kept in.

use serde::{Deserialize, Serialize};
use twinlock_protocol::{MemberId, TeamId};

use super::sealed::Place;
use super::{Step, StoreError, id};

/// What this home knows of a team by itself, before it asks any vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamRecord {
    /// The team.
    pub team: TeamId,
    /// Who this home is in it.
    pub member: MemberId,
    /// The vault's address.
    pub vault: String,
    /// SHA-256 of the certificate's public key, where the certificate is not publicly trusted.
    pub pin: Option<[u8; 32]>,
    /// The team's name, as last seen.
    pub name: String,
    /// This member's name, as last seen.
    pub member_name: String,
}

#[derive(Serialize, Deserialize)]
struct Details {
    vault: String,
    pin: Option<[u8; 32]>,
    name: String,
    member_name: String,
}

impl Step<'_> {
    /// Keeps a team, in the place of what was kept of it before.
    pub fn set_team(&mut self, record: &TeamRecord) -> Result<(), StoreError> {
        let TeamRecord { team, member, vault, pin, name, member_name } = record.clone();
        let row: &[&[u8]] = &[team.as_bytes(), member.as_bytes()];
        let details = serde_json::to_vec(&Details { vault, pin, name, member_name })
            .map_err(|_| details_place(row).damaged())?;
        let sealed = self.seal.seal(details_place(row), &details)?;
        self.write(
            "INSERT OR REPLACE INTO teams (team, member, sealed_details) VALUES (?1, ?2, ?3)",
            (team.as_bytes(), member.as_bytes(), sealed),
        )?;
        Ok(())
    }

    /// All teams of this home.
    pub fn teams(&self) -> Result<Vec<TeamRecord>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, Vec<u8>);
        let rows: Vec<Row> =
            self.all("SELECT team, member, sealed_details FROM teams ORDER BY team", (), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        rows.into_iter()
            .map(|(team, member, sealed)| {
                let place = details_place(&[&team, &member]).damaged();
                let details = self.seal.open(details_place(&[&team, &member]), &sealed)?;
                let Details { vault, pin, name, member_name } =
                    serde_json::from_slice(&details).map_err(|_| place)?;
                let (team, member) = (id(&team, "teams.team")?, id(&member, "teams.member")?);
                Ok(TeamRecord { team, member, vault, pin, name, member_name })
            })
            .collect()
    }
}

fn details_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "teams", column: "details", row }
}
