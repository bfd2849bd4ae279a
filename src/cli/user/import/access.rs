//! Grants as a file may write them: a list, a text, or true and false under nested names.

use serde_json::Value;

use super::fields::Refusal;

/// How deep names may be nested.
const DEPTH: usize = 16;

/// What is granted, and what is named as not granted. There are no negative grants: what is false
/// is just not given.
pub(super) fn grants(value: Value) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let (mut granted, mut not_granted) = (Vec::new(), Vec::new());
    match value {
        Value::Null => {}
        Value::String(text) => granted.extend(text.split_whitespace().map(str::to_owned)),
        Value::Array(list) => {
            for item in list {
                let Value::String(text) = item else {
                    return Err(Refusal::new("grants", "a list of grants holds texts alone"));
                };
                granted.push(text);
            }
        }
        nested @ Value::Object(_) => {
            flatten(&nested, &mut Vec::new(), &mut granted, &mut not_granted)?;
        }
        Value::Bool(_) | Value::Number(_) => {
            let shapes = "they are a list, a text, or true and false under nested names";
            return Err(Refusal::new("grants", shapes));
        }
    }
    Ok((granted, not_granted))
}

/// `{"pages": {"read": true, "write": false}}` grants `pages.read` and not `pages.write`.
fn flatten<'v>(
    value: &'v Value,
    path: &mut Vec<&'v str>,
    granted: &mut Vec<String>,
    not_granted: &mut Vec<String>,
) -> Result<(), Refusal> {
    if let Value::Object(members) = value {
        if path.len() == DEPTH {
            return Err(Refusal::new("grants", "they are nested too deep"));
        }
        for (name, inner) in members {
            path.push(name);
            flatten(inner, path, granted, not_granted)?;
            path.pop();
        }
        return Ok(());
    }
    let name = path.join(".");
    match truth(value) {
        Some(true) => granted.push(name),
        Some(false) => not_granted.push(name),
        None => {
            let reason = format!("{name:?} is neither true nor false");
            return Err(Refusal::new("grants", reason));
        }
    }
    Ok(())
}

/// A truth as JSON, YAML, forms and databases write it; nothing counts as false.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_truths_become_grants_and_what_is_not_granted() {
        let access = json!({
            "site": { "login": true },
            "admin": { "login": "1", "super": false, "pages": { "read": 1, "*": null } },
        });
        let (granted, not) = grants(access).unwrap();
        assert_eq!(granted, ["site.login", "admin.login", "admin.pages.read"]);
        assert_eq!(not, ["admin.super", "admin.pages.*"]);
    }

    #[test]
    fn lists_and_texts_are_grants_too() {
        for written in [json!("a.read  b.*"), json!(["a.read", "b.*"])] {
            assert_eq!(grants(written).unwrap().0, ["a.read", "b.*"]);
        }
        for wrong in [
            json!(true),
            json!(["a", 1]),
            json!({"a": "yes"}),
            json!({"a": [true]}),
        ] {
            assert_eq!(grants(wrong).unwrap_err().field, "grants");
        }
        let deep = (0..40).fold(json!(true), |inner, _| json!({ "a": inner }));
        assert!(grants(deep).unwrap_err().reason.contains("deep"));
    }
}
