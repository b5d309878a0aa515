//! Attachments: in pieces, broken, doubled, before and after the record that names them.

use std::time::Duration;

use crate::web::{Answer, Client, Server, cluster, photo, scope, user, visit};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::modules::attachments::{BlobArrival, MAX_BYTES, Sha256Hex};
use domain::sync::Scope;
use domain::sync::batch::sha256_hex;

on_every_database!(
    a_whole_photo_is_kept_and_a_repeat_changes_nothing,
    an_upload_goes_on_from_every_boundary_it_was_cut_at,
    a_doubled_or_skipped_piece_is_told_where_to_go_on,
    bytes_of_another_hash_are_thrown_away,
    what_is_no_photo_or_sound_is_not_kept,
    too_large_an_attachment_is_refused_before_it_is_stored,
    a_cut_body_leaves_nothing_behind,
    a_stop_between_the_last_byte_and_the_check_loses_nothing,
    a_photo_before_its_record_is_announced_when_the_record_comes,
    a_photo_after_its_record_is_announced_when_it_comes,
    a_named_scope_is_told_before_its_record_comes,
    a_photo_of_a_command_that_had_to_wait_is_announced_once_it_is_released,
    readers_get_no_place_and_nothing_a_browser_would_run,
    only_those_who_may_see_the_record_see_its_photo,
    one_device_cannot_spoil_what_another_uploads,
    pieces_sent_twice_at_once_make_one_photo,
    a_part_of_a_recording_can_be_asked_for,
);

pub fn path(bytes: &[u8]) -> String {
    format!("/api/v1/blobs/{}", sha256_hex(bytes))
}

pub async fn send(
    client: &Client<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    client.send(request.body(Body::from(body.to_vec())).unwrap()).await
}

pub async fn whole(client: &Client<'_>, bytes: &[u8]) -> Answer {
    send(client, Method::PUT, &path(bytes), &[], bytes).await
}

pub async fn piece(client: &Client<'_>, of: &[u8], from: usize, to: usize) -> Answer {
    let headers = [("upload-offset", from.to_string()), ("upload-length", of.len().to_string())];
    send(client, Method::PATCH, &path(of), &headers, &of[from..to]).await
}

pub async fn head(client: &Client<'_>, bytes: &[u8]) -> Answer {
    client.call(Method::HEAD, &path(bytes), None).await
}

pub async fn has_arrived(server: &Server, scope: Scope, bytes: &[u8]) -> bool {
    let id = BlobArrival::id_of(scope, &Sha256Hex(sha256_hex(bytes)));
    server.state.sync.record::<BlobArrival>(id).await.unwrap().is_some()
}

