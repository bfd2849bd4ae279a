//! What the OAuth endpoints cost: the public documents beside an echo, and `/oauth/token` beside the
//! same refresh in JSON. A client's own token has no twin in JSON: beside it stands an echo that
//! signs once.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::bare::Bare;
use crate::load::{Load, in_turn};
use crate::report;
use crate::scripts::{BARE, Form, JWKS, METADATA, ROTATIONS, Refresh, SIGN, Same};
use crate::sessions::Opener;
use crate::signet::Home;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Enough for this many refreshes a second in all rounds, of each kind.
const REFRESHES: usize = 24_000 * 2 * ROUNDS;

/// Measures it, and prints the table.
pub(crate) async fn measure() {
    let bare = Bare::start();
    let home = Home::new(Vec::new(), 1);
    let client = home.create_client();
    let signet = home.serve();
    let opener = Opener::of(&home, &home.url()).await;
    let form = Form::Of(opener.client().to_string());
    let (json, form) = (open(&opener, Form::Json).await, open(&opener, form).await);
    let credential = STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let same = |script: Same| vec![script; CONNECTIONS];
    let (echo, node) = ([bare.place()], [signet.place()]);
    let mut loads = [
        Load::new("bare poem", &echo, same(Same::get(BARE))),
        Load::new("poem-openapi echo", &echo, same(Same::echo())),
        Load::new("poem + es256", &echo, same(Same::get(SIGN))),
        Load::new("refresh, JSON", &node, json),
        Load::new("refresh, /oauth/token", &node, form),
        Load::new(
            "client_credentials",
            &node,
            same(Same::client_credentials(&credential)),
        ),
        Load::new("jwks", &node, same(Same::get(JWKS))),
        Load::new("metadata", &node, same(Same::get(METADATA))),
    ];
    let paths = in_turn(&mut loads, ROUNDS, ROUND).await;
    report::table(&paths, &["bare", "echo", "es256", "JSON"]);
}

/// Sessions enough to refresh, dealt out to the connections.
async fn open(opener: &Opener, form: Form) -> Vec<Refresh> {
    let tokens = opener.open(REFRESHES.div_ceil(ROTATIONS)).await;
    let mut scripts: Vec<Refresh> = (0..CONNECTIONS)
        .map(|_| Refresh::asking(form.clone()))
        .collect();
    for (number, token) in tokens.into_iter().enumerate() {
        scripts[number % CONNECTIONS].add_token(token);
    }
    scripts
}
