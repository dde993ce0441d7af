//! How a head is written into a field: number and hash.

use twinlock_protocol::StatementHash;

use crate::database::StoreError;

const NUMBER_BYTES: usize = 8;

pub(super) fn to_bytes(number: u64, hash: StatementHash) -> Vec<u8> {
    [number.to_be_bytes().as_slice(), hash.as_bytes()].concat()
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<(u64, StatementHash), StoreError> {
    let wrong = || StoreError::Contradiction("a head has not the form of one");
    let (number, hash) = bytes.split_at_checked(NUMBER_BYTES).ok_or_else(wrong)?;
    let number = u64::from_be_bytes(number.try_into().map_err(|_| wrong())?);
    Ok((number, StatementHash::try_from(hash).map_err(|_| wrong())?))
}
