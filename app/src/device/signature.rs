//! Signatures, drawn with the finger.

use std::cell::Cell;
use std::rc::Rc;

use domain::Ms;
use domain::modules::attachments::AttachmentRole;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, PointerEvent};

use super::blobs::{self, Captured};
use super::{page, photo};

const EVENTS: [&str; 4] = ["pointerdown", "pointermove", "pointerup", "pointercancel"];

/// A canvas that takes a signature. The page draws the frame and keeps this while it is open; its
/// CSS gives the canvas a size and `touch-action: none`.
pub struct SignaturePad {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    strokes: Rc<Cell<u32>>,
    handler: Closure<dyn Fn(PointerEvent)>,
}

impl SignaturePad {
    /// Listens on the canvas; `on_stroke` is told whenever a line was drawn.
    pub fn new(canvas: HtmlCanvasElement, on_stroke: impl Fn() + 'static) -> Result<Self, JsValue> {
        let ratio = page::window().device_pixel_ratio().max(1.0);
        let frame = canvas.get_bounding_client_rect();
        // A few thousand pixels at most.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let pixels = |length: f64| (length * ratio).round().clamp(1.0, 4_096.0) as u32;
        canvas.set_width(pixels(frame.width()));
        canvas.set_height(pixels(frame.height()));
        let context = photo::context(&canvas)?;
        context.scale(ratio, ratio)?;
        context.set_line_width(2.5);
        context.set_line_cap("round");
        context.set_line_join("round");
        // Ink, whatever the theme: it is kept and printed.
        context.set_stroke_style_str("#141a1f");
        let strokes = Rc::new(Cell::new(0));
        let handler = draw(canvas.clone(), context.clone(), strokes.clone(), on_stroke);
        for name in EVENTS {
            canvas.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref())?;
        }
        Ok(Self { canvas, context, strokes, handler })
    }

    pub fn is_empty(&self) -> bool {
        self.strokes.get() == 0
    }

    pub fn clear(&self) {
        let (width, height) = (f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        self.context.clear_rect(0.0, 0.0, width, height);
        self.strokes.set(0);
    }

    /// The signature as a picture; `None` when nothing was drawn.
    pub async fn capture(&self, at: Ms) -> Result<Option<Captured>, JsValue> {
        if self.is_empty() {
            return Ok(None);
        }
        let encoded = photo::encode(&self.canvas, "image/png", 1.0).await?;
        let bytes = blobs::bytes_of(&encoded).await?;
        Captured::new(bytes, "image/png", AttachmentRole::Signature, at).await.map(Some)
    }
}

impl Drop for SignaturePad {
    fn drop(&mut self) {
        for name in EVENTS {
            let handler = self.handler.as_ref().unchecked_ref();
            let _ = self.canvas.remove_event_listener_with_callback(name, handler);
        }
    }
}

fn draw(
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    strokes: Rc<Cell<u32>>,
    on_stroke: impl Fn() + 'static,
) -> Closure<dyn Fn(PointerEvent)> {
    let pointer: Cell<Option<i32>> = Cell::new(None);
    Closure::new(move |event: PointerEvent| {
        let frame = canvas.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - frame.left();
        let y = f64::from(event.client_y()) - frame.top();
        match event.type_().as_str() {
            "pointerdown" if pointer.get().is_none() => {
                event.prevent_default();
                pointer.set(Some(event.pointer_id()));
                let _ = canvas.set_pointer_capture(event.pointer_id());
                context.begin_path();
                context.move_to(x, y);
            }
            // A second finger or the ball of the hand draws nothing.
            "pointermove" if pointer.get() == Some(event.pointer_id()) => {
                context.line_to(x, y);
                context.stroke();
                context.begin_path();
                context.move_to(x, y);
                strokes.set(strokes.get() + 1);
            }
            "pointerup" | "pointercancel" if pointer.get() == Some(event.pointer_id()) => {
                pointer.set(None);
                on_stroke();
            }
            _ => {}
        }
    })
}
