//! What the pages of households, fees and visits share: words as signals, problems, clusters.

use domain::id::ClusterId;
use domain::modules::RecordKind;
use domain::modules::households::Cluster;
use domain::order;
use domain::{Refusal, Right};
use leptos::prelude::*;

use crate::app_context::App;
use crate::device::page::bring_into_sight;
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::reactive::{derive, drawn, memo};
use crate::ui::field::fresh_id;
use crate::ui::{Chips, Choice, Glyph, Icon, Show};

pub use crate::reactive::words;

/// Why something was not done, in words, beside the form it belongs to.
#[component]
pub fn Problem(#[prop(into)] refusal: Signal<Option<Refusal>>) -> impl IntoView {
    let id = StoredValue::new(fresh_id());
    drawn(move || {
        refusal.get().map(|refusal| {
            let id = id.get_value();
            bring_into_sight(&format!("#{id}"));
            view! {
                <div class="notice late" role="alert" id=id>
                    <Glyph icon=Icon::Alert/>
                    <span class="grow">{error_text(&refusal)}</span>
                </div>
            }
        })
    })
}

/// The clusters for which the person holds the right, by code.
pub fn clusters_for(app: App, right: Right) -> Memo<Vec<(ClusterId, String)>> {
    let all = app.query(&[RecordKind::Cluster], |replica| {
        let mut clusters: Vec<(String, ClusterId, String)> = replica
            .iter::<Cluster>()
            .map(|c| (c.code.clone(), c.id, format!("{} {}", c.code, c.name).trim().to_owned()))
            .collect();
        order::sort(&mut clusters);
        clusters
    });
    memo(move || {
        let actor = app.actor();
        all.with(|all| {
            all.iter()
                .filter(|(_, id, _)| actor.may_in(right, *id))
                .map(|(_, id, name)| (*id, name.clone()))
                .collect()
        })
    })
}

/// One cluster or all of them; nothing to choose for whoever has one.
#[component]
pub fn ClusterFilter(
    clusters: Memo<Vec<(ClusterId, String)>>,
    #[prop(into)] value: Signal<Option<ClusterId>>,
    #[prop(into)] on_choose: Callback<Option<ClusterId>>,
) -> impl IntoView {
    let choices = derive(move || {
        let mut choices = vec![Choice::new("", tr::common::all())];
        clusters.with(|all| {
            choices.extend(all.iter().map(|(id, name)| Choice::new(id.to_string(), name.clone())));
        });
        choices
    });
    let several = memo(move || clusters.with(|all| all.len() > 1));
    view! {
        <Show when=move || several.get()>
            <Chips
                label=words(tr::households::cluster_filter)
                choices=choices
                value=derive(move || {
                    Some(value.get().map(|id| id.to_string()).unwrap_or_default())
                })
                on_choose=Callback::new(move |key: String| on_choose.run(key.parse().ok()))
            />
        </Show>
    }
}
