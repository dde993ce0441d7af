//! Properties of the plan, over random files and a simulation of several computers around one vault:
//! nothing is lost, nothing unpulled looks like one's own change, and all come in step.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use twinlock_client::ids::EntryId;
use twinlock_client::sync::{
    Agreed, Change, Halves, ItemState, Moves, OrderState, Plan, TheirText, Theirs, plan,
};
use twinlock_dotenv::Document;

/// A vault without cryptography: entries in their order, numbered revisions.
#[derive(Clone, Default)]
struct Vault {
    entries: Vec<(EntryId, Halves, u64)>,
    number: u64,
    made: u128,
}

/// A computer: its file, and what it last agreed on.
#[derive(Clone, Default)]
struct Computer {
    text: String,
    base: Vec<Agreed>,
}

impl Vault {
    fn theirs(&self) -> Vec<Theirs> {
        let open = |(id, halves, number): &(EntryId, Halves, u64)| Theirs {
            id: *id,
            text: TheirText::Open(halves.clone()),
            number: *number,
        };
        self.entries.iter().map(open).collect()
    }
}

impl Computer {
    fn plan(&self, vault: &Vault) -> Plan {
        plan(&self.base, &self.text, &vault.theirs())
    }

    fn pull(&mut self, vault: &Vault) {
        let plan = self.plan(vault);
        self.text = plan.pulled_text().to_string();
        self.base = plan.base_after_pull();
    }

    fn push(&mut self, vault: &mut Vault) {
        let plan = self.plan(vault);
        let here: Vec<usize> =
            (0..plan.items.len()).filter(|at| matches!(plan.items[*at].state, ItemState::Here(_))).collect();
        if here.is_empty() && plan.order != OrderState::Here {
            return;
        }
        vault.number += 1;
        let mut pushed = BTreeMap::new();
        let mut entries = Vec::new();
        for (at, item) in plan.items.iter().enumerate() {
            let there = item.id.and_then(|id| vault.entries.iter().find(|(known, ..)| *known == id));
            if here.contains(&at) {
                let id = item.id.unwrap_or_else(|| {
                    vault.made += 1;
                    EntryId::new(vault.made.to_be_bytes())
                });
                pushed.insert(at, (id, vault.number));
                entries.extend(item.mine.clone().map(|mine| (id, mine, vault.number)));
            } else {
                entries.extend(there.cloned());
            }
        }
        vault.entries = entries;
        self.base = plan.base_after_push(&pushed, Moves::Sent);
    }

    /// Decides every conflict for the vault's side, as `resolve --theirs` does.
    fn take_theirs(&mut self, vault: &Vault) {
        let names: BTreeSet<String> =
            self.plan(vault).conflicts().filter_map(|item| item.name().map(str::to_owned)).collect();
        for name in names {
            let plan = self.plan(vault);
            let ids: BTreeSet<EntryId> = plan
                .conflicts()
                .filter(|item| item.name() == Some(&name))
                .filter_map(|item| item.id)
                .collect();
            // One's own side is given up: the base takes the file's text, so the vault's is the only change.
            for agreed in &mut self.base {
                if ids.contains(&agreed.id)
                    && let Some(mine) = plan
                        .items
                        .iter()
                        .find(|item| item.id == Some(agreed.id))
                        .and_then(|item| item.mine.clone())
                {
                    agreed.halves = mine;
                }
            }
            self.base.retain(|agreed| {
                let item = plan.items.iter().find(|item| item.id == Some(agreed.id));
                !(ids.contains(&agreed.id) && item.is_some_and(|item| item.mine.is_none()))
            });
            for item in plan.conflicts().filter(|item| item.base.is_none()) {
                let (id, mine) = (item.id.unwrap(), item.mine.clone().unwrap());
                self.base.push(Agreed { id, halves: mine, number: 0 });
            }
        }
    }
}

fn names(text: &str) -> BTreeSet<String> {
    Document::parse(text).variables().map(|variable| variable.name().to_owned()).collect()
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => ("[A-E]", "[1-4]").prop_map(|(name, value)| format!("{name}={value}\n")),
        1 => ("[A-E]", "[1-2]").prop_map(|(name, value)| format!("{name}='{value}' # note\n")),
        1 => "[A-E]".prop_map(|name| format!("export {name}=\"a\nb\"\n")),
        2 => "[a-c]".prop_map(|word| format!("# {word}\n")),
        1 => Just("\n".to_owned()),
    ]
}

fn file() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(), 0..9), any::<bool>()).prop_map(|(lines, cut)| {
        let text = lines.concat();
        if cut { text.trim_end().to_owned() } else { text }
    })
}

