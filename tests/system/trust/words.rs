//! Safety words through the real programs: two members who are shown the same read the same words to each other.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::Value;
use twinlock_tests::programs::{KeptIn, Machine, Server};

fn safety(computer: &Machine) -> Value {
    computer.run(&["team", "show", "--json"]).ok().json()["safety"].take()
}

/// The words for the only other member.
fn with_other(computer: &Machine) -> Value {
    let mut with = safety(computer)["with"].take();
    assert_eq!(with.as_array().unwrap().len(), 1, "{with}");
    with[0].take()
}

#[test]
fn two_members_see_the_same_words_for_the_same_numbers() {
    let server = Server::start();
    let ada = Machine::new(KeptIn::File);
    ada.found(&server);
    assert_eq!(safety(&ada)["with"].as_array().unwrap().len(), 0);
    ada.link(&["--create"]);
    ada.push("A=1\n");
    let ben = ada.lets_join("Ben", &[]);

    // Ben never asked for the environment, and hears of it all the same.
    let (by_ada, by_ben) = (with_other(&ada), with_other(&ben));
    assert_eq!(by_ada["words"].as_array().unwrap().len(), 12);
    assert_eq!((&by_ada["name"], &by_ben["name"]), (&"Ben".into(), &"Ada".into()));
    for of in ["words", "log", "environments"] {
        assert_eq!(by_ada[of], by_ben[of]);
    }
    assert_eq!(by_ada["environments"][0]["environment"], "api/development");
    assert_eq!(by_ada["environments"][0]["number"], 1);

    // Another revision (after the one that renews the keys that the invite had): other words, and the same for both.
    ada.push("A=2\n");
    let (ada_now, ben_now) = (with_other(&ada), with_other(&ben));
    assert_eq!(ada_now["words"], ben_now["words"]);
    assert_ne!(ada_now["words"], by_ada["words"]);
    assert_eq!(ada_now["environments"][0]["number"], 3);

    // What only one of them can see does not count, or they could never agree.
    let _linked = ben.run(&["link", "ben.env", "mine/notes", "--create"]).ok();
    std::fs::write(ben.env().with_file_name("ben.env"), "B=1\n").unwrap();
    let (ada_now, ben_now) = (with_other(&ada), with_other(&ben));
    assert_eq!(ada_now["words"], ben_now["words"]);
    assert_eq!(ben_now["environments"].as_array().unwrap().len(), 1);

    // Computers are called the same by everybody, and told apart.
    let words = |seen: &Value| {
        let computers = seen["computers"].as_array().unwrap().iter();
        let mut words: Vec<_> =
            computers.map(|one| (one["computer"].to_string(), one["words"].to_string())).collect();
        words.sort();
        words
    };
    let computers = words(&safety(&ada));
    assert_eq!(computers, words(&safety(&ben)));
    assert_eq!(computers.len(), 2);
    assert_ne!(computers[0].1, computers[1].1);

    // For people, the same words with their numbers.
    let text = ada.run(&["team", "show"]).ok().out;
    let listed: Vec<&str> =
        ada_now["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(text.contains(&listed.join(" ")) && text.contains("api/development 3"), "{text}");
}
