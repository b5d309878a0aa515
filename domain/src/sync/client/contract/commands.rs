//! Cases about commands: recorded, answered, replayed, forgotten.

use super::Maker;
use super::kit::*;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::client::store::{BlobRefusal, BlobState, LocalStore, NewBlob, NewCommand, Page};
use crate::sync::outcome::OutcomeKind;
use crate::sync::record::Scope;
use crate::time::Ms;

pub(super) async fn numbers_are_contiguous<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let other = make.reopen(name).await.map_err(why)?;
    record(&store, &["a"]).await?;
    record(&other, &["b"]).await?;
    let two = store.record(vec![command("c"), command("d")], vec![]).await.map_err(why)?;
    ensure_eq("numbers of one transaction", two.iter().map(|e| e.n).collect(), vec![3, 4])?;
    let elsewhere = NewCommand { scope: Scope::Company, ..command("e") };
    let first = store.record(vec![elsewhere], vec![]).await.map_err(why)?;
    ensure_eq("the first number of another scope", first[0].n, 1)?;
    ensure_eq("the outbox", places(&other).await?[0].clone(), vec![1, 2, 3, 4])
}

pub(super) async fn entry_is_kept_byte_for_byte<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let given = command("a");
    let entries = record(&store, &["a"]).await?;
    let again = make.reopen(name).await.map_err(why)?;
    let kept = again.queue(here()).await.map_err(why)?.outbox;
    ensure_eq("what another handle reads", kept.clone(), entries)?;
    ensure_eq("the payload", kept[0].payload.as_str(), given.payload.as_str())?;
    ensure_eq(
        "time and offset",
        (kept[0].at_device, kept[0].offset),
        (given.at_device, given.offset),
    )
}

pub(super) async fn second_try_gets_first_number<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let first = record(&store, &["a", "b"]).await?;
    let again = record(&store, &["a"]).await?;
    ensure_eq("the entry of a second try", &again[0], &first[0])?;
    store
        .answered(answers(None, "1", vec![outcome("a", 1, 5, OutcomeKind::Applied)]))
        .await
        .map_err(why)?;
    let again = record(&store, &["a"]).await?;
    ensure_eq("the entry of a try after its answer", &again[0], &first[0])?;
    ensure_eq("the outbox", places(&store).await?[0].clone(), vec![2])
}

pub(super) async fn photo_and_draft_go_with_command<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    for key in ["visit", "visit/photos", "visit/0", "visit:other", "visitor"] {
        store.put_draft(key, "half").await.map_err(why)?;
    }
    let blob = photo("p");
    let with = NewCommand {
        blobs: vec![blob.sha256.clone()],
        draft: Some("visit".into()),
        ..command("a")
    };
    store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    let again = make.reopen(name).await.map_err(why)?;
    for gone in ["visit", "visit/photos", "visit/0"] {
        ensure_eq("the draft and its parts", again.draft(gone).await.map_err(why)?, None)?;
    }
    for other in ["visit:other", "visitor"] {
        let left = again.draft(other).await.map_err(why)?;
        ensure_eq("another form's draft", left.as_deref(), Some("half"))?;
    }
    let kept = again.blobs().await.map_err(why)?;
    ensure(kept.len() == 1, "one photo is kept")?;
    ensure_eq("its command", (kept[0].scope, kept[0].n), (here(), 1))?;
    ensure_eq("its size", kept[0].size, blob.bytes.len() as u64)?;
    ensure_eq("its state", (kept[0].state, kept[0].sent), (BlobState::Pending, 0))?;
    let bytes = again.blob_bytes(&blob.sha256).await.map_err(why)?;
    ensure(bytes.as_deref() == Some(&blob.bytes[..]), "its bytes are as they were")
}

pub(super) async fn answers_move_to_journal_and_attention<M: Maker>(
    make: &M,
    name: &str,
) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a", "b", "c", "d"]).await?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Refused),
        outcome("c", 3, 12, OutcomeKind::Conflict),
    ];
    let kept = store.answered(answers(None, "1", told.clone())).await.map_err(why)?;
    ensure(kept, "the first answers are kept")?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("places", places(&again).await?, [vec![4], vec![1, 2, 3], vec![2, 3]])?;
    ensure_eq("how many wait", again.waiting(here()).await.map_err(why)?, 1)?;
    for (n, found) in [(3, Some(op("c"))), (4, None), (5, None)] {
        let stored = again.answered_entry(here(), n).await.map_err(why)?;
        ensure_eq("the answered one", stored.map(|stored| stored.entry.op), found)?;
    }
    let doubled = store.answered(answers(None, "1", told)).await.map_err(why)?;
    ensure(doubled, "a doubled response of the same epoch is no error")?;
    ensure_eq("places after it", places(&store).await?, [vec![4], vec![1, 2, 3], vec![2, 3]])?;
    store.dismiss_attention(here(), op("b")).await.map_err(why)?;
    ensure_eq("attention", places(&store).await?[2].clone(), vec![3])
}

