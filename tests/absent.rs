//! What commands do where there is no deployment yet, or a wrong one: who makes what, who leaves
//! everything as it is, and what `config check` says of it.

mod place;

use std::{fs, os::unix::fs::PermissionsExt};

use place::Place;

#[test]
fn only_commands_that_begin_something_make_anything() {
    let place = Place::new();
    for arguments in [
        vec!["user", "list"],
        vec!["user", "show", "ada"],
        vec!["user", "grant", "ada", "a"],
        vec!["user", "delete", "ada", "--yes"],
        vec!["session", "list", "ada"],
        vec!["session", "revoke", "--user", "ada"],
    ] {
        let (code, sentence) = place.ends(&arguments);
        assert_eq!(code, 2, "{arguments:?}");
        let folder = place.folder.path().canonicalize().expect("a folder");
        assert_eq!(
            sentence,
            format!(
                "There is no database at data/signet.db (in {}); `signet serve` makes it, or name \
                 another with --config or SIGNET_STORE__DATABASE.",
                folder.display()
            )
        );
    }
    place.json(&["config", "check"]);
    place.json(&["config", "show"]);
    let plan = place.json(&["migrate", "--dry-run"]);
    assert_eq!(
        (&plan["new"], &plan["applied"]),
        (&true.into(), &serde_json::json!([]))
    );
    assert!(
        plan["pending"]
            .as_array()
            .is_some_and(|names| !names.is_empty())
    );
    assert_eq!(files(&place), Vec::<String>::new());

    place.json(&["migrate"]);
    let (code, sentence) = place.ends(&["user", "list"]);
    assert_eq!(code, 2);
    assert!(
        sentence.starts_with("The folder keys holds no master.key yet"),
        "{sentence}"
    );
    assert_eq!(files(&place), ["data", "data/signet.db"]);

    place.json(&["user", "create", "--username", "ada", "--generate"]);
    let made = ["data", "data/signet.db", "keys", "keys/master.key"];
    assert_eq!(files(&place), made);
    place.json(&["user", "show", "ada"]);
    assert_eq!(
        place.json(&["migrate", "--dry-run"])["pending"],
        serde_json::json!([])
    );
    place.json(&["config", "check"]);
    assert_eq!(files(&place), made, "what is looked at is left as it was");
}

#[test]
fn a_database_that_cannot_be_one_is_a_wrong_setting() {
    let place = Place::new();
    let at = |name: &str| place.folder.path().join(name);
    fs::create_dir_all(at("data/signet.db")).expect("a folder");
    for arguments in [
        &["user", "list"][..],
        &["config", "check"],
        &["migrate", "--dry-run"],
    ] {
        let (code, sentence) = place.ends(arguments);
        assert_eq!(code, 2);
        assert_eq!(
            sentence,
            "store.database: data/signet.db is a folder, not a database; name another file."
        );
    }
    fs::remove_dir(at("data/signet.db")).expect("removed");
    fs::write(at("data/signet.db"), "a letter to a friend").expect("written");
    let (code, sentence) = place.ends(&["user", "create", "--username", "ada", "--generate"]);
    assert_eq!(code, 2);
    assert!(sentence.contains("is not an SQLite database"), "{sentence}");
    fs::remove_dir_all(at("data")).expect("removed");
    fs::write(at("data"), "").expect("written");
    let (code, sentence) = place.ends(&["migrate"]);
    assert_eq!(
        (code, sentence.contains("data/signet.db")),
        (2, true),
        "{sentence}"
    );
}

#[test]
fn keys_that_are_wrong_are_found_by_the_check_and_end_with_2() {
    let place = Place::new();
    place.json(&["user", "create", "--username", "ada", "--generate"]);
    let folder = place.folder.path();
    let file = folder.join("keys/master.key");
    let wrong = |part: &str| {
        for arguments in [&["config", "check"][..], &["user", "list"]] {
            let (code, sentence) = place.ends(arguments);
            assert_eq!(code, 2, "{sentence}");
            assert!(sentence.contains(part), "{sentence}");
        }
    };
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("permitted");
    wrong("run `chmod 600 keys/master.key`");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("permitted");

    let good = fs::read_to_string(&file).expect("a key");
    fs::write(&file, "1:short\n").expect("written");
    wrong("keys/master.key: line 1 has no key of 32 bytes");
    fs::write(&file, "1:Zx3vQk9LmT0aRw8cYbN2eHs5uJgFdP7oI1iXUqVn4tA\n").expect("written");
    wrong("Master key 1 is not the one that this database was used with");
    fs::remove_file(&file).expect("removed");
    wrong("The folder keys holds no master.key, but the database was used with one");
    fs::write(&file, good).expect("written");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("permitted");
    assert_eq!(place.json(&["config", "check"])["ok"], true);

    for (name, value, part) in [
        (
            "SIGNET_KEYS__MASTER",
            "1:hunter2",
            "keys.master: line 1 has no key",
        ),
        ("SIGNET_KEYS__ACTIVE", "7", "keys.active is 7"),
    ] {
        let place = Place::with(name, value);
        if name.ends_with("ACTIVE") {
            let keys = place.folder.path().join("keys");
            fs::create_dir(&keys).expect("made");
            fs::copy(&file, keys.join("master.key")).expect("copied");
        }
        for arguments in [
            &["config", "check"][..],
            &["user", "create", "--username", "eve", "--generate"],
        ] {
            let (code, sentence) = place.ends(arguments);
            assert_eq!(code, 2, "{sentence}");
            assert!(
                sentence.contains(part) && !sentence.contains("hunter2"),
                "{sentence}"
            );
        }
    }
}

#[test]
fn a_database_that_is_not_up_to_date_waits_for_migrate() {
    let place = Place::new();
    place.json(&["user", "create", "--username", "ada", "--generate"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
        let file = place.folder.path().join("data/signet.db");
        let options = SqliteConnectOptions::new().filename(file);
        let mut other = options.connect().await.expect("a connection");
        let forget = sqlx::query("DELETE FROM _sqlx_migrations");
        forget.execute(&mut other).await.expect("done");
        other.close().await.expect("closed");
    });
    let (code, sentence) = place.ends(&["user", "list"]);
    assert_eq!(code, 2);
    assert!(
        sentence.starts_with("The database is not up to date, it lacks 0001_"),
        "{sentence}"
    );
    assert!(sentence.contains("run `signet migrate`"), "{sentence}");
}

/// Everything in the folder, by path.
fn files(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![place.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(place.folder.path()).expect("inside");
            found.push(name.display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}
