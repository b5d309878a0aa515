//! What the phone itself can do: camera, pen, codes, storage, installing, voice.

pub mod page;
