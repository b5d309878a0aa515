//! What befalls requests and answers on their way.

use std::rc::Rc;

use super::net::{Message, Reply, Request};
use super::server::Dies;
use super::world::World;
use crate::refusal::{CommonCode, Refusal};
use crate::sync::client::TransportError;
use crate::sync::wire::PushRequest;

impl World {
    /// A request or an answer moves on, or what befalls it instead.
    pub(super) fn move_some_message(&mut self) {
        let free: Vec<usize> = {
            let net = self.net.borrow();
            let moves = |index: &usize| self.healed || net[*index].held_until <= self.step;
            (0..net.len()).filter(moves).collect()
        };
        let Some(index) = self.rng.pick(&free).copied() else { return };
        let smooth = self.healed || !self.rng.chance(self.roughness);
        let luck = if smooth { 999 } else { self.rng.below(1000) };
        if self.net.borrow()[index].answer.is_none() {
            self.move_request(index, luck);
        } else {
            self.deliver(index, luck);
        }
    }

    fn befalls(&mut self, index: usize, what: &str) {
        self.strike(what);
        self.say(|world| {
            let net = world.net.borrow();
            format!("{} {}: {what}", net[index].request.name(), net[index].number)
        });
    }

    fn move_request(&mut self, index: usize, luck: usize) {
        let remove = |world: &Self| drop(world.net.borrow_mut().swap_remove(index));
        match luck {
            0..=59 => {
                self.befalls(index, "request lost");
                self.give_up(index, TransportError::Offline);
                remove(self);
            }
            // The phone gives up; the request arrives all the same, later.
            60..=99 => {
                self.befalls(index, "request arrives after its sender gave up");
                self.give_up(index, TransportError::Timeout);
            }
            100..=124 => {
                self.befalls(index, "request arrives twice");
                drop(self.serve(index, Dies::Not));
            }
            // Something on the way keeps a copy and sends it when newer ones have gone by.
            125..=154 => {
                self.befalls(index, "copy of a request arrives late");
                let until = self.step + self.rng.below(400);
                let mut net = self.net.borrow_mut();
                let of = &net[index];
                let copy = Message {
                    number: of.number,
                    device: of.device,
                    session: of.session,
                    request: of.request.clone(),
                    answer: None,
                    held_until: until,
                    slot: Rc::default(),
                };
                net.push(copy);
            }
            155..=179 if self.writes(index) => {
                self.befalls(index, "server dies before the commit");
                self.answer_at_once(index, Dies::BeforeCommit);
                self.server.also_die();
            }
            180..=204 => {
                self.befalls(index, "server dies after the commit");
                drop(self.serve(index, Dies::Not));
                self.server.also_die();
                self.give_up(index, TransportError::Server);
                remove(self);
            }
            205..=224 if self.writes(index) => {
                self.befalls(index, "server's disk full");
                self.answer_at_once(index, Dies::DiskFull);
            }
            225..=229 => {
                self.befalls(index, "session expired");
                self.give_up(index, TransportError::Unauthorised);
                remove(self);
            }
            230..=289 => self.cut_request(index),
            _ => {
                let answer = self.serve(index, Dies::Not);
                let held = luck < 999 && self.rng.chance(100);
                let until = self.step + self.rng.below(200);
                if held {
                    self.befalls(index, "answer held up");
                }
                let message = &mut self.net.borrow_mut()[index];
                message.answer = Some(answer);
                if held {
                    message.held_until = until;
                }
            }
        }
    }

    /// The server keeps something for it.
    fn writes(&self, index: usize) -> bool {
        matches!(self.net.borrow()[index].request, Request::Push(_) | Request::Put { .. })
    }

    /// Only the beginning of a body arrives.
    fn cut_request(&mut self, index: usize) {
        let request = self.net.borrow()[index].request.clone();
        match request {
            Request::Push(request) => {
                self.befalls(index, "push cut on its way");
                let mut body = serde_json::to_string(&request).unwrap_or_default();
                let cut = self.rng.below(body.len());
                body.truncate(body.floor_char_boundary(cut));
                // What is not whole is no JSON: the server takes nothing of it.
                if serde_json::from_str::<PushRequest>(&body).is_err() {
                    let refused = Refusal::new(CommonCode::Malformed);
                    self.give_up(index, TransportError::Refused(refused));
                    self.net.borrow_mut().swap_remove(index);
                }
            }
            Request::Put { mut bytes, scope, sha256, size, offset } if !bytes.is_empty() => {
                self.befalls(index, "photo cut on its way");
                bytes.truncate(self.rng.below(bytes.len()));
                self.net.borrow_mut()[index].request =
                    Request::Put { bytes, scope, sha256, size, offset };
                drop(self.serve(index, Dies::Not));
                self.give_up(index, TransportError::Timeout);
                self.net.borrow_mut().swap_remove(index);
            }
            _ => {}
        }
    }

