//! Tables of sign-in: credentials, devices, sessions, tries.

use domain::Ms;
use domain::id::{DeviceId, UserId};
use domain::modules::accounts::User;
use domain::modules::company::Settings;
use domain::sync::wire::DeviceInfo;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{Db, sql};
use crate::error::ApiError;
use crate::store::duties::Fence;
use crate::store::{duties, records};

type Result<T> = std::result::Result<T, ApiError>;

/// A stored text that must be one of ours; otherwise a row is damaged.
fn stored<T: DeserializeOwned>(what: &str, body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|e| ApiError::fault(what, e))
}

fn stored_id<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T> {
    text.parse().map_err(|e| ApiError::fault(what, e))
}

/// A session with its device and its person.
pub struct FoundSession {
    pub user: User,
    pub device: DeviceId,
    pub device_name: String,
    pub revoked: bool,
    pub last_seen: Ms,
    pub must_change_password: bool,
}

pub async fn find_session(db: &Db, token_hash: &str) -> Result<Option<FoundSession>> {
    let row = sql("SELECT s.last_seen, d.id, d.name, d.revoked, u.body, c.must_change \
         FROM sessions s JOIN devices d ON d.id = s.device_id JOIN users u ON u.id = s.user_id \
         LEFT JOIN credentials c ON c.user_id = s.user_id WHERE s.token_hash = $1")
    .bind(token_hash.to_owned())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row: AnyRow| {
        Ok(FoundSession {
            last_seen: Ms(row.try_get(0)?),
            device: stored_id("sessions.device_id", row.try_get(1)?)?,
            device_name: row.try_get(2)?,
            revoked: row.try_get::<Option<i64>, _>(3)?.is_some(),
            user: stored("users.body", row.try_get(4)?)?,
            must_change_password: is_set(&row, 5)?,
        })
    })
    .transpose()
}

fn is_set(row: &AnyRow, column: usize) -> Result<bool> {
    Ok(row.try_get::<Option<i64>, _>(column)?.is_some_and(|flag| flag != 0))
}

