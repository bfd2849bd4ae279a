//! The command line as a script meets it: what it prints, where, and how it ends.

mod api_key;
mod import;
mod place;
mod signing_key;

use serde_json::Value;

use place::Place;

#[test]
fn a_user_is_created_shown_granted_disabled_and_deleted() {
    let place = Place::new();
    place.json(&["scope", "add", "pages.read", "pages.write"]);
    let created = place.json(&[
        "user",
        "create",
        "--username",
        "Ada",
        "--email",
        "ada@example.com",
        "--grant",
        "pages.read",
        "--generate",
    ]);
    assert_eq!(created["username"], "ada");
    assert_eq!(created["password"].as_str().map(str::len), Some(23));
    let id = created["id"].as_str().expect("an id");

    let shown = place.json(&["user", "show", "ada@example.com"]);
    assert_eq!(shown["id"], id);
    assert!(shown.get("password").is_none());
    assert!(
        place
            .text(&["user", "show", id])
            .contains("username  ada\n")
    );

    let granted = place.json(&["user", "grant", "ada", "pages.write", "blog.*"]);
    assert_eq!(
        granted["grants"],
        serde_json::json!(["blog.*", "pages.read", "pages.write"])
    );
    let ungranted = place.json(&["user", "ungrant", "ada", "pages.write"]);
    assert_eq!(
        ungranted["grants"],
        serde_json::json!(["blog.*", "pages.read"])
    );

    assert!(place.json(&["user", "disable", "ada"])["disabled_at"].is_string());
    assert!(place.text(&["user", "list"]).contains("disabled"));
    assert!(place.json(&["user", "enable", "ada"])["disabled_at"].is_null());

    assert_eq!(
        place.ends(&["user", "delete", "ada"]),
        (
            2,
            "Deleting cannot be undone and there is no terminal to ask; add --yes.".into()
        )
    );
    assert_eq!(
        place.json(&["user", "delete", "ada", "--yes"])["deleted"],
        true
    );
    assert_eq!(place.ends(&["user", "show", "ada"]).0, 3);
    assert_eq!(
        place.json(&["user", "list"])["items"],
        serde_json::json!([])
    );
}

