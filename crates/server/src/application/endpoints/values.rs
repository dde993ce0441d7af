//! `PUT /v1/environments/{environment}/values` and `POST …/values/query`: sealed values.
//!
//! They pass through to the vault service; the application keeps their digests alone.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use twinlock_protocol::api::{QueryValues, ValueBlob, Values};
use twinlock_protocol::environment::{SEAL_OVERHEAD, check_blob, digest};
use twinlock_protocol::event::Level;
use twinlock_protocol::{Digest, Pointer, limits, padding};

use crate::application::Application;
use crate::application::pointers::{self, Announced};
use crate::application::signed::Signed;
use crate::application::store::Writing;
use crate::database::StoreError;
use crate::problem::Problem;
use crate::vault::wire::SealedValue;

/// Keeps values, until a revision names them or a day has passed.
pub(super) async fn put(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let environment = signed.environment(&environment)?;
    if signed.asker.level(&signed.view.team, environment) != Some(Level::Write) {
        return Err(Problem::forbidden("It takes write access to the environment."));
    }
    let Values { values } = signed.json()?;
    check_page(&values)?;
    let (uploader, now) = (signed.asker.keyholder, application.now().as_second());
    let announced = |value: &ValueBlob| {
        let (digest, bytes) = (digest(&value.blob), u32::try_from(value.blob.len()).unwrap_or(u32::MAX));
        (value.pointer, Announced { environment, uploader, digest, bytes, now })
    };
    let announced: Vec<(Pointer, Announced)> = values.iter().map(announced).collect();

    let noted = announced.clone();
    application.store.write(move |writing| change_all(writing, noted, pointers::announce)).await?;
    let values =
        values.into_iter().map(|ValueBlob { pointer, blob }| SealedValue { pointer, blob }).collect();
    let taken = application.vault.put(values).await?;
    if !taken.is_empty() {
        tracing::error!(count = taken.len(), "the vault service holds other values under noted pointers");
        return Err(Problem::pointer_taken(taken));
    }
    application
        .store
        .write(move |writing| {
            change_all(writing, announced, |known, _| pointers::acknowledge(known.ok_or(pointers::Taken)?))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Serves values of this environment, each compared with the digest that was noted when it was put.
pub(super) async fn query(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<Json<Values>, Problem> {
    let environment = signed.environment(&environment)?;
    if signed.asker.level(&signed.view.team, environment) < Some(Level::Read) {
        return Err(Problem::forbidden("It takes read access to the environment."));
    }
    let QueryValues { pointers: asked } = signed.json()?;
    if asked.len() > limits::PAGE {
        return Err(Problem::too_large("At most 500 values at a time."));
    }
    let asker = signed.asker.keyholder;
    let served: Vec<(Pointer, Digest)> = application
        .store
        .read(move |reading| {
            let mut served = Vec::new();
            for pointer in asked {
                if let Some(known) = reading.pointer(pointer)?
                    && pointers::is_served(&known, environment, asker)
                {
                    served.push((pointer, known.digest));
                }
            }
            Ok::<_, StoreError>(served)
        })
        .await?;
    let answer = application.vault.query(served.iter().map(|(pointer, _)| *pointer).collect()).await?;
    let is_as_noted = |value: &SealedValue| served.contains(&(value.pointer, digest(&value.blob)));
    let wrong = answer.values.iter().filter(|value| !is_as_noted(value)).map(|value| value.pointer);
    let broken: Vec<Pointer> = answer.damaged.iter().chain(&answer.missing).copied().chain(wrong).collect();
    if !broken.is_empty() {
        tracing::error!(count = broken.len(), "stored values are gone or not the ones that were put");
        return Err(Problem::damaged_values(broken));
    }
    let values =
        answer.values.into_iter().map(|SealedValue { pointer, blob }| ValueBlob { pointer, blob }).collect();
    Ok(Json(Values { values }))
}

/// The limits of one request, and what can be said of a sealed value without opening it.
fn check_page(values: &[ValueBlob]) -> Result<(), Problem> {
    let longest = padding::padded_length(limits::VALUE_BYTES) + SEAL_OVERHEAD;
    let size: usize = values.iter().map(|value| value.blob.len()).sum();
    if values.len() > limits::PAGE || size > limits::PAGE_BYTES {
        return Err(Problem::too_large("At most 500 values and 8 MiB at a time."));
    }
    let mut seen = BTreeSet::new();
    for value in values {
        check_blob(&value.blob)?;
        if value.blob.len() > longest {
            return Err(Problem::too_large("A value has at most 256 KiB."));
        }
        if !seen.insert(value.pointer) {
            return Err(Problem::bad_request("The same pointer is given twice."));
        }
    }
    Ok(())
}

/// Takes all pointers a step further, or none of them.
fn change_all(
    writing: &Writing<'_>,
    pointers: Vec<(Pointer, Announced)>,
    step: impl Fn(
        Option<crate::application::store::StoredPointer>,
        Announced,
    ) -> Result<crate::application::store::StoredPointer, pointers::Taken>,
) -> Result<(), Problem> {
    let mut taken = Vec::new();
    for (pointer, announced) in pointers {
        match step(writing.pointer(pointer)?, announced) {
            Ok(next) => writing.set_pointer(pointer, &next)?,
            Err(pointers::Taken) => taken.push(pointer),
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Problem::pointer_taken(taken)) }
}
