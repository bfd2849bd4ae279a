use super::*;

fn server(address: &RedisAddress) -> (&str, u16) {
    match &address.place {
        Place::Server(host) => (&host.name, host.port),
        _ => panic!("no server"),
    }
}

fn login(login: &Login) -> (Option<&str>, Option<&str>) {
    let password = login.password.as_ref().map(|password| password.as_str());
    (login.user.as_deref(), password)
}

#[test]
fn reads_a_server() {
    for (url, host, port, database, tls) in [
        ("redis://cache", "cache", 6379, 0, false),
        ("redis://cache:6380/", "cache", 6380, 0, false),
        ("redis://127.0.0.1/15", "127.0.0.1", 6379, 15, false),
        ("rediss://[::1]:6390/2", "::1", 6390, 2, true),
    ] {
        let address = RedisAddress::parse(url).unwrap();
        assert_eq!(server(&address), (host, port), "{url}");
        assert_eq!((address.database, address.tls.is_some()), (database, tls));
        assert_eq!(address.to_string(), url);
    }
}

#[test]
fn reads_who_we_are_and_shows_no_password() {
    for (url, user, password, shown) in [
        ("redis://:hunter2@h", None, "hunter2", "redis://:***@h"),
        (
            "redis://sig%6eet:hun%40ter2%2F@h/1",
            Some("signet"),
            "hun@ter2/",
            "redis://sig%6eet:***@h/1",
        ),
        (
            "redis://me:hun:ter2@h",
            Some("me"),
            "hun:ter2",
            "redis://me:***@h",
        ),
        (
            "redis://me:hun@ter2@h",
            Some("me"),
            "hun@ter2",
            "redis://me:***@h",
        ),
    ] {
        let address = RedisAddress::parse(url).unwrap();
        assert_eq!(login(&address.login), (user, Some(password)), "{url}");
        assert_eq!(address.to_string(), shown);
        assert!(!format!("{address:?}").contains("ter2"));
    }
}

#[test]
fn reads_a_socket() {
    let address = RedisAddress::parse("unix://me:hunter2@/run/redis.sock?db=3").unwrap();
    assert!(
        matches!(&address.place, Place::Socket(path) if path == std::path::Path::new("/run/redis.sock"))
    );
    assert_eq!(login(&address.login), (Some("me"), Some("hunter2")));
    assert_eq!(address.database, 3);
    assert_eq!(address.to_string(), "unix://me:***@/run/redis.sock?db=3");
}

#[test]
fn reads_sentinels() {
    let url = "rediss+sentinel://:hunter2@one,two:1000,[::1]/my-master/4?ssl_ca_certs=/etc/ca.pem\
        &sentinel_username=watch&sentinel_password=hun%25ter3&ssl_certfile=c.pem&ssl_keyfile=k.pem";
    let address = RedisAddress::parse(url).unwrap();
    let Place::Sentinels {
        hosts,
        master,
        login: watch,
    } = &address.place
    else {
        panic!("no sentinels")
    };
    let hosts: Vec<_> = hosts
        .iter()
        .map(|host| (host.name.as_str(), host.port))
        .collect();
    assert_eq!(hosts, [("one", 26379), ("two", 1000), ("::1", 26379)]);
    assert_eq!((master.as_str(), address.database), ("my-master", 4));
    assert_eq!(login(watch), (Some("watch"), Some("hun%ter3")));
    assert_eq!(login(&address.login), (None, Some("hunter2")));
    let tls = address.tls.as_ref().unwrap();
    assert_eq!(tls.authority.as_deref(), Some("/etc/ca.pem".as_ref()));
    assert!(tls.certificate.is_some());
    let shown = address.to_string();
    assert!(
        shown.contains("sentinel_password=***") && !shown.contains("hun"),
        "{shown}"
    );
}

#[test]
fn knows_what_goes_over_a_network_in_the_open() {
    for (url, exposed) in [
        ("redis://cache", true),
        ("rediss://cache", false),
        ("redis://localhost:7000", false),
        ("redis://[::1]", false),
        ("unix:///run/redis.sock", false),
        ("redis+sentinel://localhost,cache/m", true),
        ("rediss+sentinel://localhost,cache/m", false),
    ] {
        let address = RedisAddress::parse(url).unwrap();
        assert_eq!(address.is_exposed(), exposed, "{url}");
    }
}

#[test]
fn refuses_what_it_does_not_know_without_repeating_passwords() {
    for (url, part) in [
        ("localhost:6379", "is not a Redis URL"),
        ("http://:hunter2@h", "unknown scheme \"http\""),
        ("redis-cluster://h", "unknown scheme"),
        ("redis://", "names no host"),
        ("redis:///0", "names no host"),
        ("redis://:hunter2", "names no host"),
        ("redis://h:hunter2", "has a port that is no number"),
        ("redis://h:0", "has a port that is no number"),
        ("redis://h:65536", "has a port that is no number"),
        ("redis://[::1]6379", "has a port that is no number"),
        ("redis://a,b", "names no host"),
        ("redis://me@h", "user without password"),
        ("redis://h/hunter2", "database that is no number"),
        ("redis://h/-1", "database that is no number"),
        ("redis://h/0/1", "database that is no number"),
        (
            "redis://h?db=1",
            "unknown parameter \"db\"; with this scheme there are none",
        ),
        ("redis://h?ssl_ca_certs=/x", "unknown parameter"),
        (
            "rediss://h?ssl_cert_reqs=none",
            "unknown parameter \"ssl_cert_reqs\"",
        ),
        ("rediss://h?ssl_certfile=/x", "only one of"),
        ("rediss://h?ssl_ca_certs=", "empty or twice"),
        ("rediss://h?ssl_ca_certs=a&ssl_ca_certs=b", "empty or twice"),
        ("rediss://h/#insecure", "must be escaped"),
        ("redis://:hun#ter2@h", "must be escaped"),
        ("redis://:hun/ter2@h", "must be escaped"),
        ("redis://:hun?ter2@h", "must be escaped"),
        ("redis://:hunter%2@h", "begins no escape"),
        ("redis://:hunter2%+1@h", "begins no escape"),
        ("unix://h/redis.sock", "names no socket"),
        ("unix://", "names no socket"),
        ("redis+sentinel://h", "does not name the master"),
        ("redis+sentinel://h/", "does not name the master"),
        ("redis+sentinel://,h/m", "names no host"),
        ("redis+sentinel://h/m/hunter2", "database that is no number"),
        (
            "redis+sentinel://h/m?sentinel_username=x",
            "without sentinel_password",
        ),
    ] {
        let error = RedisAddress::parse(url).unwrap_err();
        assert!(
            error.contains(part) && !error.contains("ter2"),
            "{url}: {error}"
        );
    }
}
