//! Generations of keys, of an environment and of the team's own name key.

use super::*;
use crate::event::{Commitments, GenerationOpened};

pub(super) fn open(
    team: &mut Team,
    signer: &Signer,
    environment: EnvironmentId,
    generation: &GenerationOpened,
) -> Result<(), Refusal> {
    let known = team.environments.get_mut(&environment).ok_or(Refusal::NoEnvironment(environment))?;
    let (Some(head), Some(value), []) =
        (generation.head, generation.commitments.value, &generation.labels[..])
    else {
        return Err(malformed("a generation of an environment has a head, two keys and no labels"));
    };
    check_next(known.current().number, generation.generation)?;
    // The one before has its `rotate` revision above its own head, but for the first, which needs none.
    if !known.may_be_at(head) {
        return Err(Refusal::RotationMismatch);
    }
    known.open(EnvironmentGeneration {
        number: generation.generation,
        opened: signer.at,
        head,
        name: generation.commitments.name,
        value,
    });
    Ok(())
}

pub(super) fn open_of_team(
    team: &mut Team,
    signer: &Signer,
    generation: &GenerationOpened,
) -> Result<(), Refusal> {
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
        labels::check_size(&change.label)?;
    }
    let mut relabelled: Vec<Subject> = generation.labels.iter().map(|change| change.subject).collect();
    relabelled.sort_unstable();
    if relabelled != labels::labelled(team) {
        return Err(malformed("exactly the current labels are sealed anew"));
    }
    let opened = TeamGeneration { number: generation.generation, since: signer.at.sequence, name };
    team.generations.push(opened);
    // Every subject was just found among the current ones, so none of these can fail half way.
    for change in &generation.labels {
        labels::set(team, change)?;
    }
    team.name_key_due = false;
    Ok(())
}

fn check_next(before: Generation, found: Generation) -> Result<(), Refusal> {
    let due = before.next().ok_or(Refusal::Limit("generations have run out"))?;
    if found == due { Ok(()) } else { Err(Refusal::WrongGeneration { due, found }) }
}
