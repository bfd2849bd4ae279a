use super::*;

#[derive(Debug, PartialEq)]
struct Job(&'static str, bool);

impl Waiting for Job {
    fn is_wanted(&self) -> bool {
        self.1
    }
}

fn push(queue: &mut Queue<Job>, address: &str, name: &'static str) -> Result<(), &'static str> {
    queue
        .push(address.parse().unwrap(), Job(name, true))
        .map_err(|lost| lost.0)
}

fn drain(queue: &mut Queue<Job>) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.pop())
        .map(|job| job.0)
        .collect()
}

#[test]
fn addresses_take_turns() {
    let mut queue = Queue::new(10);
    for name in ["a1", "a2", "a3"] {
        push(&mut queue, "192.0.2.1", name).unwrap();
    }
    push(&mut queue, "192.0.2.2", "b1").unwrap();
    // One /64, one line; an IPv4 address mapped into IPv6 is the IPv4 address.
    push(&mut queue, "2001:db8::1", "c1").unwrap();
    push(&mut queue, "2001:db8::2", "c2").unwrap();
    push(&mut queue, "::ffff:192.0.2.2", "b2").unwrap();
    assert_eq!(
        drain(&mut queue),
        ["a1", "b1", "c1", "a2", "b2", "c2", "a3"]
    );
    assert_eq!(
        (queue.taken, queue.lines.len(), queue.turns.len()),
        (0, 0, 0)
    );
}

#[test]
fn a_newcomer_takes_a_place_from_the_longest_line() {
    let mut queue = Queue::new(3);
    for name in ["a1", "a2", "a3"] {
        push(&mut queue, "192.0.2.1", name).unwrap();
    }
    assert_eq!(push(&mut queue, "192.0.2.1", "a4"), Err("a4"));
    assert_eq!(push(&mut queue, "192.0.2.2", "b1"), Err("a3"));
    assert_eq!(push(&mut queue, "192.0.2.2", "b2"), Err("b2"));
    assert_eq!(push(&mut queue, "192.0.2.3", "c1"), Err("a2"));
    assert_eq!(push(&mut queue, "192.0.2.4", "d1"), Err("d1"));
    assert_eq!(drain(&mut queue), ["a1", "b1", "c1"]);
}

#[test]
fn who_has_left_holds_no_place_and_gets_no_turn() {
    let mut queue = Queue::new(3);
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    for name in ["gone1", "gone2"] {
        queue.push(address, Job(name, false)).unwrap();
    }
    push(&mut queue, "192.0.2.1", "a1").unwrap();
    push(&mut queue, "192.0.2.1", "a2").unwrap();
    assert_eq!(queue.taken, 2);
    queue.push(address, Job("gone3", false)).unwrap();
    assert_eq!(drain(&mut queue), ["a1", "a2"]);
    assert_eq!(
        (queue.taken, queue.lines.len(), queue.turns.len()),
        (0, 0, 0)
    );
}
