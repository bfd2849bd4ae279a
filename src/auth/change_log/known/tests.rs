use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const MOMENT: Timestamp = Timestamp::from_millis(1_760_000_000_000);
const LOGGED_OUT: Standing = Standing::Over(EndReason::Logout);
const CHANGED: Standing = Standing::Over(EndReason::PasswordChanged);

fn user(number: u32) -> UserId {
    UserId::new(MOMENT, random(number))
}

fn session(number: u32) -> SessionId {
    SessionId::new(MOMENT, random(number))
}

fn random(number: u32) -> [u8; 10] {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    random
}

fn row(number: u32, change: Change) -> ChangeRow {
    ChangeRow {
        number: number.into(),
        mark: format!("mark{number}"),
        change,
    }
}

fn logout(number: u32, user: UserId) -> ChangeRow {
    let change = Change::SessionRevoked {
        session: session(number),
        user: Some(user),
        reason: EndReason::Logout,
    };
    row(number, change)
}

fn not_before(number: u32, user: UserId, except: Option<SessionId>) -> ChangeRow {
    let change = Change::UserNotBefore {
        user,
        not_before: MOMENT,
        except,
        reason: EndReason::PasswordChanged,
    };
    row(number, change)
}

fn known(of_user: usize, rows: usize) -> Known {
    Known::within(Bounds { of_user, rows })
}

impl Known {
    fn hear(&mut self, rows: Vec<ChangeRow>, at: Duration) {
        self.learn(rows, at, &mut News::default());
        self.complete(at);
    }
}

#[test]
fn a_row_is_held_for_the_retention_from_its_receipt() {
    let mut known = known(10, 100);
    let (ada, ben, eve) = (user(1), user(2), user(3));
    let everyone = Change::EveryoneNotBefore {
        not_before: MOMENT.minus(MINUTE),
        reason: EndReason::Admin,
    };
    let rows = vec![logout(1, ada), not_before(2, ben, None), row(3, everyone)];
    known.hear(rows, MINUTE);
    let early = SessionId::new(MOMENT.minus(MINUTE), random(9));
    let standing = |known: &Known| {
        let asked = [(session(1), ada), (session(2), ben), (early, eve)];
        asked.map(|(session, user)| known.standing(session, user))
    };
    let all = [LOGGED_OUT, CHANGED, Standing::Over(EndReason::Admin)];
    assert_eq!(standing(&known), all);
    assert_eq!(known.standing(session(2), ada), Standing::Alive);
    known.hear(Vec::new(), RETENTION);
    assert_eq!(standing(&known), all);
    known.hear(Vec::new(), MINUTE + RETENTION);
    assert_eq!(standing(&known), [Standing::Alive; 3]);
    let left = (known.rows(), known.sessions.len(), known.users.len());
    assert_eq!((left, known.everyone.len()), ((0, 0, 0), 0));
}

#[test]
fn the_last_row_is_read_with_each_poll_and_received_once() {
    let mut known = known(10, 100);
    let mut news = News::default();
    for minute in 1..=64 {
        let rows = vec![not_before(1, user(1), None)];
        known.learn(rows, minute * MINUTE, &mut news);
    }
    assert_eq!(news.users, [user(1)]);
    assert_eq!(known.rows(), 0);
}

#[test]
fn of_one_user_so_many_rows_are_held_and_the_store_is_asked_of_the_rest() {
    let mut known = known(1_000, 10_000);
    let (ada, ben) = (user(1), user(2));
    let rows = (1..=5_000).map(|number| logout(number, ada));
    known.hear(rows.collect(), MINUTE);
    // And one for all that are not held.
    assert_eq!((known.rows(), known.sessions.len()), (1_001, 1_000));
    assert_eq!(known.standing(session(1_000), ada), LOGGED_OUT);
    assert_eq!(known.standing(session(1_001), ada), Standing::Untold);
    assert_eq!(known.standing(session(9_999), ben), Standing::Alive);
    // One that came later matters for longer than those that are held.
    known.hear(vec![logout(5_001, ada)], 2 * MINUTE);
    known.hear(Vec::new(), MINUTE + RETENTION);
    assert_eq!(known.standing(session(5_001), ada), Standing::Untold);
    known.hear(Vec::new(), MINUTE + 2 * RETENTION);
    assert_eq!(known.standing(session(5_001), ada), Standing::Alive);
    assert_eq!((known.rows(), known.users.len()), (0, 0));
}

#[test]
fn changes_of_a_password_are_counted_too() {
    let mut known = known(3, 100);
    let ada = user(1);
    let rows = (1..=5).map(|number| not_before(number, ada, Some(session(7))));
    known.hear(rows.collect(), MINUTE);
    assert_eq!(known.standing(session(1), ada), CHANGED);
    assert_eq!(known.standing(session(7), ada), Standing::Untold);
    assert_eq!(known.users[&ada].not_before.len(), 3);
}

#[test]
fn of_all_together_so_many_rows_are_held_and_the_store_is_asked_of_the_rest() {
    let mut known = known(1_000, 20_000);
    let of = |number: u32| user(number % 5_000);
    let rows = (1..=50_000).map(|number| logout(number, of(number)));
    known.hear(rows.collect(), MINUTE);
    assert_eq!((known.rows(), known.sessions.len()), (20_000, 20_000));
    assert_eq!(known.standing(session(20_000), of(20_000)), LOGGED_OUT);
    let beyond = |known: &Known| known.standing(session(20_001), of(20_001));
    assert_eq!(beyond(&known), Standing::Untold);
    known.hear(Vec::new(), MINUTE + RETENTION);
    assert_eq!(beyond(&known), Standing::Alive);
    assert_eq!((known.rows(), known.users.len()), (0, 0));
}

#[test]
fn a_row_of_an_older_node_names_no_user() {
    let mut known = known(1, 100);
    let change = Change::SessionRevoked {
        session: session(1),
        user: None,
        reason: EndReason::Logout,
    };
    known.hear(vec![row(1, change)], MINUTE);
    assert_eq!(known.standing(session(1), user(1)), LOGGED_OUT);
    assert!(known.users.is_empty());
}

#[test]
fn a_log_that_is_read_by_halves_tells_of_no_session_that_it_goes_on() {
    let mut known = known(10, 100);
    let ada = user(1);
    known.learn(vec![logout(1, ada)], MINUTE, &mut News::default());
    assert_eq!(known.standing(session(1), ada), LOGGED_OUT);
    assert_eq!(known.standing(session(2), ada), Standing::Untold);
    assert_eq!(known.read_at, None);
    known.hear(vec![logout(2, ada)], MINUTE);
    assert_eq!(known.standing(session(2), ada), LOGGED_OUT);
    assert_eq!(known.standing(session(3), ada), Standing::Alive);
}
