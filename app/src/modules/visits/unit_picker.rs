//! The unit that was visited: found while standing in front of it, shown once chosen.

use domain::id::UnitId;
use domain::modules::households::Household;
use leptos::prelude::*;

use crate::i18n::tr;
use crate::modules::households::kit::words;
use crate::modules::tickets::UnitPicker;
use crate::reactive::{bound, drawn, memo};
use crate::ui::{Button, Weight};

#[component]
pub fn VisitedUnit(
    household: Memo<Option<Household>>,
    #[prop(into)] on_choose: Callback<Option<UnitId>>,
) -> impl IntoView {
    let chosen = memo(move || {
        household.with(|household| {
            let household = household.as_ref()?;
            let contact = household.first_contact().map(|contact| contact.name.clone());
            Some((household.label.clone(), contact.unwrap_or_default()))
        })
    });
    drawn(move || match chosen.get() {
        Some((label, name)) => view! {
            <div class="row picked-unit" role="group" aria-label=bound(tr::visits::unit)>
                <span class="grow">
                    <span class="strong number">{label}</span> " " <span class="soft">{name}</span>
                </span>
                <Button
                    text=words(tr::visits::other_unit)
                    weight=Weight::Quiet
                    on_press=Callback::new(move |()| on_choose.run(None))
                />
            </div>
        }
        .into_any(),
        None => view! {
            <UnitPicker on_pick=Callback::new(move |unit: UnitId| on_choose.run(Some(unit)))/>
        }
        .into_any(),
    })
}
