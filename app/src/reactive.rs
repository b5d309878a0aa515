//! Signals, memos and changing pieces of a page, made so that their machinery is in the program once a
//! type instead of once a closure: leptos' own constructors cost up to a kilobyte for every closure
//! they are given, and a page has dozens. The closure is boxed first; the call through a pointer is not
//! felt beside drawing.

use domain::sync::client::Replica;
use leptos::prelude::*;
use leptos::reactive::graph::Observer;

use crate::i18n::Text;

/// Takes whoever runs now off the lists of what it looks at, as soon as it is redrawn or gone. leptos
/// leaves what is gone on the lists of whatever lives on: the language, the settings, the session.
/// Each of its later removals walks such a list, so that a page which stays open all day would grow
/// slower with everything it has ever shown, until it stands still. To be called at the beginning of
/// what runs, where the owner is its own.
fn leave_no_trace() {
    let Some(me) = Observer::get() else { return };
    // Held until then: a page that is left is dropped before its owner is told.
    let itself = me.1.upgrade();
    on_cleanup(move || {
        if let Some(itself) = itself {
            itself.clear_sources(&me);
        }
    });
}

/// `Signal::derive`.
pub fn derive<T>(compute: impl Fn() -> T + Send + Sync + 'static) -> Signal<T>
where
    T: Send + Sync + 'static,
{
    derive_boxed(Box::new(compute))
}

#[inline(never)]
fn derive_boxed<T>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T>
where
    T: Send + Sync + 'static,
{
    Signal::derive(compute)
}

/// `Memo::new`, for what does not look at its value before.
pub fn memo<T>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    memo_boxed(Box::new(compute))
}

#[inline(never)]
fn memo_boxed<T>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| {
        leave_no_trace();
        compute()
    })
}

/// `Memo::new`, for what looks at its value before.
pub fn memo_after<T>(compute: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |before| {
        leave_no_trace();
        compute(before)
    })
}

/// What is made of the replica.
pub type Read<T> = Box<dyn Fn(&Replica) -> T + Send + Sync>;

/// A text of the locale tables as a signal that follows the language.
#[inline(never)]
pub fn words(text: Text) -> Signal<String> {
    derive(move || text().to_owned())
}

/// A text of the locale tables as a child of an element; follows the language too.
pub fn written(text: Text) -> Drawn {
    drawn(text)
}

/// A piece of a page that is drawn again when what it looks at changes.
pub type Drawn = Box<dyn FnMut() -> AnyView + Send>;

/// `{move || …}` as a child of an element.
pub fn drawn<V: IntoAny>(mut draw: impl FnMut() -> V + Send + 'static) -> Drawn {
    Box::new(move || {
        leave_no_trace();
        draw().into_any()
    })
}

/// A text that is a signal, as a child of an element.
pub fn said(text: Signal<String>) -> Drawn {
    drawn(move || text.get())
}

/// `move || …` as the value of an attribute.
pub fn bound<V>(mut compute: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> V + Send> {
    Box::new(move || {
        leave_no_trace();
        compute()
    })
}

/// `Effect::new`, for what does not look at what it gave before.
pub fn effect(run: impl Fn() + 'static) {
    effect_boxed(Box::new(run));
}

#[inline(never)]
fn effect_boxed(run: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| {
        leave_no_trace();
        run();
    });
}

/// `Effect::new`, for what looks at what it gave before.
pub fn effect_after<T: 'static>(run: impl Fn(Option<T>) -> T + 'static) {
    Effect::new(move |before| {
        leave_no_trace();
        run(before)
    });
}

/// Tells whoever asked to be told, unless they are gone: answers, timers and the browser's events may
/// come after the page they are for, and a callback that went with it stops the whole program.
pub fn call<T: 'static>(back: Callback<T>, with: T) {
    back.try_run(with);
}
