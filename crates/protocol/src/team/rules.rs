//! Who may append what to a team's log: one rule for each event type, and a refusal for every other.

use super::*;
use crate::environment::{SEAL_OVERHEAD, check_blob};
use crate::event::{
    EnvironmentCreated, GenerationOpened, Invited, LabelChanged, MemberGrant, MemberJoined, ProjectCreated,
};
use crate::{limits, padding};

/// The team that a `team-created` statement makes.
pub(super) fn create(statement: &Envelope) -> Result<Team, Refusal> {
    let event = TeamEvent::decode(statement)?;
    let Event::TeamCreated(created) = &event.event else {
        return Err(malformed("a log begins with team-created"));
    };
    if event.sequence != 1 || event.team.is_some() || event.previous.is_some() {
        return Err(malformed("team-created has sequence 1, no team and nothing before it"));
    }
    statement.verify_signers(&[(event.author, &created.keys)])?;
    created.keys.check()?;
    let hash = statement.hash();
    let founder = MemberId::new(hash.first_half());
    let computer = Keyholder { keys: created.keys.clone(), member: founder, since: 1 };
    let member =
        Member { role: Role::Owner, label: None, since: 1, invited_by: None, access: BTreeMap::new() };
    Ok(Team {
        id: TeamId::new(hash.first_half()),
        log: vec![hash],
        label: None,
        members: BTreeMap::from([(founder, member)]),
        keyholders: BTreeMap::from([(event.author, computer)]),
        invites: BTreeMap::new(),
        projects: BTreeMap::new(),
        environments: BTreeMap::new(),
        generations: Vec::new(),
        name_key_due: false,
    })
}

/// Checks one event in full, then applies it.
pub(super) fn append(team: &mut Team, statement: &Envelope) -> Result<TeamEvent, Refusal> {
    let event = TeamEvent::decode(statement)?;
    verify_signers(team, statement, &event)?;
    if event.team != Some(team.id) {
        return Err(Refusal::Elsewhere);
    }
    let sequence = team.sequence() + 1;
    if event.sequence != sequence {
        return Err(Refusal::Number { expected: sequence, found: event.sequence });
    }
    if event.previous != Some(team.last()) {
        return Err(Refusal::Chain { number: sequence });
    }
    let hash = statement.hash();
    let opened = LogHead { sequence, hash };
    let author = event.author;
    match &event.event {
        Event::TeamCreated(_) => return Err(malformed("team-created comes first, and once")),
        Event::LabelChanged(change) => change_label(team, author, change)?,
        Event::Invited(invited) => invite(team, author, sequence, invited)?,
        Event::MemberJoined(joined) => join(team, author, opened, joined)?,
        Event::ProjectCreated(created) => create_project(team, created)?,
        Event::EnvironmentCreated(created) => create_environment(team, author, opened, created)?,
        Event::GenerationOpened(generation) => match generation.environment {
            Some(environment) => open_generation(team, author, opened, environment, generation)?,
            None => open_team_generation(team, author, sequence, generation)?,
        },
    }
    team.log.push(hash);
    Ok(event)
}

/// Exactly the author, and for `member-joined` the invite, must have signed.
fn verify_signers(team: &Team, statement: &Envelope, event: &TeamEvent) -> Result<(), Refusal> {
    if let Event::MemberJoined(joined) = &event.event {
        let invite = team.open_invite(joined.invite)?;
        return statement.verify_signers(&[(event.author, &joined.keys), (joined.invite, &invite.keys)]);
    }
    let author =
        team.keyholders.get(&event.author).ok_or(Refusal::UnknownKeyholder { keyholder: event.author })?;
    statement.verify_signers(&[(event.author, &author.keys)])
}

fn malformed(reason: &str) -> Refusal {
    Refusal::Malformed { reason: reason.to_owned() }
}

fn role(team: &Team, author: KeyholderId) -> Result<(MemberId, Role), Refusal> {
    let member = team.member_of(author)?;
    let role = team.members.get(&member).ok_or(Refusal::NoMember(member))?.role;
    Ok((member, role))
}

fn has_write(team: &Team, member: MemberId, environment: EnvironmentId) -> Result<(), &'static str> {
    if team.level(member, environment) == Some(Level::Write) {
        Ok(())
    } else {
        Err("it takes write access to the environment")
    }
}

fn change_label(team: &mut Team, author: KeyholderId, change: &LabelChanged) -> Result<(), Refusal> {
    let (member, role) = role(team, author)?;
    let refuse = |rule| Err(Refusal::NotAllowed { author, rule });
    check_label(team, &change.label)?;
    match change.subject {
        Subject::Team if role < Role::Owner => return refuse("only an owner names the team"),
        Subject::Member(subject) if subject != member && role < Role::Admin => {
            return refuse("only admins rename other members");
        }
        Subject::Project(_) if role < Role::Admin => return refuse("only admins rename a project"),
        Subject::Environment(environment) => {
            if role < Role::Admin {
                return refuse("only admins rename an environment");
            }
            has_write(team, member, environment).or_else(refuse)?;
        }
        Subject::Team | Subject::Member(_) | Subject::Project(_) => {}
    }
    set_label(team, change)
}

