//! Safety words: what this computer has seen of the team, so that two people can compare it by voice.

use std::collections::BTreeSet;

use twinlock_protocol::event::KeyholderKind;
use twinlock_protocol::ids::{EnvironmentId, MemberId};
use twinlock_protocol::safety;

use super::{Client, Joined};
use crate::error::Error;
use crate::view::{SafetyEnvironment, SafetyView, SafetyWith, SafetyWordsOf};

impl Client {
    /// The words for what every other member should see as this one does, and for every computer. Asks the vault
    /// if it can be reached; without it the words are those of what was seen last.
    pub async fn safety_words(&self) -> Result<SafetyView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let me = joined.session.me()?;
        let mine: Vec<EnvironmentId> = joined.session.team.access_of(me).map(|(id, _)| id).collect();
        for id in &mine {
            self.try_refresh(joined, *id).await?;
        }
        for id in joined.session.team.access_of(me).map(|(id, _)| id).collect::<Vec<_>>() {
            // The log may have gone on meanwhile: what was created just now stands at its beginning.
            joined.session.held(id)?;
        }
        Ok(words_of(joined, me))
    }
}

fn words_of(joined: &Joined, me: MemberId) -> SafetyView {
    let session = &joined.session;
    let team = &session.team;
    let log = session.log_head();
    let sees = |member| team.access_of(member).map(|(id, _)| id).collect::<BTreeSet<_>>();
    let mine = sees(me);
    let with = team.active_members().filter(|(id, _)| *id != me).map(|(id, _)| {
        let heads: Vec<_> = mine
            .intersection(&sees(id))
            .filter_map(|id| Some((*id, session.environment(*id)?.chain.head())))
            .collect();
        let words = safety::of_history(team.id(), log, heads.iter().map(|(id, head)| (id, head)));
        let environment = |(id, head): &(EnvironmentId, twinlock_protocol::event::Head)| SafetyEnvironment {
            environment: session.environment_name(*id),
            environment_id: *id,
            number: head.number,
        };
        SafetyWith {
            member: id,
            name: session.member_name(id),
            words: words.map(str::to_owned).into(),
            log: log.sequence,
            environments: heads.iter().map(environment).collect(),
        }
    });
    let live = team.active_members().flat_map(|(id, member)| {
        member.keyholders().iter().map(move |keyholder| (id, *keyholder)).collect::<Vec<_>>()
    });
    let computers = live.filter(|(_, keyholder)| {
        team.keyholders()
            .get(keyholder)
            .is_some_and(|known| known.kind == KeyholderKind::Computer && known.is_live())
    });
    let computers = computers.map(|(member, keyholder)| SafetyWordsOf {
        computer: keyholder,
        member,
        name: session.member_name(member),
        this: keyholder == session.keyholder.id(),
        words: safety::of_computer(keyholder).map(str::to_owned).into(),
    });
    SafetyView { with: with.collect(), computers: computers.collect() }
}
