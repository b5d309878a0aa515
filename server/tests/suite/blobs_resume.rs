//! Attachments that are cut at every boundary, both ways, spoiled on their way, doubled, brought by two
//! at once: in a folder and in a store that speaks S3, by the same sentences.

use std::collections::BTreeSet;

use crate::blobs::{arrives, has_arrived, head, path, piece, send, whole};
use crate::web::s3::S3;
use crate::web::{Answer, Client, Database, Server, cluster, photo, scope, user, visit};
use axum::http::{Method, StatusCode};
use domain::sync::batch::sha256_hex;

/// Declares tests that run on each database with attachments in a folder, and with them in a store.
macro_rules! wherever_they_are_kept {
    ($($name:ident),+ $(,)?) => {
        on_every_database!($($name),+);
        mod in_a_store {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                let s3 = S3::start();
                let settings = s3.settings();
                let server =
                    Server::start_with(Database::Sqlite, |config| config.blobs = settings).await;
                super::$name(&server).await;
                server.close().await;
            })+
        }
    };
}

wherever_they_are_kept!(
    an_upload_cut_at_any_boundary_goes_on_there,
    a_piece_sent_twice_at_any_boundary_changes_nothing,
    a_piece_that_is_spoiled_anywhere_is_noticed_and_the_next_try_succeeds,
    an_upload_begun_anew_with_other_pieces_becomes_the_same_photo,
    two_phones_that_send_the_same_bytes_at_once_make_one_photo,
    a_photo_may_come_before_its_record_or_after_it,
    a_download_cut_at_any_boundary_goes_on_there,
    a_download_goes_on_only_with_the_bytes_it_began_with,
    a_small_picture_is_made_once_and_shown_to_those_who_may_see_the_photo,
    what_has_no_small_picture_is_shown_as_it_is,
);

/// Small enough to try every boundary, and not a divisor of the size.
const PIECE: usize = 4_000;
const SIZE: usize = 5 * PIECE + 123;

/// Where pieces end, from the first to before the last.
fn boundaries() -> impl Iterator<Item = usize> {
    (1..).map(|pieces| pieces * PIECE).take_while(|at| *at < SIZE)
}

/// Sends the rest from where the server says that it stands.
async fn send_the_rest(phone: &Client<'_>, bytes: &[u8]) {
    let found = head(phone, bytes).await;
    let mut at: usize = found.header("upload-offset").parse().unwrap_or(0);
    while at < bytes.len() {
        let to = (at + PIECE).min(bytes.len());
        let answer = piece(phone, bytes, at, to).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{at}: {}", answer.text());
        at = answer.header("upload-offset").parse().unwrap();
    }
}

async fn shown(phone: &Client<'_>, bytes: &[u8]) -> Answer {
    let shown = phone.get(&path(bytes)).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    shown
}

async fn an_upload_cut_at_any_boundary_goes_on_there(server: &Server) {
    let phone = server.signed_in("steward").await;
    // At a boundary, within the piece before it, and a byte behind it.
    let cuts: BTreeSet<usize> = boundaries().flat_map(|at| [at - 1_000, at, at + 1]).collect();
    for (seed, cut) in (1..).zip(cuts) {
        let bytes = photo(seed, SIZE);
        let mut at = 0;
        while at < cut {
            let to = (at + PIECE).min(cut);
            assert_eq!(piece(&phone, &bytes, at, to).await.status, StatusCode::NO_CONTENT);
            at = to;
        }
        let found = head(&phone, &bytes).await;
        assert_eq!(found.header("upload-offset"), cut.to_string());
        assert_eq!(found.header("upload-length"), SIZE.to_string());
        send_the_rest(&phone, &bytes).await;
        shown(&phone, &bytes).await;
    }
}

async fn a_piece_sent_twice_at_any_boundary_changes_nothing(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(40, SIZE);
    let mut at = 0;
    while at < SIZE {
        let to = (at + PIECE).min(SIZE);
        assert_eq!(piece(&phone, &bytes, at, to).await.status, StatusCode::NO_CONTENT);
        let again = piece(&phone, &bytes, at, to).await;
        if to < SIZE {
            assert_eq!(again.code(), "blob.wrong_offset");
            assert_eq!(again.json()["error"]["expected"], to);
        } else {
            assert_eq!(again.header("upload-offset"), SIZE.to_string());
        }
        at = to;
    }
    let skipped = photo(41, SIZE);
    assert_eq!(piece(&phone, &skipped, PIECE, 2 * PIECE).await.code(), "blob.wrong_offset");
    shown(&phone, &bytes).await;
}

