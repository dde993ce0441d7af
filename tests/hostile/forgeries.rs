//! What keyholders of the team sign with a patched client, or strangers with none: offered to the honest server, which
//! takes none of it, and then served to Ben by one that works together with whoever signed. One entry each.

use twinlock_client::ids::EnvironmentId;
use twinlock_client::store::Mode;
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{
    AccessChanged, EnvironmentCreated, Event, Head, Invited, KeyholderAdded, KeyholderKind, KeyholderRevoked,
    Level, LogHead, MemberJoined, MemberRemoved, ProjectCreated, Role, RoleChanged, SealedLabel,
    ServiceCreated, TeamEvent,
};
use twinlock_protocol::ids::{EntryId, Generation, MessageId, Pointer, ProjectId, StateHash, StatementHash};
use twinlock_protocol::revision::{Cause, Change, Remove, SealedMessage};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::{Forge, in_a_day};

use crate::lies::Expect;
use crate::scene::{Forged, Says, Scene, event};
use crate::setting::Setting;

/// One forgery: the cases that it holds, what it is, and the code of the refusal.
pub(crate) struct Forgery {
    pub(crate) cases: &'static str,
    pub(crate) name: &'static str,
    code: &'static str,
    forge: fn(&Scene) -> Forged<'_>,
}

const fn forgery(
    cases: &'static str,
    name: &'static str,
    code: &'static str,
    forge: fn(&Scene) -> Forged<'_>,
) -> Forgery {
    Forgery { cases, name, code, forge }
}

/// The payload changed, and signed again by its author: a client of another making.
fn resigned(by: &Forge, statement: &Envelope, change: fn(String) -> String) -> Envelope {
    let payload = change(String::from_utf8(statement.payload.0.clone()).unwrap());
    by.keyholder().co_sign(Envelope {
        payload_type: statement.payload_type.clone(),
        payload: Bytes(payload.into_bytes()),
        signatures: Vec::new(),
    })
}

fn joined_with(scene: &Scene, invite: &Forge) -> Envelope {
    scene.ada.joining(&scene.stranger, invite, false)
}

