//! The network of the simulation: requests and answers lie about until the world decides what
//! becomes of each.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use super::Mutant;
use crate::id::{DeviceId, UserId};
use crate::modules::attachments::Sha256Hex;
use crate::sync::client::{Blob, BlobAt, PullAsk, Transport, TransportError};
use crate::sync::envelope::Envelope;
use crate::sync::outcome::Outcome;
use crate::sync::record::Scope;
use crate::sync::wire::{PullResponse, PushRequest, PushResponse};

#[derive(Clone)]
pub enum Request {
    Push(PushRequest),
    Pull(PullAsk),
    Offset { scope: Scope, sha256: Sha256Hex },
    Register { user: UserId },
    Put { scope: Scope, sha256: Sha256Hex, size: u64, offset: u64, bytes: Vec<u8> },
}

#[derive(Clone)]
pub enum Reply {
    Push(PushResponse),
    Pull(PullResponse),
    Blob(BlobAt),
    Registered,
}

pub type Answer = Result<Reply, TransportError>;

impl Request {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Push(_) => "push",
            Self::Pull(_) => "pull",
            Self::Offset { .. } => "question after a photo",
            Self::Register { .. } => "registration",
            Self::Put { .. } => "photo",
        }
    }
}

/// A request under way, or its answer.
pub struct Message {
    /// In the order of sending; the same for every copy of a request.
    pub number: u64,
    pub device: DeviceId,
    /// Whose cookie went with it.
    pub session: UserId,
    pub request: Request,
    pub answer: Option<Answer>,
    /// Stuck somewhere until this step.
    pub held_until: usize,
    /// Where whoever asked looks for the answer.
    pub slot: Rc<RefCell<Option<Answer>>>,
}

pub type Net = Rc<RefCell<Vec<Message>>>;

/// Takes answers for those of another push by their place in the list, as no phone may: for showing
/// that the simulation notices.
fn renamed(request: &PushRequest, response: PushResponse) -> PushResponse {
    let named = request.commands.iter().zip(response.outcomes).map(|(sent, told)| {
        let sent = serde_json::from_str::<Envelope>(sent.get());
        let told_of = serde_json::from_str::<Outcome>(told.get());
        match sent.ok().zip(told_of.ok()) {
            Some((sent, of)) => {
                let of = Outcome { op: sent.op, n: sent.n, ..of };
                serde_json::value::to_raw_value(&of).expect("plain data")
            }
            None => told,
        }
    });
    PushResponse { outcomes: named.collect(), ..response }
}

pub struct SimTransport {
    pub net: Net,
    pub device: DeviceId,
    /// The browser's cookie: one for all tabs of an installation.
    pub session: Rc<Cell<UserId>>,
    /// Told of every push that leaves; a mutant acts on it.
    pub on_push: Rc<dyn Fn(&PushRequest)>,
    pub mutant: Option<Mutant>,
    pub sent: Rc<Cell<u64>>,
}

impl SimTransport {
    async fn call(&self, request: Request) -> Answer {
        let slot = Rc::new(RefCell::new(None));
        self.sent.set(self.sent.get() + 1);
        self.net.borrow_mut().push(Message {
            number: self.sent.get(),
            device: self.device,
            session: self.session.get(),
            request,
            answer: None,
            held_until: 0,
            slot: Rc::clone(&slot),
        });
        std::future::poll_fn(|_| match slot.borrow_mut().take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

impl SimTransport {
    /// Registers the store's device under the session that is there.
    pub async fn register(&self, user: UserId) -> Result<(), TransportError> {
        self.call(Request::Register { user }).await.map(drop)
    }
}

fn mixed_up<V>() -> Result<V, TransportError> {
    Err(TransportError::Garbled("an answer to something else".into()))
}

impl Transport for SimTransport {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        (self.on_push)(request);
        match self.call(Request::Push(request.clone())).await? {
            Reply::Push(response) if self.mutant == Some(Mutant::MatchByPosition) => {
                Ok(renamed(request, response))
            }
            Reply::Push(response) => Ok(response),
            _ => mixed_up(),
        }
    }
    async fn pull(&self, ask: &PullAsk) -> Result<PullResponse, TransportError> {
        let unchecked = [Some(Mutant::LoseRowUnchecked), Some(Mutant::KeepRowUnchecked)];
        let check = ask.check && !unchecked.contains(&self.mutant);
        match self.call(Request::Pull(PullAsk { check, ..ask.clone() })).await? {
            Reply::Pull(response) => Ok(response),
            _ => mixed_up(),
        }
    }
    async fn blob_offset(
        &self,
        scope: Scope,
        sha256: &Sha256Hex,
    ) -> Result<BlobAt, TransportError> {
        match self.call(Request::Offset { scope, sha256: sha256.clone() }).await? {
            Reply::Blob(at) => Ok(at),
            _ => mixed_up(),
        }
    }
    async fn blob_put(
        &self,
        blob: &Blob,
        offset: u64,
        bytes: &[u8],
    ) -> Result<BlobAt, TransportError> {
        let request = Request::Put {
            scope: blob.scope,
            sha256: blob.sha256.clone(),
            size: blob.size,
            offset,
            bytes: bytes.to_vec(),
        };
        match self.call(request).await? {
            Reply::Blob(at) => Ok(at),
            _ => mixed_up(),
        }
    }
}