pub(super) async fn stale_answers_are_not_kept<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a", "b"]).await?;
    let first = vec![outcome("a", 1, 10, OutcomeKind::Applied)];
    store.answered(answers(None, "1", first)).await.map_err(why)?;
    let reset = Page { epoch: epoch("2"), completes: true, ..snapshot(None, "c", true, vec![]) };
    ensure(store.keep_page(reset).await.map_err(why)?, "the page of the new epoch is kept")?;
    let late = vec![outcome("b", 2, 11, OutcomeKind::Applied)];
    let kept = store.answered(answers(Some("1"), "1", late)).await.map_err(why)?;
    ensure(!kept, "an answer of the epoch before the restore is not kept")?;
    ensure_eq("places", places(&store).await?, [vec![2], vec![1], vec![]])?;
    let newer = vec![outcome("b", 2, 9, OutcomeKind::Applied)];
    let kept = store.answered(answers(Some("2"), "3", newer)).await.map_err(why)?;
    ensure(kept, "an answer of a still newer epoch is kept when nothing came between")?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the epoch", queue.meta.epoch, Some(epoch("3")))?;
    let epochs = queue.journal.iter().map(|entry| entry.epoch).collect();
    ensure_eq("the epochs of the journal", epochs, vec![epoch("1"), epoch("3")])?;
    let again = vec![outcome("a", 1, 7, OutcomeKind::Applied)];
    store.answered(answers(Some("3"), "3", again)).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    let told = (queue.journal[0].epoch, queue.journal[0].outcome.seq);
    ensure_eq("a journalled answer given again in the new epoch", told, (epoch("3"), 7))
}

pub(super) async fn dealt_with_is_not_raised_again<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a"]).await?;
    let refused = vec![outcome("a", 1, 10, OutcomeKind::Refused)];
    store.answered(answers(None, "1", refused)).await.map_err(why)?;
    store.dismiss_attention(here(), op("a")).await.map_err(why)?;
    let again = vec![outcome("a", 1, 8, OutcomeKind::Refused)];
    store.answered(answers(Some("1"), "2", again)).await.map_err(why)?;
    ensure_eq("places", places(&store).await?, [vec![], vec![1], vec![]])?;
    let otherwise = vec![outcome("a", 1, 8, OutcomeKind::Conflict)];
    store.answered(answers(Some("2"), "3", otherwise)).await.map_err(why)?;
    ensure_eq("places when it comes out otherwise", places(&store).await?[2].clone(), vec![1])
}

pub(super) async fn replay_puts_back_with_numbers<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let blob = photo("p");
    let with = NewCommand { blobs: vec![blob.sha256.clone()], ..command("b") };
    let a = record(&store, &["a"]).await?;
    let b = store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    record(&store, &["c"]).await?;
    let told =
        vec![outcome("a", 1, 10, OutcomeKind::Applied), outcome("b", 2, 11, OutcomeKind::Conflict)];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    store.blob_progress(&blob.sha256, 300, BlobState::Confirmed).await.map_err(why)?;
    store.replay_journal(here(), 2).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the outbox", queue.outbox.iter().map(|e| e.n).collect(), vec![2, 3])?;
    ensure_eq("the entry put back", &queue.outbox[0], &b[0])?;
    ensure_eq("the journal", queue.journal.iter().map(|e| &e.entry).collect(), vec![&a[0]])?;
    ensure_eq("attention", queue.attention.len(), 1)?;
    let blobs = store.blobs().await.map_err(why)?;
    ensure_eq("the photo", (blobs[0].state, blobs[0].sent), (BlobState::Pending, 0))?;
    let well = vec![outcome("b", 2, 8, OutcomeKind::Applied)];
    store.answered(answers(Some("1"), "1", well)).await.map_err(why)?;
    ensure_eq(
        "places when it then comes out well",
        places(&store).await?,
        [vec![3], vec![1, 2], vec![]],
    )
}