pub(crate) const FORGERIES: &[Forgery] = &[
    // Revisions by those who may not.
    forgery("H12", "a revision by a member without access", "not-allowed", |s| s.variable(&s.dan)),
    forgery("H12", "a revision by who may only read", "not-allowed", |s| s.variable(&s.rita)),
    forgery("H12", "a revision by an admin without access", "not-allowed", |s| s.variable(&s.ann)),
    forgery("H12", "a revision by who waits for approval", "not-allowed", |s| s.variable(&s.wes)),
    forgery("H40", "a revision by a recovery kit", "not-allowed", |s| s.variable(&s.kit)),
    forgery("H40", "a revision by a service token", "unknown-keyholder", |s| s.variable(&s.service)),
    forgery("H12 H17", "a revision by a stranger", "unknown-keyholder", |s| s.variable(&s.stranger)),
    forgery("H41", "a writer's revision signed anew by another member", "signers", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let statement = Envelope { signatures: Vec::new(), ..statement };
        Forged(&s.dan, Says::Revision(s.dan.keyholder().co_sign(statement), values))
    }),
    forgery("H41", "a writer's revision signed by another member too", "signers", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        Forged(&s.wanda, Says::Revision(s.dan.keyholder().co_sign(statement), values))
    }),
    forgery("H12", "a revision in a writer's name, signed by another member", "signature", |s| {
        let (mut statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let other = s.dan.keyholder().co_sign(Envelope { signatures: Vec::new(), ..statement.clone() });
        statement.signatures[0].sig = other.signatures[0].sig.clone();
        Forged(&s.dan, Says::Revision(statement, values))
    }),
    // Revisions by a writer that break the rules.
    forgery("H15", "a state that its changes do not lead to", "state", |s| {
        s.wrong(|revision| revision.state = StateHash::new([0; 32]))
    }),
    forgery("H09", "a number left out", "number", |s| s.wrong(|revision| revision.number += 1)),
    forgery("H10", "a revision beside the last one", "number", |s| s.wrong(|revision| revision.number -= 1)),
    forgery("H10", "a revision that follows another history", "chain", |s| {
        s.wrong(|revision| revision.previous = StatementHash::new([7; 32]))
    }),
    forgery("H11", "a writer's revision of another environment", "elsewhere", |s| {
        s.wrong(|revision| revision.environment = EnvironmentId::new([7; 16]))
    }),
    forgery("H20", "a revision of another team", "elsewhere", |s| {
        s.wrong(|revision| revision.team = twinlock_client::ids::TeamId::new([7; 16]))
    }),
    forgery("H13", "a log head of the future", "log-behind", |s| {
        s.wrong(|revision| revision.team_head.sequence += 1)
    }),
    forgery("H10", "a log head of another log", "other-log", |s| {
        s.wrong(|revision| revision.team_head.hash = StatementHash::new([7; 32]))
    }),
    forgery("H13", "a log head before the one that was referred to last", "other-log", |s| {
        let team = s.wanda.team();
        let hash = team.hash_at(1).unwrap();
        s.wrong(|revision| revision.team_head = LogHead { sequence: 1, hash })
    }),
    forgery("H14", "an old generation after a newer one", "wrong-generation", |s| {
        s.wrong(|revision| revision.generation = Generation::FIRST)
    }),
    forgery("H14", "a generation that nobody opened", "wrong-generation", |s| {
        s.wrong(|revision| revision.generation = revision.generation.next().unwrap())
    }),
    forgery("H43", "a rotation without its opening", "rotation-mismatch", |s| {
        s.wrong(|revision| revision.cause = Cause::Rotate)
    }),
    forgery("H07", "two entries at one place", "position-taken", |s| {
        let (_, position, _) = s.first();
        s.wrong(|revision| {
            if let Some(Change::Put(put)) = revision.changes.first_mut() {
                put.position = position;
            }
        })
    }),
    forgery("H07 H06", "a pointer of the history for another value", "pointer-reused", |s| {
        let (_, _, pointer) = s.first();
        s.wrong(|revision| {
            if let Some(Change::Put(put)) = revision.changes.first_mut() {
                put.pointer = pointer;
            }
        })
    }),
    forgery("H05", "the removal of an entry that is not there", "entry", |s| {
        s.changing(vec![Change::Remove(Remove { entry: EntryId::new([7; 16]) })])
    }),
    forgery("H05", "an entry removed twice", "entry", |s| {
        let (entry, _, _) = s.first();
        s.changing(vec![Change::Remove(Remove { entry }), Change::Remove(Remove { entry })])
    }),
    forgery("H05", "no change at all", "no-change", |s| s.changing(Vec::new())),
    forgery("H44", "a purge by who is no admin", "not-allowed", |s| {
        let (_, _, pointer) = s.first();
        s.purging(&s.wanda, pointer)
    }),
    forgery("H44", "a purge of a value in use", "purge", |s| {
        let (_, _, pointer) = s.first();
        s.purging(&s.ada, pointer)
    }),
    forgery("H44", "a purge of a pointer of another environment", "purge", |s| {
        s.purging(&s.ada, Pointer::new([7; 16]))
    }),
    forgery("H53", "a message of a megabyte", "limit", |s| {
        s.wrong(|revision| {
            let mut text = vec![0; (1 << 20) + 29];
            text[0] = 1;
            revision.message = Some(SealedMessage { pointer: MessageId::new([7; 16]), text: Bytes(text) });
        })
    }),
    forgery("H53", "a message that is no sealed text", "malformed", |s| {
        s.wrong(|revision| {
            let text = Bytes(b"\x1b]0;owned\x07".to_vec());
            revision.message = Some(SealedMessage { pointer: MessageId::new([7; 16]), text });
        })
    }),
    forgery("H53", "a name that is no sealed text", "malformed", |s| {
        s.wrong(|revision| {
            if let Some(Change::Put(put)) = revision.changes.first_mut() {
                put.name = Bytes(b"PATH=".to_vec());
            }
        })
    }),
    forgery("H26", "a member that is not of the protocol, signed", "malformed", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let statement = resigned(&s.wanda, &statement, |text| text.replacen('{', "{\"admin\":true,", 1));
        Forged(&s.wanda, Says::Revision(statement, values))
    }),
    forgery("H26", "a member twice, signed", "malformed", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let statement = resigned(&s.wanda, &statement, |text| text.replacen('{', "{\"number\":1,", 1));
        Forged(&s.wanda, Says::Revision(statement, values))
    }),
    forgery("H53", "a payload nested without end, signed", "malformed", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let statement = resigned(&s.wanda, &statement, |text| {
            let nested = [vec!["["; 100_000].concat(), vec!["]"; 100_000].concat()].concat();
            text.replacen('{', &format!("{{\"deep\":{nested},"), 1)
        });
        Forged(&s.wanda, Says::Revision(statement, values))
    }),
    forgery("H26", "an older version of a statement, signed", "newer-version", |s| {
        let (statement, values) = s.wanda.variable(s.environment, ("EVIL=", "1\n"));
        let older =
            Envelope { payload_type: "twinlock/revision/v0".to_owned(), signatures: Vec::new(), ..statement };
        Forged(&s.wanda, Says::Revision(s.wanda.keyholder().co_sign(older), values))
    }),
    // Members and keys.
    forgery("H16", "somebody else's keys in the name of a known computer", "keys", |s| {
        let keys = s.stranger.keyholder().public().clone();
        let joined = MemberJoined { keys, invite: s.open_invite.id(), label: Some(s.ada.label("Ben")) };
        let forged = TeamEvent { author: s.wanda.id(), ..s.ada.event(Event::MemberJoined(joined)) };
        let mut statement = s.open_invite.keyholder().co_sign(s.stranger.keyholder().sign_event(&forged));
        statement.signatures[0].keyid = s.wanda.id();
        Forged(&s.open_invite, Says::Event(statement))
    }),
    forgery("H16", "a known computer added once more", "id-taken", |s| {
        Forged(&s.wanda, Says::Event(s.wanda.adding(&s.rita, KeyholderKind::Computer)))
    }),
    forgery("H16", "keys to which nothing can be wrapped", "keys", |s| {
        let mut keys = s.stranger.keyholder().public().clone();
        keys.kem[..384].fill(0xff);
        let invited =
            Invited { keys, role: Role::Member, access: Vec::new(), expires_at: in_a_day(), approve: true };
        event(&s.ada, Event::Invited(invited))
    }),
    forgery("H17", "a member whom nobody invited", "invite-not-open", |s| {
        Forged(&s.stranger, Says::Event(joined_with(s, &s.stranger.stranger())))
    }),
    forgery("H17", "an invite by a stranger", "unknown-keyholder", |s| {
        let keys = s.dan.stranger().keyholder().public().clone();
        let invited =
            Invited { keys, role: Role::Owner, access: Vec::new(), expires_at: in_a_day(), approve: false };
        event(&s.stranger, Event::Invited(invited))
    }),
    forgery("H19", "an invite used twice", "invite-not-open", |s| {
        Forged(&s.used_invite, Says::Event(joined_with(s, &s.used_invite)))
    }),
    forgery("H19", "an invite used after it was closed", "invite-not-open", |s| {
        Forged(&s.closed_invite, Says::Event(joined_with(s, &s.closed_invite)))
    }),
    forgery("H19", "an invite to a higher role than its signer has", "not-allowed", |s| {
        let keys = s.dan.stranger().keyholder().public().clone();
        let invited =
            Invited { keys, role: Role::Owner, access: Vec::new(), expires_at: in_a_day(), approve: false };
        event(&s.ann, Event::Invited(invited))
    }),
    forgery("H33", "a name of ten megabytes", "limit", |s| {
        let mut sealed = vec![0; 10 * (1 << 20) + 29];
        sealed[0] = 1;
        let label = SealedLabel { sealed: Bytes(sealed), ..s.wanda.label("x") };
        event(&s.wanda, Event::ProjectCreated(ProjectCreated { project: ProjectId::new([9; 16]), label }))
    }),
    forgery("H33", "a label that is no sealed text", "malformed", |s| {
        let label = SealedLabel { sealed: Bytes(b"../../.ssh".to_vec()), ..s.wanda.label("x") };
        event(&s.wanda, Event::ProjectCreated(ProjectCreated { project: ProjectId::new([9; 16]), label }))
    }),
    forgery("H24", "an owner removed by an admin", "not-allowed", |s| {
        let member = s.ada.member();
        event(&s.ann, Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() }))
    }),
    forgery("H24", "a member who makes themselves an owner", "not-allowed", |s| {
        let (member, role) = (s.wanda.member(), Role::Owner);
        event(&s.wanda, Event::RoleChanged(RoleChanged { member, role, keep: Vec::new(), heads: Vec::new() }))
    }),
    forgery("H25", "the last owner removed", "last-owner", |s| {
        let member = s.ada.member();
        event(&s.ada, Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() }))
    }),
    forgery("H25", "the last owner demoted", "last-owner", |s| {
        let (member, role) = (s.ada.member(), Role::Member);
        event(&s.ada, Event::RoleChanged(RoleChanged { member, role, keep: Vec::new(), heads: Vec::new() }))
    }),
    forgery("H25", "somebody locked out by their own kit", "no-keyholder-left", |s| {
        let revoked = KeyholderRevoked { keyholder: s.wanda.id(), keep: Vec::new(), heads: Vec::new() };
        event(&s.wanda, Event::KeyholderRevoked(revoked))
    }),
    forgery("H25", "somebody's computer revoked by an owner", "not-allowed", |s| {
        let revoked = KeyholderRevoked { keyholder: s.wanda.id(), keep: Vec::new(), heads: Vec::new() };
        event(&s.ada, Event::KeyholderRevoked(revoked))
    }),
    forgery("H38", "access by an invite of an admin who has none", "not-allowed", |s| {
        let keys = s.dan.stranger().keyholder().public().clone();
        let access = s.access(Level::Read);
        let invited = Invited { keys, role: Role::Member, access, expires_at: in_a_day(), approve: false };
        event(&s.ann, Event::Invited(invited))
    }),
    forgery("H38", "access by a service of an admin who has none", "not-allowed", |s| {
        let keys = s.dan.stranger().keyholder().public().clone();
        let (label, access) = (s.ann.label("ci"), s.access(Level::Read));
        event(&s.ann, Event::ServiceCreated(ServiceCreated { keys, label, access, expires_at: None }))
    }),
    forgery("H38", "access granted by an admin to themselves", "not-allowed", |s| {
        let (environment, member) = (s.environment, s.ann.member());
        let level = Some(Level::Write);
        event(&s.ann, Event::AccessChanged(AccessChanged { environment, member, level, head: None }))
    }),
    forgery("H38", "a generation of an admin's own making", "not-allowed", |s| {
        let (opened, _, _) = s.ann.opening(s.environment);
        event(&s.ann, opened)
    }),
    forgery("H38", "an environment made again, with oneself in it", "id-taken", |s| {
        let (_, name, value) = s.wanda.opening(s.environment);
        let commitments = twinlock_protocol::event::Commitments {
            name: name.commitment(),
            value: Some(value.commitment()),
        };
        let (environment, project, label) = (s.environment, s.project, s.wanda.label("development"));
        let access = Vec::new();
        let created = EnvironmentCreated { environment, project, label, commitments, access };
        event(&s.wanda, Event::EnvironmentCreated(created))
    }),
    forgery("H40", "a computer added by a service token", "unknown-keyholder", |s| {
        Forged(&s.service, Says::Event(s.service.adding(&s.stranger, KeyholderKind::Computer)))
    }),
    forgery("H40", "a computer added by a used invite", "unknown-keyholder", |s| {
        Forged(&s.used_invite, Says::Event(s.used_invite.adding(&s.stranger, KeyholderKind::Computer)))
    }),
    forgery("H16 H41", "a computer added without its own signature", "signers", |s| {
        let keys = s.stranger.keyholder().public().clone();
        let added = KeyholderAdded { keys, kind: KeyholderKind::Computer };
        event(&s.wanda, Event::KeyholderAdded(added))
    }),
    forgery("H41", "an owner's event signed anew by a member", "signers", |s| {
        let invited = Invited {
            keys: s.stranger.keyholder().public().clone(),
            role: Role::Owner,
            access: Vec::new(),
            expires_at: in_a_day(),
            approve: true,
        };
        let statement = Envelope { signatures: Vec::new(), ..s.ada.sign(Event::Invited(invited)) };
        Forged(&s.wanda, Says::Event(s.wanda.keyholder().co_sign(statement)))
    }),
    forgery("H39", "a history given up by who is no owner", "not-allowed", |s| {
        let log = LogHead { sequence: 0, hash: StatementHash::new([0; 32]) };
        let accepted = twinlock_protocol::event::HistoryAccepted { log, heads: Vec::new() };
        event(&s.ann, Event::HistoryAccepted(accepted))
    }),
    forgery("H20", "an opening that records another head", "rotation-mismatch", |s| {
        let (mut opened, _, _) = s.wanda.opening(s.environment);
        if let Event::GenerationOpened(opened) = &mut opened {
            opened.head = Some(Head { number: 0, hash: StatementHash::new([7; 32]) });
        }
        Forged(&s.wanda, Says::Event(s.wanda.sign(opened)))
    }),
    forgery("H52", "an event from the year 5138, by nobody who may", "not-allowed", |s| {
        let member = s.wanda.member();
        let removed = Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() });
        let dated =
            TeamEvent { created_at: Timestamp(100_000_000_000_000), ..s.dan.event(s.dan.filled(removed)) };
        Forged(&s.dan, Says::Event(s.dan.keyholder().sign_event(&dated)))
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_forgery_is_taken_by_the_server_or_by_another_client() {
    let setting = Setting::new(Mode::Ask).await;
    let scene = Scene::new(&setting).await;
    let mut wrong = Vec::new();
    for Forgery { name, code, forge, .. } in FORGERIES {
        let Forged(by, says) = forge(&scene);
        let (answer, collusion) = match says {
            Says::Event(statement) => {
                (by.append(vec![statement.clone()], Vec::new()).await, Collusion::events([statement]))
            }
            Says::Revision(statement, values) => {
                // So that nothing is missing but the right.
                let _refused_for_most = by.put_values(scene.environment, &values).await;
                let answer = by.push(scene.environment, &statement).await;
                (answer, Collusion::revisions(scene.environment, [statement]).and_values(values))
            }
        };
        // Who has no access is not even told that there is something.
        let allowed = if *code == "not-allowed" { 403..405 } else { 400..500 };
        if !allowed.contains(&answer.status) {
            wrong.push(format!("{name}: the server said {answer:?}"));
        }
        if let Err(what) = setting.try_told(&setting.ben, collusion.lie(), &Expect::Refused(code)).await {
            wrong.push(format!("{name}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    setting.check_in_step().await;
}
