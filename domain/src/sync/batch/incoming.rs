//! What a push brings: its entries read, each payload decoded once.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::actor::Actor;
use crate::id::{DeviceId, OpId, derived};
use crate::modules::Command;
use crate::refusal::Refusal;
use crate::sync::envelope::Envelope;
use crate::sync::wire::MAX_PAYLOAD_BYTES;
use crate::time::Ms;

/// One command as it arrived.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub device: DeviceId,
    pub actor: Arc<Actor>,
    pub received_at: Ms,
    pub op: OpId,
    pub n: u64,
    pub kind: String,
    pub v: u32,
    pub at_device: Ms,
    /// See `Envelope::occurred_at`.
    pub occurred_at: Ms,
    pub offset: Option<i64>,
    /// The payload's bytes as the phone wrote them.
    pub payload: String,
    /// Decoded once, here.
    pub command: Decoded,
}

/// What became of the payload's bytes.
#[derive(Clone, Debug)]
pub enum Decoded {
    Command(Box<Command>),
    /// A kind or version newer than this server: held.
    Unknown,
    /// Bytes that are no such command: refused, kept raw.
    Undecodable(String),
    /// Refused before any rule was asked: the database cannot keep what the rules would make of it,
    /// or the entry only reports a loss.
    Impossible(Refusal),
}

/// Longest name of a kind of command.
const MAX_KIND: usize = 64;

/// Whether this may be a kind of command, known or not: what is stored and shown as a name must
/// be one.
fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.len() <= MAX_KIND && kind.bytes().all(|b| b.is_ascii_graphic())
}

impl Decoded {
    pub fn of(kind: &str, v: u32, payload: &str) -> Self {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Decoded::Undecodable(format!("{} bytes", payload.len()));
        }
        match Command::decode(kind, v, payload) {
            None => Decoded::Unknown,
            Some(Ok(command)) => Decoded::Command(Box::new(command)),
            Some(Err(error)) => Decoded::Undecodable(error.to_string()),
        }
    }
}

/// What a whole push may be refused for. Nothing of it is applied then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushError {
    /// An entry has no readable number, or the numbers are not contiguous.
    Malformed { index: usize },
    /// The first number is above the one that comes next.
    Gap { expected: u64 },
    /// A number was used before with another command.
    NumberReused { n: u64 },
}

/// Reads the entries of a push. An entry that is no envelope but carries its number gets an outcome
/// like any other; only without a number is there nothing to answer.
pub fn read_push(
    commands: &[Box<RawValue>],
    device: DeviceId,
    actor: &Arc<Actor>,
    received_at: Ms,
) -> Result<Vec<Incoming>, PushError> {
    #[derive(serde::Deserialize)]
    struct NumberOnly {
        n: u64,
    }
    let mut incoming = Vec::with_capacity(commands.len());
    for (index, raw) in commands.iter().enumerate() {
        let envelope = serde_json::from_str::<Envelope>(raw.get()).map_err(|e| e.to_string());
        let named = |envelope: Envelope| {
            if is_kind(&envelope.kind) { Ok(envelope) } else { Err("no name of a kind".to_owned()) }
        };
        let item = match envelope.and_then(named) {
            Ok(envelope) => {
                let payload = envelope.payload.get().to_owned();
                Incoming {
                    device,
                    actor: Arc::clone(actor),
                    received_at,
                    op: envelope.op,
                    n: envelope.n,
                    v: envelope.v,
                    at_device: envelope.at_device,
                    occurred_at: envelope.occurred_at(received_at),
                    offset: envelope.offset,
                    command: Decoded::of(&envelope.kind, envelope.v, &payload),
                    kind: envelope.kind,
                    payload,
                }
            }
            Err(error) => {
                let number: NumberOnly =
                    serde_json::from_str(raw.get()).map_err(|_| PushError::Malformed { index })?;
                Incoming {
                    device,
                    actor: Arc::clone(actor),
                    received_at,
                    op: OpId(derived(&[
                        "undecodable",
                        &device.to_string(),
                        &number.n.to_string(),
                        raw.get(),
                    ])),
                    n: number.n,
                    kind: "undecodable".into(),
                    v: 1,
                    at_device: received_at,
                    occurred_at: received_at,
                    offset: None,
                    payload: raw.get().to_owned(),
                    command: Decoded::Undecodable(error),
                }
            }
        };
        let follows = incoming.last().is_none_or(|last: &Incoming| item.n == last.n + 1);
        if item.n == 0 || !follows {
            return Err(PushError::Malformed { index });
        }
        incoming.push(item);
    }
    Ok(incoming)
}