async fn a_piece_that_is_spoiled_anywhere_is_noticed_and_the_next_try_succeeds(server: &Server) {
    let phone = server.signed_in("steward").await;
    for (seed, spoiled) in (50..).zip([0].into_iter().chain(boundaries())) {
        let bytes = photo(seed, SIZE);
        let mut at = 0;
        while at < SIZE {
            let to = (at + PIECE).min(SIZE);
            let mut sent = bytes[at..to].to_vec();
            if at == spoiled {
                sent[to - at - 1] ^= 1;
            }
            let headers = [("upload-offset", at.to_string()), ("upload-length", SIZE.to_string())];
            let answer = send(&phone, Method::PATCH, &path(&bytes), &headers, &sent).await;
            if to == SIZE {
                assert_eq!(answer.code(), "blob.hash_mismatch", "spoiled from {spoiled} on");
            } else {
                assert_eq!(answer.status, StatusCode::NO_CONTENT);
            }
            at = to;
        }
        assert_eq!(head(&phone, &bytes).await.status, StatusCode::NOT_FOUND, "it begins anew");
        send_the_rest(&phone, &bytes).await;
        shown(&phone, &bytes).await;
    }
}

/// Another build of the app has pieces of another size; and a body without an offset begins anew.
async fn an_upload_begun_anew_with_other_pieces_becomes_the_same_photo(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(60, SIZE);
    assert_eq!(piece(&phone, &bytes, 0, PIECE).await.status, StatusCode::NO_CONTENT);
    assert_eq!(piece(&phone, &bytes, PIECE, PIECE + 17).await.status, StatusCode::NO_CONTENT);
    let length = [("upload-length", SIZE.to_string())];
    let anew = send(&phone, Method::PUT, &path(&bytes), &length, &bytes[..1_000]).await;
    assert_eq!(anew.header("upload-offset"), "1000");
    assert_eq!(head(&phone, &bytes).await.header("upload-offset"), "1000");
    send_the_rest(&phone, &bytes).await;
    shown(&phone, &bytes).await;
    let again = photo(61, SIZE);
    assert_eq!(piece(&phone, &again, 0, PIECE).await.status, StatusCode::NO_CONTENT);
    assert_eq!(whole(&phone, &again).await.header("upload-offset"), SIZE.to_string());
}

async fn two_phones_that_send_the_same_bytes_at_once_make_one_photo(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let other = server.signed_in("guard").await;
    let bytes = photo(70, SIZE);
    tokio::join!(send_the_rest(&phone, &bytes), send_the_rest(&other, &bytes));
    // And one phone that sends each piece twice at once.
    let doubled = photo(71, SIZE);
    let mut at = 0;
    while at < SIZE {
        let to = (at + PIECE).min(SIZE);
        let (a, b) = tokio::join!(piece(&phone, &doubled, at, to), piece(&phone, &doubled, at, to));
        assert!(a.status.is_success() || b.status.is_success(), "{} {}", a.text(), b.text());
        at = to;
    }
    assert_eq!(head(&phone, &doubled).await.header("upload-offset"), SIZE.to_string());
    let commands = [visit("two phones", cluster("A"), &[&bytes, &doubled])];
    phone.push(scope(), user("steward"), &commands).await;
    assert!(arrives(server, &bytes).await && arrives(server, &doubled).await);
    let arrivals = phone.pull(scope(), "blob_arrival").await;
    assert_eq!(arrivals.len(), 2, "each is told once");
    shown(&phone, &bytes).await;
    shown(&phone, &doubled).await;
}

async fn a_photo_may_come_before_its_record_or_after_it(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let (before, after) = (photo(80, SIZE), photo(81, SIZE));
    send_the_rest(&phone, &before).await;
    let commands = [visit("before and after", cluster("A"), &[&before, &after])];
    phone.push(scope(), user("steward"), &commands).await;
    assert!(arrives(server, &before).await);
    assert!(!has_arrived(server, scope(), &after).await);
    send_the_rest(&phone, &after).await;
    assert!(has_arrived(server, scope(), &after).await, "told before the upload is answered");
}

