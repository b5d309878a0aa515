//! Tests of checkpoint codes.

use proptest::prelude::*;

use super::*;

fn checkpoint() -> CheckpointId {
    CheckpointId::derived(&["pump room"])
}

fn forged(text: &str) -> bool {
    parse(text).is_err_and(|refusal| refusal.is(RoundCode::CodeForged))
}

#[test]
fn a_code_says_site_place_and_version_and_signs_all_three() {
    let code = render("0a1b2c3d", checkpoint(), 7, "c2ln-_");
    let scanned = parse(&code).unwrap();
    assert_eq!(
        (scanned.site.as_str(), scanned.checkpoint, scanned.version, scanned.signature.as_str()),
        ("0a1b2c3d", checkpoint(), 7, "c2ln-_")
    );
    assert_eq!(scanned.signed_text(), signed_text("0a1b2c3d", checkpoint(), 7));
    assert_eq!(code, format!("{}.c2ln-_", scanned.signed_text()));
}

#[test]
fn the_text_of_a_code_is_what_is_printed_on_the_walls() {
    let id: CheckpointId = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(
        render("018f0000", id, 2, "AbC"),
        "GJ1.018f0000.018f0000-0000-7000-8000-000000000001.2.AbC"
    );
}

#[test]
fn the_site_is_the_beginning_of_the_project() {
    let project: ProjectId = "018fabcd-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(site_of(project), "018fabcd");
}

#[test]
fn whatever_is_not_our_code_is_forged() {
    let good = render("0a1b2c3d", checkpoint(), 1, "abc");
    assert!(parse(&good).is_ok());
    let id = checkpoint().to_string();
    for bad in [
        String::new(),
        "https://example.com/pay?x=1".into(),
        good.replace("GJ1", "GJ2"),
        good.replace("GJ1", "gj1"),
        format!("{good}.x"),
        format!("{good} "),
        format!("GJ1.0a1b2c3d.{id}.1"),
        format!("GJ1.0a1b2c3d.{id}.1."),
        format!("GJ1.0A1B2C3D.{id}.1.abc"),
        format!("GJ1.0a1b2c3.{id}.1.abc"),
        format!("GJ1.0a1b2c3d.{}.1.abc", id.to_uppercase()),
        format!("GJ1.0a1b2c3d.{}.1.abc", id.replace('-', "")),
        format!("GJ1.0a1b2c3d.{id}.01.abc"),
        format!("GJ1.0a1b2c3d.{id}.+1.abc"),
        format!("GJ1.0a1b2c3d.{id}.0.abc"),
        format!("GJ1.0a1b2c3d.{id}.4294967296.abc"),
        format!("GJ1.0a1b2c3d.{id}.1.a=b"),
        format!("GJ1.0a1b2c3d.{id}.1.{}", "a".repeat(400)),
    ] {
        assert!(forged(&bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn reading_a_scanned_text_never_panics(text in ".{0,400}") {
        let _ = parse(&text);
    }

    #[test]
    fn text_that_almost_is_a_code_never_panics(
        text in "GJ1(\\.[0-9a-f-]{0,40}){0,3}\\.[0-9]{0,12}\\.[A-Za-z0-9_=-]{0,90}"
    ) {
        if let Ok(code) = parse(&text) {
            prop_assert_eq!(render(&code.site, code.checkpoint, code.version, &code.signature), text);
        }
    }

    #[test]
    fn every_printed_code_is_read_back(
        bits in any::<u128>(), version in 1u32.., site in "[0-9a-f]{8}", sig in "[A-Za-z0-9_-]{1,90}"
    ) {
        let id = CheckpointId(uuid::Uuid::from_u128(bits));
        let code = parse(&render(&site, id, version, &sig)).unwrap();
        prop_assert_eq!((code.site, code.checkpoint, code.version, code.signature), (site, id, version, sig));
    }
}
