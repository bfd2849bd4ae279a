//! From inside: the configuration, the database, Redis, the keys, the clock, who can read secrets.

use std::{env, fs, os::unix::fs::MetadataExt as _, path::Path};

use super::{Finding, Shared};
use crate::cli::signing_key::in_words;
use crate::store::redis::look as look_at;
use crate::{
    app::{self, Ambient, App},
    auth::health::State,
    cli::failure::Failure,
    config::{DatabaseUrl, Loaded, Origin, Settings, Source},
    model::time::Timestamp,
    store::opening::Purpose,
};

/// Bits of a file's mode that let every user of the machine read it.
const BY_EVERYBODY: u32 = 0o007;

/// Looks at everything; what cannot be looked at because of something else is left out.
pub(super) async fn look(shared: &Shared) -> Vec<Finding> {
    let loaded = match shared.load() {
        Ok(loaded) => loaded,
        Err(failure) => return wrong("configuration", &failure),
    };
    let mut findings = configuration(&loaded);
    findings.extend(exposed_files(&loaded));
    findings.extend(proxy(&loaded.settings));
    findings.push(cookies(&loaded.settings));
    findings.extend(start(&loaded.settings).await);
    if let Some(address) = &loaded.settings.store.redis {
        findings.extend(match look_at(address).await {
            Ok(advice) if advice.is_empty() => {
                vec![Finding::ok("redis", "It can be used.")]
            }
            Ok(advice) => {
                let advice = advice.iter().map(|it| format!("{it}."));
                advice.map(|it| Finding::note("redis", it)).collect()
            }
            Err(cause) => vec![Finding::wrong(
                "redis",
                format!("It cannot be used ({cause}): look at store.redis, and at the server."),
            )],
        });
    }
    findings
}

fn wrong(about: &'static str, failure: &Failure) -> Vec<Finding> {
    let sentences = failure.sentences().into_iter();
    sentences
        .map(|sentence| Finding::wrong(about, sentence))
        .collect()
}

fn configuration(loaded: &Loaded) -> Vec<Finding> {
    let file = loaded.file.as_ref().map(|path| path.display().to_string());
    let read = file.unwrap_or_else(|| "no file; defaults and environment".to_owned());
    let first = Finding::ok("configuration", format!("It can be read ({read})."));
    let warnings = loaded.warnings.iter();
    let warnings = warnings.map(|warning| Finding::note("configuration", warning.as_str()));
    [first].into_iter().chain(warnings).collect()
}

/// Files with secrets that everybody on this machine can read. The master key's own is judged with
/// the keys, more strictly.
fn exposed_files(loaded: &Loaded) -> Vec<Finding> {
    let mut findings = Vec::new();
    let may_be_secret = |value: &&crate::config::Value| {
        let has_password = value.text.as_ref().is_some_and(|text| text.contains('@'));
        value.leaf.is_secret() || (value.leaf.file_variable().is_some() && has_password)
    };
    for value in loaded.values.iter().filter(may_be_secret) {
        let name = value.leaf.name();
        match &value.source {
            Source::File(path) => findings.extend(readable(path).map(|mode| {
                let path = path.display();
                Finding::wrong("secrets", format!("{path} holds {name} and can be read by every user of this machine (mode {mode:04o}): run `chmod o= {path}`."))
            })),
            Source::Variable(variable) if variable.ends_with("_FILE") => {
                let path = env::var_os(variable).unwrap_or_default();
                findings.extend(readable(Path::new(&path)).map(|mode| {
                    let path = Path::new(&path).display();
                    Finding::note("secrets", format!("{path} holds {name} and can be read by every user of this machine (mode {mode:04o}); unless it is in a container of its own, run `chmod o= {path}`."))
                }));
            }
            Source::Variable(_) | Source::Default => {}
        }
    }
    if let DatabaseUrl::Sqlite(path) = &loaded.settings.store.database {
        findings.extend(readable(path).map(|mode| {
            let path = path.display();
            Finding::wrong("secrets", format!("{path} holds names and password hashes and can be used by every user of this machine (mode {mode:04o}): run `chmod o= {path}`."))
        }));
    }
    if findings.is_empty() {
        let text = "No file with secrets can be read by every user of this machine.";
        findings.push(Finding::ok("secrets", text));
    }
    findings
}

