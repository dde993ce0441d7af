//! Files of test vectors: compared with what the code makes, or written anew when asked to.

use serde_json::Value;
use twinlock_protocol::encoding::to_base64url;

/// Compares with the file in the repository, or writes it when asked to.
pub(crate) fn check(name: &str, made: &Value) {
    check_text(name, &(serde_json::to_string_pretty(made).unwrap() + "\n"));
}

/// The same for a file with a layout of its own.
pub(crate) fn check_text(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("TWINLOCK_WRITE_VECTORS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == text, "{name} is not what the code makes: see the head of this file");
}

/// Bytes as they stand in the vectors.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::String(to_base64url(bytes))
}
