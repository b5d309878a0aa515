//! Attachments in a store that speaks S3: several nodes, a store that is away, refuses, or has lost bits.

use crate::blobs::{arrives, has_arrived, head, path, piece, whole};
use crate::web::s3::S3;
use crate::web::{Database, Place, Server, cluster, photo, scope, user, visit};
use axum::http::StatusCode;
use domain::modules::attachments::Sha256Hex;
use domain::sync::batch::sha256_hex;
use server::config::BlobSettings;

const SIZE: usize = 20_000;

async fn server_on(s3: &S3) -> Server {
    let settings = s3.settings();
    Server::start_with(Database::Sqlite, |config| config.blobs = settings).await
}

/// Why a server does not start with these settings.
async fn refused(settings: BlobSettings) -> String {
    let place = Place::fresh(Database::Sqlite).await;
    let folder = place.folder.clone();
    let config = Server::config(&place, |config| config.blobs = settings);
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    let clock = server::clock::Clock::manual(crate::web::NOW);
    let problem = match server::cli::start(config, clock, stopping).await {
        Ok(_) => panic!("it started"),
        Err(problem) => problem,
    };
    std::fs::remove_dir_all(folder).ok();
    problem
}

#[tokio::test]
async fn whole_photos_lie_in_the_store_and_nothing_of_them_on_the_nodes_disk() {
    let s3 = S3::start();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let (one, pieces) = (photo(1, SIZE), photo(2, SIZE));
    whole(&phone, &one).await;
    piece(&phone, &pieces, 0, 8_000).await;
    piece(&phone, &pieces, 8_000, SIZE).await;
    for bytes in [&one, &pieces] {
        let kept = std::fs::read(s3.whole(&Sha256Hex(sha256_hex(bytes)))).unwrap();
        assert!(kept == *bytes);
    }
    let left = std::fs::read_dir(s3.object("partial").join(phone.device.to_string()));
    let left = left.into_iter().flatten().flatten().map(|entry| entry.path());
    let files = left.filter(|path| path.join(SIZE.to_string()).join("0000000000").exists());
    assert_eq!(files.count(), 0, "pieces are removed");
    assert!(!server.folder.join("data/blobs").exists());
    let listed = server.state.blobs.list().await.unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    server.close().await;
}

#[tokio::test]
async fn an_upload_goes_on_at_another_node() {
    let s3 = S3::start();
    let first = server_on(&s3).await;
    let mut phone = first.signed_in("steward").await;
    let second = first.another_node().await;
    let bytes = photo(3, SIZE);
    phone.push(scope(), user("steward"), &[visit("nodes", cluster("A"), &[&bytes])]).await;
    assert_eq!(piece(&phone, &bytes, 0, 5_000).await.status, StatusCode::NO_CONTENT);
    let there = phone.at(&second);
    assert_eq!(head(&there, &bytes).await.header("upload-offset"), "5000");
    assert_eq!(piece(&there, &bytes, 5_000, 12_000).await.status, StatusCode::NO_CONTENT);
    assert_eq!(head(&phone, &bytes).await.header("upload-offset"), "12000");
    assert_eq!(piece(&phone, &bytes, 12_000, SIZE).await.status, StatusCode::NO_CONTENT);
    assert!(has_arrived(&second, scope(), &bytes).await);
    assert_eq!(there.get(&path(&bytes)).await.status, StatusCode::OK);
    second.close().await;
    first.close().await;
}

#[tokio::test]
async fn while_the_store_is_away_photos_are_refused_for_the_moment_and_nothing_is_lost() {
    let mut s3 = S3::start();
    let server = server_on(&s3).await;
    let mut phone = server.signed_in("steward").await;
    let (here, cut, new) = (photo(4, SIZE), photo(5, SIZE), photo(6, SIZE));
    let commands = [visit("away", cluster("A"), &[&here, &cut, &new])];
    phone.push(scope(), user("steward"), &commands).await;
    whole(&phone, &here).await;
    assert_eq!(piece(&phone, &cut, 0, 9_000).await.status, StatusCode::NO_CONTENT);
    s3.stop();
    for answer in [
        head(&phone, &cut).await,
        piece(&phone, &cut, 9_000, SIZE).await,
        whole(&phone, &new).await,
        phone.get(&path(&here)).await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
        assert_eq!(answer.header("x-guanjia-code"), "blob.store_away");
    }
    // Work goes on meanwhile.
    let more = phone.push(scope(), user("steward"), &[visit("more", cluster("A"), &[])]).await;
    assert_eq!(more[0]["outcome"], "applied");
    assert!(!has_arrived(&server, scope(), &new).await);
    s3.resume();
    assert_eq!(head(&phone, &cut).await.header("upload-offset"), "9000");
    assert_eq!(piece(&phone, &cut, 9_000, SIZE).await.status, StatusCode::NO_CONTENT);
    assert_eq!(whole(&phone, &new).await.status, StatusCode::NO_CONTENT);
    for bytes in [&here, &cut, &new] {
        assert!(arrives(&server, bytes).await);
        assert_eq!(phone.get(&path(bytes)).await.status, StatusCode::OK);
    }
    server.close().await;
}

