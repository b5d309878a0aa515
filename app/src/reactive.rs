//! Signals, memos and changing pieces of a page, made so that their machinery is in the program once a
//! type instead of once a closure: leptos' own constructors cost up to a kilobyte for every closure
//! they are given, and a page has dozens. The closure is boxed first; the call through a pointer is not
//! felt beside drawing.

use domain::sync::client::Replica;
use leptos::prelude::*;

use crate::i18n::Text;

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
    Memo::new(move |_| compute())
}

/// What is made of the replica.
pub type Read<T> = Box<dyn Fn(&Replica) -> T + Send + Sync>;

/// A text of the locale tables as a signal that follows the language.
#[inline(never)]
pub fn words(text: Text) -> Signal<String> {
    derive(move || text().to_owned())
}

/// A text of the locale tables as a child of an element; follows the language too.
pub const fn written(text: Text) -> Text {
    text
}

/// A piece of a page that is drawn again when what it looks at changes.
pub type Drawn = Box<dyn FnMut() -> AnyView + Send>;

/// `{move || …}` as a child of an element.
pub fn drawn<V: IntoAny>(mut draw: impl FnMut() -> V + Send + 'static) -> Drawn {
    Box::new(move || draw().into_any())
}

/// `move || …` as the value of an attribute.
pub fn bound<V>(compute: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> V + Send> {
    Box::new(compute)
}

/// `Effect::new`, for what does not look at what it gave before.
pub fn effect(run: impl Fn() + 'static) {
    effect_boxed(Box::new(run));
}

#[inline(never)]
fn effect_boxed(run: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| run());
}

/// Tells whoever asked to be told, unless they are gone: answers, timers and the browser's events may
/// come after the page they are for, and a callback that went with it stops the whole program.
pub fn call<T: 'static>(back: Callback<T>, with: T) {
    back.try_run(with);
}
