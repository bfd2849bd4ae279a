//! The house rules of docs/architecture.md, held: layers, homes of crates, sizes, names.
//!
//! Each test collects every offence before it fails, as `path:line: what`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod source;

use std::fs;
use std::path::Path;

use source::{Kind, Source, sources};

/// A layer, and the modules of the crate that it may name.
const LAYERS: [(&str, &[&str]); 5] = [
    ("model", &["model"]),
    ("crypto", &["model", "crypto"]),
    ("store", &["model", "crypto", "store"]),
    ("auth", &["model", "crypto", "store", "auth"]),
    ("http", &["model", "auth", "http"]),
];

/// A layer, and the crates that only it may name.
const HOMES: [(&str, &[&str]); 3] = [
    (
        "crypto",
        &[
            "ring",
            "jsonwebtoken",
            "argon2",
            "bcrypt",
            "scrypt",
            "rsa",
            "signature",
        ],
    ),
    ("store", &["sea_orm", "sqlx", "redis"]),
    ("http", &["poem", "poem_openapi", "hyper", "hyper_util"]),
];

/// What plain data and pure rules have no use for.
const NOT_IN_MODEL: [&str; 8] = [
    "tokio", "rustix", "tracing", "metrics", "fs", "env", "process", "thread",
];

/// Names that say nothing, as whole words of the name of a module or type.
const EMPTY_NAMES: [&str; 11] = [
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "service", "handler",
    "impl", "dto",
];

const FILE_LINES: Budget = Budget {
    median: 120,
    p90: 250,
    most: 400,
};
const FUNCTION_LINES: Budget = Budget {
    median: 10,
    p90: 30,
    most: 70,
};

/// How many lines pay for one `expect`.
const LINES_PER_EXPECT: usize = 1000;

