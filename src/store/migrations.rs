//! The migrations, compiled in. `migrations/README.md` has the rules.

use sqlx::{
    Connection as _, PgConnection, SqliteConnection,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use super::{dialect::BY_BYTES, error::StoreError};

const MIGRATIONS: [(i64, &str, &str); 14] = [
    (
        1,
        "sessions",
        include_str!("../../migrations/0001_sessions.sql"),
    ),
    (
        2,
        "peppers",
        include_str!("../../migrations/0002_peppers.sql"),
    ),
    (
        3,
        "journal",
        include_str!("../../migrations/0003_journal.sql"),
    ),
    (
        4,
        "api_keys",
        include_str!("../../migrations/0004_api_keys.sql"),
    ),
    (
        5,
        "session_profiles",
        include_str!("../../migrations/0005_session_profiles.sql"),
    ),
    (
        6,
        "scopes",
        include_str!("../../migrations/0006_scopes.sql"),
    ),
    (
        7,
        "living_sessions",
        include_str!("../../migrations/0007_living_sessions.sql"),
    ),
    (
        8,
        "leases",
        include_str!("../../migrations/0008_leases.sql"),
    ),
    (
        9,
        "session_cookies",
        include_str!("../../migrations/0009_session_cookies.sql"),
    ),
    (
        10,
        "changes_of_users",
        include_str!("../../migrations/0010_changes_of_users.sql"),
    ),
    (
        11,
        "clients",
        include_str!("../../migrations/0011_clients.sql"),
    ),
    (
        12,
        "tokens_signed",
        include_str!("../../migrations/0012_tokens_signed.sql"),
    ),
    (
        13,
        "client_assertions",
        include_str!("../../migrations/0013_client_assertions.sql"),
    ),
    (
        14,
        "login_names_by_prefix",
        include_str!("../../migrations/0014_login_names_by_prefix.sql"),
    ),
];

/// Any number, the same for all nodes: whoever migrates holds the lock of this name.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8102447318660223)";

/// The names of those that a file does not have yet.
pub(super) async fn pending_in_file(
    connection: &mut SqliteConnection,
) -> Result<Vec<String>, StoreError> {
    const EXISTS: &str = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let exists = sqlx::query(EXISTS).fetch_optional(&mut *connection).await?;
    pending(connection, exists.is_some()).await
}

/// The names of those that a database on a server does not have yet.
pub(super) async fn pending_on_server(
    connection: &mut PgConnection,
) -> Result<Vec<String>, StoreError> {
    const EXISTS: &str = "SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL";
    let exists = sqlx::query(EXISTS).fetch_optional(&mut *connection).await?;
    pending(connection, exists.is_some()).await
}

/// Applies those that a file does not have yet: all or none, while no other process does.
pub(super) async fn apply_to_file(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut locked = connection.begin_with("BEGIN IMMEDIATE").await?;
    // What `run` does, without the bound that makes its future not `Send` (sqlx says so there).
    let migrator = migrator_of(|sql| sql.replace(BY_BYTES, ""));
    migrator.run_direct(None, &mut *locked, false).await?;
    Ok(locked.commit().await?)
}

/// Applies those that a database on a server does not have yet: all or none, while no other node
/// does.
pub(super) async fn apply_to_server(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut locked = connection.begin().await?;
    sqlx::query(LOCK).execute(&mut *locked).await?;
    migrator().run_direct(None, &mut *locked, false).await?;
    Ok(locked.commit().await?)
}

/// Asks the table of those that are applied, where there is one.
async fn pending(
    connection: &mut impl Migrate,
    has_table: bool,
) -> Result<Vec<String>, StoreError> {
    let migrator = migrator();
    let applied = if has_table {
        connection
            .list_applied_migrations(&migrator.table_name)
            .await?
    } else {
        Vec::new()
    };
    for migration in &applied {
        if !migrator.version_exists(migration.version) {
            return Err(MigrateError::VersionMissing(migration.version).into());
        }
    }
    Ok(migrator
        .iter()
        .filter(|known| applied.iter().all(|one| one.version != known.version))
        .map(name)
        .collect())
}

/// The names of all.
pub(super) fn all() -> Vec<String> {
    migrator().iter().map(name).collect()
}

fn name(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description)
}

fn migrator() -> Migrator {
    migrator_of(str::to_owned)
}

/// Of the files as a database takes them.
fn migrator_of(spell: fn(&str) -> String) -> Migrator {
    let all = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(spell(sql))),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(all.into());
    // Each of us holds a lock of our own around it.
    migrator.set_locking(false);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let names = std::fs::read_dir(folder).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut there: Vec<_> = names.filter(|name| name != "README.md").collect();
        there.sort();
        let listed = MIGRATIONS
            .iter()
            .map(|(number, what, _)| format!("{number:04}_{what}.sql"));
        assert_eq!(there, listed.collect::<Vec<_>>());
    }
}