#[test]
fn a_user_is_called_otherwise() {
    let place = Place::new();
    for name in ["ada", "ben"] {
        place.json(&["user", "create", "--username", name, "--generate"]);
    }
    let update = |more: &[&'static str]| [&["user", "update", "ada"], more].concat();
    let email = ["--email", "Ada@example.com"];
    assert_eq!(place.json(&update(&email))["email"], "ada@example.com");
    assert!(place.json(&update(&["--no-email"]))["email"].is_null());
    let taken = place.ends(&update(&["--username", "ben"]));
    assert_eq!(taken, (4, "The username is taken.".into()));
    for wrong in [
        &["--username", "a b"][..],
        &["--email", "a@b.c", "--no-email"],
        &[],
    ] {
        assert_eq!(place.run(&update(wrong), "").status.code(), Some(2));
    }
    let renamed = place.json(&update(&["--username", "Lovelace"]));
    assert_eq!(renamed["username"], "lovelace");
    assert_eq!(place.ends(&["user", "show", "ada"]).0, 3);
}

#[test]
fn lists_are_filtered_and_say_how_many_there_are() {
    let place = Place::new();
    for name in ["ada", "adam", "ben"] {
        let email = format!("{name}@example.com");
        let new = ["user", "create", "--username", name, "--email", &email];
        place.json(&[&new[..], &["--generate"]].concat());
    }
    place.json(&["user", "disable", "adam"]);
    for (filter, names) in [
        (&["--name", "AD"][..], &["ada", "adam"][..]),
        (&["--name", "ben@"], &["ben"]),
        (&["--disabled"], &["adam"]),
        (&["--enabled"], &["ada", "ben"]),
        (&["--name", "ad", "--enabled"], &["ada"]),
        (&["--name", "eve"], &[]),
    ] {
        let listed = place.json(&[&["user", "list"], filter].concat());
        let items = listed["items"].as_array().expect("a list").iter();
        let mut found: Vec<&str> = items.filter_map(|one| one["username"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, names, "{filter:?}");
        assert_eq!(listed["total"], names.len(), "{filter:?}");
    }
    let both = ["user", "list", "--disabled", "--enabled"];
    assert_eq!(place.run(&both, "").status.code(), Some(2));
    let said =
        |arguments: &[&str]| String::from_utf8(place.run(arguments, "").stderr).expect("UTF-8");
    assert_eq!(said(&["user", "list"]), "3 of 3 users\n");
    let first = said(&["user", "list", "--limit", "2"]);
    assert!(
        first.starts_with("2 of 3 users; the next ones: --after usr_"),
        "{first}"
    );
    let none = said(&["user", "list", "--name", "eve"]);
    assert_eq!(
        none,
        "There are no such users here; `signet user list` names all.\n"
    );
    assert_eq!(said(&["user", "list", "--json"]), "");
    place.json(&["api-key", "create", "--user", "ada"]);
    assert_eq!(said(&["api-key", "list", "--user", "ada"]), "1 of 1 keys\n");
    place.json(&["client", "create", "--name", "Web"]);
    assert_eq!(said(&["client", "list"]), "1 of 1 clients\n");
}

#[test]
fn scopes_are_added_listed_granted_and_removed() {
    let place = Place::new();
    let added = place.json(&["scope", "add", "pages.read", "--description", "See pages."]);
    assert_eq!(added["items"][0]["name"], "pages.read");
    assert_eq!(place.ends(&["scope", "add", "pages.read"]).0, 4);
    for refused in ["signet.users.read", "pages.*", "a..b", "a b"] {
        assert_eq!(place.ends(&["scope", "add", refused]).0, 2, "{refused}");
    }
    let listed = place.json(&["scope", "list"]);
    let items = listed["items"].as_array().expect("a list");
    assert_eq!(items[0]["description"], "See pages.");
    assert!(
        items
            .iter()
            .any(|item| item["name"] == "signet.users.read" && item["built_in"] == true)
    );
    assert!(place.text(&["scope", "list"]).contains("pages.read"));

    let create = [
        "user",
        "create",
        "--username",
        "ada",
        "--generate",
        "--grant",
    ];
    assert_eq!(
        place.ends(&[&create[..], &["pages.raed"]].concat()),
        (
            3,
            "There is no scope \"pages.raed\"; `signet scope add pages.raed` registers it, `signet \
             scope list` names all."
                .into()
        )
    );
    place.text(&[&create[..], &["pages.read"]].concat());
    assert_eq!(
        place.json(&["scope", "remove", "pages.read"])["removed"],
        true
    );
    assert_eq!(
        place.json(&["user", "show", "ada"])["grants"],
        serde_json::json!([])
    );
    assert_eq!(place.ends(&["scope", "remove", "pages.read"]).0, 3);
    assert_eq!(place.ends(&["scope", "remove", "signet.users.read"]).0, 4);
}

#[test]
fn a_password_comes_from_a_pipe_and_is_judged() {
    let place = Place::new();
    let create = ["user", "create", "--username", "ada", "--password-stdin"];
    let made = place.run(&create, "velvet orbit canyon mint\n");
    assert!(made.status.success(), "{made:?}");
    let again = place.run(&create, "velvet orbit canyon mint\n");
    assert_eq!(again.status.code(), Some(4));

    // A name that is taken is told before a password is asked for.
    let taken = place.run(&["user", "create", "--username", "ADA"], "");
    assert_eq!(taken.status.code(), Some(4), "{taken:?}");

    let set = ["user", "set-password", "ada", "--password-stdin"];
    for weak in [
        "short",
        "passwordpassword",
        "abcabcabcabcabcabc",
        "ada-ada-signet-signet",
    ] {
        let refused = place.run(&set, weak);
        assert_eq!(refused.status.code(), Some(4), "{weak}: {refused:?}");
        assert!(!String::from_utf8_lossy(&refused.stderr).contains(weak));
    }
    assert_eq!(place.run(&set, "").status.code(), Some(2));
    let nowhere = place.run(&["user", "set-password", "ada"], "");
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("add --generate"));
}

#[test]
fn wrong_input_ends_with_its_own_code_and_one_sentence() {
    let place = Place::new();
    place.json(&["user", "create", "--username", "grace", "--generate"]);
    for (arguments, code) in [
        (vec!["user", "create", "--username", "a@b", "--generate"], 2),
        (
            vec![
                "user",
                "create",
                "--username",
                "ada",
                "--email",
                "nobody",
                "--generate",
            ],
            2,
        ),
        (
            vec![
                "user",
                "create",
                "--username",
                "ada",
                "--grant",
                "a*b",
                "--generate",
            ],
            2,
        ),
        (vec!["user", "grant", "ada", "pages.read"], 3),
        (
            vec![
                "user",
                "disable",
                "usr_01890a5d-ac96-774b-bcce-b302099a8057",
            ],
            3,
        ),
        (vec!["session", "list", "nobody"], 3),
        (
            vec![
                "session",
                "revoke",
                "ses_01890a5d-ac96-774b-bcce-b302099a8057",
            ],
            3,
        ),
    ] {
        let (ended, sentence) = place.ends(&arguments);
        assert_eq!(ended, code, "{arguments:?}: {sentence}");
        assert!(
            sentence.ends_with('.') && !sentence.contains('\n'),
            "{arguments:?}: {sentence}"
        );
    }
    let id = "usr_01890a5d-ac96-774b-bcce-b302099a8057";
    let (ended, sentence) = place.ends(&["user", "create", "--username", id, "--generate"]);
    assert_eq!((ended, sentence.contains("id")), (2, true), "{sentence}");
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    let place = Place::new();
    for usage in [
        vec!["session", "revoke"],
        vec!["session", "revoke", "--all", "--user", "ada"],
        vec!["session", "revoke", "--since", "yesterday"],
        vec!["session", "revoke", "--since", "2999-01-01T00:00:00Z"],
        vec!["user", "frobnicate"],
        vec!["user", "create", "--username", "a", "--password", "x"],
        vec![],
    ] {
        assert_eq!(place.run(&usage, "").status.code(), Some(2), "{usage:?}");
        let json = place.run(&[&usage[..], &["--json"]].concat(), "");
        let error: Value = serde_json::from_slice(&json.stderr).expect("JSON");
        assert_eq!(error["error"]["code"], "usage", "{usage:?}");
        assert_eq!(json.status.code(), Some(2));
    }
    assert!(place.text(&["help"]).contains("Usage: signet"));
    assert!(place.text(&["help", "user", "list"]).contains("--after"));
}

#[test]
fn sessions_can_be_listed_and_ended() {
    let place = Place::new();
    place.json(&["user", "create", "--username", "ada", "--generate"]);
    let none = place.json(&["session", "list", "ada"]);
    assert_eq!(
        (&none["items"], &none["total"]),
        (&serde_json::json!([]), &Value::from(0))
    );
    let said = |arguments: &[&str]| String::from_utf8(place.run(arguments, "").stderr);
    let none = said(&["session", "list", "ada"]).expect("UTF-8");
    assert_eq!(none, "ada has no living sessions here.\n");
    let last = place.json(&["user", "show", "ada"])["id"].clone();
    let none = said(&["user", "list", "--after", last.as_str().expect("an id")]);
    assert!(none.expect("UTF-8").starts_with("There are no users here;"));
    assert_eq!(
        place.json(&["session", "revoke", "--user", "ada"])["ended"],
        0
    );
    for everyones in [&["--all"][..], &["--since", "2026-01-31T09:05:00+01:00"]] {
        let arguments = [&["session", "revoke"], everyones].concat();
        assert_eq!(place.json(&arguments)["ended"], 0, "{arguments:?}");
    }
}

#[test]
fn the_configuration_is_checked_shown_and_explained() {
    let place = Place::new();
    assert_eq!(place.json(&["config", "check"])["ok"], true);
    let (code, sentence) =
        Place::with("SIGNET_SERVER__ISSUER", "http://id.example.com").ends(&["config", "check"]);
    assert_eq!(code, 2);
    assert!(
        sentence.starts_with("server.issuer (SIGNET_SERVER__ISSUER): "),
        "{sentence}"
    );
    let shown =
        Place::with("SIGNET_KEYS__MASTER", "1:hunter2").run(&["config", "show", "--json"], "");
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    assert!(shown.contains("(hidden)") && !shown.contains("hunter2"));
    let typed = Place::with("SIGNET_SIGNING_KEYS__ALGORITHMS", "RS256, ES256");
    let typed = typed.json(&["config", "show"]);
    let value = |name: &str| {
        let mut settings = typed.as_array().expect("a list").iter();
        let found = settings.find(|one| one["setting"] == name);
        found.expect("a setting")["value"].clone()
    };
    assert_eq!(
        value("signing_keys.algorithms"),
        serde_json::json!(["RS256", "ES256"])
    );
    assert_eq!(value("server.docs"), true);
    assert_eq!(value("password.min_length"), 15);
    assert_eq!(value("server.listen"), "127.0.0.1:8080");
    assert_eq!(value("tokens.audience"), Value::Null);
    let example = place.text(&["config", "example"]);
    assert_eq!(example, include_str!("../signet.example.toml"));
}

#[test]
fn migrate_says_what_it_does_and_does_it_once() {
    let place = Place::new();
    let first = place.json(&["migrate"]);
    assert!(
        first["applied"]
            .as_array()
            .is_some_and(|names| !names.is_empty()),
        "{first}"
    );
    assert_eq!(place.json(&["migrate"])["applied"], serde_json::json!([]));
    assert!(place.text(&["migrate"]).contains("up to date"));
}

#[test]
fn ob_03_a_start_with_weak_secrets_an_open_issuer_or_no_place_for_keys_is_refused() {
    let filled = format!("1:{}", "A".repeat(43));
    let word = "1:Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU";
    for (variable, value, part) in [
        (
            "SIGNET_SERVER__ISSUER",
            "http://id.example.com",
            "is plain http",
        ),
        ("SIGNET_KEYS__MASTER", &filled, "not made by chance"),
        ("SIGNET_KEYS__MASTER", word, "not made by chance"),
        (
            "SIGNET_KEYS__DIR",
            "/dev/null/keys",
            "annot use /dev/null/keys",
        ),
    ] {
        let ended = Place::with(variable, value).run(&["serve"], "");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
        assert!(!said.contains(&filled[2..]) && !said.contains(&word[2..]));
    }
}
