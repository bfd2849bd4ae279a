//! The command line: parse, call one verb, print.
//!
//! Owns the commands, their help, what they print and how they end. What a command does is
//! decided elsewhere: by `app` for the server, by [`auth`](crate::auth) for users and sessions.

mod admin;
mod api_key;
mod client;
mod config;
mod demo;
mod doctor;
mod failure;
mod migrate;
mod output;
mod password;
mod prompt;
mod reference;
mod scope;
mod scratch;
mod serve;
mod session;
mod signals;
mod signing_key;
mod supervisor;
mod usage;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{
    api_key::ApiKeyCommand, client::ClientCommand, config::ConfigCommand, demo::Demo,
    doctor::Doctor, failure::Failure, migrate::Migrate, output::Output, scope::ScopeCommand,
    session::SessionCommand, signing_key::SigningKeyCommand, user::UserCommand,
};
use crate::{
    config::{FileChoice, Loaded},
    http,
};

/// An identity provider in one binary: short-lived signed access tokens, rotating refresh tokens.
#[derive(Parser)]
#[command(name = "signet", version, after_help = failure::EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(clap::Args)]
struct Shared {
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    #[arg(help = "The configuration file [default: $SIGNET_CONFIG, or signet.toml if it exists]")]
    config: Option<PathBuf>,
    /// Print one JSON value, for scripts; errors too, on stderr
    #[arg(long, global = true, display_order = 901)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Start a throwaway server with a user, and print how to try it
    #[command(after_help = "\
Examples:
  signet demo
  signet demo --port 9000
  signet demo --port 0 --json

It answers on 127.0.0.1 and ::1, keeps its database and keys in a temporary folder (TMPDIR), and \
removes them when it stops. With --json it prints one line {url, username, password, client_id} \
once it answers.

Settings come from the environment, and from a file only if it is named. These it decides itself: \
server.listen, server.issuer, server.metrics_listen (off), store.database, keys.dir, keys.master, \
keys.active. It trusts this machine as a proxy and, without verify.rules, lets every request pass \
/v1/auth/verify that has an access token or an API key.")]
    Demo(Demo),
    /// Start the server
    #[command(after_help = "\
Examples:
  signet serve
  signet --config /etc/signet.toml serve
  SIGNET_SERVER__ISSUER=https://id.example.com signet serve

The first start makes the database and the keys. SIGTERM, SIGHUP and Ctrl-C let requests under way \
finish, then it exits with 0. One server at a time serves from an SQLite file; other commands work \
beside it. With --json it prints one line {address, metrics_address, issuer, users} once it \
listens.")]
    Serve,
    /// Bring the database up to date; says first what it will do
    #[command(after_help = "\
Examples:
  signet migrate --dry-run
  signet migrate

It makes the database where there is none. `signet serve` does the same when it starts.")]
    Migrate(Migrate),
    /// Create, find and change users
    #[command(subcommand)]
    User(UserCommand),
    /// Create, find and change API keys
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Register and change clients: applications, and servers that act for themselves
    #[command(subcommand)]
    Client(ClientCommand),
    /// Say which scopes there are
    #[command(subcommand)]
    Scope(ScopeCommand),
    /// List and end sessions
    #[command(subcommand)]
    Session(SessionCommand),
    /// List, rotate, import and end the keys that sign access tokens
    #[command(subcommand)]
    SigningKey(SigningKeyCommand),
    /// Print the OpenAPI document, without starting anything
    #[command(after_help = "\
Examples:
  signet openapi > openapi.json")]
    Openapi,
    /// Say what is wrong with this deployment, and what to change
    #[command(after_help = "\
Examples:
  signet doctor
  signet doctor --url https://id.example.com
  signet doctor --url https://id.example --username ada --password-stdin <file

Without --url it looks from inside, by the configuration: what `signet config check` judges, and \
the clock, Redis, cookies, who can read secrets. With --url it asks the deployment as a client \
does, from wherever it is run: does Authorization arrive, is the issuer the one that answers, are \
keys published, does the proxy leave cookies and caching alone. It ends with 1 where something is \
wrong.")]
    Doctor(Doctor),
    /// Check, show or explain the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print docs/cli.md
    #[command(hide = true)]
    CliReference,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { shared, command } = match Cli::try_parse() {
        Ok(asked) => asked,
        Err(error) => return usage::tell(&error),
    };
    match command.run(&shared) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(shared.json),
    }
}

impl Command {
    fn run(self, shared: &Shared) -> Result<(), Failure> {
        match self {
            Self::Demo(command) => command.run(shared),
            Self::Serve => serve::run(shared),
            Self::Migrate(command) => command.run(shared),
            Self::User(command) => command.run(shared),
            Self::ApiKey(command) => command.run(shared),
            Self::Client(command) => command.run(shared),
            Self::Scope(command) => command.run(shared),
            Self::Session(command) => command.run(shared),
            Self::SigningKey(command) => command.run(shared),
            Self::Openapi => print_openapi(shared.output()),
            Self::Doctor(command) => command.run(shared),
            Self::Config(command) => command.run(shared),
            Self::CliReference => reference::print(shared.output()),
        }
    }
}

impl Shared {
    const fn output(&self) -> Output {
        Output { json: self.json }
    }

    /// The file that was named, here or by `SIGNET_CONFIG`.
    fn named_file(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os("SIGNET_CONFIG").filter(|path| !path.is_empty());
        self.config
            .clone()
            .or_else(|| variable().map(PathBuf::from))
    }

    /// The settings of a deployment.
    fn load(&self) -> Result<Loaded, Failure> {
        let choice = self
            .named_file()
            .map_or(FileChoice::Usual, FileChoice::Named);
        Ok(crate::config::load(&choice, std::env::vars_os())?)
    }
}

/// The document is JSON as it is: with --json on one line.
fn print_openapi(out: Output) -> Result<(), Failure> {
    let text = http::openapi();
    let json = serde_json::from_str(&text).unwrap_or_default();
    out.print(&json, || text)
}
