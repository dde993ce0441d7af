//! Members, computers, services and what they may do: the parts of the protocol that people notice.

mod activity;
mod admin;
mod approval;
mod away;
mod computers;
mod given_up;
mod history;
mod keys;
mod lock;
mod pins;
mod races;
mod recovery;
mod relinked;
mod services;
mod story;
mod teams;
mod words;
