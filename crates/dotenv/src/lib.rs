//! The text of a .env file: a lossless document, the cut, values, diff and merge. Pure.
