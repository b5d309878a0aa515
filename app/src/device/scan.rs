//! QR codes through the camera, and whether a checkpoint's code is genuine.

use std::cell::Cell;
use std::rc::Rc;

use domain::Refusal;
use domain::modules::rounds::{RoundCode, code};
use domain::refusal::CommonCode;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, HtmlVideoElement, MediaStream, MediaStreamConstraints, MediaStreamTrack};

use super::{blobs, page, photo};
use crate::app_context::App;

/// Time between two looks at the picture, in milliseconds.
const PACE: i32 = 180;

/// A camera that looks for a code. Dropping it lets the camera go.
pub struct Scanner {
    video: HtmlVideoElement,
    stream: MediaStream,
    stopped: Rc<Cell<bool>>,
}

impl Scanner {
    /// Opens the camera into the page's `<video>` (muted, `playsinline`).
    pub async fn open(video: HtmlVideoElement) -> Result<Self, Refusal> {
        let denied = |error: JsValue| {
            Refusal::new(CommonCode::CameraDenied).with("why", page::describe(&error))
        };
        let stream = camera().await.map_err(denied)?;
        let scanner = Self { video, stream, stopped: Rc::default() };
        scanner.video.set_muted(true);
        scanner.video.set_src_object(Some(&scanner.stream));
        let playing = scanner.video.play().map_err(denied)?;
        JsFuture::from(playing).await.map_err(denied)?;
        Ok(scanner)
    }

    /// The text of the first code that is seen; `None` once the scanner was stopped.
    pub async fn read(&self) -> Option<String> {
        let reader = Reader::new();
        while !self.stopped.get() {
            // A picture that cannot be read is followed by the next.
            if let Ok(Some(text)) = reader.look(&self.video).await {
                return Some(text);
            }
            page::sleep(PACE).await;
        }
        None
    }

    /// Ends `read` and lets the camera go.
    pub fn stop(&self) {
        self.stopped.set(true);
        for track in self.stream.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
        self.video.set_src_object(None);
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn camera() -> Result<MediaStream, JsValue> {
    let constraints = MediaStreamConstraints::new();
    let rear = Object::new();
    Reflect::set(&rear, &"facingMode".into(), &"environment".into())?;
    constraints.set_video(&rear);
    let devices = page::window().navigator().media_devices()?;
    let promise = devices.get_user_media_with_constraints(&constraints)?;
    JsFuture::from(promise).await?.dyn_into()
}

/// The browser's own detector, or the decoder that the boot script loads when it is first needed.
enum Reader {
    Browser(JsValue),
    Bundled(Function),
    None,
}

impl Reader {
    fn new() -> Self {
        let window = page::window();
        if let Ok(detector) = page::property(&window, "BarcodeDetector").dyn_into::<Function>() {
            let options = Object::new();
            let formats = Array::of1(&"qr_code".into());
            let made = Reflect::set(&options, &"formats".into(), &formats)
                .and_then(|_| Reflect::construct(&detector, &Array::of1(&options)));
            if let Ok(detector) = made {
                return Reader::Browser(detector);
            }
        }
        match page::property(&window, "guanjia_decode_qr").dyn_into::<Function>() {
            Ok(decode) => Reader::Bundled(decode),
            Err(_) => Reader::None,
        }
    }

    async fn look(&self, video: &HtmlVideoElement) -> Result<Option<String>, JsValue> {
        let (width, height) = (video.video_width(), video.video_height());
        if width == 0 || height == 0 {
            return Ok(None);
        }
        match self {
            Reader::Browser(detector) => {
                let detect: Function = Reflect::get(detector, &"detect".into())?.dyn_into()?;
                let promise: Promise = detect.call1(detector, video)?.dyn_into()?;
                let found: Array = JsFuture::from(promise).await?.dyn_into()?;
                Ok(page::property(&found.get(0), "rawValue").as_string())
            }
            Reader::Bundled(decode) => {
                let canvas = photo::canvas(width, height)?;
                let context = photo::context(&canvas)?;
                context.draw_image_with_html_video_element(video, 0.0, 0.0)?;
                let (width, height) = (f64::from(width), f64::from(height));
                let picture = context.get_image_data(0.0, 0.0, width, height)?;
                let promise: Promise = decode.call1(&JsValue::UNDEFINED, &picture)?.dyn_into()?;
                Ok(JsFuture::from(promise).await?.as_string())
            }
            Reader::None => Ok(None),
        }
    }
}

impl App {
    /// Whether codes can be scanned here at all.
    pub fn can_scan(self) -> bool {
        !page::property(&page::window().navigator(), "mediaDevices").is_undefined()
    }

    /// Checks the signature of a scanned checkpoint code with the site's public key, offline. A
    /// genuine one may then be used in `RecordCheckpoint`; whether it is the right one is decided
    /// there.
    pub async fn verify_code(self, text: &str) -> Result<code::ScannedCode, Refusal> {
        let scanned = code::parse(text)?;
        let forged = || Refusal::new(RoundCode::CodeForged);
        let key = self.session().with_untracked(|s| s.as_ref().map(|s| s.code_key.clone()));
        let key = key.as_deref().and_then(blobs::from_base64url).ok_or_else(forged)?;
        let signature = blobs::from_base64url(&scanned.signature).ok_or_else(forged)?;
        let genuine = verify(&key, &signature, scanned.signed_text().as_bytes()).await;
        if genuine.unwrap_or(false) {
            self.trust_code(text.to_owned());
            Ok(scanned)
        } else {
            Err(forged())
        }
    }
}

/// ECDSA over P-256 with SHA-256; the signature is `r‖s`, the key uncompressed SEC1.
async fn verify(key: &[u8], signature: &[u8], message: &[u8]) -> Result<bool, JsValue> {
    let subtle = page::window().crypto()?.subtle();
    let import = Object::new();
    Reflect::set(&import, &"name".into(), &"ECDSA".into())?;
    Reflect::set(&import, &"namedCurve".into(), &"P-256".into())?;
    let usages = Array::of1(&"verify".into());
    let key = Uint8Array::from(key);
    let promise = subtle.import_key_with_object("raw", &key, &import, false, &usages)?;
    let key: CryptoKey = JsFuture::from(promise).await?.dyn_into()?;
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"ECDSA".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
    let promise = subtle.verify_with_object_and_buffer_source_and_buffer_source(
        &algorithm, &key, &signature, &message,
    )?;
    Ok(JsFuture::from(promise).await?.as_bool().unwrap_or(false))
}
