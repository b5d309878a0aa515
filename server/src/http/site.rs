//! The built app on disk: which files the current build consists of (`assets.json`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use app::i18n::Language;
use app::shell::ShellAssets;
use serde::Deserialize;

/// What `cargo xtask build` says about a build.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Assets {
    pub build: String,
    /// The oldest client that may still push.
    pub min_client: u32,
    /// Address of each part, by its name.
    pub files: BTreeMap<String, String>,
}

/// The oldest client, where no site is installed that says otherwise.
const ANY_CLIENT: u32 = 1;

impl Assets {
    /// What the shell needs; an error names the part that is missing.
    pub fn shell(&self) -> Result<ShellAssets, String> {
        let find = |name: &str| self.files.get(name).cloned();
        let need = |name: &str| find(name).ok_or_else(|| format!("assets.json names no {name}"));
        let locale = |language: Language| {
            find(&format!("locale/{}.json", language.tag())).map(|url| (language, url))
        };
        Ok(ShellAssets {
            build: self.build.clone(),
            style_css: find("style.css"),
            boot_js: need("boot.js")?,
            app_js: need("app.js")?,
            app_wasm: need("app.wasm")?,
            qr_js: find("qr-reader.js"),
            locales: Language::ALL.into_iter().filter_map(locale).collect(),
            demo: None,
        })
    }
}

/// The site folder. Read again when a new build has replaced it under the running server.
pub struct Site {
    folder: PathBuf,
    loaded: RwLock<Option<(SystemTime, Arc<Assets>)>>,
}

impl Site {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), loaded: RwLock::new(None) }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The current build; `None` when there is none, or none that can be read.
    pub fn assets(&self) -> Option<Arc<Assets>> {
        let path = self.folder.join("assets.json");
        let changed = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok()?;
        let known = self.loaded.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some((at, assets)) = known
            && at == changed
        {
            return Some(assets);
        }
        let parsed = std::fs::read(&path)
            .map_err(|e| e.to_string())
            .and_then(|json| serde_json::from_slice::<Assets>(&json).map_err(|e| e.to_string()));
        match parsed {
            Ok(assets) => {
                let assets = Arc::new(assets);
                let mut loaded =
                    self.loaded.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                *loaded = Some((changed, Arc::clone(&assets)));
                Some(assets)
            }
            Err(why) => {
                tracing::error!(path = %path.display(), %why, "the site cannot be read");
                None
            }
        }
    }

    pub fn min_client(&self) -> u32 {
        self.assets().map_or(ANY_CLIENT, |assets| assets.min_client)
    }
}
