//! What removing a member would do: said before anybody is asked whether to.

use twinlock_protocol::event::{Event as TeamLogEvent, Half, Level, MemberRemoved};

use super::Client;
use super::rights::{check_admin, in_words};
use super::standing::member_by_name;
use crate::error::Error;
use crate::view::{RekeyedView, RemovalView};

impl Client {
    /// What would fall with a member, by name or id, and which environments would get new keys. Changes nothing.
    pub async fn removal(&self, name: &str) -> Result<RemovalView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let member = member_by_name(&joined.session, name)?;
        let me = member == joined.session.me()?;
        if !me {
            check_admin(&joined.session)?;
        }
        let access: Vec<_> = joined.session.team.access_of(member).collect();
        for (id, _) in &access {
            if joined.session.my_level(*id).is_some() {
                self.try_refresh(joined, *id).await?;
            }
        }
        let session = &joined.session;
        let event =
            TeamLogEvent::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() });
        let author = session.keyholder.id();
        let falls = session.team.consequences(author, &event).map_err(|refusal| in_words(&refusal))?;
        let rekeyed = |(id, level): (_, Level)| {
            let mine = session.my_level(id);
            RekeyedView {
                environment: session.environment_name(id),
                here: !me && mine == Some(Level::Write),
                values: match level.includes(Half::Value) {
                    true => mine.and_then(|_| self.readable(joined, id).names).map(|names| names.len()),
                    false => Some(0),
                },
            }
        };
        let mut environments: Vec<_> = access.into_iter().map(rekeyed).collect();
        environments.sort_by(|a, b| a.environment.cmp(&b.environment));
        Ok(RemovalView {
            member,
            name: session.member_name(member),
            me,
            keyholders: falls.keyholders.len(),
            invites: falls.invites.len(),
            services: falls.services.len(),
            closed: falls.invites.iter().chain(&falls.services).copied().collect(),
            environments,
        })
    }
}
