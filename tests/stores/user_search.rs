//! Finding users by how their names begin: a range of an index, in the order of bytes.

use signet::store::{paging::Paging, users::UserFilter};
use sqlx::Row as _;

use crate::place::{Intruder, Place};

on_each_database! {
    those_whose_names_begin_so_are_found_whatever_the_database_sorts_by,
}

async fn those_whose_names_begin_so_are_found_whatever_the_database_sorts_by(place: Place) {
    let all = ["al", "a-l", "al-x", "al.b", "al_9", "alz", "am", "a", "zal"];
    for name in all {
        place.clock.advance(std::time::Duration::from_millis(1));
        let mut user = place.new_user(name, &[]);
        user.email = Some(format!("{name}@example.com").parse().unwrap());
        place.users().create(user).await.unwrap();
    }
    for prefix in [
        "",
        "a",
        "al",
        "al-",
        "al.",
        "am",
        "z",
        "al@",
        "b",
        "\u{10ffff}",
    ] {
        let filter = UserFilter {
            name_prefix: Some(prefix.to_owned()),
            ..UserFilter::default()
        };
        let page = place
            .users()
            .list(&filter, Paging::first(20))
            .await
            .unwrap();
        let found: Vec<_> = page
            .items
            .iter()
            .map(|user| user.username.to_string())
            .collect();
        let expected = all
            .iter()
            .filter(|name| format!("{name}@").starts_with(prefix));
        let expected: Vec<_> = expected.map(ToString::to_string).collect();
        assert_eq!(
            (page.total, &found),
            (expected.len() as u64, &expected),
            "{prefix}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_begin_alike_are_a_range_of_an_index() {
    let place = Place::postgres().await;
    let Intruder::Postgres(mut connection) = place.intruder().await else {
        panic!("it is a file")
    };
    // A table as small as this is read whole otherwise.
    let whole = "SET enable_seqscan = off";
    sqlx::query(whole).execute(&mut connection).await.unwrap();
    let explain = "EXPLAIN SELECT user_id FROM login_names
        WHERE name COLLATE \"C\" >= 'al' AND name COLLATE \"C\" < 'am'";
    let plan = sqlx::query(explain)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("login_names_by_prefix"), "{plan}");
    assert!(plan.contains("Index Cond"), "{plan}");
}