/// The store fails from any request of an upload on, having done what it was asked or not.
#[tokio::test]
async fn a_store_that_fails_at_any_step_of_an_upload_loses_nothing() {
    let s3 = S3::start();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let (mut refused, mut taken) = (0, 0);
    for step in 0..18_u8 {
        let (bytes, requests) = (photo(20 + step, SIZE), i64::from(step / 2));
        assert_eq!(piece(&phone, &bytes, 0, 9_000).await.status, StatusCode::NO_CONTENT);
        s3.fail_after(requests, step % 2 == 0);
        let last = piece(&phone, &bytes, 9_000, SIZE).await;
        s3.heal();
        if last.status == StatusCode::NO_CONTENT {
            taken += 1;
        } else {
            assert_eq!(last.code(), "blob.store_away", "step {step}");
            refused += 1;
            // The phone asks where it stands and goes on there.
            let found = head(&phone, &bytes).await;
            let from: usize = found.header("upload-offset").parse().unwrap();
            assert!(from == 9_000 || from == SIZE, "step {step}: {from}");
            if from < SIZE {
                assert_eq!(piece(&phone, &bytes, from, SIZE).await.status, StatusCode::NO_CONTENT);
            }
        }
        let shown = phone.get(&path(&bytes)).await;
        assert_eq!(shown.status, StatusCode::OK, "step {step}");
        let kept = std::fs::read(s3.whole(&Sha256Hex(sha256_hex(&bytes)))).unwrap();
        assert!(kept == bytes, "step {step}");
    }
    assert!(refused > 6 && taken > 2, "{refused} refused, {taken} taken");
    server.close().await;
}

#[tokio::test]
async fn a_server_starts_while_the_store_is_away_and_uses_it_once_it_is_back() {
    let mut s3 = S3::start();
    s3.stop();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let bytes = photo(7, SIZE);
    assert_eq!(whole(&phone, &bytes).await.code(), "blob.store_away");
    s3.resume();
    assert_eq!(whole(&phone, &bytes).await.status, StatusCode::NO_CONTENT);
    server.close().await;
}

#[tokio::test]
async fn wrong_keys_a_bucket_that_is_not_there_and_unreadable_settings_are_told_at_the_start() {
    let s3 = S3::start();
    let right = s3.settings();
    let keys = Some(("AKIDTEST".to_owned(), "another secret".to_owned()));
    let wrong = refused(BlobSettings { keys, ..right.clone() }).await;
    assert!(wrong.contains("check the key") && wrong.contains("请检查密钥"), "{wrong}");
    assert!(!wrong.contains("another secret"), "{wrong}");
    let store = Some("s3://elsewhere".to_owned());
    let gone = refused(BlobSettings { store, ..right.clone() }).await;
    assert!(gone.contains("make the bucket first"), "{gone}");
    for store in ["/var/photos", "s3://", "s3:photos", "https://x/photos"] {
        let told = refused(BlobSettings { store: Some(store.into()), ..right.clone() }).await;
        assert!(told.contains("s3://bucket/prefix"), "{store}: {told}");
    }
    let endpoint = Some("127.0.0.1:9000".to_owned());
    let told = refused(BlobSettings { endpoint, ..right }).await;
    assert!(told.contains("GUANJIA_BLOBS_ENDPOINT"), "{told}");
}

#[tokio::test]
async fn an_object_that_was_damaged_in_the_store_is_never_shown() {
    let s3 = S3::start();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let bytes = photo(8, SIZE);
    whole(&phone, &bytes).await;
    let place = s3.whole(&Sha256Hex(sha256_hex(&bytes)));
    let mut damaged = bytes.clone();
    damaged[SIZE / 2] ^= 1;
    std::fs::write(&place, &damaged).unwrap();
    for address in [path(&bytes), format!("{}?size=thumb", path(&bytes))] {
        let shown = phone.get(&address).await;
        assert_eq!(shown.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(shown.code(), "server.fault");
    }
    std::fs::write(&place, &bytes).unwrap();
    assert_eq!(phone.get(&path(&bytes)).await.status, StatusCode::OK);
    server.close().await;
}

#[tokio::test]
async fn what_stands_in_its_place_is_never_written_over() {
    let s3 = S3::start();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let bytes = photo(9, SIZE);
    whole(&phone, &bytes).await;
    let place = s3.whole(&Sha256Hex(sha256_hex(&bytes)));
    let made = std::fs::metadata(&place).unwrap().modified().unwrap();
    let other = server.signed_in("guard").await;
    assert_eq!(whole(&other, &bytes).await.status, StatusCode::NO_CONTENT);
    assert_eq!(std::fs::metadata(&place).unwrap().modified().unwrap(), made);
    server.close().await;
}

#[tokio::test]
async fn pieces_that_nobody_goes_on_with_are_removed_and_others_stay() {
    let s3 = S3::start();
    let server = server_on(&s3).await;
    let phone = server.signed_in("steward").await;
    let bytes = photo(10, SIZE);
    piece(&phone, &bytes, 0, 5_000).await;
    let hour = std::time::Duration::from_secs(3_600);
    let written = std::time::UNIX_EPOCH
        + std::time::Duration::from_millis(server::clock::Clock::system().now().0.unsigned_abs());
    assert_eq!(server.state.blobs.sweep(written - hour).await.unwrap(), 0);
    assert_eq!(head(&phone, &bytes).await.header("upload-offset"), "5000");
    assert_eq!(server.state.blobs.sweep(written + hour).await.unwrap(), 1);
    assert_eq!(head(&phone, &bytes).await.status, StatusCode::NOT_FOUND);
    server.close().await;
}
