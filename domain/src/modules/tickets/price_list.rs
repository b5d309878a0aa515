//! The built-in price list of materials and labour for jobs at a customer's home 特约服务价目表.
//!
//! A line on a job keeps the name and price that the customer saw, so a changed list never changes
//! what was signed.

use super::{LineKind, PricedLine};
use crate::money::Fen;

/// One item. Its name is the locale key `tickets.price.<code>`, its unit `tickets.unit.<unit>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceItem {
    pub code: &'static str,
    pub what: LineKind,
    pub unit: &'static str,
    /// For one unit.
    pub price: Fen,
}

impl PriceItem {
    /// A line of it, with name and unit in the words the customer is shown.
    pub fn line(&self, name: String, unit: String, quantity: i64) -> PricedLine {
        PricedLine { what: self.what, name, unit, quantity, price: self.price }
    }
}

const fn labour(code: &'static str, unit: &'static str, yuan: i64) -> PriceItem {
    PriceItem { code, what: LineKind::Labour, unit, price: Fen(yuan * 100) }
}
const fn material(code: &'static str, unit: &'static str, yuan: i64) -> PriceItem {
    PriceItem { code, what: LineKind::Material, unit, price: Fen(yuan * 100) }
}

const ITEMS: &[PriceItem] = &[
    labour("labour_hour", "hour", 80),
    labour("labour_night_hour", "hour", 120),
    labour("drain_clearing", "time", 100),
    labour("tap_fitting", "piece", 30),
    labour("lamp_fitting", "piece", 30),
    labour("socket_fitting", "piece", 25),
    labour("lock_fitting", "piece", 60),
    material("tap", "piece", 65),
    material("angle_valve", "piece", 28),
    material("flexible_hose", "piece", 18),
    material("trap", "piece", 35),
    material("water_pipe", "metre", 15),
    material("led_bulb", "piece", 12),
    material("socket", "piece", 22),
    material("circuit_breaker", "piece", 45),
    material("electric_wire", "metre", 5),
    material("lock_cylinder", "piece", 85),
    material("sealant", "tube", 25),
];

pub fn price_list() -> &'static [PriceItem] {
    ITEMS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_its_own_code_and_a_price() {
        let mut codes: Vec<_> = price_list().iter().map(|item| item.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), price_list().len());
        assert!(price_list().iter().all(|item| item.price > Fen(0)));
    }

    #[test]
    fn half_an_hour_of_labour_costs_half_the_hour() {
        let line = price_list()[0].line("人工".into(), "小时".into(), 500);
        assert_eq!(line.amount(), Some(Fen(4_000)));
    }
}
