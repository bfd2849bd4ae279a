//! Combinations that parse and are unsafe or senseless: refused, one sentence each.
//!
//! Only [`load`](super::load()) asks here. Tests build [`Settings`] in code and may make Argon2
//! cheap; no file and no variable can.

use std::{collections::HashSet, time::Duration};

use super::{DatabaseUrl, Listen, Settings, duration, verify};
use crate::{model::signing_key::Algorithm, store::redis::RedisAddress};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What was found.
#[derive(Default)]
pub(super) struct Verdict {
    /// These stop the start.
    pub(super) refusals: Vec<String>,
    /// These are told.
    pub(super) warnings: Vec<String>,
}

/// Judges settings whose values are each well formed.
pub(super) fn check(settings: &Settings) -> Verdict {
    let mut verdict = Verdict::default();
    check_server(settings, &mut verdict);
    check_store(settings, &mut verdict);
    check_tokens(settings, &mut verdict);
    check_sessions(settings, &mut verdict);
    check_signing_keys(settings, &mut verdict);
    check_api_keys(settings, &mut verdict);
    verify::check(settings, &mut verdict);
    check_passwords(settings, &mut verdict);
    check_limits(settings, &mut verdict);
    verdict
}

impl Verdict {
    pub(super) fn refuse_if(&mut self, condition: bool, sentence: impl FnOnce() -> String) {
        if condition {
            self.refusals.push(sentence());
        }
    }

    fn warn_if(&mut self, condition: bool, sentence: impl FnOnce() -> String) {
        if condition {
            self.warnings.push(sentence());
        }
    }

    fn refuse_zero(&mut self, name: &str, value: Duration) {
        self.refuse_if(value.is_zero(), || {
            format!("{name} is 0, so nothing would ever succeed; give it a length such as \"10s\".")
        });
    }
}

fn check_server(settings: &Settings, verdict: &mut Verdict) {
    let server = &settings.server;
    verdict.refuse_if(server.listen.port() != 0 && server.metrics_listen == Listen::At(server.listen), || {
        "server.metrics_listen is the same address as server.listen, which would publish the metrics; give it another port or \"off\".".to_owned()
    });
    verdict.warn_if(server.issuer.is_loopback() && !server.listen.ip().is_loopback(), || {
        format!("server.listen {} is open to other machines, but tokens name the issuer {}, which they cannot reach: set server.issuer.", server.listen, server.issuer.as_str())
    });
    verdict.refuse_if(settings.keys.active == Some(0), || {
        "keys.active is 0, but entries are numbered 1 to 255; name one of them or leave it out."
            .to_owned()
    });
}

fn check_store(settings: &Settings, verdict: &mut Verdict) {
    let store = &settings.store;
    verdict.refuse_if(!(1..=1000).contains(&store.connections), || {
        format!(
            "store.connections is {}, but it must be 1 to 1000.",
            store.connections
        )
    });
    let on_file = matches!(&store.database, DatabaseUrl::Sqlite(_));
    verdict.refuse_if(on_file && store.redis.is_some(), || {
        "store.redis is set, but store.database is an SQLite file, which one process serves and Redis would only stand in the way of; leave store.redis out, or use PostgreSQL.".to_owned()
    });
    let in_the_open = store.redis.as_ref().is_some_and(RedisAddress::is_exposed);
    verdict.warn_if(in_the_open, || {
        "store.redis goes over a network without TLS: whoever stands between can end sessions and reads who has some; use rediss://, or a network of its own.".to_owned()
    });
    let exposed = matches!(&store.database, DatabaseUrl::Postgres(url) if url.is_exposed);
    verdict.warn_if(exposed, || {
        "store.database goes over a network to a server whose name is not verified: whoever stands between reads everything; add ?sslmode=verify-full, and sslrootcert where the authority is your own.".to_owned()
    });
}

fn check_tokens(settings: &Settings, verdict: &mut Verdict) {
    let tokens = &settings.tokens;
    let lifetime = tokens.access_lifetime;
    verdict.refuse_if(lifetime < Duration::from_secs(1) || lifetime > HOUR, || {
        format!("tokens.access_lifetime is {}, but it must be 1s to 3600s: a verifier that works offline sees a logout only when the token expires.", duration::format(lifetime))
    });
    verdict.refuse_if(lifetime.subsec_millis() != 0, || {
        "tokens.access_lifetime has a fraction of a second, which tokens cannot carry; use whole seconds.".to_owned()
    });
    let audience = tokens.audience.as_deref();
    verdict.refuse_if(audience.is_some_and(<[_]>::is_empty), || {
        "tokens.audience is empty, but a token without audience is for anybody; name one or leave the setting out.".to_owned()
    });
    let audience = audience.unwrap_or_default();
    verdict.refuse_if(audience.iter().any(|name| name.is_empty() || name.chars().any(char::is_control)), || {
        "tokens.audience has an empty name or one with control characters; write plain names such as \"https://api.example.com\".".to_owned()
    });
    let unique: HashSet<_> = audience.iter().collect();
    verdict.refuse_if(unique.len() < audience.len(), || {
        "tokens.audience names something twice; write each once.".to_owned()
    });
    verdict.refuse_if(tokens.accepted_prefixes.contains(&tokens.prefix), || {
        "tokens.accepted_prefixes contains tokens.prefix, which is accepted anyway; leave it out.".to_owned()
    });
}

