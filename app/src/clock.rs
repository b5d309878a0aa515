//! The only place of the app where time and randomness come from.

use domain::Ms;
use uuid::Uuid;

/// The device's own clock.
pub fn device_now() -> Ms {
    // Whole milliseconds, far below 2^53.
    #[allow(clippy::cast_possible_truncation)]
    Ms(js_sys::Date::now() as i64)
}

/// Milliseconds that only go forward, whatever somebody does to the clock.
pub fn monotonic() -> f64 {
    crate::device::page::window().performance().map_or_else(js_sys::Date::now, |p| p.now())
}

/// Ten bytes from the browser's generator for keys.
pub fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    let crypto = crate::device::page::window().crypto();
    let filled = crypto.and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    // Every supported browser has it; an id that could repeat must never be made.
    filled.expect("the browser has a random generator");
    bytes
}

/// A new UUIDv7.
pub fn new_uuid() -> Uuid {
    domain::id::uuid_v7(device_now(), &random())
}
