//! An entry of the browser's history for each open sheet, so that the phone's back key closes the
//! sheet before it leaves the page.

use std::cell::{Cell, RefCell};

use js_sys::{Object, Reflect};
use leptos::prelude::Callback;
use web_sys::History;

use super::page;
use crate::reactive::call;

/// Under this name an entry's state says which sheet it stands for.
const MARK: &str = "sheet";
/// By then a navigation that closed the sheet has made an entry of its own, in milliseconds.
const SETTLED: i32 = 50;

thread_local! {
    /// The open sheets, the topmost last, and how to close them.
    static OPEN: RefCell<Vec<(String, Callback<()>)>> = const { RefCell::new(Vec::new()) };
    static MADE: Cell<u32> = const { Cell::new(0) };
}

fn history() -> Option<History> {
    page::window().history().ok()
}

/// The mark of the entry one is at.
fn here() -> Option<String> {
    let state = history()?.state().ok()?;
    if state.is_object() { page::property(&state, MARK).as_string() } else { None }
}

fn back() {
    if let Some(history) = history() {
        let _ = history.back();
    }
}

/// A sheet was opened; gives its mark.
pub fn opened(close: Callback<()>) -> String {
    let number = MADE.get().wrapping_add(1);
    MADE.set(number);
    if number == 1 {
        page::listen(&page::window(), "popstate", |_| arrived());
    }
    // Entries outlive a reload; their marks must not be taken for those of the page's next life.
    let life = page::window().performance().map_or(0.0, |performance| performance.time_origin());
    let mark = format!("{life}:{number}");
    let left = here().is_some_and(|mark| OPEN.with_borrow(|open| stays(open, Some(&mark)) == 0));
    let state = Object::new();
    let _ = Reflect::set(&state, &MARK.into(), &mark.as_str().into());
    if let Some(history) = history() {
        // An entry whose sheet is gone is used again.
        let _ =
            if left { history.replace_state(&state, "") } else { history.push_state(&state, "") };
    }
    OPEN.with_borrow_mut(|open| open.push((mark.clone(), close)));
    mark
}

/// A sheet is gone. Closed by other means than the back key, its entry is still there and is taken
/// away; not when the page was left from within it, for that made an entry above.
pub fn gone(mark: String) {
    OPEN.with_borrow_mut(|open| open.retain(|(known, _)| *known != mark));
    page::after(SETTLED, move || {
        if here().as_ref() == Some(&mark) {
            back();
        }
    });
}

/// How many of the open sheets an entry leaves open: those below it, and its own.
fn stays<T>(open: &[(String, T)], mark: Option<&str>) -> usize {
    open.iter().position(|(known, _)| Some(known.as_str()) == mark).map_or(0, |place| place + 1)
}

fn arrived() {
    let mark = here();
    let open = OPEN.with_borrow(Clone::clone);
    let stay = stays(&open, mark.as_deref());
    for (_, close) in open.into_iter().skip(stay).rev() {
        call(close, ());
    }
    // The entry of a sheet that is long gone, below a page that was opened from it.
    if stay == 0 && mark.is_some() {
        back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_closes_what_is_above_the_entry_one_comes_to() {
        let open = [("a".to_owned(), ()), ("b".to_owned(), ())];
        assert_eq!(stays(&open, Some("b")), 2);
        assert_eq!(stays(&open, Some("a")), 1);
        assert_eq!(stays(&open, None), 0);
        assert_eq!(stays(&open, Some("long gone")), 0);
    }
}
