//! What client and vault agree on: ids, statements, replay, revisions, API types. Pure.
