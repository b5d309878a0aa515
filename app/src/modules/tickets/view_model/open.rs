//! The form of a new ticket: what an address fills in, what is missing, what is sent.

use domain::id::{CheckpointId, ClusterId, FeeCallId, RoundId, TicketId, UnitId, VisitId};
use domain::modules::attachments::Attachment;
use domain::modules::households::Household;
use domain::modules::tickets::category::{CATEGORIES, Category, category};
use domain::modules::tickets::{
    Intake, OpenTicket, Origin, Place, TicketContact, TicketKind, Urgency,
};
use serde::{Deserialize, Serialize};

/// What has been filled in; kept as a draft. Photos are kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenForm {
    pub kind: TicketKind,
    pub category: String,
    pub urgency: Urgency,
    pub intake: Intake,
    pub unit: Option<UnitId>,
    /// Of the unit, or typed.
    pub place: String,
    /// A public place rather than a unit.
    pub public: bool,
    pub cluster: Option<ClusterId>,
    pub name: String,
    pub phone: String,
    pub description: String,
}

impl Default for OpenForm {
    fn default() -> Self {
        Self {
            kind: TicketKind::Repair,
            category: String::new(),
            urgency: Urgency::Normal,
            intake: Intake::OnSite,
            unit: None,
            place: String::new(),
            public: false,
            cluster: None,
            name: String::new(),
            phone: String::new(),
            description: String::new(),
        }
    }
}

/// What the address of the page says: where one comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub unit: Option<UnitId>,
    pub kind: Option<TicketKind>,
    pub category: Option<String>,
    pub place: Option<String>,
    pub description: Option<String>,
    pub cluster: Option<ClusterId>,
    pub origin: Option<Origin>,
    /// Chosen by whoever sent us here, so that their record can name the ticket.
    pub ticket: Option<TicketId>,
}

impl Asked {
    /// Reads the parameters of the address; what does not parse is as if it were not there.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        fn parsed<T: std::str::FromStr>(text: Option<String>) -> Option<T> {
            text?.parse().ok()
        }
        let kind = get("kind");
        let kind = TicketKind::ALL.into_iter().find(|known| Some(known.name()) == kind.as_deref());
        let visit = parsed::<VisitId>(get("visit")).map(|visit| Origin::Visit { visit });
        let call = parsed::<FeeCallId>(get("call")).map(|call| Origin::FeeCall { call });
        let round = parsed::<RoundId>(get("round")).map(|round| Origin::Round {
            round,
            checkpoint: parsed::<CheckpointId>(get("checkpoint")),
            item: get("item").unwrap_or_default(),
        });
        Self {
            unit: parsed(get("unit")),
            kind,
            category: get("category").filter(|code| category(code).is_some()),
            place: get("place"),
            description: get("description"),
            cluster: parsed(get("cluster")),
            origin: visit.or(call).or(round),
            ticket: parsed(get("ticket")),
        }
    }

    /// Forms opened from different places do not mix.
    pub fn draft_key(&self) -> String {
        let from = match &self.origin {
            Some(Origin::Visit { visit }) => visit.to_string(),
            Some(Origin::FeeCall { call }) => call.to_string(),
            Some(Origin::Round { round, checkpoint, item }) => {
                let place = checkpoint.map_or_else(String::new, |id| id.to_string());
                format!("{round}:{place}:{item}")
            }
            None => self.unit.map_or_else(String::new, |unit| unit.to_string()),
        };
        format!("ticket:new:{from}")
    }

    /// The form as it opens, before anything is typed.
    pub fn form(&self, usual: Intake, cluster: Option<ClusterId>) -> OpenForm {
        let mut form = OpenForm {
            kind: self.kind.unwrap_or(TicketKind::Repair),
            intake: self.intake().unwrap_or(usual),
            place: self.place.clone().unwrap_or_default(),
            public: self.unit.is_none() && self.place.is_some(),
            cluster: self.cluster.or(cluster),
            description: self.description.clone().unwrap_or_default(),
            ..OpenForm::default()
        };
        form.category = self.category.clone().unwrap_or_default();
        if !form.category.is_empty() && !fits(form.kind, &form.category) {
            form.category.clear();
        }
        form
    }

    fn intake(&self) -> Option<Intake> {
        self.origin.as_ref().map(|origin| match origin {
            Origin::Round { .. } => Intake::Round,
            Origin::Visit { .. } => Intake::Visit,
            Origin::FeeCall { .. } => Intake::FeeCall,
        })
    }
}

fn fits(kind: TicketKind, code: &str) -> bool {
    category(code).is_some_and(|category| category.kinds.contains(&kind))
}

/// The categories of a kind, in the order of the tree.
pub fn categories(kind: TicketKind) -> impl Iterator<Item = &'static Category> {
    CATEGORIES.iter().filter(move |category| category.kinds.contains(&kind))
}

impl OpenForm {
    /// The form as it was filled in, to be changed and sent again.
    pub fn of(command: &OpenTicket) -> Self {
        Self {
            kind: command.kind,
            category: command.category.clone(),
            urgency: command.urgency,
            intake: command.intake,
            unit: command.place.unit,
            place: command.place.label.clone(),
            public: command.place.unit.is_none(),
            cluster: Some(command.cluster),
            name: command.contact.name.clone(),
            phone: command.contact.phone.clone(),
            description: command.description.clone(),
        }
    }

