//! Keys that were made elsewhere, as an operator brings them.

use std::fs;

use serde_json::Value;

use crate::place::Place;

/// RFC 7515, appendix A.3.1.
const EC: &str = r#"{"kty":"EC","crv":"P-256",
 "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
 "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
 "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// RFC 8037, appendix A.1.
const ED: &str = r#"{"kty":"OKP","crv":"Ed25519",
 "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
 "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn states(list: &Value) -> Vec<(&str, &str)> {
    let items = list["items"].as_array().expect("a list");
    items
        .iter()
        .map(|item| {
            let member = |name: &str| item[name].as_str().expect("text");
            (member("kid"), member("state"))
        })
        .collect()
}

/// A folder with a database and its first key.
fn begun() -> Place {
    let place = Place::new();
    place.text(&["user", "create", "--username", "ada", "--generate"]);
    place
}

#[test]
fn an_imported_key_stands_by_and_is_taken_once() {
    let place = begun();
    let file = place.folder.path().join("key.jwk");
    fs::write(&file, EC).expect("a file");
    let import = ["signing-key", "import", "key.jwk"];
    let list = place.json(&import);
    let [(_, "active"), (kid, "next")] = states(&list)[..] else {
        panic!("{list}")
    };
    assert_eq!(list["items"][1]["alg"], "ES256");
    assert!(list["items"][1]["ready_at"].is_string());
    assert_eq!(place.json(&["signing-key", "list"]), list);
    let known = "That signing key is known already, and a key lives once.";
    assert_eq!(place.ends(&import), (4, known.to_owned()));
    // Nor does it come back.
    place.text(&["signing-key", "revoke", kid]);
    assert_eq!(place.ends(&import), (4, known.to_owned()));
    let shown = place.text(&["signing-key", "list"]);
    assert!(shown.contains(kid) && !shown.contains("jpsQnnGQ"));
}

#[test]
fn an_imported_key_takes_the_place_of_the_one_that_stood_by() {
    let place = begun();
    place.run(&["signing-key", "import", "-"], EC);
    let before = place.json(&["signing-key", "list"]);
    let other = r#"{"kty":"EC","crv":"P-256",
        "x":"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY",
        "y":"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw",
        "d":"yy49oPcINGK2ps0LmtxpB6UTEOiITghHBif6wDqmJ3c"}"#;
    let imported = place.run(&["signing-key", "import", "-", "--json"], other);
    let after: Value = serde_json::from_slice(&imported.stdout).expect("JSON");
    let after = states(&after);
    assert_eq!(after[0], states(&before)[0]);
    assert_eq!(after[1], (states(&before)[1].0, "gone"));
    assert_eq!(after[2].1, "next");
}

#[test]
fn what_cannot_be_imported_says_why() {
    let place = begun();
    let import = |file: &str, content: &str| {
        fs::write(place.folder.path().join(file), content).expect("a file");
        place.ends(&["signing-key", "import", file])
    };
    assert_eq!(
        import("ed.jwk", ED),
        (
            2,
            "alg: EdDSA is not in signing_keys.algorithms; add it there first.".to_owned()
        )
    );
    let mixed = EC.replace("x_FE", "x_FF");
    let (code, sentence) = import("mixed.jwk", &mixed);
    assert_eq!(
        (code, &*sentence),
        (
            4,
            "mixed.jwk holds a private and a public part that do not belong together."
        )
    );
    let (code, sentence) = import(
        "key.pem",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
    );
    assert!(
        code == 4 && sentence.starts_with("key.pem holds a certificate"),
        "{sentence}"
    );
    let (code, sentence) = place.ends(&["signing-key", "import", "absent.pem"]);
    assert!(
        code == 2 && sentence.starts_with("absent.pem cannot be read"),
        "{sentence}"
    );
    let (code, sentence) = place.ends(&["signing-key", "import", "-"]);
    assert_eq!((code, &*sentence), (4, "Standard input is empty."));
    let list = place.json(&["signing-key", "list"]);
    assert_eq!(states(&list).len(), 1);
}

#[test]
fn an_older_master_key_is_kept_until_nothing_rests_on_it() {
    let place = begun();
    let report = || {
        let report = place.json(&["doctor"]);
        let mut findings = report["findings"].as_array().expect("a list").iter();
        let found = findings.find(|one| one["about"] == "master_keys");
        found.expect("a finding")["text"].clone()
    };
    assert_eq!(report(), "There is one, and it is in use.");
    let file = place.folder.path().join("keys/master.key");
    let first = fs::read_to_string(&file).expect("the key file");
    let both = format!("{first}2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n");
    fs::write(&file, both).expect("the key file");
    let config = place.folder.path().join("signet.toml");
    fs::write(config, "[keys]\nactive = 2\n").expect("a file");
    let keep = "Keep master key 1: 2 of the secrets in the database are sealed under it; `signet \
                signing-key reseal` changes that.";
    assert_eq!(report(), keep);

    let text = place.text(&["signing-key", "reseal"]);
    let free = "Nothing rests on master key 1: it can be taken out on every node, or be made the \
                one in use (keys.active).";
    let done = "2 secrets were sealed anew under master key 2.";
    assert_eq!(text, format!("{done}\n{free}\n"));
    assert_eq!(report(), free);
    let again = place.json(&["signing-key", "reseal"]);
    let [new, old] = &again["master_keys"].as_array().expect("a list")[..] else {
        panic!("{again}")
    };
    assert_eq!((&again["resealed"], &new["sealed"]), (&0.into(), &2.into()));
    assert_eq!((&old["id"], &old["removable"]), (&1.into(), &true.into()));
}
