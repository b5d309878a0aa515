//! Attachments that nobody names go after long; one that anything names never does, whoever is faster.

use std::time::Duration;

use crate::blobs::{arrives, has_arrived, head, path, piece, whole};
use crate::web::s3::S3;
use crate::web::{Client, Database, Place, Server, cluster, photo, scope, user, visit};
use axum::http::StatusCode;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;
use domain::time::DAY;
use server::blobs::orphans::{Cleaned, clean};
use server::clock::Clock;

on_every_database!(
    what_nobody_names_is_laid_aside_after_35_days_and_gone_a_week_later,
    what_anything_names_stays_for_ever,
    what_is_named_while_it_lies_aside_comes_back_and_is_told,
    whoever_asks_for_one_that_lies_aside_takes_it_out_of_there,
    whoever_was_told_that_it_is_here_has_as_long_again,
    a_dry_run_says_what_would_go_and_touches_nothing,
    a_file_that_no_row_tells_of_counts_from_when_it_is_found,
    after_a_restore_nothing_goes_for_35_days,
    a_command_that_comes_at_the_same_time_never_ends_up_without_its_photo,
);

fn names(photos: &[&Vec<u8>]) -> Vec<Sha256Hex> {
    let mut names: Vec<_> = photos.iter().map(|bytes| Sha256Hex(sha256_hex(bytes))).collect();
    names.sort();
    names
}

async fn tidy(server: &Server) -> Cleaned {
    clean(&server.state, false).await.unwrap()
}

async fn is_here(client: &Client<'_>, bytes: &[u8]) -> bool {
    client.get(&path(bytes)).await.status == StatusCode::OK
}

