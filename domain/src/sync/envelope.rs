//! The envelope around a command, as the phone stores it and sends it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::OpId;
use crate::time::Ms;

/// A command in its envelope. The payload's bytes are kept as the phone wrote them: hashes and
/// resends are over bytes, never over a re-serialised value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope {
    /// UUIDv7, made with the command; the same id is the same command for ever.
    pub op: OpId,
    /// Contiguous per device and scope, from 1.
    pub n: u64,
    /// `"<process>.<verb>"`.
    pub kind: String,
    /// Payload version of this kind, 1 unless it says otherwise.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub v: u32,
    /// The device's own clock when the person acted.
    pub at_device: Ms,
    /// Server time minus device time as last measured, in ms; absent when never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub payload: Box<RawValue>,
}

fn one() -> u32 {
    1
}
fn is_one(v: &u32) -> bool {
    *v == 1
}

/// Journals keep at least this long, so nothing honest arrives later than that.
const OLDEST_HONEST: i64 = 400 * crate::time::DAY;

impl Envelope {
    /// When the command happened: device time plus the measured offset, never later than receipt.
    /// A time further back than any journal reaches comes from a broken clock that was never
    /// measured; receipt is then the best that is known.
    pub fn occurred_at(&self, received_at: Ms) -> Ms {
        let corrected = self.at_device.plus(self.offset.unwrap_or(0));
        if corrected > received_at || received_at.since(corrected) > OLDEST_HONEST {
            received_at
        } else {
            corrected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    fn envelope(at_device: i64, offset: Option<i64>) -> Envelope {
        Envelope {
            op: OpId::derived(&["x"]),
            n: 1,
            kind: "x.y".into(),
            v: 1,
            at_device: Ms(at_device),
            offset,
            payload: RawValue::from_string("{}".into()).unwrap(),
        }
    }

    #[test]
    fn a_clock_ten_years_off_is_corrected_by_the_measured_offset() {
        let received = Ms(20_000 * DAY);
        let ten_years = 3_650 * DAY;
        let honest = received.0 - 3_600_000;
        assert_eq!(
            envelope(honest + ten_years, Some(-ten_years)).occurred_at(received),
            Ms(honest)
        );
        assert_eq!(envelope(honest - ten_years, Some(ten_years)).occurred_at(received), Ms(honest));
    }

    #[test]
    fn an_unmeasured_clock_ten_years_off_falls_back_to_receipt() {
        let received = Ms(20_000 * DAY);
        assert_eq!(envelope(received.0 + 3_650 * DAY, None).occurred_at(received), received);
        assert_eq!(envelope(received.0 - 3_650 * DAY, None).occurred_at(received), received);
    }

    #[test]
    fn the_envelope_keeps_its_bytes() {
        let golden = r#"{"op":"018f0000-0000-7000-8000-000000000001","n":7,"kind":"visits.record","at_device":1795278600000,"offset":-12,"payload":{"b":1, "a":[2.50]}}"#;
        let envelope: Envelope = serde_json::from_str(golden).unwrap();
        assert_eq!(envelope.payload.get(), r#"{"b":1, "a":[2.50]}"#);
        assert_eq!(serde_json::to_string(&envelope).unwrap(), golden);
    }
}
