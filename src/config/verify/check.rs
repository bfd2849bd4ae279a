//! Combinations of `[verify]` that are unsafe or senseless.

use std::{collections::HashSet, time::Duration};

use super::VerifySettings;
use crate::config::{Settings, check::Verdict, duration};

const LONGEST: Duration = Duration::from_mins(1);

/// Judges settings whose values are each well formed.
pub(in crate::config) fn check(settings: &Settings, verdict: &mut Verdict) {
    let verify = &settings.verify;
    let proxies = &settings.server.trusted_proxies;
    verdict.refuse_if(!verify.rules.is_empty() && proxies.is_empty(), || {
        "verify.rules would refuse everything, because only a trusted proxy is told anything; name yours in server.trusted_proxies.".to_owned()
    });
    let lifetime = verify.token_lifetime;
    let whole = lifetime.subsec_millis() == 0;
    verdict.refuse_if(lifetime < Duration::from_secs(1) || lifetime > LONGEST || !whole, || {
        format!("verify.token_lifetime is {}, but it must be 1s to 60s in whole seconds: the token is for one request.", duration::format(lifetime))
    });
    let names = names(verify);
    let distinct: HashSet<&String> = names.iter().collect();
    verdict.refuse_if(distinct.len() < names.len(), || {
        "verify.header_… gives one name to two headers; give each its own.".to_owned()
    });
    let kinds: HashSet<_> = verify.method_names.iter().map(|one| one.kind).collect();
    verdict.refuse_if(kinds.len() < verify.method_names.len(), || {
        "verify.method_names names a method twice; write each once.".to_owned()
    });
    if let Some(domain) = &verify.cookie_domain {
        let issuer = &settings.server.issuer;
        verdict.refuse_if(!issuer.is_loopback() && !domain.is_of(&issuer.host()), || {
            format!("verify.cookie_domain {} is not the domain of server.issuer {}, whose cookies browsers would refuse; name a domain that the issuer is in.", domain.as_str(), issuer.as_str())
        });
    }
}

fn names(verify: &VerifySettings) -> Vec<String> {
    let all = [
        &verify.header_method,
        &verify.header_expires,
        &verify.header_token_id,
        &verify.header_user_id,
        &verify.header_username,
        &verify.header_scopes,
        &verify.header_token,
    ];
    all.map(|name| name.as_str().to_ascii_lowercase()).to_vec()
}
