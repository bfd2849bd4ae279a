//! Forward-auth as a demo has it: whoever is on this machine may play the gateway.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::{
    config::Settings,
    model::{
        forward::{Accept, Prefix, Require, Rule, Rules},
        scope::Scopes,
    },
};

/// Trusts this machine as a proxy and, unless there are rules, has one: every host and path, by
/// access token or API key.
pub(super) fn decide(settings: &mut Settings) {
    let own: [IpNet; 2] = [
        IpNet::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST)),
        IpNet::from(std::net::IpAddr::from(Ipv6Addr::LOCALHOST)),
    ];
    settings.server.trusted_proxies.extend(own);
    if settings.verify.rules.is_empty() {
        settings.verify.rules = Rules::new(vec![everything()]).unwrap_or_default();
    }
}

fn everything() -> Rule {
    let accept = [
        "bearer_jwt",
        "bearer_api_key",
        "scheme:Api-Key",
        "header:X-API-Key",
    ];
    Rule {
        hosts: Vec::new(),
        path: Prefix::root(),
        methods: Vec::new(),
        accept: accept
            .iter()
            .filter_map(|way| way.parse::<Accept>().ok())
            .collect(),
        require: Require::Any,
        scopes: Scopes::default(),
        base_scope: None,
        audiences: Vec::new(),
        anonymous: Vec::new(),
        public: Vec::new(),
        token_audience: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_has_one_rule_unless_somebody_wrote_others() {
        let mut settings = Settings::defaults().unwrap();
        decide(&mut settings);
        let rules: Vec<_> = settings.verify.rules.iter().collect();
        assert_eq!((rules.len(), rules[0].accept.len()), (1, 4));
        assert_eq!(settings.server.trusted_proxies.len(), 2);
    }
}