pub(super) async fn only_backed_up_is_forgotten<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let (one, two) = (photo("one"), photo("two"));
    let with = |name: &str, blob: &NewBlob| NewCommand {
        blobs: vec![blob.sha256.clone()],
        ..command(name)
    };
    store.record(vec![with("a", &one)], vec![one.clone()]).await.map_err(why)?;
    store.record(vec![with("b", &two)], vec![two.clone()]).await.map_err(why)?;
    record(&store, &["c", "d", "e"]).await?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Applied),
        outcome("c", 3, 12, OutcomeKind::Held),
        outcome("d", 4, 13, OutcomeKind::Applied),
    ];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    store.blob_progress(&one.sha256, 300, BlobState::Confirmed).await.map_err(why)?;
    store.forget_backed_up(here(), epoch("other"), 100).await.map_err(why)?;
    ensure_eq("under another epoch", places(&store).await?[1].clone(), vec![1, 2, 3, 4])?;
    store.forget_backed_up(here(), epoch("1"), 12).await.map_err(why)?;
    // 2: its photo is not there yet. 3: held. 4: not backed up.
    ensure_eq("the journal", places(&store).await?[1].clone(), vec![2, 3, 4])?;
    let left = store.blobs().await.map_err(why)?;
    ensure_eq("photos left", left.iter().map(|b| &b.sha256).collect(), vec![&two.sha256])?;
    ensure_eq("bytes of the other", store.blob_bytes(&one.sha256).await.map_err(why)?, None)
}

pub(super) async fn settled_becomes_final<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a"]).await?;
    let held = vec![outcome("a", 1, 10, OutcomeKind::Held)];
    store.answered(answers(None, "1", held)).await.map_err(why)?;
    let last = outcome("a", 1, 20, OutcomeKind::Refused);
    let told = vec![last.clone(), outcome("stranger", 1, 21, OutcomeKind::Applied)];
    store.settled(here(), told, Ms(5)).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the outcome", &queue.journal[0].outcome, &last)?;
    ensure_eq("attention", queue.attention.len(), 1)
}

pub(super) async fn small_things_are_kept<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    ensure_eq("an unknown key", store.meta("owner").await.map_err(why)?, None)?;
    store.put_meta("owner", "林晓").await.map_err(why)?;
    store.put_draft("x", "1").await.map_err(why)?;
    store.put_draft("x", "2").await.map_err(why)?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("meta", again.meta("owner").await.map_err(why)?.as_deref(), Some("林晓"))?;
    ensure_eq("the draft", again.draft("x").await.map_err(why)?.as_deref(), Some("2"))?;
    again.drop_draft("x").await.map_err(why)?;
    ensure_eq("the dropped draft", store.draft("x").await.map_err(why)?, None)?;
    let empty = store.load(here()).await.map_err(why)?;
    ensure(empty.segments.is_empty() && empty.meta.cursor.is_none(), "an unknown scope is empty")
}

pub(super) async fn answer_to_another_command_is_ignored<M: Maker>(
    make: &M,
    name: &str,
) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    record(&store, &["a", "b"]).await?;
    let told = vec![
        outcome("stranger", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Applied),
    ];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    ensure_eq("places", places(&store).await?, [vec![1], vec![2], vec![]])?;
    let late = vec![outcome("stranger", 2, 4, OutcomeKind::Refused)];
    store.answered(answers(Some("1"), "2", late)).await.map_err(why)?;
    let queue = store.queue(here()).await.map_err(why)?;
    ensure_eq("the journalled answer", queue.journal[0].outcome.seq, 11)
}

