//! Cases about pages: snapshots, increments, compaction.

use super::Maker;
use super::kit::*;
use crate::sync::client::store::{LocalStore, Page};

pub(super) async fn pages_in_order_only<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = Page {
        completes: true,
        ..snapshot(None, "c1", true, vec![row(1, 1, Some("one")), row(2, 2, Some("two"))])
    };
    ensure(store.keep_page(first.clone()).await.map_err(why)?, "a whole snapshot is kept")?;
    let next = page(Some("c1"), "c2", vec![row(1, 3, None), row(3, 4, Some("three"))]);
    ensure(store.keep_page(next.clone()).await.map_err(why)?, "the next page is kept")?;
    ensure(!store.keep_page(next).await.map_err(why)?, "the same page again is not")?;
    ensure(!store.keep_page(first).await.map_err(why)?, "nor is an overtaken first page")?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("the base", base(&again).await?, shown(&[(2, "two"), (3, "three")]))?;
    let meta = meta(&again).await?;
    ensure_eq("cursor and place", (meta.cursor.as_deref(), meta.seq), (Some("c2"), 4))?;
    ensure_eq("the epoch of the base", meta.base_epoch, Some(epoch("1")))
}

pub(super) async fn snapshot_fills_the_shadow<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let old = Page { completes: true, ..snapshot(None, "old", true, vec![row(1, 1, Some("old"))]) };
    store.keep_page(old).await.map_err(why)?;
    let begun = snapshot(Some("old"), "s1", true, vec![row(2, 5, Some("two"))]);
    ensure(store.keep_page(begun).await.map_err(why)?, "the first page is kept")?;
    ensure_eq("the base meanwhile", base(&store).await?, shown(&[(1, "old")]))?;
    let half = meta(&store).await?;
    ensure_eq(
        "cursors",
        (half.cursor.as_deref(), half.active_cursor()),
        (Some("old"), Some("s1")),
    )?;
    let anew = snapshot(Some("s1"), "t1", true, vec![row(3, 6, Some("three"))]);
    ensure(store.keep_page(anew).await.map_err(why)?, "a snapshot may begin anew")?;
    let rest = vec![row(4, 7, Some("four")), row(3, 8, None)];
    let last = Page { completes: true, ..snapshot(Some("t1"), "t2", false, rest) };
    ensure(store.keep_page(last.clone()).await.map_err(why)?, "the last page is kept")?;
    ensure_eq("the base", base(&store).await?, shown(&[(4, "four")]))?;
    let whole = meta(&store).await?;
    ensure_eq("cursors", (whole.cursor.as_deref(), whole.shadow_cursor), (Some("t2"), None))
}

pub(super) async fn doubled_last_page_does_not_empty_the_base<M: Maker>(
    make: &M,
    name: &str,
) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let begun = snapshot(None, "same", true, vec![row(1, 1, Some("one"))]);
    store.keep_page(begun).await.map_err(why)?;
    // Nothing happened meanwhile: the cursor behind the snapshot is the one at its end.
    let last = Page { completes: true, ..snapshot(Some("same"), "same", false, vec![]) };
    ensure(store.keep_page(last.clone()).await.map_err(why)?, "the last page is kept")?;
    ensure(!store.keep_page(last).await.map_err(why)?, "its double is not")?;
    ensure_eq("the base", base(&store).await?, shown(&[(1, "one")]))
}

pub(super) async fn compaction_changes_nothing_one_sees<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = Page { completes: true, ..snapshot(None, "c0", true, vec![]) };
    store.keep_page(first).await.map_err(why)?;
    for step in 0..30_u64 {
        let rows = (0..50).map(|i| {
            let id = u128::from(step * 7 % 11 * 50 + i);
            let body = format!("{step}:{i}");
            row(id, step + 1, (i % 9 != 0).then_some(body.as_str()))
        });
        let (after, cursor) = (format!("c{step}"), format!("c{}", step + 1));
        let next = page(Some(&after), &cursor, rows.collect());
        ensure(store.keep_page(next).await.map_err(why)?, "a page is kept")?;
        let before = base(&store).await?;
        store.compact(here()).await.map_err(why)?;
        ensure_eq("the base", base(&store).await?, before)?;
    }
    record(&store, &["a"]).await?;
    store.compact(here()).await.map_err(why)?;
    ensure_eq("the outbox", places(&store).await?[0].clone(), vec![1])
}
