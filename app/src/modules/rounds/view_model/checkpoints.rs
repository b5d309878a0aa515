//! The places of a template in a cluster: which are registered, and what registers, moves or
//! re-codes them.

use domain::modules::households::Cluster;
use domain::modules::rounds::{Checkpoint, Point, RegisterCheckpoint, RoundTemplate};

use super::walk::checkpoint_of;
use crate::i18n::{Text, tr};

/// One point of the template and the place that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub point: String,
    pub name: String,
    pub place: Option<Checkpoint>,
    /// The newest version of the template has no such point any more.
    pub gone: bool,
}

/// Every point in the template's order, then the places whose point it no longer has: their codes
/// still hang on a wall.
pub fn spots<'a>(
    template: &RoundTemplate,
    cluster: &Cluster,
    checkpoints: &dyn Fn() -> Box<dyn Iterator<Item = &'a Checkpoint> + 'a>,
) -> Vec<Spot> {
    let of = |code: &str| {
        checkpoint_of(&mut checkpoints(), cluster.id, template.template, code).cloned()
    };
    let mut spots: Vec<Spot> = Vec::new();
    for point in &template.points {
        spots.push(Spot {
            point: point.code.clone(),
            name: point.name.clone(),
            place: of(&point.code),
            gone: false,
        });
    }
    for place in checkpoints() {
        let here = place.cluster == cluster.id && place.template == template.template;
        if here && !spots.iter().any(|spot| spot.point == place.point) {
            spots.push(Spot {
                point: place.point.clone(),
                name: place.name.clone(),
                place: Some(place.clone()),
                gone: true,
            });
        }
    }
    spots
}

/// Registers every point that has no place yet; none has a position before somebody measured it.
pub fn missing(
    template: &RoundTemplate,
    cluster: &Cluster,
    spots: &[Spot],
) -> Vec<RegisterCheckpoint> {
    let is_missing =
        |point: &&Point| spots.iter().any(|spot| spot.point == point.code && spot.place.is_none());
    template
        .points
        .iter()
        .filter(is_missing)
        .map(|point| RegisterCheckpoint {
            checkpoint: Checkpoint::id_of(cluster.id, template.template, &point.code),
            cluster: cluster.id,
            template: template.template,
            point: point.code.clone(),
            name: format!("{} {}", cluster.code, point.name),
            position: None,
            code_version: 1,
        })
        .collect()
}

fn again(place: &Checkpoint) -> RegisterCheckpoint {
    RegisterCheckpoint {
        checkpoint: place.id,
        cluster: place.cluster,
        template: place.template,
        point: place.point.clone(),
        name: place.name.clone(),
        position: place.position,
        code_version: place.code_version,
    }
}

/// The same place with the next code: whatever hangs there now is refused from then on.
pub fn recoded(place: &Checkpoint) -> RegisterCheckpoint {
    RegisterCheckpoint { code_version: place.code_version.saturating_add(1), ..again(place) }
}

/// The same place and code, elsewhere. Both fields empty: not known.
pub fn moved(place: &Checkpoint, east: &str, north: &str) -> Result<RegisterCheckpoint, Text> {
    let (east, north) = (east.trim(), north.trim());
    let position = match (east.is_empty(), north.is_empty()) {
        (true, true) => None,
        (false, false) => {
            let metres = |text: &str| {
                let found = text.parse::<i32>().ok();
                found.filter(|metres| metres.unsigned_abs() <= MOST_METRES)
            };
            let both = metres(east).zip(metres(north));
            Some(both.ok_or(tr::rounds::problem_position as Text)?)
        }
        _ => return Err(tr::rounds::problem_position_half),
    };
    Ok(RegisterCheckpoint { position, ..again(place) })
}

/// An estate is not wider; what is farther is a slip of the finger.
const MOST_METRES: u32 = 20_000;

/// How the sheet of these codes is asked for.
pub fn sheet_address(cluster: &Cluster, template: &RoundTemplate, language: &str) -> String {
    format!(
        "/print/checkpoints?cluster={}&template={}&lang={language}",
        cluster.id, template.template
    )
}

/// The fields of a place's position as they are edited.
pub fn position_fields(place: &Checkpoint) -> (String, String) {
    let position = place.position;
    position.map_or_else(Default::default, |(east, north)| (east.to_string(), north.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::testkit::{cluster as cluster_id, project, template};
    use super::*;
    use domain::Ms;

    fn cluster() -> Cluster {
        Cluster {
            id: cluster_id(), project: project(), code: "A".into(), name: "罗马假日".into()
        }
    }

    fn place(point: &str) -> Checkpoint {
        Checkpoint {
            id: Checkpoint::id_of(cluster_id(), template().template, point),
            project: project(),
            cluster: cluster_id(),
            template: template().template,
            point: point.into(),
            name: format!("A {point}"),
            position: Some((3, 4)),
            code_version: 2,
            code_since: Ms(0),
        }
    }

    fn spots_of(places: &[Checkpoint]) -> Vec<Spot> {
        spots(&template(), &cluster(), &|| Box::new(places.iter()))
    }

    #[test]
    fn every_point_of_the_template_is_listed_with_its_place_and_what_is_gone_comes_last() {
        let elsewhere =
            Checkpoint { cluster: domain::id::ClusterId::derived(&["other"]), ..place("roof") };
        let shown = spots_of(&[place("old"), place("lobby"), elsewhere]);
        let seen: Vec<_> = shown
            .iter()
            .map(|spot| (spot.point.as_str(), spot.place.is_some(), spot.gone))
            .collect();
        assert_eq!(
            seen,
            [
                ("pumps", false, false),
                ("lobby", true, false),
                ("roof", false, false),
                ("old", true, true),
            ]
        );
    }

    #[test]
    fn only_points_without_a_place_are_registered_and_two_desks_register_the_same_places() {
        let shown = spots_of(&[place("lobby")]);
        let first = missing(&template(), &cluster(), &shown);
        let points: Vec<_> = first.iter().map(|one| one.point.as_str()).collect();
        assert_eq!(points, ["pumps", "roof"]);
        assert_eq!(first[0].name, "A 地下一层泵房");
        assert_eq!(first, missing(&template(), &cluster(), &shown));
    }

    #[test]
    fn a_new_code_keeps_place_and_name_and_raises_the_number() {
        let new = recoded(&place("lobby"));
        assert_eq!((new.code_version, new.position), (3, Some((3, 4))));
        assert_eq!((new.checkpoint, new.point), (place("lobby").id, "lobby".to_owned()));
    }

    #[test]
    fn a_position_is_two_whole_metres_or_nothing() {
        let moved = |east, north| moved(&place("lobby"), east, north);
        assert_eq!(moved(" -12", "30").map(|new| new.position), Ok(Some((-12, 30))));
        assert_eq!(moved("-12", "30").map(|new| new.code_version), Ok(2));
        assert_eq!(moved("", " ").map(|new| new.position), Ok(None));
        assert!(moved("1", "").is_err() && moved("x", "1").is_err());
        assert!(moved("999999", "1").is_err() && moved("-2147483648", "1").is_err());
    }
}
