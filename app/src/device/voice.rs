//! Voice notes.

use std::cell::RefCell;
use std::rc::Rc;

use domain::modules::attachments::AttachmentRole;
use domain::refusal::CommonCode;
use domain::{Ms, Refusal};
use js_sys::{Array, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobEvent, BlobPropertyBag, MediaRecorder, MediaRecorderOptions, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

use super::blobs::{self, Captured};
use super::page;

/// What is kept: speech in small, in whichever container the browser writes.
const TYPES: [&str; 3] = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4"];
const BITS_PER_SECOND: u32 = 24_000;

/// A recording under way. Dropping it throws it away and lets the microphone go.
pub struct Recording {
    recorder: MediaRecorder,
    stream: MediaStream,
    mime: &'static str,
    parts: Rc<RefCell<Vec<Blob>>>,
    _on_data: Closure<dyn Fn(BlobEvent)>,
}

/// Whether this browser records.
pub fn can_record() -> bool {
    !page::property(&page::window(), "MediaRecorder").is_undefined()
}

impl Recording {
    pub async fn start() -> Result<Self, Refusal> {
        Self::try_start().await.map_err(|error| {
            Refusal::new(CommonCode::CameraDenied).with("why", page::describe(&error))
        })
    }

    async fn try_start() -> Result<Self, JsValue> {
        let constraints = MediaStreamConstraints::new();
        constraints.set_audio(&JsValue::TRUE);
        let devices = page::window().navigator().media_devices()?;
        let promise = devices.get_user_media_with_constraints(&constraints)?;
        let stream: MediaStream = JsFuture::from(promise).await?.dyn_into()?;
        let mime = TYPES.into_iter().find(|mime| MediaRecorder::is_type_supported(mime));
        let mime = mime.ok_or_else(|| JsValue::from_str("no known sound format"))?;
        let options = MediaRecorderOptions::new();
        options.set_mime_type(mime);
        options.set_audio_bits_per_second(BITS_PER_SECOND);
        let recorder =
            MediaRecorder::new_with_media_stream_and_media_recorder_options(&stream, &options)?;
        let parts: Rc<RefCell<Vec<Blob>>> = Rc::default();
        let sink = parts.clone();
        let on_data = Closure::<dyn Fn(BlobEvent)>::new(move |event: BlobEvent| {
            sink.borrow_mut().extend(event.data());
        });
        recorder.set_ondataavailable(Some(on_data.as_ref().unchecked_ref()));
        recorder.start()?;
        Ok(Self { recorder, stream, mime, parts, _on_data: on_data })
    }

    /// Ends it and gives the sound.
    pub async fn finish(self, at: Ms) -> Result<Captured, Refusal> {
        self.take(at).await.map_err(|error| {
            Refusal::new(CommonCode::StorageFailed).with("why", page::describe(&error))
        })
    }

    async fn take(&self, at: Ms) -> Result<Captured, JsValue> {
        let stopped = Promise::new(&mut |resolve, _| self.recorder.set_onstop(Some(&resolve)));
        self.recorder.stop()?;
        JsFuture::from(stopped).await?;
        let parts: Array = self.parts.borrow().iter().collect();
        let options = BlobPropertyBag::new();
        let mime = self.mime.split(';').next().unwrap_or(self.mime);
        options.set_type(mime);
        let whole = Blob::new_with_blob_sequence_and_options(&parts, &options)?;
        Captured::new(blobs::bytes_of(&whole).await?, mime, AttachmentRole::Voice, at).await
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.recorder.set_ondataavailable(None);
        for track in self.stream.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}
