//! The migrations, compiled in. `migrations/README.md` has the rules.

use sqlx::{
    Connection as _, SqliteConnection,
    migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator},
};

use super::error::StoreError;

const MIGRATIONS: [(i64, &str, &str); 1] = [(
    1,
    "sessions",
    include_str!("../../migrations/0001_sessions.sql"),
)];

/// The names of those that are not applied yet.
pub(super) async fn pending(connection: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let migrator = migrator();
    connection
        .ensure_migrations_table(&migrator.table_name)
        .await?;
    let applied = connection
        .list_applied_migrations(&migrator.table_name)
        .await?;
    for migration in &applied {
        if !migrator.version_exists(migration.version) {
            return Err(MigrateError::VersionMissing(migration.version).into());
        }
    }
    Ok(migrator
        .iter()
        .filter(|known| applied.iter().all(|one| one.version != known.version))
        .map(|known| format!("{:04}_{}", known.version, known.description))
        .collect())
}

/// Applies those that are not applied yet: all or none, while no other process does.
pub(super) async fn apply(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut locked = connection.begin_with("BEGIN IMMEDIATE").await?;
    // What `run` does, without the bound that makes its future not `Send` (sqlx says so there).
    migrator().run_direct(None, &mut *locked, false).await?;
    Ok(locked.commit().await?)
}

fn migrator() -> Migrator {
    let all = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str(sql),
            false,
        )
    });
    Migrator::with_migrations(all.into())
}
