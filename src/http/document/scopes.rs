//! Which of Signet's own scopes an operation needs, as its signature states it.

use serde_json::{Value, json};

use crate::model::own_scope::OwnScope;

/// The member that names the scope: this version of the format has none of its own for it.
const MEMBER: &str = "x-required-scope";

/// Says of an operation that is guarded by a scope that it takes a bearer, and which scope is
/// needed, in words and for programs.
pub(super) fn mend(operation: &mut Value) {
    let Some(scope) = guard(operation) else {
        return;
    };
    let description = operation["description"].as_str().unwrap_or_default();
    let sentence = format!("{description}\n\nNeeds the scope `{scope}`.");
    operation["description"] = sentence.trim_start().into();
    operation["security"] = json!([{ "bearerAuth": [] }]);
    operation[MEMBER] = scope.into();
}

/// Whether an operation needs a scope.
pub(super) fn is_needed(operation: &Value) -> bool {
    operation.get(MEMBER).is_some()
}

/// Whether an operation needs a scope that lets its holder change something.
pub(super) fn writes(operation: &Value) -> bool {
    let scope = operation[MEMBER].as_str();
    scope.and_then(|scope| scope.rsplit('.').next()) == Some("write")
}

fn guard(operation: &Value) -> Option<&'static str> {
    let schemes = operation["security"].as_array()?.iter();
    let mut named = schemes.filter_map(|scheme| scheme.as_object()?.keys().next());
    named.find_map(|name| {
        let own = OwnScope::ALL.iter().find(|own| own.as_str() == name)?;
        Some(own.as_str())
    })
}
