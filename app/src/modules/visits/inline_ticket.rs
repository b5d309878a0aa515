//! A ticket raised in the middle of something else: from a visit, from a chasing call.

use domain::id::{ClusterId, TicketId};
use domain::modules::households::Household;
use domain::modules::tickets::category::CATEGORIES;
use domain::modules::tickets::{
    Intake, OpenTicket, Origin, Place, TicketContact, TicketKind, Urgency,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::modules::tickets::labels;
use crate::ui::{Check, Chips, Choice, Select, TextArea};

/// What a resident may ask for; findings and paid services have their own ways in.
const KINDS: [TicketKind; 4] =
    [TicketKind::Repair, TicketKind::Complaint, TicketKind::Enquiry, TicketKind::Request];

/// The part of a ticket that has to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketFields {
    pub kind: TicketKind,
    /// Empty until chosen.
    pub category: String,
    pub urgent: bool,
    pub description: String,
}

impl Default for TicketFields {
    fn default() -> Self {
        Self {
            kind: TicketKind::Repair,
            category: String::new(),
            urgent: false,
            description: String::new(),
        }
    }
}

/// The categories of a kind, by code.
pub fn categories_of(kind: TicketKind) -> Vec<&'static str> {
    CATEGORIES.iter().filter(|c| c.kinds.contains(&kind)).map(|c| c.code).collect()
}

/// Where it is and whom to reach about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    pub cluster: ClusterId,
    pub place: Place,
    pub contact: TicketContact,
}

impl Whereabouts {
    pub fn of(household: &Household) -> Self {
        let contact = household.first_contact();
        Self {
            cluster: household.cluster,
            place: Place { unit: Some(household.id), label: household.label.clone() },
            contact: contact.map_or_else(TicketContact::default, |contact| TicketContact {
                name: contact.name.clone(),
                phone: contact.phone.clone(),
            }),
        }
    }
}

impl TicketFields {
    /// Another kind keeps the category if it has it too.
    #[must_use]
    pub fn with_kind(self, kind: TicketKind) -> Self {
        let keeps = categories_of(kind).contains(&self.category.as_str());
        let category = if keeps { self.category } else { String::new() };
        Self { kind, category, ..self }
    }

    pub fn open(
        &self,
        ticket: TicketId,
        at: Whereabouts,
        intake: Intake,
        origin: Origin,
    ) -> OpenTicket {
        OpenTicket {
            ticket,
            cluster: at.cluster,
            kind: self.kind,
            category: self.category.clone(),
            urgency: if self.urgent { Urgency::Urgent } else { Urgency::Normal },
            intake,
            place: at.place,
            contact: at.contact,
            description: self.description.trim().to_owned(),
            photos: Vec::new(),
            origin: Some(origin),
        }
    }
}

/// Asks for kind, category and description.
#[component]
pub fn TicketForm(
    #[prop(into)] fields: Signal<TicketFields>,
    #[prop(into)] on_change: Callback<TicketFields>,
) -> impl IntoView {
    // One field's change leaves the others alone.
    let change = move |edit: Box<dyn FnOnce(&mut TicketFields)>| {
        let mut next = fields.get_untracked();
        edit(&mut next);
        on_change.run(next);
    };
    let kind = Memo::new(move |_| fields.with(|fields| fields.kind));
    let categories = Signal::derive(move || {
        let mut options = vec![(String::new(), tr::common::choose().to_owned())];
        options.extend(
            categories_of(kind.get()).into_iter().map(|c| (c.to_owned(), labels::category(c))),
        );
        options
    });
    view! {
        <Chips
            label=words(tr::visits::ticket_kind)
            choices=Signal::derive(|| {
                KINDS.into_iter().map(|k| Choice::new(k.name(), labels::kind(k))).collect::<Vec<_>>()
            })
            value=Signal::derive(move || Some(kind.get().name().to_owned()))
            on_choose=Callback::new(move |name: String| {
                if let Some(kind) = KINDS.into_iter().find(|kind| kind.name() == name) {
                    on_change.run(fields.get_untracked().with_kind(kind));
                }
            })
        />
        <Select
            label=words(tr::visits::ticket_category)
            options=categories
            value=Signal::derive(move || fields.with(|fields| fields.category.clone()))
            on_change=Callback::new(move |code: String| {
                change(Box::new(move |fields| fields.category = code));
            })
        />
        <TextArea
            label=words(tr::visits::ticket_description)
            value=Signal::derive(move || fields.with(|fields| fields.description.clone()))
            on_input=Callback::new(move |text: String| {
                change(Box::new(move |fields| fields.description = text));
            })
        />
        <Check
            label=words(tr::visits::ticket_urgent)
            checked=Signal::derive(move || fields.with(|fields| fields.urgent))
            on_change=Callback::new(move |urgent: bool| {
                change(Box::new(move |fields| fields.urgent = urgent));
            })
        />
    }
}