pub(super) async fn renewed_is_numbered_anew<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    store.put_meta("owner", "me/old").await.map_err(why)?;
    let blob = photo("p");
    let with = NewCommand { blobs: vec![blob.sha256.clone()], ..command("d") };
    record(&store, &["a", "b", "c"]).await?;
    store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    let elsewhere = NewCommand { scope: Scope::Company, ..command("e") };
    store.record(vec![elsewhere], vec![]).await.map_err(why)?;
    let told = vec![
        outcome("a", 1, 10, OutcomeKind::Applied),
        outcome("b", 2, 11, OutcomeKind::Refused),
        outcome("c", 3, 12, OutcomeKind::Applied),
    ];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    // `a` is gone for good, of `b` only what a person has to see is left.
    store.forget_backed_up(here(), epoch("1"), 11).await.map_err(why)?;
    let before = store.queue(here()).await.map_err(why)?;
    ensure(
        !store.renew("owner", "me/other", "me/new").await.map_err(why)?,
        "a store that is not the one meant is not renewed",
    )?;
    ensure_eq("what is kept then", store.queue(here()).await.map_err(why)?, before.clone())?;
    ensure(store.renew("owner", "me/old", "me/new").await.map_err(why)?, "it is renewed")?;
    let again = make.reopen(name).await.map_err(why)?;
    ensure_eq("owner", again.meta("owner").await.map_err(why)?.as_deref(), Some("me/new"))?;
    ensure_eq("places", places(&again).await?, [vec![1, 2, 3], vec![], vec![1]])?;
    let queue = again.queue(here()).await.map_err(why)?;
    let ops = queue.outbox.iter().map(|entry| entry.op).collect();
    ensure_eq("the commands in their order", ops, vec![op("b"), op("c"), op("d")])?;
    let sent = |entry: &crate::sync::client::OutboxEntry| (entry.payload.clone(), entry.at_device);
    let last = before.outbox.last().map(sent);
    ensure_eq("what is sent", queue.outbox.last().map(sent), last)?;
    ensure_eq("where the base stands", queue.meta.epoch, before.meta.epoch)?;
    ensure_eq("attention", queue.attention[0].since, before.attention[0].since)?;
    let other = again.queue(Scope::Company).await.map_err(why)?;
    ensure_eq("the other scope", other.outbox.iter().map(|entry| entry.n).collect(), vec![1])?;
    let blobs = again.blobs().await.map_err(why)?;
    ensure_eq("the photo's command", blobs[0].n, 3)?;
    ensure(
        again.blob_bytes(&blob.sha256).await.map_err(why)?.is_some(),
        "the photo is still there",
    )?;
    ensure_eq("a second try", record(&again, &["c"]).await?[0].n, 2)?;
    ensure_eq("the next number", record(&again, &["f"]).await?[0].n, 4)?;
    ensure(
        !store.renew("owner", "me/old", "me/third").await.map_err(why)?,
        "another tab that comes later changes nothing",
    )?;
    let told = vec![outcome("b", 1, 11, OutcomeKind::Refused)];
    store.answered(answers(Some("1"), "1", told)).await.map_err(why)?;
    ensure_eq("places", places(&store).await?, [vec![2, 3, 4], vec![1], vec![1]])
}

pub(super) async fn refused_photo_is_kept<M: Maker>(make: &M, name: &str) -> Checked {
    let store = make.fresh(name).await.map_err(why)?;
    let blob = photo("p");
    let with = NewCommand { blobs: vec![blob.sha256.clone()], ..command("a") };
    store.record(vec![with], vec![blob.clone()]).await.map_err(why)?;
    let told = vec![outcome("a", 1, 10, OutcomeKind::Applied)];
    store.answered(answers(None, "1", told)).await.map_err(why)?;
    store.blob_progress(&blob.sha256, 40, BlobState::Pending).await.map_err(why)?;
    let refused = BlobRefusal {
        reason: Refusal::new(CommonCode::BlobType).with("type", "x"),
        dealt_with: false,
    };
    store.blob_refused(&blob.sha256, Some(refused.clone())).await.map_err(why)?;
    store.forget_backed_up(here(), epoch("1"), 100).await.map_err(why)?;
    let again = make.reopen(name).await.map_err(why)?;
    let kept = again.blobs().await.map_err(why)?;
    ensure_eq("why it was refused", kept[0].refused.clone(), Some(refused.clone()))?;
    ensure(kept[0].needs_attention() && !kept[0].is_on_its_way(), "a person has to look")?;
    let bytes = again.blob_bytes(&blob.sha256).await.map_err(why)?;
    ensure_eq("its bytes", bytes, Some(blob.bytes.clone()))?;
    ensure_eq("its command", places(&again).await?[1].clone(), vec![1])?;
    let seen = BlobRefusal { dealt_with: true, ..refused };
    again.blob_refused(&blob.sha256, Some(seen)).await.map_err(why)?;
    let kept = store.blobs().await.map_err(why)?;
    ensure(!kept[0].needs_attention() && !kept[0].is_on_its_way(), "nobody has to look any more")?;
    store.blob_refused(&blob.sha256, None).await.map_err(why)?;
    let kept = again.blobs().await.map_err(why)?;
    ensure(kept[0].is_on_its_way() && kept[0].sent == 0, "it is sent again from its beginning")?;
    ensure(store.blob_is_intact(&blob.sha256).await.map_err(why)?, "its bytes are what they were")?;
    let damaged = NewBlob { bytes: b"otherwise".to_vec(), ..photo("q") };
    let with = NewCommand { blobs: vec![damaged.sha256.clone()], ..command("b") };
    store.record(vec![with], vec![damaged.clone()]).await.map_err(why)?;
    let intact = store.blob_is_intact(&damaged.sha256).await.map_err(why)?;
    ensure(!intact, "bytes of another hash are noticed")
}
