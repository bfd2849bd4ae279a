//! `signet signing-key reseal`: moves what is sealed to the master key in use.

use serde_json::{Value, json};

use crate::{
    auth::master_keys::MasterKeyUse,
    cli::{admin::Admin, failure::Failure},
};

pub(super) async fn run(admin: &Admin) -> Result<(), Failure> {
    let count = admin.auth().reseal().await?;
    let uses = admin.auth().master_keys().await?;
    let items: Vec<Value> = uses.iter().map(as_json).collect();
    let result = json!({ "resealed": count, "master_keys": items });
    admin.out.print(&result, || text(count, &uses))
}

fn text(count: usize, uses: &[MasterKeyUse]) -> String {
    let active = uses.iter().find(|one| one.is_active);
    let active = active.map_or(0, |one| one.id);
    let first = match count {
        0 => format!("Everything was sealed under master key {active} already.\n"),
        1 => format!("One secret was sealed anew under master key {active}.\n"),
        many => format!("{many} secrets were sealed anew under master key {active}.\n"),
    };
    let older = uses.iter().filter(|one| !one.is_active);
    older.fold(first, |text, one| text + &in_words(one) + "\n")
}

/// What rests on a master key that is not in use, in a sentence.
pub(in crate::cli) fn in_words(one: &MasterKeyUse) -> String {
    let id = one.id;
    match (one.sealed, one.tokens_until) {
        (0, None) => {
            format!(
                "Nothing rests on master key {id}: it can be taken out on every node, or be made \
                 the one in use (keys.active)."
            )
        }
        (0, Some(end)) => {
            format!("Keep master key {id}: refresh tokens made with it may come until {end}.")
        }
        (count, _) => format!(
            "Keep master key {id}: {count} of the secrets in the database are sealed under it; \
             `signet signing-key reseal` changes that."
        ),
    }
}

fn as_json(one: &MasterKeyUse) -> Value {
    json!({
        "id": one.id,
        "active": one.is_active,
        "sealed": one.sealed,
        "tokens_until": one.tokens_until.map(|end| end.to_string()),
        "removable": one.is_removable(),
    })
}