#[test]
fn imports_point_one_way() {
    let mut offences = Vec::new();
    for source in sources("src") {
        let module = source.module();
        let Some((layer, may_name)) = LAYERS
            .iter()
            .find(|(layer, _)| module.first() == Some(layer))
        else {
            continue;
        };
        for (name, line) in crate_modules_named(&source) {
            if !may_name.contains(&name) {
                offences.push(format!("{}:{line}: {layer} names {name}", source.path));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn crates_stay_at_home() {
    let mut offences = Vec::new();
    for source in sources("src") {
        let module = source.module();
        let layer = module.first().copied().unwrap_or_default();
        for (home, crates) in HOMES {
            for at in 0..source.tokens.len() {
                let named = path_head(&source, at).filter(|name| crates.contains(name));
                if let Some(name) = named.filter(|_| layer != home) {
                    let line = source.tokens[at].line;
                    offences.push(format!("{}:{line}: {name} lives in {home}", source.path));
                }
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn model_does_no_io() {
    let mut offences = Vec::new();
    for source in sources("src/model") {
        for at in 0..source.tokens.len() {
            let std_module = source.ident(at) == Some("std") && source.is_path_separator(at + 1);
            let name = if std_module {
                source.ident(at + 3)
            } else {
                path_head(&source, at)
            };
            if let Some(name) = name.filter(|name| NOT_IN_MODEL.contains(name)) {
                offences.push(format!(
                    "{}:{}: {name}",
                    source.path, source.tokens[at].line
                ));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn files_and_functions_are_small() {
    let mut offences = Vec::new();
    let sources = sources("src");
    let files: Vec<(String, usize)> = sources
        .iter()
        .map(|source| (source.path.clone(), source.lines()))
        .filter(|(_, lines)| *lines > 0)
        .collect();
    FILE_LINES.hold("files", &files, &mut offences);

    let mut functions = Vec::new();
    for source in &sources {
        for function in source
            .functions()
            .into_iter()
            .filter(|function| !function.test)
        {
            let place = format!("{}:{}: {}", source.path, function.line, function.name);
            functions.push((place, function.lines));
        }
    }
    FUNCTION_LINES.hold("functions", &functions, &mut offences);
    assert_none(&offences);
}

#[test]
fn names_say_something() {
    let mut offences = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let path = source.path.trim_end_matches(".rs");
        let mut names: Vec<&str> = path.split('/').collect();
        for at in 0..source.tokens.len() {
            let defines = ["struct", "enum", "union", "trait", "type", "mod"];
            if source.ident(at).is_some_and(|word| defines.contains(&word)) {
                names.extend(source.ident(at + 1));
            }
        }
        for name in names {
            if words(name)
                .iter()
                .any(|word| EMPTY_NAMES.contains(&word.as_str()))
            {
                offences.push(format!("{}: {name}", source.path));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn folders_open_with_a_paragraph() {
    let mut offences = Vec::new();
    for source in sources("src") {
        if source.path.ends_with("/mod.rs") && !source.text.starts_with("//! ") {
            offences.push(source.path);
        }
    }
    assert_none(&offences);
}

#[test]
fn nothing_is_left_undone() {
    let mut offences = Vec::new();
    for source in sources("src") {
        for (number, line) in source.text.lines().enumerate() {
            if ["TODO", "FIXME"].iter().any(|mark| line.contains(mark)) {
                offences.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
        for (at, token) in source.tokens.iter().enumerate() {
            let Some(name) = source.ident(at) else {
                continue;
            };
            let call = name == "unwrap" && source.is(at + 1, &Kind::Open('(')) && !token.test;
            let stub = matches!(name, "todo" | "unimplemented" | "dbg")
                && source.is(at + 1, &Kind::Punct('!'));
            if call || stub {
                offences.push(format!("{}:{}: {name}", source.path, token.line));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn expect_is_rare() {
    let mut places = Vec::new();
    let mut lines = 0;
    for source in sources("src") {
        lines += source.lines();
        for (at, token) in source.tokens.iter().enumerate() {
            let called = source.ident(at) == Some("expect")
                && at > 0
                && source.is(at - 1, &Kind::Punct('.'))
                && source.is(at + 1, &Kind::Open('('));
            if called && !token.test {
                places.push(format!("{}:{}", source.path, token.line));
            }
        }
    }
    let budget = lines.div_ceil(LINES_PER_EXPECT);
    assert!(
        places.len() <= budget,
        "{lines} lines may hold {budget} calls of expect:\n{}",
        places.join("\n"),
    );
}

#[test]
fn tests_neither_sleep_nor_skip() {
    let mut offences = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let in_tests = source.path.starts_with("tests/");
        for (at, token) in source.tokens.iter().enumerate() {
            let Some(name) = source.ident(at) else {
                continue;
            };
            let sleeps = name == "sleep" && source.is(at + 1, &Kind::Open('('));
            let skips = name == "ignore" && at > 0 && source.is(at - 1, &Kind::Open('['));
            if (sleeps && (in_tests || token.test)) || skips {
                offences.push(format!("{}:{}: {name}", source.path, token.line));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn nothing_private_is_committed() {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys");
    let ignored = fs::read_to_string(keys.join(".gitignore")).unwrap();
    assert!(
        ignored.lines().any(|line| line == "*"),
        "keys/.gitignore must begin with `*`"
    );
}

#[test]
fn every_spelling_of_an_import_is_seen() {
    let text = r#"
        use crate::{auth::Auth, http::{self, cookie}};
        use super::super::store::Users;
        use super::sibling;
        pub(crate) fn f() { json!({ "now": crate::app::now() }); signet::cli::run(); }
        #[cfg(test)]
        mod tests { use super::super::super::telemetry; use super::super::sibling; }
    "#;
    let source = Source::parse("src/model/id.rs".to_owned(), text.to_owned());
    let named: Vec<&str> = crate_modules_named(&source)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(named, ["auth", "http", "store", "app", "cli", "telemetry"]);
}

struct Budget {
    median: usize,
    p90: usize,
    most: usize,
}

impl Budget {
    fn hold(&self, what: &str, sizes: &[(String, usize)], offences: &mut Vec<String>) {
        for (name, size) in sizes.iter().filter(|(_, size)| *size > self.most) {
            offences.push(format!("{name}: {size} lines, at most {}", self.most));
        }
        let mut sorted: Vec<usize> = sizes.iter().map(|(_, size)| *size).collect();
        sorted.sort_unstable();
        for (percent, limit) in [(50, self.median), (90, self.p90)] {
            let found = sorted[(sorted.len() - 1) * percent / 100];
            if found > limit {
                offences.push(format!(
                    "{percent} % of {what}: {found} lines, at most {limit}"
                ));
            }
        }
    }
}

/// The crate's own top-level modules that a file names, by `crate::`, `signet::` or enough `super::`.
fn crate_modules_named(source: &Source) -> Vec<(&str, usize)> {
    let mut named = Vec::new();
    for at in 0..source.tokens.len() {
        let after_root = match source.ident(at) {
            Some("crate" | "signet") if source.begins_path(at) => at + 1,
            Some("super") if source.begins_path(at) => match after_supers_to_root(source, at) {
                Some(next) => next,
                None => continue,
            },
            _ => continue,
        };
        if source.is_path_separator(after_root) {
            named.extend(heads(source, after_root + 2));
        }
    }
    named
}

/// Where the path goes on behind a run of `super::` that reaches the crate's root.
fn after_supers_to_root(source: &Source, start: usize) -> Option<usize> {
    let mut supers = 1;
    let mut at = start + 1;
    while source.is_path_separator(at) && source.ident(at + 2) == Some("super") {
        supers += 1;
        at += 3;
    }
    let inline = usize::from(source.tokens[start].test);
    (supers >= source.module().len() + inline).then_some(at)
}

/// The first segments of what stands at `at`: one name, or those of a use tree in braces.
fn heads(source: &Source, at: usize) -> Vec<(&str, usize)> {
    if let Some(name) = source.ident(at) {
        return vec![(name, source.tokens[at].line)];
    }
    if !source.is(at, &Kind::Open('{')) {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut next = at + 1;
    let end = source.closing(at);
    let mut expects_name = true;
    while next < end {
        match &source.tokens[next].kind {
            Kind::Ident(name) if expects_name => {
                names.push((name.as_str(), source.tokens[next].line));
                expects_name = false;
            }
            Kind::Punct(',') => expects_name = true,
            Kind::Open(_) => next = source.closing(next),
            _ => {}
        }
        next += 1;
    }
    names
}

/// The name at `at` if a path begins there that goes on: a crate's or a module's in scope.
fn path_head(source: &Source, at: usize) -> Option<&str> {
    let imported = at > 0 && source.ident(at - 1) == Some("use");
    let goes_on = source.is_path_separator(at + 1);
    source
        .ident(at)
        .filter(|_| (imported || goes_on) && source.begins_path(at))
}

/// The words of a name in snake or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter == '-' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    words
}

fn assert_none(offences: &[String]) {
    assert!(
        offences.is_empty(),
        "{} offences:\n{}",
        offences.len(),
        offences.join("\n")
    );
}
