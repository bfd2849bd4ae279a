use std::net::Ipv6Addr;

use super::*;

struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Still {
    fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(by);
    }
}

fn throttle() -> (Arc<Still>, Throttle) {
    let clock = Arc::new(Still(Mutex::new(Timestamp::from_seconds(1_000_000))));
    (clock.clone(), Throttle::new(clock))
}

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const ADA: &str = "ada";

fn stranger(n: u32) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::from(0x0A00_0000 + n))
}

#[test]
fn delays_grow_and_are_bounded() {
    let (clock, throttle) = throttle();
    for left in (0..FREE_FAILURES).rev() {
        assert_eq!(
            throttle.begin(ADA, HOME).ok().unwrap().limit.remaining,
            left
        );
    }
    let mut waits = Vec::new();
    for _ in 0..9 {
        let wait = throttle.begin(ADA, HOME).err().unwrap().reset;
        waits.push(wait.as_secs());
        clock.advance(wait);
        assert!(throttle.begin(ADA, HOME).is_ok());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn success_resets_and_its_owner_is_not_kept_out_by_strangers() {
    let (_, throttle) = throttle();
    throttle.begin(ADA, HOME).ok().unwrap().succeeded();
    for n in 0..FREE_FAILURES_EVERYWHERE {
        assert!(throttle.begin(ADA, stranger(n)).is_ok());
    }
    assert!(
        throttle.begin(ADA, stranger(5_000)).is_err(),
        "many addresses together wait"
    );
    let attempt = throttle.begin(ADA, HOME).ok().unwrap();
    assert_eq!(attempt.limit.remaining, FREE_FAILURES - 1);
}

#[test]
fn an_address_waits_whatever_the_names() {
    let (clock, throttle) = throttle();
    let net = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
    for n in 0..u16::try_from(ADDRESS_BURST).unwrap() {
        let name = n.to_string();
        assert!(
            throttle.begin(&name, net(n)).is_ok(),
            "{n}: a /64 counts as one"
        );
    }
    assert!(throttle.begin(ADA, net(1)).is_err());
    clock.advance(ADDRESS_FORGIVES);
    assert!(throttle.begin(ADA, net(1)).is_ok(), "it leaks");
}

#[test]
fn a_busy_office_that_mistypes_now_and_then_is_never_turned_away() {
    let (clock, throttle) = throttle();
    for n in 0..17_280 {
        clock.advance(Duration::from_secs(10));
        let attempt = throttle.begin(&format!("person {}", n % 500), HOME);
        let attempt = attempt.map_err(|limit| (n, limit)).unwrap();
        if n % 20 != 7 {
            attempt.succeeded();
        }
    }
}

#[test]
fn a_known_owner_is_not_kept_out_by_guesses_at_others_beside_them() {
    let (_, throttle) = throttle();
    throttle.begin(ADA, HOME).map_err(drop).unwrap().succeeded();
    for n in 0..ADDRESS_BURST {
        assert!(throttle.begin(&n.to_string(), HOME).is_ok());
    }
    assert!(throttle.begin("another", HOME).is_err());
    assert!(throttle.begin(ADA, HOME).is_ok());
}

#[test]
fn trouble_of_ours_counts_for_nothing() {
    let (_, throttle) = throttle();
    for _ in 0..3 * ADDRESS_BURST {
        throttle.begin(ADA, HOME).map_err(drop).unwrap().abandoned();
    }
    let attempt = throttle.begin(ADA, HOME).map_err(drop).unwrap();
    assert_eq!(attempt.limit.remaining, FREE_FAILURES - 1);
}

#[test]
fn memory_is_bounded() {
    let (clock, throttle) = throttle();
    for n in 0..200_000_u32 {
        let name = n.to_string();
        let _ = throttle.begin(&name, stranger(n));
        clock.advance(Duration::from_millis(1));
    }
    let counts = throttle.counts.lock().unwrap();
    for entries in [
        counts.pairs.len(),
        counts.names.len(),
        counts.addresses.len(),
    ] {
        assert!(entries <= CAPACITY, "{entries}");
    }
}

#[test]
fn of_many_owners_those_who_came_last_stay_known() {
    let (clock, throttle) = throttle();
    let owner = |n: usize| (n.to_string(), stranger(u32::try_from(n).unwrap()));
    let is_known = |n: usize| {
        let (name, address) = owner(n);
        let network = network(address);
        let counts = throttle.counts.lock().unwrap();
        counts.known.contains_key(&(Name::from(name), network))
    };
    for n in 0..=CAPACITY {
        let (name, address) = owner(n);
        throttle.begin(&name, address).ok().unwrap().succeeded();
        clock.advance(Duration::from_millis(1));
    }
    assert!(is_known(CAPACITY) && is_known(CAPACITY - 1) && is_known(CAPACITY / 2));
    assert!(!is_known(0) && !is_known(CAPACITY / 2 - 1));
    // Strangers who guess do not keep out an owner who is still known.
    let (name, home) = owner(CAPACITY - 1);
    for n in 0..=FREE_FAILURES_EVERYWHERE {
        let _ = throttle.begin(&name, stranger(1_000_000 + n));
    }
    assert!(throttle.begin(&name, stranger(2_000_000)).is_err());
    assert!(throttle.begin(&name, home).is_ok());
}
