//! Photos on their way to the server, and what keeps one from arriving.

use super::*;

#[test]
fn a_photo_the_server_never_takes_waits_for_a_person_and_lets_the_others_pass() {
    let phone = phone();
    let (bad, good) = (picture(19, 50), picture(1, 60));
    phone.visit("v", "见照片", vec![bad.clone(), good.clone()]).unwrap();
    phone.push();
    let upload = || run(phone.engine.upload_once(&scopes())).unwrap();
    let mut done = [upload(), upload()];
    done.sort_by_key(|done| *done == Uploaded::SetAside);
    assert_eq!(done, [Uploaded::Confirmed, Uploaded::SetAside]);
    assert_eq!(upload(), Uploaded::Idle, "it is not tried for ever");
    let status = phone.status();
    assert_eq!((status.uploading, status.attention, status.last_error), (0, 1, None));
    let everything = phone.server.borrow().db.clone();
    phone.server.borrow_mut().backup = everything;
    phone.sync();
    let blob = |sha256: &Sha256Hex| {
        let blobs = run(phone.engine.store.blobs()).unwrap();
        blobs.into_iter().find(|blob| blob.sha256 == *sha256).unwrap()
    };
    assert!(blob(&bad.sha256).refused.unwrap().reason.is(CommonCode::BlobType));
    let bytes = run(phone.engine.store.blob_bytes(&bad.sha256)).unwrap();
    assert_eq!(bytes, Some(bad.bytes), "it is the only copy there is");
    run(phone.engine.store.blob_refused(&bad.sha256, None)).unwrap();
    assert_eq!((phone.status().uploading, phone.status().attention), (1, 0));
    assert_eq!(upload(), Uploaded::SetAside, "sent again because a person wanted it");
}

#[test]
fn a_photo_that_is_answered_for_by_somebody_else_is_tried_again_and_lets_the_others_pass() {
    let phone = phone();
    let photos = vec![picture(1, 60), picture(2, 60)];
    let shas: Vec<Sha256Hex> = photos.iter().map(|photo| photo.sha256.clone()).collect();
    phone.visit("v", "想换灯", photos).unwrap();
    phone.sync();
    let first = run(phone.engine.store.blobs()).unwrap()[0].sha256.clone();
    *phone.engine.transport.answered_for.borrow_mut() = Some(first.clone());
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    assert!(run(phone.engine.upload_once(&scopes())).is_err(), "it is told, and tried later");
    *phone.engine.transport.answered_for.borrow_mut() = None;
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    assert_eq!((phone.status().uploading, shas.len()), (0, 2));
}

#[test]
fn a_photo_whose_bytes_are_not_what_they_were_waits_for_a_person() {
    let phone = phone();
    let damaged = NewBlob { bytes: vec![3; 60], ..picture(1, 60) };
    phone.visit("v", "见照片", vec![damaged]).unwrap();
    phone.push();
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::SetAside));
    assert_eq!((phone.status().uploading, phone.status().attention), (0, 1));
}

#[test]
fn a_photo_follows_its_command_and_leaves_the_phone_when_both_are_backed_up() {
    let phone = phone();
    let bytes = vec![7; transport::CHUNK + 1];
    let sha256 = Sha256Hex(sha256_hex(&bytes));
    let photo = NewBlob { sha256: sha256.clone(), mime: "image/jpeg".into(), bytes };
    phone.visit("v", "见照片", vec![photo]).unwrap();
    let upload = || run(phone.engine.upload_once(&scopes())).unwrap();
    assert_eq!(upload(), Uploaded::Idle);
    phone.push();
    assert_eq!(phone.status().uploading, 1);
    assert_eq!(upload(), Uploaded::Confirmed);
    phone.sync();
    assert!(run(phone.engine.store.blob_bytes(&sha256)).unwrap().is_some());
    let now = phone.server.borrow().db.clone();
    phone.server.borrow_mut().backup = now;
    phone.sync();
    assert!(run(phone.engine.store.blob_bytes(&sha256)).unwrap().is_none());
    assert_eq!(phone.status().unsecured, 0);
}

#[test]
fn on_a_line_that_breaks_a_photo_goes_in_smaller_pieces() {
    let phone = phone();
    phone.visit("v", "见照片", vec![picture(1, 200_000)]).unwrap();
    phone.push();
    phone.engine.transport.carries.set(40_000);
    let tries = (0..9).map(|_| run(phone.engine.upload_once(&scopes())));
    let cut = SyncError::Transport(TransportError::Timeout);
    let told: Vec<_> = tries.take_while(|told| *told != Ok(Uploaded::Confirmed)).collect();
    assert!(told.iter().all(|told| *told == Err(cut.clone())));
    assert!((1..9).contains(&told.len()), "{told:?}");
    assert!(phone.engine.pieces() > 3, "each piece that arrives is counted");
    assert_eq!(phone.status().uploading, 0);
}

#[test]
fn a_photo_that_a_restored_server_has_lost_is_sent_again_even_when_its_command_is_in_the_back_up() {
    let phone = phone();
    let photo = picture(1, 60);
    phone.visit("a", "见照片", vec![photo.clone()]).unwrap();
    phone.push();
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    let mut server = phone.server.borrow_mut();
    server.backup = server.db.clone();
    server.restore(crate::id::derived(&["second epoch"]), Return::Last, NOW);
    server.files.clear();
    drop(server);
    phone.sync();
    assert_eq!(run(phone.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    assert!(phone.server.borrow().files.values().any(|file| file.complete));
}