fn with(phone: &mut Client<'_>, headers: &[(&'static str, &str)]) {
    for name in ["range", "if-range", "if-none-match"] {
        phone.headers.remove(name);
    }
    for (name, value) in headers {
        phone.headers.insert(*name, value.parse().unwrap());
    }
}

async fn a_download_cut_at_any_boundary_goes_on_there(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = photo(90, SIZE);
    whole(&phone, &bytes).await;
    let first = shown(&phone, &bytes).await;
    let (all, tag) = (first.body.clone(), first.header("etag").to_owned());
    assert_eq!(first.header("accept-ranges"), "bytes");
    let cuts = boundaries().flat_map(|at| [at - 1, at, at + 1]).chain([0, 1, all.len() - 1]);
    for cut in cuts {
        with(&mut phone, &[("range", &format!("bytes={cut}-")), ("if-range", &tag)]);
        let rest = phone.get(&path(&bytes)).await;
        assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT, "{cut}");
        let (last, size) = (all.len() - 1, all.len());
        assert_eq!(rest.header("content-range"), format!("bytes {cut}-{last}/{size}"));
        assert_eq!(rest.header("etag"), tag);
        assert!([&all[..cut], &rest.body].concat() == all, "cut at {cut}");
    }
    with(&mut phone, &[("range", &format!("bytes={}-", all.len()))]);
    let behind = phone.get(&path(&bytes)).await;
    assert_eq!(behind.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(behind.header("content-range"), format!("bytes */{}", all.len()));
}

async fn a_download_goes_on_only_with_the_bytes_it_began_with(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = photo(91, SIZE);
    whole(&phone, &bytes).await;
    let all = shown(&phone, &bytes).await;
    with(&mut phone, &[("range", "bytes=1000-"), ("if-range", "\"of another build\"")]);
    let other = phone.get(&path(&bytes)).await;
    assert_eq!(other.status, StatusCode::OK);
    assert!(other.body == all.body, "from the start");
    let tag = all.header("etag").to_owned();
    with(&mut phone, &[("if-none-match", &tag)]);
    let same = phone.get(&path(&bytes)).await;
    assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(same.header("etag"), tag);
    with(&mut phone, &[("if-none-match", &tag)]);
    let small = phone.get(&format!("{}?size=thumb", path(&bytes))).await;
    assert_eq!(small.status, StatusCode::OK, "a small picture has another name");
}

/// A photo with so much in it that it is not small.
fn real_photo() -> Vec<u8> {
    let grain = |x: u32, y: u32| u8::try_from((x * 7_919 + y * 104_729 + x * y) % 251).unwrap();
    let picture =
        image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([grain(x, y), grain(y, x), 90]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

async fn a_small_picture_is_made_once_and_shown_to_those_who_may_see_the_photo(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = real_photo();
    whole(&phone, &bytes).await;
    let address = format!("{}?size=thumb", path(&bytes));
    let first = phone.get(&address).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let small = image::load_from_memory(&first.body).unwrap();
    assert_eq!((small.width(), small.height()), (320, 213));
    assert!(first.body.len() * 4 < bytes.len(), "{} of {}", first.body.len(), bytes.len());
    assert_eq!(first.header("content-type"), "image/jpeg");
    assert!(first.header("cache-control").contains("immutable"));
    let again = phone.get(&address).await;
    assert!(again.body == first.body && again.header("etag") == first.header("etag"));
    let guard = server.signed_in("guard").await;
    assert_eq!(guard.get(&address).await.code(), "blob.unknown", "who may not see the photo");
    let wrong = phone.get(&format!("{}?size=huge", path(&bytes))).await;
    assert_eq!(wrong.code(), "server.bad_request");
    with(&mut phone, &[("range", "bytes=10-19")]);
    assert!(phone.get(&address).await.body == first.body[10..20]);
    let other = photo(92, 100);
    let missing = phone.get(&format!("/api/v1/blobs/{}?size=thumb", sha256_hex(&other))).await;
    assert_eq!(missing.code(), "blob.unknown");
}

async fn what_has_no_small_picture_is_shown_as_it_is(server: &Server) {
    let phone = server.signed_in("steward").await;
    // Whole enough to be kept, and no decoder makes a picture of it.
    let bytes = photo(93, 40_000);
    whole(&phone, &bytes).await;
    let all = shown(&phone, &bytes).await;
    let small = phone.get(&format!("{}?size=thumb", path(&bytes))).await;
    assert_eq!(small.status, StatusCode::OK);
    assert!(small.body == all.body);
}