    fn answer_at_once(&mut self, index: usize, dies: Dies) {
        let answer = self.serve(index, dies);
        let message = self.net.borrow_mut().swap_remove(index);
        *message.slot.borrow_mut() = Some(answer);
    }

    fn deliver(&mut self, index: usize, luck: usize) {
        let waited_for = {
            let net = self.net.borrow();
            let slot = &net[index].slot;
            // Whoever asked may have given up or died; an answer is not put where one lies already.
            slot.borrow().is_none() && Rc::strong_count(slot) > 1
        };
        let fate = match luck {
            0..=79 => Some("answer lost"),
            80..=119 => Some("answer cut"),
            120..=179 => Some("answer to another push"),
            _ => None,
        };
        let (device, is_push) = {
            let net = self.net.borrow();
            (net[index].device, matches!(net[index].request, Request::Push(_)))
        };
        let older = self.answers.get(&device).cloned().filter(|_| is_push);
        let fate = fate
            .filter(|fate| waited_for && (*fate != "answer to another push" || older.is_some()));
        match fate {
            Some(fate) => self.befalls(index, fate),
            None => self.say(|world| {
                let net = world.net.borrow();
                let message = &net[index];
                let end = match &message.answer {
                    Some(Err(error)) => error.to_string(),
                    _ => "answered".into(),
                };
                let heard = if waited_for { "" } else { ", and nobody waits for it" };
                format!("{} {}: {end}{heard}", message.request.name(), message.number)
            }),
        }
        let message = self.net.borrow_mut().swap_remove(index);
        if is_push && let Some(answer @ Ok(_)) = &message.answer {
            self.answers.insert(device, answer.clone());
        }
        if waited_for {
            *message.slot.borrow_mut() = match fate {
                Some("answer lost") => Some(Err(TransportError::Timeout)),
                Some("answer cut") => Some(Err(TransportError::Garbled("cut".into()))),
                Some(_) => older,
                None => message.answer,
            };
        }
    }

    fn give_up(&self, index: usize, why: TransportError) {
        let slot = Rc::clone(&self.net.borrow()[index].slot);
        *slot.borrow_mut() = Some(Err(why));
    }

    fn serve(&mut self, index: usize, dies: Dies) -> Result<Reply, TransportError> {
        let (device, session, number, request) = {
            let net = self.net.borrow();
            let of = &net[index];
            (of.device, of.session, of.number, of.request.clone())
        };
        let seen = self.seen.entry(device).or_default();
        let overtaken = number < *seen;
        *seen = number.max(*seen);
        if overtaken {
            self.strike("request overtaken by a newer one");
        }
        self.say(|_| {
            let late = if overtaken { ", behind a newer one" } else { "" };
            format!("{} {number} reaches the server{late}", request.name())
        });
        let now = self.now;
        match request {
            Request::Push(request) => {
                self.server.answer_push(session, &request, now, dies).map(Reply::Push)
            }
            Request::Pull(ask) => {
                self.server.answer_pull(session, device, &ask, now).map(Reply::Pull)
            }
            Request::Register { user } => {
                self.server.register(session, user, device).map(|()| Reply::Registered)
            }
            Request::Offset { scope, sha256 } => {
                self.server.blob_offset(session, device, scope, &sha256).map(Reply::Blob)
            }
            Request::Put { .. } if dies == Dies::DiskFull => {
                Err(TransportError::Busy { retry_after: None })
            }
            Request::Put { scope, sha256, size, offset, bytes } => {
                let named = (&sha256, size);
                self.server
                    .blob_put(session, device, scope, named, offset, &bytes, now, dies)
                    .map(Reply::Blob)
            }
        }
    }
}