fn check_sessions(settings: &Settings, verdict: &mut Verdict) {
    let sessions = &settings.sessions;
    verdict.refuse_zero("sessions.idle", sessions.idle);
    verdict.refuse_zero("sessions.absolute", sessions.absolute);
    verdict.refuse_if(sessions.idle > sessions.absolute, || {
        format!("sessions.idle ({}) is longer than sessions.absolute ({}), which ends the session first; shorten idle or lengthen absolute.", duration::format(sessions.idle), duration::format(sessions.absolute))
    });
    let interval = sessions.reuse_interval;
    let allowed = Duration::from_secs(5)..=Duration::from_mins(2);
    verdict.refuse_if(!interval.is_zero() && !allowed.contains(&interval), || {
        format!("sessions.reuse_interval is {}, but it must be 0 (strict) or 5s to 120s: shorter ends sessions of honest clients, longer hides a thief.", duration::format(interval))
    });
    let late = sessions.late_retry_every;
    verdict.refuse_if(!late.is_zero() && late < HOUR, || {
        format!("sessions.late_retry_every is {}, but it must be 0 (never) or at least 1h: more often leaves thieves undetected.", duration::format(late))
    });
}

fn check_signing_keys(settings: &Settings, verdict: &mut Verdict) {
    let algorithms = &settings.signing_keys.algorithms;
    verdict.refuse_if(algorithms.is_empty(), || {
        "signing_keys.algorithms is empty, so nothing could be signed; name \"ES256\".".to_owned()
    });
    let unique: HashSet<_> = algorithms.iter().collect();
    verdict.refuse_if(unique.len() < algorithms.len(), || {
        "signing_keys.algorithms names an algorithm twice; write each once.".to_owned()
    });
    verdict.warn_if(unique.len() > 1 && algorithms.contains(&Algorithm::EdDsa), || {
        "signing_keys.algorithms has EdDSA beside others: some verifiers refuse a whole JWKS because of a key type they do not know; use EdDSA alone, or ES256 and RS256.".to_owned()
    });
    let max_age = settings.signing_keys.jwks_max_age;
    verdict.refuse_if(max_age > DAY, || {
        format!("signing_keys.jwks_max_age is {}, but it must be at most 24h, or verifiers miss a new key.", duration::format(max_age))
    });
    let ahead = settings.signing_keys.publish_ahead;
    verdict.refuse_if(ahead < max_age && max_age <= DAY, || {
        format!("signing_keys.publish_ahead is {}, but it must be at least jwks_max_age ({}), or verifiers miss a new key.", duration::format(ahead), duration::format(max_age))
    });
    let every = settings.signing_keys.rotate_every;
    verdict.refuse_if(every < ahead, || {
        format!("signing_keys.rotate_every is {}, but it must be at least publish_ahead ({}): no key signs before it was published for so long.", duration::format(every), duration::format(ahead))
    });
}

fn check_api_keys(settings: &Settings, verdict: &mut Verdict) {
    let keys = &settings.api_keys;
    verdict.refuse_zero("api_keys.default_expiry", keys.default_expiry);
    let most = keys.max_expiry.length();
    verdict.refuse_if(most.is_some_and(|most| most < keys.default_expiry), || {
        format!("api_keys.default_expiry ({}) is longer than api_keys.max_expiry, so a key could be made only by naming another; shorten it or lengthen the other.", duration::format(keys.default_expiry))
    });
    verdict.refuse_if(!(1..=10_000).contains(&keys.max_per_user), || {
        format!(
            "api_keys.max_per_user is {}, but it must be 1 to 10000.",
            keys.max_per_user
        )
    });
}

fn check_passwords(settings: &Settings, verdict: &mut Verdict) {
    let password = &settings.password;
    verdict.refuse_if(password.min_length < 8, || {
        format!("password.min_length is {}, but passwords shorter than 8 are guessed; set 8 or more (15 is recommended).", password.min_length)
    });
    verdict.refuse_if(password.min_length > 256, || {
        format!(
            "password.min_length is {}, more than people and browsers will bear; set 8 to 256.",
            password.min_length
        )
    });
    let (memory, passes) = (password.argon2_memory, password.argon2_passes);
    let strong = memory >= 47_104 && passes >= 1 || memory >= 19_456 && passes >= 2;
    verdict.refuse_if(!strong, || {
        format!("password.argon2_memory {memory} with argon2_passes {passes} is too cheap to attack; use at least 19456 with 2, or 47104 with 1.")
    });
    verdict.refuse_if(memory > 65_536 || passes > 10, || {
        format!("password.argon2_memory {memory} with argon2_passes {passes} lets logins exhaust the machine; use at most 65536 and 10.")
    });
    verdict.refuse_if(
        password
            .lane_threads
            .is_some_and(|threads| !(1..=1024).contains(&threads)),
        || "password.lane_threads must be 1 to 1024; leave it out for one a core.".to_owned(),
    );
    verdict.refuse_if(password.lane_queue == 0, || {
        "password.lane_queue is 0, so a second login at once would be refused; set 1 or more."
            .to_owned()
    });
    verdict.refuse_zero("password.lane_deadline", password.lane_deadline);
}

fn check_limits(settings: &Settings, verdict: &mut Verdict) {
    let limits = &settings.limits;
    verdict.refuse_if(!(4096..=16 * 1024 * 1024).contains(&limits.body), || {
        format!(
            "limits.body is {} bytes, but it must be 4 KiB to 16 MiB.",
            limits.body
        )
    });
    verdict.refuse_if(!(1..=1_000_000).contains(&limits.connections), || {
        format!(
            "limits.connections is {}, but it must be 1 to 1000000.",
            limits.connections
        )
    });
    verdict.refuse_zero("limits.heads", limits.heads);
    verdict.refuse_zero("limits.idle", limits.idle);
    verdict.refuse_zero("limits.request", limits.request);
    verdict.warn_if(settings.password.lane_deadline >= limits.request && !limits.request.is_zero(), || {
        format!("password.lane_deadline ({}) is not shorter than limits.request ({}), so a busy server answers late instead of early.", duration::format(settings.password.lane_deadline), duration::format(limits.request))
    });
}