/// The mode of a file that everybody can use.
fn readable(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.mode() & 0o7777;
    (mode & BY_EVERYBODY != 0).then_some(mode)
}

fn proxy(settings: &Settings) -> Vec<Finding> {
    let server = &settings.server;
    let issuer = server.issuer.as_str();
    if server.issuer.is_loopback() {
        let is_open = !server.listen.ip().is_loopback();
        return is_open
            .then(|| {
                Finding::wrong("issuer", format!("server.listen is open to other machines, but server.issuer {issuer} names this one alone: set it to the https URL that clients use."))
            })
            .into_iter()
            .collect();
    }
    let issuer = Finding::ok("issuer", format!("Clients use {issuer}."));
    let proxy = if server.trusted_proxies.is_empty() {
        Finding::wrong(
            "proxy",
            "server.trusted_proxies is empty, so every request seems to come from the proxy that ends TLS, and all people are throttled as one: name its address.",
        )
    } else {
        Finding::ok(
            "proxy",
            "Client addresses are taken from server.trusted_proxies. `signet doctor --url` says whether that works.",
        )
    };
    vec![issuer, proxy]
}

fn cookies(settings: &Settings) -> Finding {
    let origins = &settings.default_client.origins;
    if origins.is_empty() {
        return Finding::note(
            "cookies",
            "default_client.origins is empty: pages of the issuer's own host alone may log in with a cookie.",
        );
    }
    let names: Vec<&str> = origins.iter().map(Origin::as_str).collect();
    let names = names.join(", ");
    Finding::ok(
        "cookies",
        format!("Pages of {names} may log in with a cookie."),
    )
}

/// Whether a server would start, and how its parts would be.
async fn start(settings: &Settings) -> Vec<Finding> {
    let ambient = Ambient::system();
    let database = settings.store.database.clone();
    let failed = |error: anyhow::Error| wrong("start", &Failure::from(error).about(&database));
    let plans = match app::check_store(settings, &ambient).await {
        Ok(plans) => plans,
        Err(error) => return failed(error),
    };
    if !plans.is_empty() {
        let plans = plans.into_iter();
        return plans.map(|plan| Finding::note("start", plan)).collect();
    }
    match App::open_to(Purpose::Use, settings.clone(), ambient).await {
        Ok(app) => {
            let health = app.auth().health().await;
            let findings = health.parts().map(|(name, state)| part(name, state));
            let mut findings: Vec<Finding> = findings.collect();
            findings.extend(master_keys(&app).await);
            app.close().await;
            findings
        }
        Err(error) => failed(error),
    }
}

/// What rests on the master keys that are not in use any more.
async fn master_keys(app: &App) -> Vec<Finding> {
    const ABOUT: &str = "master_keys";
    let missing = match app.auth().missing_master_keys().await {
        Ok(missing) => missing,
        Err(error) => return wrong(ABOUT, &Failure::from(error)),
    };
    if !missing.is_empty() {
        let missing = missing.into_iter();
        return missing
            .map(|(id, end)| Finding::wrong(ABOUT, missing_in_words(id, end)))
            .collect();
    }
    match app.auth().master_keys().await {
        Ok(uses) if uses.len() == 1 => vec![Finding::ok(ABOUT, "There is one, and it is in use.")],
        Ok(uses) => {
            let older = uses.iter().filter(|one| !one.is_active);
            older
                .map(|one| Finding::note(ABOUT, in_words(one)))
                .collect()
        }
        Err(error) => wrong(ABOUT, &Failure::from(error)),
    }
}

fn missing_in_words(id: u8, end: Timestamp) -> String {
    format!(
        "Master key {id} is not here, and until {end} refresh tokens may come that were made with \
         it: put it back, or their holders have to log in again."
    )
}

fn part(name: &'static str, state: State) -> Finding {
    if state == State::Ok {
        return Finding::ok(name, "It is well.");
    }
    let text = match name {
        "clock" => {
            "This machine's clock is more than two seconds off the database's: let NTP set it."
                .to_owned()
        }
        "signing_keys" => {
            "There is none to sign with: the database is not the one of these keys, or was emptied."
                .to_owned()
        }
        _ => format!("It is {}: look at the server's log.", state.as_str()),
    };
    Finding::wrong(name, text)
}
