use super::*;
use crate::model::forward::{Accept, OriginalPath, Prefix, Require};

fn rule(path: &str) -> Rule {
    Rule {
        hosts: Vec::new(),
        path: path.parse().unwrap(),
        methods: Vec::new(),
        accept: vec![Accept::BearerJwt],
        require: Require::Any,
        scopes: "a".parse().unwrap(),
        base_scope: None,
        audiences: Vec::new(),
        anonymous: Vec::new(),
        public: Vec::new(),
        token_audience: None,
    }
}

fn original(method: &str, host: &str, path: &str) -> Original {
    Original {
        method: method.parse().unwrap(),
        scheme: None,
        host: host.parse().unwrap(),
        path: OriginalPath::read(path.as_bytes()).unwrap(),
        query: None,
        overrides_method: false,
        opens_socket: false,
    }
}

fn hosts(names: &[&str]) -> Vec<crate::model::forward::HostName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn methods(names: &[&str]) -> Vec<crate::model::forward::Method> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The path of the rule that judges a request.
fn found<'r>(rules: &'r Rules, original: &Original) -> Option<&'r str> {
    match rules.find(original) {
        Found::Rule(rule) | Found::Public(rule) => Some(rule.path.as_str()),
        Found::Nothing => None,
    }
}

#[test]
fn the_first_rule_that_covers_a_request_judges_it() {
    let rules = Rules::new(vec![
        Rule {
            hosts: hosts(&["a.example"]),
            methods: methods(&["GET"]),
            ..rule("/api/v2")
        },
        Rule {
            hosts: hosts(&["a.example"]),
            ..rule("/api")
        },
        Rule {
            methods: methods(&["GET"]),
            ..rule("/")
        },
    ])
    .unwrap();
    for (method, host, path, judge) in [
        ("GET", "A.Example:8080", "/api/v2/x", Some("/api/v2")),
        ("POST", "a.example", "/api/v2/x", Some("/api")),
        ("GET", "a.example", "/api/v2x", Some("/api")),
        ("GET", "b.example", "/api/v2/x", Some("/")),
        ("GET", "a.example", "/apix", Some("/")),
        ("GET", "a.example.evil", "/api", Some("/")),
        ("POST", "b.example", "/api", None),
        ("HEAD", "a.example", "/", None),
    ] {
        let shown = format!("{method} {host} {path}");
        assert_eq!(
            found(&rules, &original(method, host, path)),
            judge,
            "{shown}"
        );
    }
    assert_eq!(found(&Rules::default(), &original("GET", "a", "/")), None);
}

#[test]
fn a_look_alike_of_a_rules_path_is_not_left_to_a_laxer_rule() {
    let rules = Rules::new(vec![rule("/admin"), rule("/")]).unwrap();
    assert_eq!(found(&rules, &original("GET", "a", "/Admin/x")), None);
    assert_eq!(
        found(&rules, &original("GET", "a", "/administrators")),
        Some("/")
    );
}

#[test]
fn an_overridden_method_is_not_left_to_the_rule_of_another() {
    let deleting = Rule {
        methods: methods(&["DELETE"]),
        ..rule("/api")
    };
    let rules = Rules::new(vec![deleting, rule("/")]).unwrap();
    let overriding = |path| Original {
        overrides_method: true,
        ..original("POST", "a", path)
    };
    assert_eq!(found(&rules, &original("POST", "a", "/api/x")), Some("/"));
    assert_eq!(found(&rules, &overriding("/api/x")), None);
    assert_eq!(found(&rules, &overriding("/blog")), Some("/"));
    let open = Rule {
        anonymous: methods(&["GET", "POST"]),
        ..rule("/")
    };
    assert!(open.lets_in_anonymous(&original("POST", "a", "/")));
    assert!(!open.lets_in_anonymous(&overriding("/")));
}

#[test]
fn public_paths_are_whole_segments_too() {
    let open = Rule {
        public: vec!["/api/health".parse().unwrap()],
        ..rule("/api")
    };
    let rules = Rules::new(vec![open]).unwrap();
    let is_public = |path| matches!(rules.find(&original("GET", "a", path)), Found::Public(_));
    assert!(is_public("/api/health") && is_public("/api/health/db"));
    assert!(!is_public("/api/healthy") && !is_public("/api/Health") && !is_public("/api"));
}

#[test]
fn rules_that_make_no_sense_are_told_so() {
    let accept = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let cases: Vec<(Vec<Rule>, &str)> = vec![
        (
            vec![Rule {
                accept: accept(&[]),
                ..rule("/")
            }],
            "rule 1 lets nothing in: name what it accepts, or make it public or anonymous",
        ),
        (
            vec![Rule {
                accept: accept(&["header:X-Key", "header:x-key"]),
                ..rule("/")
            }],
            "rule 1 accepts header:x-key twice; write it once",
        ),
        (
            vec![Rule {
                accept: accept(&["bearer_jwt", "scheme:Api-Key"]),
                require: Require::All,
                ..rule("/")
            }],
            "rule 1 requires all of bearer_jwt and scheme:Api-Key, which a request carries in one place; use require = \"any\"",
        ),
        (
            vec![Rule {
                require: Require::All,
                ..rule("/")
            }],
            "rule 1 requires all of a single method; leave `require` out",
        ),
        (
            vec![Rule {
                methods: methods(&["GET"]),
                anonymous: methods(&["HEAD"]),
                ..rule("/")
            }],
            "rule 1 lets HEAD in without a credential but does not cover HEAD; add it to `methods`",
        ),
        (
            vec![Rule {
                public: vec![Prefix::root()],
                ..rule("/api")
            }],
            "rule 1 makes / public, which is not below its path /api",
        ),
        (
            vec![Rule {
                scopes: "a signet.users.read".parse().unwrap(),
                ..rule("/")
            }],
            "rule 1 needs signet.users.read, which administers Signet and is never given to an application",
        ),
        (
            vec![
                rule("/"),
                Rule {
                    hosts: hosts(&["a"]),
                    ..rule("/x")
                },
            ],
            "rule 2 is never reached: rule 1 covers every request that it does; put it before that one",
        ),
    ];
    for (rules, words) in cases {
        assert_eq!(Rules::new(rules).unwrap_err().to_string(), words);
    }
}

#[test]
fn rules_whose_paths_differ_in_case_alone_are_told_so() {
    let alike = Rules::new(vec![rule("/Api"), rule("/api")]).unwrap_err();
    assert_eq!(
        alike.to_string(),
        "rule 2 has a path that differs from the one of rule 1 in case only; choose another"
    );
}

#[test]
fn rules_for_other_hosts_or_methods_stand_beside_each_other() {
    let one = Rule {
        hosts: hosts(&["a"]),
        ..rule("/x")
    };
    let other = Rule {
        hosts: hosts(&["b"]),
        ..rule("/X")
    };
    let reading = Rule {
        methods: methods(&["GET"]),
        ..rule("/y")
    };
    assert!(Rules::new(vec![one, other, reading, rule("/y")]).is_ok());
}