/// Announcing follows the commit of a command; it takes a moment.
pub async fn arrives(server: &Server, bytes: &[u8]) -> bool {
    for _ in 0..200 {
        if has_arrived(server, scope(), bytes).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}

async fn a_whole_photo_is_kept_and_a_repeat_changes_nothing(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(1, 5_000);
    assert_eq!(head(&phone, &bytes).await.status, StatusCode::NOT_FOUND);
    for _ in 0..3 {
        let answer = whole(&phone, &bytes).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(answer.header("upload-offset"), "5000");
    }
    let found = head(&phone, &bytes).await;
    assert_eq!(found.status, StatusCode::OK);
    assert_eq!((found.header("upload-offset"), found.header("upload-length")), ("5000", "5000"));
}

async fn an_upload_goes_on_from_every_boundary_it_was_cut_at(server: &Server) {
    const PIECE: usize = 256 * 1024;
    let bytes = photo(2, 3 * PIECE + 1234);
    let mut phone = server.signed_in("steward").await;
    let mut at = 0;
    while at < bytes.len() {
        // Each time the page was closed, and the phone asks how far it had come.
        let found = head(&phone, &bytes).await;
        if at == 0 {
            assert_eq!(found.code(), "", "a HEAD has no body");
            assert_eq!(found.status, StatusCode::NOT_FOUND);
        } else {
            assert_eq!(found.header("upload-offset"), at.to_string());
            assert_eq!(found.header("upload-length"), bytes.len().to_string());
            let session = phone.sign_in("steward", crate::web::PASSWORD).await;
            assert_eq!(session.status, StatusCode::OK);
        }
        let to = (at + PIECE).min(bytes.len());
        let answer = piece(&phone, &bytes, at, to).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(answer.header("upload-offset"), to.to_string());
        at = to;
    }
    assert_eq!(head(&phone, &bytes).await.header("upload-offset"), bytes.len().to_string());
}

async fn a_doubled_or_skipped_piece_is_told_where_to_go_on(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(3, 3_000);
    let skipped = piece(&phone, &bytes, 1_000, 2_000).await;
    assert_eq!(
        (skipped.status, skipped.code().as_str()),
        (StatusCode::CONFLICT, "blob.wrong_offset")
    );
    assert_eq!(skipped.json()["error"]["expected"], 0);
    assert_eq!(piece(&phone, &bytes, 0, 1_000).await.status, StatusCode::NO_CONTENT);
    let doubled = piece(&phone, &bytes, 0, 1_000).await;
    assert_eq!(doubled.code(), "blob.wrong_offset");
    assert_eq!(doubled.json()["error"]["expected"], 1_000);
    assert_eq!(piece(&phone, &bytes, 1_000, 3_000).await.status, StatusCode::NO_CONTENT);
    // The answer to the last piece was lost: sending it again finds the photo there.
    assert_eq!(piece(&phone, &bytes, 1_000, 3_000).await.header("upload-offset"), "3000");
}

async fn bytes_of_another_hash_are_thrown_away(server: &Server) {
    let phone = server.signed_in("steward").await;
    let (bytes, other) = (photo(4, 2_000), photo(5, 2_000));
    assert_eq!(piece(&phone, &bytes, 0, 1_000).await.status, StatusCode::NO_CONTENT);
    let headers = [("upload-offset", "1000".into()), ("upload-length", "2000".into())];
    let answer = send(&phone, Method::PATCH, &path(&bytes), &headers, &other[1_000..]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.code(), "blob.hash_mismatch");
    assert_eq!(head(&phone, &bytes).await.status, StatusCode::NOT_FOUND);
    assert_eq!(whole(&phone, &bytes).await.status, StatusCode::NO_CONTENT);
}

async fn what_is_no_photo_or_sound_is_not_kept(server: &Server) {
    let phone = server.signed_in("steward").await;
    let jpeg_without_picture: &[u8] = b"\xff\xd8\xff\xe0nothing that a viewer could follow";
    let not_kept: [&[u8]; 4] =
        [b"<html><script>alert(1)</script></html>", b"%PDF-1.7", b"<svg/>", jpeg_without_picture];
    for bytes in not_kept {
        let answer = whole(&phone, bytes).await;
        assert_eq!(answer.code(), "blob.type_not_allowed", "{bytes:?}");
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(head(&phone, bytes).await.status, StatusCode::NOT_FOUND);
    }
}

async fn too_large_an_attachment_is_refused_before_it_is_stored(server: &Server) {
    let phone = server.signed_in("steward").await;
    let most = usize::try_from(MAX_BYTES).unwrap();
    let largest = photo(6, most);
    assert_eq!(whole(&phone, &largest).await.status, StatusCode::NO_CONTENT);
    let larger = photo(6, most + 1);
    let answer = whole(&phone, &larger).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "blob.too_large")
    );
    let headers = [("upload-offset", "0".into()), ("upload-length", (most + 1).to_string())];
    let answer = send(&phone, Method::PATCH, &path(&larger), &headers, &larger[..1_000]).await;
    assert_eq!(answer.code(), "blob.too_large");
    assert_eq!(head(&phone, &larger).await.status, StatusCode::NOT_FOUND);
}