pub async fn end_session(db: &Db, token_hash: &str) -> Result<()> {
    let delete = sql("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash.to_owned());
    delete.execute(db.writers()).await?;
    Ok(())
}

/// Notes that a session and its device were used.
pub async fn touch(db: &Db, token_hash: &str, device: DeviceId, now: Ms) -> Result<()> {
    let mut tx = db.begin_write().await?;
    sql("UPDATE sessions SET last_seen = $1 WHERE token_hash = $2")
        .bind(now.0)
        .bind(token_hash.to_owned())
        .execute(&mut *tx)
        .await?;
    sql("UPDATE devices SET last_seen = $1 WHERE id = $2")
        .bind(now.0)
        .bind(device.to_string())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// An account with its password's hash; an account nobody set a password for has none.
pub struct FoundAccount {
    pub user: User,
    pub hash: Option<String>,
    pub must_change_password: bool,
}

pub async fn find_account(db: &Db, account: &str) -> Result<Option<FoundAccount>> {
    let row = sql("SELECT u.body, c.hash, c.must_change FROM users u \
         LEFT JOIN credentials c ON c.user_id = u.id WHERE u.account = $1")
    .bind(account.to_owned())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row: AnyRow| {
        Ok(FoundAccount {
            user: stored("users.body", row.try_get(0)?)?,
            hash: row.try_get(1)?,
            must_change_password: is_set(&row, 2)?,
        })
    })
    .transpose()
}

pub async fn user_exists(db: &Db, user: UserId) -> Result<bool> {
    let row = sql("SELECT 1 FROM users WHERE id = $1").bind(user.to_string());
    Ok(row.fetch_optional(db.readers()).await?.is_some())
}

/// Why an attempt is not even looked at: the time at which the limit gives way.
pub struct Locked {
    pub until: Ms,
}

/// Counts an attempt before it is checked, so that many at once cannot slip under a limit. Each key
/// comes with how many attempts it may have within `window`.
pub async fn begin_try(
    db: &Db,
    keys: &[(String, i64)],
    now: Ms,
    window: i64,
) -> Result<std::result::Result<(), Locked>> {
    let mut tx = db.begin_write().await?;
    sql("DELETE FROM sign_in_tries WHERE at <= $1").bind(now.0 - window).execute(&mut *tx).await?;
    for (key, limit) in keys {
        // The oldest of the newest `limit` tries: when it leaves the window there is room for one.
        let row =
            sql("SELECT at FROM sign_in_tries WHERE key = $1 ORDER BY at DESC LIMIT 1 OFFSET $2")
                .bind(key.clone())
                .bind(limit - 1)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(row) = row {
            let at: i64 = row.try_get(0)?;
            tx.commit().await?;
            return Ok(Err(Locked { until: Ms(at).plus(window) }));
        }
    }
    for (key, _) in keys {
        sql("INSERT INTO sign_in_tries (key, at) VALUES ($1, $2)")
            .bind(key.clone())
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// What a successful sign-in writes.
pub struct NewSession<'a> {
    pub token_hash: &'a str,
    pub user: UserId,
    pub device: &'a DeviceInfo,
    pub address: &'a str,
    pub now: Ms,
    /// The attempts that this success forgives.
    pub forgive_all: &'a str,
    pub forgive_this: &'a str,
}

/// Registers the device, ends the session it had, begins the new one. `false`: the device belongs to
/// somebody else.
pub async fn begin_session(db: &Db, new: &NewSession<'_>) -> Result<bool> {
    let device = new.device.id.to_string();
    let mut tx = db.begin_write().await?;
    // The password of its owner makes a revoked device usable again: a phone that was found still
    // holds work that was never sent. Whoever must stay out is disabled instead.
    let done = sql(
        "INSERT INTO devices (id, user_id, name, created, last_seen) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_seen = excluded.last_seen, \
         revoked = NULL, succeeds = NULL WHERE devices.user_id = excluded.user_id",
    )
    .bind(device.clone())
    .bind(new.user.to_string())
    .bind(new.device.name.clone())
    .bind(new.now.0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sql("DELETE FROM sessions WHERE device_id = $1").bind(device.clone()).execute(&mut *tx).await?;
    sql("INSERT INTO sessions (token_hash, user_id, device_id, created, last_seen, address) \
         VALUES ($1, $2, $3, $4, $4, $5)")
    .bind(new.token_hash.to_owned())
    .bind(new.user.to_string())
    .bind(device)
    .bind(new.now.0)
    .bind(new.address.to_owned())
    .execute(&mut *tx)
    .await?;
    sql("DELETE FROM sign_in_tries WHERE key = $1 OR (key = $2 AND at = $3)")
        .bind(new.forgive_all.to_owned())
        .bind(new.forgive_this.to_owned())
        .bind(new.now.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// A session of the same person for the device that the store of theirs has become.
pub struct Succession<'a> {
    pub token_hash: &'a str,
    pub user: UserId,
    /// The device of the session that asks.
    pub old: DeviceId,
    pub new: &'a DeviceInfo,
    pub address: &'a str,
    pub now: Ms,
}

/// Registers a device in succession of another and begins a session on it. The old one keeps its own:
/// where storage was copied, the phone it was copied from goes on with it. `false`: the device is
/// somebody else's, has another origin, or is shut out, which only a password mends.
pub async fn succeed(db: &Db, new: &Succession<'_>) -> Result<bool> {
    let mut tx = db.begin_write().await?;
    let done = sql(
        "INSERT INTO devices (id, user_id, name, created, last_seen, succeeds) \
         VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen \
         WHERE devices.user_id = excluded.user_id AND devices.succeeds = excluded.succeeds \
         AND devices.revoked IS NULL",
    )
    .bind(new.new.id.to_string())
    .bind(new.user.to_string())
    .bind(new.new.name.clone())
    .bind(new.now.0)
    .bind(new.old.to_string())
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    // Not in place of one it may have: two tabs may ask at once, and either's cookie may be the last.
    sql("INSERT INTO sessions (token_hash, user_id, device_id, created, last_seen, address) \
         VALUES ($1, $2, $3, $4, $4, $5)")
    .bind(new.token_hash.to_owned())
    .bind(new.user.to_string())
    .bind(new.new.id.to_string())
    .bind(new.now.0)
    .bind(new.address.to_owned())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Sets a password and ends the person's sessions, except the one in `keep`.
pub async fn set_password(
    db: &Db,
    user: UserId,
    hash: &str,
    must_change: bool,
    keep: Option<&str>,
    now: Ms,
) -> Result<()> {
    let mut tx = db.begin_write().await?;
    sql(
        "INSERT INTO credentials (user_id, hash, changed_at, must_change) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, \
         changed_at = excluded.changed_at, must_change = excluded.must_change",
    )
    .bind(user.to_string())
    .bind(hash.to_owned())
    .bind(now.0)
    .bind(i64::from(must_change))
    .execute(&mut *tx)
    .await?;
    sql("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
        .bind(user.to_string())
        .bind(keep.unwrap_or_default().to_owned())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Notes a device that is known from elsewhere (an import, the demo), with its last sync.
pub async fn note_device(
    db: &Db,
    device: DeviceId,
    user: UserId,
    name: &str,
    synced: Ms,
) -> Result<()> {
    sql("INSERT INTO devices (id, user_id, name, created, last_seen, last_sync) \
         VALUES ($1, $2, $3, $4, $4, $4) ON CONFLICT (id) DO NOTHING")
    .bind(device.to_string())
    .bind(user.to_string())
    .bind(name.to_owned())
    .bind(synced.0)
    .execute(db.writers())
    .await?;
    Ok(())
}

/// Whose device it is.
pub async fn owner_of_device(db: &Db, device: DeviceId) -> Result<Option<UserId>> {
    let find = sql("SELECT user_id FROM devices WHERE id = $1").bind(device.to_string());
    let row = find.fetch_optional(db.readers()).await?;
    row.map(|row| stored_id("devices.user_id", row.try_get(0)?)).transpose()
}

/// Shuts a device out until its owner signs in on it again, and with it those that were registered in
/// its succession without a password: a stolen session must not outlive it.
pub async fn revoke_device(db: &Db, device: DeviceId, now: Ms) -> Result<()> {
    const CHAIN: &str = "WITH RECURSIVE chain (id) AS (SELECT id FROM devices WHERE id = $1 \
         UNION SELECT d.id FROM devices d JOIN chain c ON d.succeeds = c.id)";
    let mut tx = db.begin_write().await?;
    sql(format!("{CHAIN} UPDATE devices SET revoked = $2 WHERE id IN (SELECT id FROM chain)"))
        .bind(device.to_string())
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
    sql(format!("{CHAIN} DELETE FROM sessions WHERE device_id IN (SELECT id FROM chain)"))
        .bind(device.to_string())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Ends what nobody uses any more. Run now and then.
pub async fn sweep(db: &Db, duty: Fence, idle_since: Ms) -> Result<u64> {
    let mut tx = db.begin_write().await?;
    duties::hold(&mut tx, Some(duty)).await?;
    let delete = sql("DELETE FROM sessions WHERE last_seen < $1").bind(idle_since.0);
    let deleted = delete.execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(deleted)
}

/// Everybody has to sign in again.
pub async fn end_every_session(connection: &mut sqlx::AnyConnection) -> sqlx::Result<()> {
    sql("DELETE FROM sessions").execute(connection).await.map(drop)
}

/// The company's settings, or their defaults before anybody set them.
pub async fn settings(db: &Db) -> Result<Settings> {
    let mut connection = db.readers().acquire().await?;
    let found = records::find::<Settings>(&mut connection, db.dialect(), Settings::ID).await?;
    Ok(found.unwrap_or_default())
}
