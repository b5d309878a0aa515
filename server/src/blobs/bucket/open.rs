//! Opening the store that the settings name, and asking it at the start whether it takes what it will be asked
//! to keep.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt, RetryConfig};

use super::Bucket;
use crate::config::BlobSettings;
use crate::words::Words;

impl Bucket {
    /// The store that the settings name; nothing is asked of it yet.
    pub fn open(settings: &BlobSettings) -> Result<Option<Self>, String> {
        let Some(shown) = &settings.store else { return Ok(None) };
        let example = || {
            let words = Words::new(
                "GUANJIA_BLOBS 应为 s3://桶 或 s3://桶/前缀",
                "GUANJIA_BLOBS looks like s3://bucket or s3://bucket/prefix",
            );
            format!("{words}.")
        };
        let rest = shown.strip_prefix("s3://").ok_or_else(example)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(example());
        }
        let root = Path::parse(prefix).map_err(|e| format!("{} {e}.", example()))?;
        // A phone waits for the answer: rather no than late, it comes again.
        let client = ClientOptions::new()
            .with_timeout(Duration::from_secs(30))
            .with_connect_timeout(Duration::from_secs(5));
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            base: 2.,
        };
        let retry = RetryConfig { backoff, max_retries: 2, retry_timeout: Duration::from_secs(20) };
        // Reads every AWS_… variable, and where none says who we are asks the machine we run on.
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(client)
            .with_retry(retry)
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &settings.endpoint {
            let plain = endpoint.starts_with("http://");
            if !plain && !endpoint.starts_with("https://") {
                let words = Words::new(
                    "GUANJIA_BLOBS_ENDPOINT 应以 https:// 或 http:// 开头",
                    "GUANJIA_BLOBS_ENDPOINT must start with https:// or http://",
                );
                return Err(format!("{words}."));
            }
            builder = builder.with_endpoint(endpoint).with_allow_http(plain);
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        if let Some((key, secret)) = &settings.keys {
            builder = builder.with_access_key_id(key).with_secret_access_key(secret);
        }
        let store = builder.build().map_err(|e| {
            let words = Words::new("附件存储无法使用", "The store for attachments cannot be used");
            format!("{words}: {e}.")
        })?;
        Ok(Some(Self { store: Arc::new(store), root, shown: shown.clone() }))
    }

    /// As it was named.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether the store takes and gives what it is asked for. One that does not answer may come back
    /// while phones keep their photos; one that says no is told now.
    pub async fn reach(&self) -> Result<(), String> {
        let probe = self.root.clone().join("probe");
        let words = "Guanjia looks here at each start whether it may write.";
        let asked = async {
            self.store.list_with_delimiter(Some(&self.root)).await?;
            self.store.put(&probe, words.into()).await
        };
        let Err(error) = asked.await else { return Ok(()) };
        let text = error.to_string();
        // What is said to a list comes without a kind of its own: the store's word for it is in the text.
        let says = |word: &str| text.contains(word);
        let refusals = ["AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"];
        if matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
            || refusals.into_iter().any(says)
        {
            let (zh, en) = (
                "拒绝访问，请检查密钥和权限",
                "refuses access: check the key, its secret and its rights",
            );
            return Err(self.says_no(zh, en, &error));
        }
        if matches!(error, Error::NotFound { .. }) || says("NoSuchBucket") {
            return Err(self.says_no("不存在", "is not there: make the bucket first", &error));
        }
        let store = &self.shown;
        tracing::error!(%error, store, "the store for attachments cannot be reached; photos wait on the phones");
        Ok(())
    }

    fn says_no(&self, zh: &str, en: &str, error: &Error) -> String {
        let store = &self.shown;
        let words = Words::new(
            format!("附件存储 {store} {zh}"),
            format!("The store for attachments, {store}, {en}"),
        );
        format!("{words}: {error}.")
    }
}
