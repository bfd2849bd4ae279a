//! `signet session`: who is logged in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Shared,
    admin::{self, Admin},
    failure::{Failure, Kind},
    output::table,
};
use crate::{
    model::{
        id::SessionId,
        session::{EndReason, Session},
        time::Timestamp,
    },
    store::{families::Target, opening::Purpose, paging::Paging},
};

#[derive(Subcommand)]
pub(super) enum SessionCommand {
    /// List a user's living sessions, the newest first
    #[command(after_help = "\
Examples:
  signet session list ada
  signet session list ada@example.com --json")]
    List(ListSessions),
    /// End one session, all sessions of a user, or everybody's
    #[command(after_help = "\
Examples:
  signet session revoke ses_01890a5d-ac96-774b-bcce-b302099a8057
  signet session revoke --user ada
  signet session revoke --since 2026-01-31T09:05:00Z
  signet session revoke --all

A restored database has forgotten what was ended after its backup was made. --since ends whatever
may have been: every session that had begun by then. Those begun later go on.
It may be run again, and is to be where it was interrupted.")]
    Revoke(RevokeSessions),
}

#[derive(Args)]
pub(super) struct ListSessions {
    /// Id, username or e-mail address
    user: String,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Begin after this session
    #[arg(long, value_name = "ID")]
    after: Option<SessionId>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct RevokeSessions {
    /// The session's id
    #[arg(value_name = "ID")]
    session: Option<SessionId>,
    /// All sessions of this user: id, username or e-mail address
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// All sessions that may have been ended since this time and brought back by a restore: those
    /// begun by then (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// All sessions of all users
    #[arg(long)]
    all: bool,
}

impl SessionCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        admin::run(shared, Purpose::Use, async |admin| match self {
            Self::List(arguments) => list(admin, arguments).await,
            Self::Revoke(which) => revoke(admin, which).await,
        })
    }
}

async fn list(admin: &Admin, arguments: ListSessions) -> Result<(), Failure> {
    let user = admin.find(&arguments.user).await?;
    let paging = Paging {
        after: arguments.after,
        limit: arguments.limit,
    };
    let page = admin.auth().sessions(user.id, paging).await?;
    let rows: Vec<[String; 5]> = page.items.iter().map(row).collect();
    let next = page
        .items
        .last()
        .filter(|_| page.more)
        .map(|session| session.id.to_string());
    let items: Vec<Value> = page.items.iter().map(as_json).collect();
    let json = json!({ "items": items, "next_cursor": next, "total": page.total });
    admin.out.print(&json, || {
        table(["ID", "BEGUN", "REFRESHED", "FROM", "DEVICE"], &rows)
    })?;
    if rows.is_empty() && !admin.out.json {
        eprintln!("{} has no living sessions here.", user.username);
        return Ok(());
    }
    admin
        .out
        .tally(rows.len(), page.total, "sessions", next.as_deref());
    Ok(())
}

async fn revoke(admin: &Admin, which: RevokeSessions) -> Result<(), Failure> {
    match which {
        RevokeSessions {
            session: Some(session),
            ..
        } => revoke_one(admin, session).await,
        RevokeSessions {
            user: Some(user), ..
        } => revoke_of(admin, &user).await,
        RevokeSessions { since, .. } => revoke_everyones(admin, since).await,
    }
}

async fn revoke_one(admin: &Admin, session: SessionId) -> Result<(), Failure> {
    let ended = admin
        .auth()
        .end(Target::Session(session), EndReason::Admin)
        .await?;
    if ended == 0 {
        let sentence =
            format!("There is no living session {session}; `signet session list USER` names them.");
        return Err(Failure::new(Kind::NotFound, sentence));
    }
    print_ended(admin, ended)
}

async fn revoke_of(admin: &Admin, user: &str) -> Result<(), Failure> {
    let user = admin.find(user).await?.id;
    let target = Target::User { user, except: None };
    print_ended(admin, admin.auth().end(target, EndReason::Admin).await?)
}

async fn revoke_everyones(admin: &Admin, since: Option<Timestamp>) -> Result<(), Failure> {
    let now = admin.auth().now();
    let begun_by = since.unwrap_or(now);
    if begun_by > now {
        let sentence = format!(
            "--since {begun_by} is not over yet: it is {now} by the clock of the database."
        );
        return Err(Failure::new(Kind::Usage, sentence));
    }
    print_ended(admin, admin.auth().end_everyones_sessions(begun_by).await?)
}

fn print_ended(admin: &Admin, ended: u64) -> Result<(), Failure> {
    let sessions = if ended == 1 { "session" } else { "sessions" };
    admin.out.print(&json!({ "ended": ended }), || {
        format!("Ended {ended} {sessions}.\n")
    })
}

fn as_json(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "user_id": session.user.to_string(),
        "client_id": session.client.to_string(),
        "created_at": session.created_at.to_string(),
        "refreshed_at": session.family.rotated_at.to_string(),
        "expires_at": expires_at(session).to_string(),
        "address": session.origin.address.map(|address| address.to_string()),
        "label": session.origin.label,
    })
}

fn row(session: &Session) -> [String; 5] {
    [
        session.id.to_string(),
        session.created_at.to_string(),
        session.family.rotated_at.to_string(),
        session
            .origin
            .address
            .map(|address| address.to_string())
            .unwrap_or_default(),
        session.origin.label.clone().unwrap_or_default(),
    ]
}

/// When it ends unless it is refreshed.
fn expires_at(session: &Session) -> Timestamp {
    session
        .family
        .idle_expires_at
        .min(session.absolute_expires_at)
}