fn set_label(team: &mut Team, change: &LabelChanged) -> Result<(), Refusal> {
    let label = change.label.clone();
    match change.subject {
        Subject::Team => team.label = Some(label),
        Subject::Member(id) => team.members.get_mut(&id).ok_or(Refusal::NoMember(id))?.label = Some(label),
        Subject::Project(id) => team.projects.get_mut(&id).ok_or(Refusal::NoProject(id))?.label = label,
        Subject::Environment(id) => {
            team.environments.get_mut(&id).ok_or(Refusal::NoEnvironment(id))?.label = label;
        }
    }
    Ok(())
}

/// A label is sealed under the team's current name key, and has the size of a sealed label.
fn check_label(team: &Team, label: &SealedLabel) -> Result<(), Refusal> {
    let due = team
        .generations
        .last()
        .map(|generation| generation.number)
        .ok_or(malformed("the team has no name key yet"))?;
    if label.generation != due {
        return Err(Refusal::WrongGeneration { due, found: label.generation });
    }
    check_label_size(label)
}

fn check_label_size(label: &SealedLabel) -> Result<(), Refusal> {
    check_blob(&label.sealed)?;
    // At most 4 bytes a character.
    if label.sealed.len() > padding::padded_length(4 * limits::LABEL_CHARACTERS) + SEAL_OVERHEAD {
        return Err(Refusal::Limit("a label has at most 100 characters"));
    }
    Ok(())
}

fn invite(team: &mut Team, author: KeyholderId, sequence: u64, invited: &Invited) -> Result<(), Refusal> {
    let (member, role) = role(team, author)?;
    let refuse = |rule| Err(Refusal::NotAllowed { author, rule });
    if role < Role::Admin {
        return refuse("only admins invite");
    }
    if invited.role > role {
        return refuse("nobody gives a role above their own");
    }
    if invited.approve {
        return Err(Refusal::NewerVersion { kind: "invited with approval".to_owned() });
    }
    invited.keys.check()?;
    no_doubles(invited.access.iter().map(|grant| grant.environment))?;
    for grant in &invited.access {
        team.environment(grant.environment)?;
        has_write(team, member, grant.environment).or_else(refuse)?;
    }
    let id = invited.keys.id();
    if team.invites.contains_key(&id) || team.keyholders.contains_key(&id) {
        return Err(Refusal::IdTaken);
    }
    let invite = Invite {
        keys: invited.keys.clone(),
        role: invited.role,
        access: invited.access.clone(),
        expires_at: invited.expires_at,
        author,
        since: sequence,
        state: InviteState::Open,
    };
    team.invites.insert(id, invite);
    Ok(())
}

fn join(team: &mut Team, author: KeyholderId, head: LogHead, joined: &MemberJoined) -> Result<(), Refusal> {
    joined.keys.check()?;
    check_label(team, &joined.label)?;
    if team.members.len() >= limits::MEMBERS {
        return Err(Refusal::Limit("a team has at most 1,000 members"));
    }
    if team.keyholders.contains_key(&author) || team.invites.contains_key(&author) {
        return Err(Refusal::IdTaken);
    }
    let sequence = head.sequence;
    let id = MemberId::new(head.hash.first_half());
    if team.members.contains_key(&id) {
        return Err(Refusal::IdTaken);
    }
    let invite = team.open_invite(joined.invite)?;
    let member = Member {
        role: invite.role,
        label: Some(joined.label.clone()),
        since: sequence,
        invited_by: Some(team.member_of(invite.author)?),
        access: invite
            .access
            .iter()
            .map(|grant| (grant.environment, Timeline::since(sequence, grant.level)))
            .collect(),
    };
    // The invite knew these keys, and whoever else has the link knows them too: they are due for renewal.
    for grant in invite.access.clone() {
        if let Some(environment) = team.environments.get_mut(&grant.environment) {
            environment.losses.push(sequence);
        }
    }
    team.name_key_due = true;
    if let Some(invite) = team.invites.get_mut(&joined.invite) {
        invite.state = InviteState::Used { by: id, at: sequence };
    }
    team.members.insert(id, member);
    team.keyholders.insert(author, Keyholder { keys: joined.keys.clone(), member: id, since: sequence });
    Ok(())
}

fn create_project(team: &mut Team, created: &ProjectCreated) -> Result<(), Refusal> {
    // Every member may, as long as there are no settings that say otherwise.
    check_label(team, &created.label)?;
    if team.projects.contains_key(&created.project) {
        return Err(Refusal::IdTaken);
    }
    team.projects.insert(created.project, Project { label: created.label.clone() });
    Ok(())
}