/// A file whose variables have each name once: then a name says which variable is meant.
fn plain_file() -> impl Strategy<Value = String> {
    prop::collection::btree_map("[A-F]", "[1-3]", 0..6).prop_flat_map(|variables| {
        let lines: Vec<String> =
            variables.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        Just(lines).prop_shuffle().prop_map(|lines| lines.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_pushed_is_pulled_byte_for_byte(text in file()) {
        let (mut vault, mut ada, mut ben) = (Vault::default(), Computer::default(), Computer::default());
        ada.text.clone_from(&text);
        ada.push(&mut vault);
        ben.pull(&vault);
        prop_assert_eq!(&ben.text, &text);
        for computer in [&ada, &ben] {
            let plan = computer.plan(&vault);
            prop_assert_eq!((plan.count_here(), plan.count_there(), plan.conflicts().count()), (0, 0, 0));
        }
    }

    #[test]
    fn a_pull_leaves_nothing_to_pull(first in plain_file(), mine in plain_file(), theirs in plain_file()) {
        let (mut vault, mut ada, mut ben) = (Vault::default(), Computer::default(), Computer::default());
        ada.text.clone_from(&first);
        ada.push(&mut vault);
        ben.pull(&vault);
        ada.text.clone_from(&theirs);
        ada.push(&mut vault);
        ben.text.clone_from(&mine);
        let conflicts = ben.plan(&vault).conflicts().count();
        ben.pull(&vault);
        let plan = ben.plan(&vault);
        prop_assert_eq!(plan.conflicts().count(), conflicts);
        if conflicts == 0 {
            prop_assert_eq!(plan.count_there(), 0, "{:?}", ben.text);
        }
    }

    #[test]
    fn who_changed_nothing_gets_the_vaults_text_and_has_nothing_to_push(first in file(), theirs in file()) {
        let (mut vault, mut ada, mut ben) = (Vault::default(), Computer::default(), Computer::default());
        ada.text.clone_from(&first);
        ada.push(&mut vault);
        ben.pull(&vault);
        ada.text.clone_from(&theirs);
        ada.push(&mut vault);
        ben.pull(&vault);
        prop_assert_eq!(&ben.text, &theirs);
        prop_assert_eq!(ben.plan(&vault).count_here(), 0);
    }

    #[test]
    fn no_variable_is_lost(first in plain_file(), mine in plain_file(), theirs in plain_file()) {
        let (mut vault, mut ada, mut ben) = (Vault::default(), Computer::default(), Computer::default());
        ada.text.clone_from(&first);
        ada.push(&mut vault);
        ben.pull(&vault);
        ada.text.clone_from(&theirs);
        ada.push(&mut vault);
        ben.text.clone_from(&mine);
        let plan = ben.plan(&vault);
        let conflicts: BTreeSet<String> =
            plan.conflicts().flat_map(|item| [&item.base, &item.mine, &item.theirs]).flatten()
                .filter_map(|halves| halves.name().map(str::to_owned)).collect();
        // A rename carries the value to another name: both names belong to one variable.
        let renamed: BTreeSet<String> = plan.items.iter()
            .filter(|item| [&item.base, &item.mine, &item.theirs].into_iter().flatten()
                .filter_map(Halves::name).collect::<BTreeSet<_>>().len() > 1)
            .flat_map(|item| [&item.base, &item.mine, &item.theirs]).flatten()
            .filter_map(|halves| halves.name().map(str::to_owned)).collect();
        let merged = names(&plan.pulled_text());
        let (first, mine, theirs) = (names(&first), names(&mine), names(&theirs));
        for name in mine.union(&theirs).filter(|name| !conflicts.contains(*name) && !renamed.contains(*name)) {
            let removed = first.contains(name) && (!mine.contains(name) || !theirs.contains(name));
            prop_assert_eq!(merged.contains(name), !removed, "{}", name);
        }
        for item in plan.conflicts() {
            if let Some(mine) = &item.mine {
                prop_assert!(plan.pulled_text().contains(mine.right.as_str()), "a conflict keeps one's own");
            }
        }
    }

    #[test]
    fn computers_come_in_step(steps in prop::collection::vec((0..3_usize, prop::option::of(file())), 1..14)) {
        let mut vault = Vault::default();
        let mut computers = vec![Computer::default(); 3];
        for (who, edit) in steps {
            let computer = &mut computers[who];
            match edit {
                // An emptied file asks before anything is pushed.
                Some(text) if !text.is_empty() => {
                    computer.text = text;
                    computer.push(&mut vault);
                }
                _ => computer.pull(&vault),
            }
        }
        for _ in 0..4 {
            for computer in &mut computers {
                computer.pull(&vault);
                computer.take_theirs(&vault);
                computer.pull(&vault);
                computer.push(&mut vault);
            }
        }
        for computer in &computers {
            let plan = computer.plan(&vault);
            prop_assert_eq!((plan.count_here(), plan.count_there(), plan.conflicts().count()), (0, 0, 0), "{:?}", computer.text);
            prop_assert_eq!(&computer.text, &computers[0].text);
        }
    }
}

#[test]
fn a_damaged_entry_changes_no_line_and_stops_nothing_else() {
    let mut vault = Vault::default();
    let mut ada = Computer { text: "A=1\nB=1\n".into(), ..Computer::default() };
    ada.push(&mut vault);
    let mut theirs = vault.theirs();
    theirs[0].text = TheirText::Damaged;
    theirs[1].text = TheirText::Open(Halves::new("B=", "2\n"));
    let there = plan(&ada.base, &ada.text, &theirs);
    assert_eq!(there.pulled_text().as_str(), "A=1\nB=2\n");
    assert!(there.items.iter().any(|item| item.state == ItemState::Damaged));
    // Whoever changes the line repairs it.
    let repaired = plan(&ada.base, "A=3\nB=1\n", &theirs);
    assert!(repaired.items.iter().any(|item| item.state == ItemState::Here(Change::Changed)));
}

#[test]
fn a_variable_renamed_on_both_sides_loses_neither_name() {
    let mut vault = Vault::default();
    let mut ada = Computer { text: "C=3\nX=1\n".into(), ..Computer::default() };
    ada.push(&mut vault);
    let mut ben = ada.clone();
    ada.text = "E=3\nX=1\n".into();
    ada.push(&mut vault);
    ben.text = "F=3\nX=1\n".into();
    let plan = ben.plan(&vault);
    assert_eq!(plan.conflicts().filter_map(|item| item.name()).collect::<Vec<_>>(), ["E"]);
    assert_eq!(plan.pulled_text().as_str(), "F=3\nX=1\n");
}