async fn named(phone: &mut Client<'_>, name: &str, photos: &[&[u8]]) {
    let outcomes = phone.push(scope(), user("steward"), &[visit(name, cluster("A"), photos)]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
}

async fn what_nobody_names_is_laid_aside_after_35_days_and_gone_a_week_later(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let (orphan, kept) = (photo(1, 3_000), photo(2, 3_000));
    whole(&phone, &orphan).await;
    whole(&phone, &kept).await;
    named(&mut phone, "kept", &[&kept]).await;
    server.advance(34 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
    server.advance(2 * DAY);
    let cleaned = tidy(server).await;
    assert_eq!((cleaned.aside, cleaned.bytes), (names(&[&orphan]), 3_000));
    assert_eq!(tidy(server).await, Cleaned::default(), "once");
    server.advance(6 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
    server.advance(2 * DAY);
    let cleaned = tidy(server).await;
    assert_eq!(cleaned, Cleaned { removed: names(&[&orphan]), ..Cleaned::default() });
    let phone = server.signed_in("steward").await;
    assert_eq!(head(&phone, &orphan).await.status, StatusCode::NOT_FOUND);
    assert!(is_here(&phone, &kept).await);
    // It can be brought again.
    assert_eq!(whole(&phone, &orphan).await.status, StatusCode::NO_CONTENT);
    assert!(is_here(&phone, &orphan).await);
}

async fn what_anything_names_stays_for_ever(server: &Server) {
    use domain::modules::households::RegisterCluster;
    let mut phone = server.signed_in("steward").await;
    let mut office = server.signed_in("manager").await;
    let (applied, waits, refused, told) =
        (photo(3, 2_000), photo(4, 2_000), photo(5, 2_000), photo(6, 2_000));
    for bytes in [&applied, &waits, &refused] {
        whole(&phone, bytes).await;
    }
    let headers = [("x-guanjia-scope", scope().to_string())];
    crate::blobs::send(&phone, axum::http::Method::PUT, &path(&told), &headers, &told).await;
    named(&mut phone, "applied", &[&applied]).await;
    let later = cluster("C");
    let held = office.push(scope(), user("manager"), &[visit("held", later, &[&waits])]).await;
    assert_eq!(held[0]["outcome"], "held", "{held}");
    // A visit that is there already, with another photo.
    let again = [visit("applied", cluster("A"), &[&refused])];
    let no = phone.push(scope(), user("steward"), &again).await;
    assert_eq!(no[0]["outcome"], "refused", "{no}");
    server.advance(400 * DAY);
    for _ in 0..3 {
        assert_eq!(tidy(server).await, Cleaned::default());
        server.advance(8 * DAY);
    }
    let register = RegisterCluster { cluster: later, code: "C".into(), name: "C".into() };
    server.system(scope(), vec![register.into()]).await;
    assert!(arrives(server, &waits).await, "the one that had waited finds its photo");
    let phone = server.signed_in("steward").await;
    assert!(is_here(&phone, &applied).await && is_here(&phone, &told).await);
    assert_eq!(head(&phone, &refused).await.header("upload-offset"), "2000");
}

async fn what_is_named_while_it_lies_aside_comes_back_and_is_told(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(7, 3_000);
    whole(&phone, &bytes).await;
    server.advance(36 * DAY);
    assert_eq!(tidy(server).await.aside, names(&[&bytes]));
    let mut phone = server.signed_in("steward").await;
    named(&mut phone, "late", &[&bytes]).await;
    assert!(!has_arrived(server, scope(), &bytes).await);
    server.advance(30 * DAY);
    assert_eq!(tidy(server).await.back, names(&[&bytes]), "however late the next look is");
    assert!(has_arrived(server, scope(), &bytes).await);
    let phone = server.signed_in("steward").await;
    assert!(is_here(&phone, &bytes).await);
}

async fn whoever_asks_for_one_that_lies_aside_takes_it_out_of_there(server: &Server) {
    let phone = server.signed_in("steward").await;
    let (asked, sent) = (photo(8, 3_000), photo(9, 3_000));
    whole(&phone, &asked).await;
    whole(&phone, &sent).await;
    server.advance(36 * DAY);
    assert_eq!(tidy(server).await.aside, names(&[&asked, &sent]));
    let phone = server.signed_in("steward").await;
    assert_eq!(head(&phone, &asked).await.header("upload-offset"), "3000");
    assert_eq!(piece(&phone, &sent, 0, 1_000).await.header("upload-offset"), "3000");
    server.advance(30 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
}

async fn whoever_was_told_that_it_is_here_has_as_long_again(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(10, 3_000);
    whole(&phone, &bytes).await;
    server.advance(30 * DAY);
    let phone = server.signed_in("steward").await;
    assert_eq!(head(&phone, &bytes).await.status, StatusCode::OK);
    server.advance(30 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
}

async fn a_dry_run_says_what_would_go_and_touches_nothing(server: &Server) {
    let phone = server.signed_in("steward").await;
    let (first, second) = (photo(11, 3_000), photo(12, 4_000));
    whole(&phone, &first).await;
    server.advance(36 * DAY);
    tidy(server).await;
    let phone = server.signed_in("steward").await;
    whole(&phone, &second).await;
    server.advance(36 * DAY);
    for _ in 0..2 {
        let would = clean(&server.state, true).await.unwrap();
        assert_eq!(would.aside, names(&[&second]));
        assert_eq!(would.removed, names(&[&first]));
        assert_eq!(would.bytes, 4_000);
    }
    assert_eq!(
        server.state.blobs.list().await.unwrap().into_iter().collect::<Vec<_>>(),
        names(&[&second])
    );
}

async fn a_file_that_no_row_tells_of_counts_from_when_it_is_found(server: &Server) {
    let bytes = photo(13, 3_000);
    let name = sha256_hex(&bytes);
    let folder = server.folder.join("data/blobs").join(&name[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&name), &bytes).unwrap();
    server.advance(36 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
    server.advance(34 * DAY);
    assert_eq!(tidy(server).await, Cleaned::default());
    server.advance(2 * DAY);
    assert_eq!(tidy(server).await.aside, names(&[&bytes]));
}

async fn after_a_restore_nothing_goes_for_35_days(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(14, 3_000);
    whole(&phone, &bytes).await;
    server.advance(100 * DAY);
    // What a restore does to the database that it brings back.
    let mut tx = server.state.db.begin_write().await.unwrap();
    server::store::meta::begin_new_epoch(&mut tx, &server.clock).await.unwrap();
    tx.commit().await.unwrap();
    let restored = server.another_node().await;
    assert_eq!(clean(&restored.state, false).await.unwrap(), Cleaned::default());
    server.advance(36 * DAY);
    assert_eq!(clean(&restored.state, false).await.unwrap().aside, names(&[&bytes]));
    restored.close().await;
}

/// A command, a phone that asks and sends, and two nodes that tidy up, all at once, at the moment when
/// the photo is due. Whatever comes first: who was told that the photo is here finds it, and in the
/// end it is. Goes on until either has come first, with fewer photos than a seed can tell apart.
async fn a_command_that_comes_at_the_same_time_never_ends_up_without_its_photo(server: &Server) {
    let other = server.another_node().await;
    // Of those that lay aside long enough: removed before they were named, and named before.
    let (mut gone, mut saved) = (0, 0);
    for round in 0..120_u8 {
        if round >= 24 && gone > 0 && saved > 0 {
            break;
        }
        let phone = server.signed_in("steward").await;
        let bytes = photo(100 + round, 3_000);
        whole(&phone, &bytes).await;
        server.advance(36 * DAY);
        if round % 3 > 0 {
            tidy(server).await;
            server.advance(8 * DAY);
        }
        let mut phone = server.signed_in("steward").await;
        let asking = server.signed_in("steward").await;
        let command = visit(&format!("race {round}"), cluster("A"), &[&bytes]);
        let naming = async {
            // At first a little later than the clean-up, in the end long after it.
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            if round > 30 {
                tokio::time::sleep(Duration::from_millis(u64::from(round - 30) * 3)).await;
            }
            phone.push(scope(), user("steward"), &[command]).await
        };
        let (named, first, second, asked) =
            tokio::join!(naming, clean(&server.state, false), clean(&other.state, false), async {
                if round % 2 == 0 { None } else { Some(head(&asking, &bytes).await.status) }
            },);
        assert_eq!(named[0]["outcome"], "applied", "{named}");
        let removed: usize =
            [first.unwrap(), second.unwrap()].iter().map(|c| c.removed.len()).sum();
        gone += removed;
        saved += usize::from(removed == 0 && round % 3 > 0 && asked.is_none());
        let told = has_arrived(server, scope(), &bytes).await;
        if asked == Some(StatusCode::OK) || told {
            assert!(is_here(&phone, &bytes).await, "round {round}: told, and not here");
        }
        // What the phone does next, and what it would do if nothing had happened.
        let found = head(&phone, &bytes).await;
        if found.status == StatusCode::NOT_FOUND {
            assert!(!told, "round {round}");
            assert_eq!(whole(&phone, &bytes).await.status, StatusCode::NO_CONTENT);
        }
        assert!(arrives(server, &bytes).await, "round {round}");
        for _ in 0..2 {
            server.advance(50 * DAY);
            tidy(server).await;
        }
        let phone = server.signed_in("steward").await;
        assert!(is_here(&phone, &bytes).await, "round {round}");
    }
    assert!(gone > 0 && saved > 0, "they never met: {gone} removed, {saved} saved");
    other.close().await;
}

#[tokio::test]
async fn the_same_holds_in_a_store() {
    let s3 = S3::start();
    let settings = s3.settings();
    // The store dates what lies aside, by the real time.
    let today = Clock::system().now();
    let (place, clock) = (Place::fresh(Database::Sqlite).await, Clock::manual(today));
    clock.set(today.plus(-36 * DAY));
    let server = Server::start_at(place, clock, |config| config.blobs = settings).await;
    server.fill().await;
    let mut phone = server.signed_in("steward").await;
    let (orphan, kept, late) = (photo(20, 3_000), photo(21, 3_000), photo(22, 3_000));
    for bytes in [&orphan, &kept, &late] {
        whole(&phone, bytes).await;
    }
    named(&mut phone, "kept", &[&kept]).await;
    server.clock.set(today.plus(60_000));
    let cleaned = tidy(&server).await;
    assert_eq!(
        cleaned,
        Cleaned { aside: names(&[&orphan, &late]), bytes: 6_000, ..cleaned.clone() }
    );
    assert_eq!(cleaned.removed, []);
    let mut phone = server.signed_in("steward").await;
    named(&mut phone, "late", &[&late]).await;
    server.advance(8 * DAY);
    let cleaned = tidy(&server).await;
    assert_eq!((cleaned.back, cleaned.removed), (names(&[&late]), names(&[&orphan])));
    assert!(has_arrived(&server, scope(), &late).await);
    let phone = server.signed_in("steward").await;
    assert!(is_here(&phone, &kept).await && is_here(&phone, &late).await);
    assert_eq!(head(&phone, &orphan).await.status, StatusCode::NOT_FOUND);
    assert!(!s3.whole(&names(&[&orphan])[0]).exists());
    server.close().await;
}
