//! What application and vault say to each other. It never leaves the link between the two.

use serde::{Deserialize, Serialize};
use twinlock_protocol::Pointer;
use twinlock_protocol::encoding::Bytes;

/// A sealed value under its pointer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealedValue {
    pub(crate) pointer: Pointer,
    pub(crate) blob: Bytes,
}

/// `PUT /v1/values`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    pub(crate) values: Vec<SealedValue>,
}

/// Answer to a put: all others are stored, on the disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAnswer {
    /// Pointers that hold another value already; what they hold was left as it is.
    pub(crate) taken: Vec<Pointer>,
}

/// `POST /v1/values/query` and `POST /v1/values/delete`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pointers {
    pub(crate) pointers: Vec<Pointer>,
}

/// Answer to a query, in the order asked. It stops at `limits::PAGE_BYTES` of values: pointers after that are in
/// none of the lists.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryAnswer {
    pub(crate) values: Vec<SealedValue>,
    /// Pointers whose stored value was changed or moved and does not open.
    pub(crate) damaged: Vec<Pointer>,
    /// Pointers without a stored value.
    pub(crate) missing: Vec<Pointer>,
}
