//! Settings: from the command line and the environment, checked before anything starts.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::Uri;
use clap::{Args, ValueEnum};

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line, for log collectors.
    Json,
}

/// What an operator may set. Every option can be given by its environment variable as well.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to serve on.
    #[arg(long, global = true, env = "GUANJIA_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,

    /// The company's database: `sqlite:<file>` or `postgres://<user>:<password>@<host>/<name>`.
    #[arg(
        long,
        global = true,
        env = "GUANJIA_DATABASE",
        default_value = "sqlite:data/guanjia.db",
        hide_env_values = true
    )]
    pub database: String,

    /// Folder for attachments and the key that signs checkpoint codes. Back-ups have both
    /// in them (docs/backup.md).
    #[arg(long, global = true, env = "GUANJIA_DATA", default_value = "data")]
    pub data: PathBuf,

    #[command(flatten)]
    pub blobs: BlobSettings,

    /// Folder for back-ups. A server makes them by itself then, and photos go there as they arrive. It
    /// belongs on another disk (docs/backup.md).
    #[arg(long, global = true, env = "GUANJIA_BACKUP_DIR")]
    pub backup_dir: Option<PathBuf>,

    /// How often a server makes a back-up: `30m`, `6h`, `1d`.
    #[arg(long, global = true, env = "GUANJIA_BACKUP_EVERY", default_value = "1d")]
    pub backup_every: Every,

    /// How many back-ups are kept; an older one goes once a newer one is there and was checked.
    #[arg(long, global = true, env = "GUANJIA_BACKUP_KEEP", default_value = "14", value_parser = at_least_one)]
    pub backup_keep: usize,

    /// Folder with the built app (`cargo xtask build`).
    #[arg(long, global = true, env = "GUANJIA_SITE", default_value = "target/site")]
    pub site: PathBuf,

    /// A company to try things in: an empty database is filled with the demo company, and sign-in
    /// pages show its accounts.
    #[arg(
        long,
        global = true,
        env = "GUANJIA_DEMO",
        value_parser = clap::builder::BoolishValueParser::new(),
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true"
    )]
    pub demo: bool,

    /// Address that people type, such as `https://guanjia.example.com`. Needed behind a proxy:
    /// requests from other origins are refused, and `https` switches strict transport security on.
    #[arg(long, global = true, env = "GUANJIA_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,

    /// How many reverse proxies stand in front and append to `X-Forwarded-For`. With 0 that header
    /// is not believed.
    #[arg(long, global = true, env = "GUANJIA_PROXIES", default_value_t = 0)]
    pub proxies: usize,

    /// Lets `/metrics` be read from other machines by those who send it as bearer token. Without
    /// it only this machine may.
    #[arg(long, global = true, env = "GUANJIA_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,

    /// How the log is written. `RUST_LOG` says how much of it.
    #[arg(long, global = true, env = "GUANJIA_LOG", value_enum, default_value_t)]
    pub log: LogFormat,
}

/// Where attachments are kept: by default in the data folder.
#[derive(Clone, Default, Args)]
pub struct BlobSettings {
    /// Store for attachments in place of the data folder: `s3://<bucket>` or `s3://<bucket>/<prefix>`
    /// (docs/deploy.md).
    #[arg(id = "blobs", long = "blobs", global = true, env = "GUANJIA_BLOBS")]
    pub store: Option<String>,

    /// Address of that store, when it is not Amazon's: `https://s3.example.com`. Only one that says
    /// `http://` is spoken to without encryption.
    #[arg(
        id = "blobs_endpoint",
        long = "blobs-endpoint",
        global = true,
        env = "GUANJIA_BLOBS_ENDPOINT",
        requires = "blobs"
    )]
    pub endpoint: Option<String>,

    /// Region of that store. Without it AWS_REGION, else `us-east-1`, which most others take.
    #[arg(
        id = "blobs_region",
        long = "blobs-region",
        global = true,
        env = "GUANJIA_BLOBS_REGION",
        requires = "blobs"
    )]
    pub region: Option<String>,

    /// Key and secret in place of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(skip)]
    pub keys: Option<(String, String)>,
}

impl fmt::Debug for BlobSettings {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, endpoint, region, keys: _ } = self;
        f.debug_struct("BlobSettings")
            .field("store", store)
            .field("endpoint", endpoint)
            .field("region", region)
            .finish()
    }
}

/// A time between two back-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every(pub Duration);

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_secs() / 60;
        match (minutes % 1440, minutes % 60) {
            (0, _) => write!(f, "{}d", minutes / 1440),
            (_, 0) => write!(f, "{}h", minutes / 60),
            _ => write!(f, "{minutes}m"),
        }
    }
}

impl std::str::FromStr for Every {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let units = [("m", 60), ("h", 3_600), ("d", 86_400)];
        let seconds = units.iter().find_map(|(unit, seconds)| {
            let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            number.checked_mul(*seconds)
        });
        match seconds {
            // Phones keep their journals from one to the next; they have room for a month.
            Some(seconds @ 60..=2_592_000) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err("it looks like 30m, 6h or 1d, from a minute to 30 days".into()),
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1 on".into()),
        Ok(number) => Ok(number),
    }
}

/// The origin that people's browsers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
    /// Scheme, host and port, as browsers write it into `Origin`.
    pub fn origin(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for PublicUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let example = "it looks like https://guanjia.example.com, without anything behind the host";
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| example.to_owned())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(example.into());
        };
        if !matches!(scheme, "http" | "https") || !matches!(uri.path(), "" | "/") {
            return Err(example.into());
        }
        Ok(Self(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
    }
}

impl Config {
    /// Checks what can be known before starting, and makes the data folder.
    pub fn check(&self) -> Result<(), String> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|prefix| self.database.starts_with(prefix)) {
            return Err("GUANJIA_DATABASE must start with `sqlite:` or `postgres://`.".into());
        }
        if self.metrics_token.as_ref().is_some_and(|token| token.len() < 16) {
            return Err("GUANJIA_METRICS_TOKEN must have at least 16 characters.".into());
        }
        make_private_folder(&self.data).map_err(|problem| format!("GUANJIA_DATA: {problem}"))
    }
}

/// Attachments are personal data: only the server's own account may look into the folder.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|e| format!("the folder {} cannot be made: {e}.", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_is_kept_as_browsers_write_an_origin() {
        let parsed: PublicUrl = "https://Guanjia.Example.com/".parse().unwrap();
        assert_eq!(parsed.origin(), "https://guanjia.example.com");
        assert!(parsed.is_https());
    }

    #[test]
    fn a_time_between_back_ups_is_read_as_it_is_shown_and_never_a_bare_number() {
        for shown in ["30m", "6h", "1d", "90m"] {
            assert_eq!(shown.parse::<Every>().unwrap().to_string(), shown);
        }
        for wrong in ["", "6", "0h", "5s", "31d", "-1d", "99999999999999999999d"] {
            assert!(wrong.parse::<Every>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_address_that_is_no_origin_is_refused() {
        for wrong in ["guanjia.example.com", "ftp://x", "https://x/app", ""] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }
}