    pub fn choose_kind(&mut self, kind: TicketKind) {
        self.kind = kind;
        if !fits(kind, &self.category) {
            self.category.clear();
        }
    }

    /// Takes the unit and whom to reach there.
    pub fn choose_unit(&mut self, household: &Household) {
        self.unit = Some(household.id);
        self.place = household.label.clone();
        self.cluster = Some(household.cluster);
        self.public = false;
        if let Some(contact) = household.first_contact() {
            self.name = contact.name.clone();
            self.phone = contact.phone.clone();
        }
    }

    /// Gives the unit up, and with it the contact that came from it.
    pub fn leave_unit(&mut self) {
        if self.unit.take().is_some() {
            self.place.clear();
            self.name.clear();
            self.phone.clear();
        }
    }

    pub fn command(
        &self,
        ticket: TicketId,
        cluster: ClusterId,
        photos: Vec<Attachment>,
        origin: Option<Origin>,
    ) -> OpenTicket {
        OpenTicket {
            ticket,
            cluster,
            kind: self.kind,
            category: self.category.clone(),
            urgency: self.urgency,
            intake: self.intake,
            place: Place { unit: self.unit, label: self.place.trim().to_owned() },
            contact: TicketContact { name: self.name.clone(), phone: self.phone.clone() },
            description: self.description.clone(),
            photos,
            origin,
        }
    }
}

/// What has to be filled in before the ticket can be opened, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Category,
    Unit,
    Place,
    Cluster,
    Description,
}

pub fn lacks(form: &OpenForm, photos: usize) -> Vec<Lack> {
    let mut all = Vec::new();
    if !fits(form.kind, &form.category) {
        all.push(Lack::Category);
    }
    if form.unit.is_none() && form.place.trim().is_empty() {
        all.push(if form.public { Lack::Place } else { Lack::Unit });
    }
    if form.cluster.is_none() && (form.public || form.unit.is_some()) {
        all.push(Lack::Cluster);
    }
    // A photo may say it all.
    if form.description.trim().is_empty() && photos == 0 {
        all.push(Lack::Description);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::testkit::cluster;
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        Asked::read(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_address_fills_in_what_it_knows_and_ignores_what_it_does_not() {
        let unit = UnitId::derived(&["u"]).to_string();
        let call = FeeCallId::derived(&["c"]);
        let asked = asked(&[
            ("unit", &unit),
            ("kind", "complaint"),
            ("category", "leak"),
            ("call", &call.to_string()),
            ("visit", "nonsense"),
        ]);
        assert_eq!(asked.origin, Some(Origin::FeeCall { call }));
        let form = asked.form(Intake::Phone, None);
        assert_eq!((form.kind, form.intake), (TicketKind::Complaint, Intake::FeeCall));
        // A leak is no complaint.
        assert_eq!(form.category, "");
    }

    #[test]
    fn a_refused_ticket_opens_as_it_was_filled_in() {
        let form = OpenForm {
            category: "leak".into(),
            unit: Some(UnitId::derived(&["u"])),
            place: "3-2-1501".into(),
            cluster: Some(cluster("A")),
            name: "王先生".into(),
            description: "漏水".into(),
            ..OpenForm::default()
        };
        let sent = form.command(TicketId::derived(&["t"]), cluster("A"), Vec::new(), None);
        assert_eq!(OpenForm::of(&sent), form);
    }

    #[test]
    fn drafts_from_different_visits_do_not_mix() {
        let one = asked(&[("visit", &VisitId::derived(&["1"]).to_string())]).draft_key();
        let two = asked(&[("visit", &VisitId::derived(&["2"]).to_string())]).draft_key();
        assert_ne!(one, two);
        assert_eq!(asked(&[]).draft_key(), "ticket:new:");
    }

    #[test]
    fn another_kind_drops_a_category_that_it_does_not_have() {
        let mut form = OpenForm { category: "leak".into(), ..OpenForm::default() };
        form.choose_kind(TicketKind::Finding);
        assert_eq!(form.category, "leak");
        form.choose_kind(TicketKind::Complaint);
        assert_eq!(form.category, "");
    }

    #[test]
    fn the_form_says_what_is_missing_in_the_order_of_the_page() {
        let mut form = OpenForm::default();
        assert_eq!(lacks(&form, 0), [Lack::Category, Lack::Unit, Lack::Description]);
        form.category = "leak".into();
        form.public = true;
        form.place = "地下一层泵房".into();
        assert_eq!(lacks(&form, 1), [Lack::Cluster]);
        form.cluster = Some(cluster("A"));
        assert!(lacks(&form, 1).is_empty());
    }

    #[test]
    fn giving_a_unit_up_forgets_its_people() {
        let mut form = OpenForm {
            unit: Some(UnitId::derived(&["u"])),
            place: "3-2-1501".into(),
            name: "张三".into(),
            phone: "138".into(),
            ..OpenForm::default()
        };
        form.leave_unit();
        assert_eq!((form.place.as_str(), form.name.as_str(), form.phone.as_str()), ("", "", ""));
    }
}