fn create_environment(
    team: &mut Team,
    author: KeyholderId,
    opened: LogHead,
    created: &EnvironmentCreated,
) -> Result<(), Refusal> {
    let (member, role) = role(team, author)?;
    check_label(team, &created.label)?;
    if !team.projects.contains_key(&created.project) {
        return Err(Refusal::NoProject(created.project));
    }
    if team.environments.contains_key(&created.environment) {
        return Err(Refusal::IdTaken);
    }
    let Some(value) = created.commitments.value else {
        return Err(malformed("an environment has a value key"));
    };
    if role < Role::Admin && !created.access.is_empty() {
        return Err(Refusal::NotAllowed { author, rule: "only admins give others access" });
    }
    no_doubles(created.access.iter().map(|grant| grant.member).chain([member]))?;
    if let Some(stranger) = created.access.iter().find(|grant| !team.members.contains_key(&grant.member)) {
        return Err(Refusal::NoMember(stranger.member));
    }
    let generation = EnvironmentGeneration {
        number: Generation::FIRST,
        opened,
        head: Head { number: 0, hash: opened.hash },
        name: created.commitments.name,
        value,
    };
    let environment = Environment {
        project: created.project,
        label: created.label.clone(),
        generations: vec![generation],
        losses: Vec::new(),
    };
    team.environments.insert(created.environment, environment);
    let author_grant = MemberGrant { member, level: Level::Write };
    for grant in created.access.iter().chain([&author_grant]) {
        if let Some(member) = team.members.get_mut(&grant.member) {
            member.access.insert(created.environment, Timeline::since(opened.sequence, grant.level));
        }
    }
    Ok(())
}

fn open_generation(
    team: &mut Team,
    author: KeyholderId,
    opened: LogHead,
    environment: EnvironmentId,
    generation: &GenerationOpened,
) -> Result<(), Refusal> {
    let (member, _) = role(team, author)?;
    has_write(team, member, environment).map_err(|rule| Refusal::NotAllowed { author, rule })?;
    let known = team.environments.get_mut(&environment).ok_or(Refusal::NoEnvironment(environment))?;
    let (Some(head), Some(value), []) =
        (generation.head, generation.commitments.value, &generation.labels[..])
    else {
        return Err(malformed("a generation of an environment has a head, two keys and no labels"));
    };
    let before = known.current();
    check_next(before.number, generation.generation)?;
    // The one before has its `rotate` revision at `before.head.number + 1`, but for the first, which needs none.
    let least = if before.number == Generation::FIRST { before.head.number } else { before.head.number + 1 };
    if head.number < least {
        return Err(Refusal::RotationMismatch);
    }
    known.generations.push(EnvironmentGeneration {
        number: generation.generation,
        opened,
        head,
        name: generation.commitments.name,
        value,
    });
    Ok(())
}

fn open_team_generation(
    team: &mut Team,
    author: KeyholderId,
    sequence: u64,
    generation: &GenerationOpened,
) -> Result<(), Refusal> {
    let (_, role) = role(team, author)?;
    if role < Role::Admin {
        return Err(Refusal::NotAllowed { author, rule: "only admins renew the team's name key" });
    }
    let Commitments { name, value: None } = generation.commitments else {
        return Err(malformed("the team has a name key alone"));
    };
    if generation.head.is_some() {
        return Err(malformed("the team's generations have no head"));
    }
    match team.generations.last() {
        Some(before) => check_next(before.number, generation.generation)?,
        None if generation.generation == Generation::FIRST => {}
        None => {
            return Err(Refusal::WrongGeneration { due: Generation::FIRST, found: generation.generation });
        }
    }
    if generation.labels.iter().any(|change| change.label.generation != generation.generation) {
        return Err(malformed("labels are sealed anew under the generation that is opened"));
    }
    for change in &generation.labels {
        check_label_size(&change.label)?;
    }
    let mut relabelled: Vec<Subject> = generation.labels.iter().map(|change| change.subject).collect();
    relabelled.sort_unstable();
    if relabelled != labelled(team) {
        return Err(malformed("exactly the current labels are sealed anew"));
    }
    team.generations.push(TeamGeneration { number: generation.generation, since: sequence, name });
    // Every subject was just found among the current ones, so none of these can fail half way.
    for change in &generation.labels {
        set_label(team, change)?;
    }
    team.name_key_due = false;
    Ok(())
}

/// Everything that has a label now, in order.
fn labelled(team: &Team) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    subjects.extend(team.label.iter().map(|_| Subject::Team));
    subjects.extend(
        team.members.iter().filter(|(_, member)| member.label.is_some()).map(|(id, _)| Subject::Member(*id)),
    );
    subjects.extend(team.projects.keys().copied().map(Subject::Project));
    subjects.extend(team.environments.keys().copied().map(Subject::Environment));
    subjects.sort_unstable();
    subjects
}

fn check_next(before: Generation, found: Generation) -> Result<(), Refusal> {
    let due = before.next().ok_or(Refusal::Limit("generations have run out"))?;
    if found == due { Ok(()) } else { Err(Refusal::WrongGeneration { due, found }) }
}

fn no_doubles<T: Ord>(items: impl Iterator<Item = T>) -> Result<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        if !seen.insert(item) {
            return Err(malformed("the same is named twice"));
        }
    }
    Ok(())
}