async fn a_cut_body_leaves_nothing_behind(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(7, 2_000);
    let cut = futures::stream::iter([
        Ok(bytes[..500].to_vec()),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(path(&bytes))
        .header("upload-offset", "0")
        .header("upload-length", "2000");
    let answer = phone.send(request.body(Body::from_stream(cut)).unwrap()).await;
    assert_eq!(answer.code(), "server.bad_request");
    assert_eq!(head(&phone, &bytes).await.status, StatusCode::NOT_FOUND);
    assert_eq!(whole(&phone, &bytes).await.status, StatusCode::NO_CONTENT);
}

/// The phone lets go of its copy when the server says it has everything. What a killed server left
/// may be as long as the photo and still be no photo in its place.
async fn a_stop_between_the_last_byte_and_the_check_loses_nothing(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let (good, torn) = (photo(16, 2_000), photo(17, 2_000));
    phone.push(scope(), user("steward"), &[visit("stop", cluster("A"), &[&good, &torn])]).await;
    let folder = server.folder.join("data/blobs/partial").join(phone.device.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let left = |bytes: &[u8]| folder.join(format!("{}.{}", sha256_hex(bytes), bytes.len()));
    std::fs::write(left(&good), &good).unwrap();
    std::fs::write(left(&torn), [&torn[..1_000], &[0; 1_000]].concat()).unwrap();
    let found = head(&phone, &good).await;
    assert_eq!((found.status, found.header("upload-offset")), (StatusCode::OK, "2000"));
    assert!(has_arrived(server, scope(), &good).await, "whole means: checked, kept and told");
    assert_eq!(phone.get(&path(&good)).await.status, StatusCode::OK);
    assert_eq!(head(&phone, &torn).await.status, StatusCode::NOT_FOUND, "it begins again");
    assert_eq!(piece(&phone, &torn, 0, 2_000).await.status, StatusCode::NO_CONTENT);
    assert!(has_arrived(server, scope(), &torn).await);
}

async fn a_photo_before_its_record_is_announced_when_the_record_comes(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = photo(8, 2_000);
    whole(&phone, &bytes).await;
    assert!(!has_arrived(server, scope(), &bytes).await);
    let outcomes =
        phone.push(scope(), user("steward"), &[visit("before", cluster("A"), &[&bytes])]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    assert!(arrives(server, &bytes).await);
    let rows = phone.pull(scope(), "blob_arrival").await;
    assert_eq!(rows[0]["b"]["sha256"], sha256_hex(&bytes));
}

async fn a_photo_after_its_record_is_announced_when_it_comes(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = photo(9, 2_000);
    phone.push(scope(), user("steward"), &[visit("after", cluster("A"), &[&bytes])]).await;
    assert!(!has_arrived(server, scope(), &bytes).await);
    whole(&phone, &bytes).await;
    assert!(has_arrived(server, scope(), &bytes).await, "told before the upload is answered");
    let before = server.state.sync.head(scope()).await.unwrap();
    whole(&phone, &bytes).await;
    head(&phone, &bytes).await;
    assert_eq!(server.state.sync.head(scope()).await.unwrap(), before, "and told once");
}

async fn a_named_scope_is_told_before_its_record_comes(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(10, 2_000);
    let named = [("x-guanjia-scope", scope().to_string())];
    let answer = send(&phone, Method::PUT, &path(&bytes), &named, &bytes).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    assert!(has_arrived(server, scope(), &bytes).await);
    for foreign in ["0190b5a2-0000-7000-8000-000000000001", "nonsense"] {
        let named = [("x-guanjia-scope", foreign.to_owned())];
        let answer = send(&phone, Method::PUT, &path(&bytes), &named, &bytes).await;
        assert_eq!(answer.code(), "sync.unknown_scope");
    }
}

async fn a_photo_of_a_command_that_had_to_wait_is_announced_once_it_is_released(server: &Server) {
    use domain::modules::households::{Cluster, RegisterCluster};
    let mut office = server.signed_in("manager").await;
    let bytes = photo(11, 2_000);
    whole(&office, &bytes).await;
    let later = cluster("C");
    let outcomes = office.push(scope(), user("manager"), &[visit("held", later, &[&bytes])]).await;
    assert_eq!(outcomes[0]["outcome"], "held", "{outcomes}");
    assert!(!has_arrived(server, scope(), &bytes).await);
    let register = RegisterCluster { cluster: later, code: "C".into(), name: "C".into() };
    server.system(scope(), vec![register.into()]).await;
    assert!(server.state.sync.record::<Cluster>(later.0).await.unwrap().is_some());
    assert!(arrives(server, &bytes).await);
}

async fn readers_get_no_place_and_nothing_a_browser_would_run(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(12, 4_000);
    let place = b"39.9N116.4E";
    let says_where = |bytes: &[u8]| bytes.windows(place.len()).any(|window| window == place);
    assert!(says_where(&bytes));
    whole(&phone, &bytes).await;
    let shown = phone.get(&path(&bytes)).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(!says_where(&shown.body));
    assert!(shown.body.starts_with(b"\xff\xd8\xff\xdb") && shown.body.ends_with(b"\xff\xd9"));
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(shown.header("content-disposition").starts_with("inline; filename=\""));
    assert!(shown.header("content-disposition").ends_with(".jpg\""));
    assert!(shown.header("cache-control").starts_with("private,"));
    assert_eq!(shown.header("content-encoding"), "");
}

async fn only_those_who_may_see_the_record_see_its_photo(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let bytes = photo(13, 2_000);
    whole(&phone, &bytes).await;
    let unnamed = server.signed_in("manager").await.get(&path(&bytes)).await;
    assert_eq!(unnamed.code(), "blob.unknown", "named by no record yet");
    phone.push(scope(), user("steward"), &[visit("seen", cluster("A"), &[&bytes])]).await;
    assert!(arrives(server, &bytes).await);
    let may_see = ["steward", "front-desk", "supervisor", "engineering-lead", "manager", "quality"];
    for (account, ..) in crate::web::staff() {
        let reader = server.signed_in(&account).await;
        let answer = reader.get(&path(&bytes)).await;
        if may_see.contains(&account.as_str()) {
            assert_eq!(answer.status, StatusCode::OK, "{account}");
        } else {
            assert_eq!(answer.code(), "blob.unknown", "{account}");
        }
    }
    assert_eq!(server.visitor().get(&path(&bytes)).await.code(), "session.expired");
}

async fn one_device_cannot_spoil_what_another_uploads(server: &Server) {
    let phone = server.signed_in("steward").await;
    let other = server.signed_in("guard").await;
    let bytes = photo(14, 2_000);
    assert_eq!(piece(&phone, &bytes, 0, 1_000).await.status, StatusCode::NO_CONTENT);
    let headers = [("upload-offset", "0".into()), ("upload-length", "2000".into())];
    let garbage = send(&other, Method::PATCH, &path(&bytes), &headers, &[7; 1_500]).await;
    assert_eq!(garbage.header("upload-offset"), "1500");
    assert_eq!(head(&phone, &bytes).await.header("upload-offset"), "1000");
    assert_eq!(piece(&phone, &bytes, 1_000, 2_000).await.status, StatusCode::NO_CONTENT);
    // Who comes second has nothing more to do.
    assert_eq!(head(&other, &bytes).await.header("upload-offset"), "2000");
}

async fn pieces_sent_twice_at_once_make_one_photo(server: &Server) {
    let phone = server.signed_in("steward").await;
    let bytes = photo(15, 60_000);
    for from in [0, 20_000, 40_000] {
        let to = from + 20_000;
        let (a, b, c) = tokio::join!(
            piece(&phone, &bytes, from, to),
            piece(&phone, &bytes, from, to),
            piece(&phone, &bytes, from, to),
        );
        let taken = [a, b, c].iter().filter(|answer| answer.status.is_success()).count();
        // After the last piece the others find the whole photo.
        assert!(taken == 1 || to == bytes.len(), "{taken} of three");
    }
    let (a, b) = tokio::join!(whole(&phone, &bytes), whole(&phone, &bytes));
    assert!(a.status.is_success() && b.status.is_success());
    assert_eq!(phone.get(&path(&bytes)).await.status, StatusCode::OK);
    let place = server.folder.join("data/blobs").join(&sha256_hex(&bytes)[..2]);
    let kept = std::fs::read(place.join(sha256_hex(&bytes))).unwrap();
    assert_eq!(kept, bytes);
}

async fn a_part_of_a_recording_can_be_asked_for(server: &Server) {
    let mut phone = server.signed_in("steward").await;
    let mut bytes = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec();
    bytes.extend((0..=255).cycle().take(1_000));
    whole(&phone, &bytes).await;
    phone.headers.insert("range", "bytes=4-7".parse().unwrap());
    let part = phone.get(&path(&bytes)).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), format!("bytes 4-7/{}", bytes.len()));
    assert_eq!(part.body, bytes[4..8]);
}
