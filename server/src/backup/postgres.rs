//! Moving a company to PostgreSQL: the same history in another engine, so the epoch stays and no phone
//! notices.

use std::collections::BTreeMap;

use domain::sync::Scope;

use super::make::heads;
use super::manifest::HeadOf;
use super::{Lock, OrSay, Outcome, What, words};
use crate::db::{Db, Dialect};
use crate::store::{StoreError, copy};
use crate::sync::{Report, verify};

/// What was moved.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    pub report: Report,
}

/// Copies the database at `from` into an empty PostgreSQL database, and checks it there. The old one is
/// left as it is.
pub async fn copy_to_postgres(from: &str, to: &str) -> Outcome<Moved> {
    if Dialect::of_url(to) != Some(Dialect::Postgres) {
        return Err(words(
            "目标地址应以 postgres:// 开头",
            "The database to move to is given as postgres://<user>:<password>@<host>/<name>",
        ));
    }
    let _alone = Lock::alone(from)?;
    let target = Db::connect(to).await;
    let target = target.or_say(("目标数据库无法使用", "The database to move to cannot be used"))?;
    let source = Db::connect_existing(from).await;
    let source = match source.or_say(("现有数据库无法使用", "The present database cannot be used"))
    {
        Ok(source) => source,
        Err(problem) => {
            target.close().await;
            return Err(problem);
        }
    };
    let moved = carry(&source, &target).await;
    source.close().await;
    target.close().await;
    moved
}

async fn carry(source: &Db, target: &Db) -> Outcome<Moved> {
    let problem: What<'_> = (
        "迁移失败，目标数据库没有改动",
        "Nothing was moved, and the database to move to is as it was",
    );
    let fault = |error| StoreError { table: "transaction", error };
    let mut from = source.begin_read().await.map_err(fault).or_say(problem)?;
    let mut to = target.begin_write().await.map_err(fault).or_say(problem)?;
    if !copy::is_unused(&mut to).await.or_say(problem)? {
        return Err(words(
            "目标数据库不是空的，没有迁移任何内容",
            "The database to move to is not empty. Nothing was moved",
        ));
    }
    copy::make_room(&mut to).await.or_say(problem)?;
    let rows = copy::copy(&mut from, &mut to, target.dialect()).await.or_say(problem)?;
    let copied = heads(&mut from).await.or_say(problem)?;
    drop(from);
    still(source, &copied).await?;
    to.commit().await.map_err(fault).or_say(problem)?;
    let report = verify(target)
        .await
        .or_say(("迁移后的数据库无法检查", "The database that was moved to cannot be checked"))?;
    if !report.is_sound() {
        let problems = report.problems.iter().take(10).cloned().collect::<Vec<_>>().join("\n  ");
        return Err(words(
            "迁移后的数据库与应有的不一致，请继续使用原来的数据库",
            format!(
                "The database that was moved to is not what it should be; go on with the present one:\n  {problems}\n"
            ),
        ));
    }
    still(source, &copied).await?;
    Ok(Moved { rows, report })
}

/// Fails if somebody has written to the source meanwhile: what was acknowledged there since would be lost.
async fn still(source: &Db, copied: &BTreeMap<Scope, HeadOf>) -> Outcome<()> {
    let fault = |error| StoreError { table: "transaction", error };
    let now = async {
        let mut tx = source.begin_read().await.map_err(fault)?;
        heads(&mut tx).await
    };
    let now = now.await.or_say(("现有数据库无法读取", "The present database cannot be read"))?;
    if now == *copied {
        return Ok(());
    }
    Err(words(
        "迁移期间有人写入了原数据库：请停止所有服务，清空目标数据库后重试",
        "Somebody has written to the present database meanwhile: stop every server, empty the database to move to, and begin again",
    ))
}
