//! Who is in the stories that are told through the real programs, and how they come to be there: a team at a vault, a
//! linked file, and others who join.

use serde_json::Value;
use twinlock_client::VaultLocation;

use crate::programs::{KeptIn, Machine, Ran, Server};
use crate::talk::Talk;

/// What the file of every computer is linked to.
pub const DEVELOPMENT: &str = "api/development";

/// Ada, with a team at a vault and a linked file that she has pushed.
#[must_use]
pub fn ada(server: &Server, text: &str) -> Machine {
    let ada = Machine::new(KeptIn::File);
    ada.found(server);
    ada.save(text);
    ada.link(&["--create"]);
    let _pushed = ada.run(&["push"]).ok();
    ada
}

impl Machine {
    /// Founds the team Acme at a vault, as Ada.
    #[track_caller]
    pub fn found(&self, server: &Server) {
        self.found_at(&server.url, &server.pin, server);
    }

    /// Founds it at a vault that is reached at another address than its own.
    #[track_caller]
    pub fn found_by_way_of(&self, way: &VaultLocation, server: &Server) {
        let pin = way.pin.expect("a pin").to_string();
        self.found_at(way.url.as_str(), &pin, server);
    }

    #[track_caller]
    fn found_at(&self, url: &str, pin: &str, server: &Server) {
        let place = ["--vault", url, "--pin", pin, "--setup-code", "-"];
        let create = [&["team", "create", "Acme", "--member", "Ada"], place.as_slice()].concat();
        let code = server.setup_code.as_ref().expect("a vault without a team");
        let _team = self.run_with(code, &create).ok();
    }

    /// Links the file, with what else is to be said about that.
    #[track_caller]
    pub fn link(&self, options: &[&str]) {
        let _linked = self.run(&[&["link", ".env", DEVELOPMENT], options].concat()).ok();
    }

    /// Links the file to what is there, and has it.
    #[track_caller]
    pub fn link_and_pull(&self) {
        self.link(&[]);
        let _pulled = self.run(&["pull"]).ok();
    }

    /// Saves the file and pushes it.
    #[track_caller]
    pub fn push(&self, text: &str) {
        self.save(text);
        let _pushed = self.run(&["push"]).ok();
    }

    /// Makes an invite, and gives its link and its id.
    #[must_use]
    #[track_caller]
    pub fn invite(&self, options: &[&str]) -> Value {
        self.run(&[&["invite", "--json"], options].concat()).ok().json()
    }

    /// Joins by an invite, as a member of this name.
    #[track_caller]
    pub fn join(&self, invite: &Value, name: &str) {
        let _joined = self.try_join(invite, name).ok();
    }

    /// Tries to.
    #[must_use]
    #[track_caller]
    pub fn try_join(&self, invite: &Value, name: &str) -> Ran {
        let link = invite["link"].as_str().expect("a link");
        self.run_with(link, &["join", "-", "--member", name])
    }

    /// Invites somebody, who joins: their computer.
    #[must_use]
    #[track_caller]
    pub fn lets_join(&self, name: &str, options: &[&str]) -> Machine {
        let machine = Machine::new(KeptIn::File);
        machine.join(&self.invite(options), name);
        machine
    }

    /// The value of a variable of that environment.
    #[must_use]
    #[track_caller]
    pub fn value(&self, name: &str) -> String {
        self.run(&["get", DEVELOPMENT, name]).ok().out
    }
}

/// A further computer of whoever has the old one: both at their doors, and what each said first. `meanwhile` happens while
/// they wait for a person.
pub fn add_computer(old: &Machine, new: &Machine, meanwhile: impl FnOnce()) -> Value {
    let mut adding = Talk::start(old, &["computer", "add", "--words", "-", "--json"]);
    let link = adding.event("link")["link"].as_str().expect("a link").to_owned();
    let mut joining = Talk::start(new, &["computer", "join", &link, "--json"]);
    let words = joining.event("words");
    meanwhile();
    adding.say(&spoken(&words));
    let (added, joined) = (adding.end().ok(), joining.end().ok());
    assert!(joined.out.contains("\"event\":\"joined\""), "{}", joined.out);
    let last = added.out.lines().last().expect("what was added");
    let computer = serde_json::from_str::<Value>(last).expect("JSON")["computer"].take();
    assert_eq!(computer["id"], words["id"]);
    computer
}

/// The twelve words of a computer, as somebody reads them out.
#[must_use]
pub fn spoken(shown: &Value) -> String {
    let words = shown["words"].as_array().expect("words").iter();
    let words: Vec<&str> = words.map(|word| word.as_str().expect("a word")).collect();
    assert_eq!(words.len(), 12);
    words.join(" ")
}
