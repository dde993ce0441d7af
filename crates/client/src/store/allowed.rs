//! Variables that are more than settings, and that a person let programs run with. What is remembered is the
//! value too, as a keyed hash: with another one the question is asked again.

use twinlock_protocol::EnvironmentId;

use super::{Step, StoreError};

/// Whether a person let programs run with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Nobody was asked, or nobody said yes.
    No,
    /// With another value.
    WithAnotherValue,
    /// With this value.
    AsItIs,
}

impl Step<'_> {
    /// Remembers that a person let programs run with this value of a variable, in the place of any other value.
    pub fn allow_variable(
        &mut self,
        environment: EnvironmentId,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        let keyed = self.variable(environment, name);
        self.write(
            "INSERT OR REPLACE INTO remembered_names (keyed_name, id) VALUES (?1, ?2)",
            (keyed, self.value(environment, name, value)),
        )?;
        Ok(())
    }

    /// Whether a person did.
    pub fn is_variable_allowed(
        &self,
        environment: EnvironmentId,
        name: &str,
        value: &str,
    ) -> Result<Allowed, StoreError> {
        let keyed = self.variable(environment, name);
        let kept: Option<[u8; 16]> =
            self.optional("SELECT id FROM remembered_names WHERE keyed_name = ?1", [keyed], |row| {
                row.get(0)
            })?;
        Ok(match kept {
            None => Allowed::No,
            Some(kept) if kept == self.value(environment, name, value) => Allowed::AsItIs,
            Some(_) => Allowed::WithAnotherValue,
        })
    }

    fn variable(&self, environment: EnvironmentId, name: &str) -> [u8; 32] {
        self.seal.recognise("allowed variable", &[environment.as_bytes(), name.as_bytes()])
    }

    /// Half of a keyed hash: as much as the column holds, and more than anybody finds a second value for.
    fn value(&self, environment: EnvironmentId, name: &str, value: &str) -> [u8; 16] {
        let fields = [environment.as_bytes(), name.as_bytes(), value.as_bytes()];
        let keyed = self.seal.recognise("allowed value", &fields);
        std::array::from_fn(|at| keyed[at])
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Store, StoreError};

    use super::*;

    #[test]
    fn a_value_is_allowed_and_another_is_not() {
        let store = Store::in_memory().unwrap();
        let (one, other) = (EnvironmentId::new([1; 16]), EnvironmentId::new([2; 16]));
        let is = |environment, name: &str, value: &str| {
            store
                .read(|step| step.is_variable_allowed(environment, name, value))
                .unwrap_or_else(|error: StoreError| panic!("{error}"))
        };
        assert_eq!(is(one, "PATH", "/a"), Allowed::No);
        store
            .step(|step| step.allow_variable(one, "PATH", "/a"))
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(is(one, "PATH", "/a"), Allowed::AsItIs);
        assert_eq!(is(one, "PATH", "/b"), Allowed::WithAnotherValue);
        assert_eq!(is(one, "IFS", "/a"), Allowed::No);
        assert_eq!(is(other, "PATH", "/a"), Allowed::No);
        store
            .step(|step| step.allow_variable(one, "PATH", "/b"))
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(is(one, "PATH", "/a"), Allowed::WithAnotherValue);
    }
}
