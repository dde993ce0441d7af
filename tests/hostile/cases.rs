//! What is tried, as a list: H01 to H48 are the cases of the threat model, the rest we found while building. Each is held by
//! lies of [`crate::lies`], by forgeries of [`crate::forgeries`], or by tests that are named here; [`crate::held`] sees
//! to it that these exist.

/// One case: its number, what is tried, and the tests by name that hold it: `file: function`, from the repository's root.
pub(crate) struct Case(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static [&'static str]);

pub(crate) const CASES: &[Case] = &[
    // Content.
    Case(
        "H01",
        "two values' blobs swapped between pointers",
        &["tests/system/tampering.rs: what_was_changed_by_hand_is_never_served_as_good"],
    ),
    Case(
        "H02",
        "a blob from another environment, team or generation",
        &["crates/seal/tests/vectors.rs: seals_and_wraps"],
    ),
    Case("H03", "one bit flipped, a blob cut short, empty, or padded", &[]),
    Case("H04", "sealed names swapped between entries", &[]),
    Case("H05", "an entry dropped, added or reordered", &[]),
    Case("H06", "an old blob served for a new pointer", &[]),
    Case("H07", "the same pointer listed twice", &[]),
    Case(
        "H36",
        "the two stores from different times",
        &["tests/system/tampering.rs: what_was_changed_by_hand_is_never_served_as_good"],
    ),
    // History.
    Case("H08", "an older revision served as the head", &[]),
    Case("H09", "a revision left out of the middle", &[]),
    Case(
        "H10",
        "two members served different histories",
        &[
            "tests/hostile/lied_to.rs: another_history_signed_by_a_member_is_a_fork",
            "tests/system/trust/words.rs: two_members_see_the_same_words_for_the_same_numbers",
        ],
    ),
    Case("H11", "a revision of another environment spliced in", &[]),
    Case(
        "H12",
        "a signature stripped, or replaced by one of somebody without access",
        &[
            "tests/hostile/table.rs: what_the_table_forbids_is_refused_by_the_server_and_by_every_other_client",
        ],
    ),
    Case(
        "H13",
        "a revision by a removed member under an old log head",
        &[
            "tests/hostile/afterwards.rs: a_removed_member_pushes_on_with_the_vaults_help_and_nobody_takes_it",
            "tests/hostile/afterwards.rs: a_vault_that_hides_a_removal_is_found_out_when_it_shows_it",
        ],
    ),
    Case(
        "H14",
        "a revision under an old generation after a newer one",
        &["tests/hostile/afterwards.rs: a_removed_member_pushes_on_with_the_vaults_help_and_nobody_takes_it"],
    ),
    Case("H15", "a state that does not match its changes", &[]),
    // Members and keys.
    Case(
        "H16",
        "another public key served for a known keyholder",
        &[
            "tests/hostile/first_contact.rs: a_joiner_is_shown_nothing_older_and_nothing_else_than_the_link_says",
        ],
    ),
    Case("H17", "a member nobody invited added to the log", &[]),
    Case(
        "H18",
        "the invite's keys replaced on the way to the joiner",
        &[
            "tests/hostile/first_contact.rs: a_joiner_is_shown_nothing_older_and_nothing_else_than_the_link_says",
        ],
    ),
    Case(
        "H19",
        "an invite used twice, after it was closed, or above its signer",
        &["tests/hostile/first_contact.rs: an_invite_works_once_and_not_after_it_was_closed_or_has_expired"],
    ),
    Case(
        "H20",
        "a log cut short, re-rooted, or of another team",
        &[
            "tests/hostile/first_contact.rs: a_joiner_is_shown_nothing_older_and_nothing_else_than_the_link_says",
        ],
    ),
    Case(
        "H21",
        "a wrap to a false key",
        &["tests/hostile/keys.rs: a_key_that_the_log_does_not_name_is_no_key"],
    ),
    Case(
        "H22",
        "different keys wrapped for different members",
        &[
            "tests/hostile/keys.rs: different_keys_for_different_members_are_junk_to_those_who_got_the_false_ones",
        ],
    ),
    Case(
        "H23",
        "a revoked computer served as active",
        &["tests/hostile/afterwards.rs: a_revoked_computer_signs_on_and_nobody_takes_it"],
    ),
    Case(
        "H24",
        "an event by a member whose role does not allow it",
        &[
            "tests/hostile/table.rs: what_the_table_forbids_is_refused_by_the_server_and_by_every_other_client",
        ],
    ),
    Case("H25", "the last owner removed", &[]),
    Case(
        "H38",
        "access granted by an admin who does not hold it",
        &[
            "tests/hostile/table.rs: what_the_table_forbids_is_refused_by_the_server_and_by_every_other_client",
        ],
    ),
    Case(
        "H39",
        "a value sealed under keys that somebody lost",
        &["tests/hostile/afterwards.rs: a_removed_member_pushes_on_with_the_vaults_help_and_nobody_takes_it"],
    ),
    Case(
        "H40",
        "a removed admin's unused invite, a leaked service token",
        &[
            "tests/system/trust/services.rs: a_token_ends_with_the_admin_who_made_it",
            "tests/hostile/afterwards.rs: what_a_removed_admin_left_behind_opens_nothing",
        ],
    ),
    Case("H41", "the same payload signed anew by another keyholder", &[]),
    Case(
        "H42",
        "a revision by someone demoted from write, under an old log head",
        &["tests/hostile/afterwards.rs: who_was_demoted_from_write_pushes_on_and_nobody_takes_it"],
    ),
    Case(
        "H43",
        "a generation opened without its rotation, or the reverse",
        &["tests/hostile/afterwards.rs: an_opening_and_its_rotation_come_together_or_not_at_all"],
    ),
    Case(
        "H44",
        "a pointer of another environment put, purged or queried through one's own",
        &["tests/hostile/requests.rs: values_of_another_environment_are_out_of_reach"],
    ),
    Case(
        "H45",
        "a first contact served a past older than its link",
        &[
            "tests/system/trust/pins.rs: a_vault_put_back_in_time_does_not_get_below_a_pin_file",
            "tests/system/trust/pins.rs: a_token_is_shown_nothing_from_before_itself_and_nothing_false",
            "tests/hostile/first_contact.rs: a_joiner_is_shown_nothing_older_and_nothing_else_than_the_link_says",
        ],
    ),
    Case(
        "H46",
        "labels of two environments swapped or doubled",
        &[
            "tests/hostile/members.rs: what_a_member_creates_takes_no_name_from_anybody",
            "tests/hostile/members.rs: a_push_by_name_goes_where_the_name_stood_or_nowhere",
        ],
    ),
    Case(
        "H47",
        "junk wraps that shut a keyholder out",
        &["tests/hostile/keys.rs: junk_by_a_member_shuts_nobody_out"],
    ),
    Case(
        "H48",
        "a correctly signed entry that does not open",
        &["tests/hostile/damaged.rs: what_does_not_open_or_is_not_one_entry_stops_nothing_else"],
    ),
    // Protocol.
    Case("H26", "statement type or version downgraded, unknown fields", &[]),
    Case(
        "H27",
        "a request replayed or redirected by a middleman",
        &["tests/hostile/requests.rs: a_replayed_or_redirected_request_changes_nothing"],
    ),
    Case("H28", "responses to the wrong question", &[]),
    Case(
        "H29",
        "redirects, a changed certificate, an offer of TLS 1.1",
        &[
            "tests/system/tls.rs: clients_get_tls_1_2_and_1_3_and_nothing_older",
            "tests/hostile/network.rs: another_certificate_is_sent_nothing",
        ],
    ),
    Case(
        "H30",
        "Argon2 parameters lowered from outside",
        &["crates/client/src/keychain/file.rs: a_derivation_out_of_bounds_is_refused_before_it_runs"],
    ),
    Case(
        "H31",
        "endless bodies, encodings, a million small pages, a byte a second",
        &[
            "tests/hostile/network.rs: a_vault_that_answers_without_end_is_not_waited_for",
            "tests/hostile/network.rs: a_million_small_pages_are_not_waited_for",
        ],
    ),
    Case("H32", "lies in error bodies", &[]),
    // Content made by a malicious member.
    Case(
        "H33",
        "labels and names as paths, escapes, bidirectional text, HTML",
        &["tests/hostile/members.rs: hostile_names_are_shown_inert_and_are_never_paths"],
    ),
    Case(
        "H34",
        "variables that run code",
        &[
            "tests/system/trust/services.rs: variables_that_run_code_are_asked_about_first",
            "tests/hostile/members.rs: variables_that_run_code_are_flagged_before_they_are_pulled",
            "tests/hostile/runs.rs: what_only_a_loader_sees_is_named_and_not_taken_by_itself",
            "tests/hostile/runs.rs: a_first_pull_and_a_decision_name_it_first",
        ],
    ),
    Case(
        "H35",
        "a value that breaks out of its quoting",
        &[
            "tests/hostile/members.rs: a_value_is_written_as_its_author_wrote_it_and_brings_nothing_else",
            "tests/hostile/damaged.rs: what_does_not_open_or_is_not_one_entry_stops_nothing_else",
            "tests/hostile/runs.rs: what_only_a_loader_sees_is_named_and_not_taken_by_itself",
            "tests/hostile/runs.rs: what_two_entries_come_to_together_is_named_too",
        ],
    ),
    Case(
        "H37",
        "a file name or address that decides where a client writes or whom it talks to",
        &["tests/hostile/members.rs: a_moved_vault_is_not_followed_by_itself"],
    ),
    // Those that the threat model forgot.
    Case(
        "H49",
        "a push, an event or a rotation acknowledged and not stored",
        &["tests/hostile/answers.rs: what_was_acknowledged_and_is_not_there_is_a_rollback"],
    ),
    Case(
        "H50",
        "an acknowledgement that names another head",
        &["tests/hostile/answers.rs: an_acknowledgement_of_something_else_is_refused"],
    ),
    Case(
        "H51",
        "news of foreign ids, of the future, or without end",
        &["tests/hostile/network.rs: news_by_nobody_are_a_hint_at_most"],
    ),
    Case(
        "H52",
        "times of the far future or past",
        &["tests/hostile/answers.rs: a_time_of_the_far_future_orders_nothing"],
    ),
    Case("H53", "messages, names and payloads that are huge, nested or not sealed", &[]),
    Case("H54", "a page that overlaps, contradicts its head, or comes with another status", &[]),
    Case(
        "H55",
        "values said to be missing, heads said to have moved, for ever",
        &["tests/hostile/answers.rs: a_vault_that_always_says_try_again_is_not_obeyed_for_ever"],
    ),
    Case("H56", "two environments' histories or values swapped whole", &[]),
    Case(
        "H57",
        "a stream that never begins, or falls silent",
        &["tests/hostile/network.rs: a_stream_that_never_begins_holds_up_nothing"],
    ),
    Case(
        "H58",
        "evidence that goes away when the vault is honest once",
        &[
            "tests/hostile/evidence.rs: evidence_is_what_was_refused_and_outlives_the_lie",
            "tests/hostile/evidence.rs: what_is_no_answer_and_what_is_no_value_is_kept_too",
        ],
    ),
    Case(
        "H70",
        "a refusal that goes away though nothing was made good",
        &[
            "tests/hostile/evidence.rs: a_lie_about_a_former_value_stands_until_that_value_verifies",
            "tests/hostile/evidence.rs: nothing_that_happens_to_the_file_hides_a_refusal",
        ],
    ),
    Case(
        "H71",
        "a lie that is told only in the background",
        &["tests/hostile/evidence.rs: what_is_read_back_before_keys_are_renewed_is_refused_aloud"],
    ),
    Case(
        "H73",
        "somebody who changes, swaps, renames or moves what they seal anew",
        &[
            "tests/hostile/rotator.rs: what_changes_while_keys_are_renewed_is_shown_as_a_change_by_whoever_renewed_them",
            "tests/hostile/rotator.rs: a_renewal_that_does_not_cover_exactly_what_is_there_is_refused_by_everybody",
        ],
    ),
    Case(
        "H74",
        "no answer at all, at any endpoint",
        &[
            "tests/hostile/endpoints.rs: what_is_no_answer_is_refused_at_each_endpoint",
            "tests/hostile/endpoints.rs: what_is_no_answer_is_refused_by_whoever_comes_new",
        ],
    ),
    Case(
        "H76",
        "lengths, chunks, trailers and headers that contradict each other",
        &["tests/hostile/transport.rs: what_the_transport_makes_of_a_trick_is_judged_like_any_answer"],
    ),
    Case(
        "H75",
        "lies told to whoever comes back with a kit, or to a further computer",
        &[
            "tests/hostile/kit_lies.rs: whoever_comes_back_with_a_kit_is_told_nothing_false",
            "tests/hostile/keyholders.rs: only_the_computer_of_the_link_adds_this_one",
            "tests/hostile/keyholders.rs: a_second_signature_that_is_none_adds_nobody",
        ],
    ),
    Case(
        "H72",
        "values so large that they fill the memory",
        &["tests/hostile/evidence.rs: what_is_no_answer_and_what_is_no_value_is_kept_too"],
    ),
    // Those that a review found.
    Case(
        "H59",
        "a hold that keeps somebody from removing whoever holds",
        &[
            "crates/server/tests/vault/holds.rs: a_hold_does_not_stand_before_what_takes_rights_from_whoever_holds",
            "crates/server/src/application/holds.rs: a_minute_is_a_minute_however_often_it_is_asked_for",
        ],
    ),
    Case(
        "H60",
        "a purge by a demoted admin under an old log head",
        &["tests/hostile/afterwards.rs: who_was_demoted_from_admin_purges_on_and_nobody_takes_it"],
    ),
    Case(
        "H61",
        "an invite or token past its time that a vault keeps open",
        &[
            "tests/hostile/keys.rs: what_is_past_its_time_gets_no_key_however_long_a_vault_keeps_it_open",
            "crates/server/tests/vault/rotation.rs: what_is_past_its_time_is_due_no_keys",
        ],
    ),
    Case(
        "H62",
        "so many projects that the key of the team's names cannot be renewed",
        &[
            "crates/seal/tests/limits.rs: a_team_has_a_thousand_projects_and_four_thousand_environments_and_its_names_are_renewed",
        ],
    ),
    Case(
        "H63",
        "names swapped by whoever may only seal them anew",
        &["tests/hostile/members.rs: names_that_a_renewal_moved_are_told_and_stand_for_nothing"],
    ),
    Case(
        "H64",
        "keys renewed for nobody, to shut everybody out",
        &[
            "tests/hostile/lost.rs: an_environment_whose_keys_nobody_has_is_brought_back_on_a_persons_word",
            "tests/hostile/lost.rs: names_whose_key_nobody_has_are_brought_back_on_an_admins_word",
        ],
    ),
    // What a lie leaves behind.
    Case(
        "H80",
        "a push hidden from whoever renews the keys: the home of who saw it is damaged, and not the vault refused",
        &[
            "tests/hostile/restarted.rs: a_home_that_was_led_down_another_history_opens_and_refuses_that_alone",
        ],
    ),
    Case(
        "H81",
        "a pointer of one environment signed in another: its value stands in for the other's",
        &[
            "tests/hostile/restarted.rs: a_value_of_another_environment_never_stands_in_for_the_one_that_was_signed",
        ],
    ),
    Case(
        "H82",
        "two programs of one home told two histories: both are kept",
        &[
            "tests/hostile/restarted.rs: two_programs_of_a_home_that_are_told_two_things_keep_one_and_refuse_the_other",
        ],
    ),
    Case(
        "H83",
        "whatever else: answers changed at random",
        &["tests/hostile/any_lie.rs: whatever_a_vault_answers_only_what_was_signed_is_written"],
    ),
    Case(
        "H84",
        "something else slipped into a renewal of keys, which nobody is told of",
        &[
            "tests/hostile/rotator.rs: a_renewal_that_cannot_be_compared_any_more_is_announced",
            "tests/hostile/rotator.rs: what_changes_while_keys_are_renewed_is_shown_as_a_change_by_whoever_renewed_them",
            "tests/hostile/keys.rs: what_a_renewal_of_keys_brings_with_it_is_announced_as_a_change_of_whoever_renewed",
        ],
    ),
    Case(
        "H91",
        "more values than anybody can fetch, or a file can hold",
        &[
            "crates/server/tests/vault/values.rs: the_values_of_an_environment_are_bounded_together",
            "tests/hostile/large.rs: more_than_an_environment_holds_is_fetched_by_nobody",
            "tests/hostile/large.rs: what_no_file_can_hold_is_written_into_none",
        ],
    ),
    Case(
        "H92",
        "many small answers, each in time",
        &[
            "tests/hostile/large.rs: what_came_of_many_values_is_kept_and_the_next_attempt_goes_on",
            "tests/hostile/large.rs: a_verb_waits_no_longer_for_many_answers_than_it_may",
        ],
    ),
    Case(
        "H93",
        "a value that cannot be had, by whoever is to be removed",
        &["tests/hostile/large.rs: whoever_wrote_what_cannot_be_had_is_removed_all_the_same"],
    ),
    Case(
        "H94",
        "a value of one environment put into another and purged there",
        &["tests/hostile/large.rs: a_purge_takes_nothing_from_another_environment"],
    ),
    Case(
        "H95",
        "a writer records how far an environment is, falsely, and the vault stores it: nobody gets on, and the writer cannot go",
        &[
            "tests/hostile/false_heads.rs: what_a_writer_recorded_falsely_an_owner_gives_up_and_the_writer_goes",
            "tests/hostile/false_heads.rs: what_was_recorded_falsely_keeps_no_environment_from_going",
            "tests/hostile/false_heads.rs: a_pin_recorded_falsely_is_never_given_up_and_the_environment_can_go",
            "crates/seal/tests/pins.rs: whatever_a_writer_recorded_falsely_an_owner_mends_by_what_is_there",
        ],
    ),
    Case(
        "H96",
        "a revision shown to one computer alone, or lost: less is taken on an owner's signed word only, and asks",
        &[
            "tests/hostile/given_up.rs: what_one_computer_alone_saw_becomes_its_own_change_and_asks",
            "tests/hostile/given_up.rs: what_a_vault_lost_while_its_log_is_whole_goes_on_from_what_it_has",
            "tests/hostile/given_up.rs: a_former_value_that_nobody_has_any_more_leaves_a_decision",
        ],
    ),
    Case(
        "H97",
        "another history for one computer than the one that an owner accepted",
        &[
            "tests/hostile/given_up.rs: another_history_than_the_accepted_one_is_left_at_the_last_revision_of_both",
        ],
    ),
];
