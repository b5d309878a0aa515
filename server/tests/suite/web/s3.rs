//! A local S3 server on a folder: speaks the protocol over a real socket, can be gone and come back.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use domain::modules::attachments::Sha256Hex;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use server::config::BlobSettings;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const KEY: &str = "AKIDTEST";
const SECRET: &str = "a secret of the tests";
const BUCKET: &str = "photos";
const PREFIX: &str = "company";

pub struct S3 {
    folder: PathBuf,
    address: SocketAddr,
    /// Its own threads, so that its end cuts every connection.
    running: Option<Runtime>,
    faults: Arc<Faults>,
}

/// Requests that still succeed, and whether those that do not are done all the same, their answers lost.
struct Faults {
    left: AtomicI64,
    done_but_lost: AtomicBool,
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl S3 {
    /// A server with an empty bucket.
    pub fn start() -> Self {
        let folder = std::env::temp_dir().join(super::unique("s3"));
        std::fs::create_dir_all(folder.join(BUCKET)).unwrap();
        let faults =
            Faults { left: AtomicI64::new(i64::MAX), done_but_lost: AtomicBool::new(false) };
        let address = "127.0.0.1:0".parse().unwrap();
        let mut s3 = Self { folder, address, running: None, faults: Arc::new(faults) };
        s3.resume();
        s3
    }

    /// On the same port as before.
    pub fn resume(&mut self) {
        let runtime = Runtime::new().unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(&self.folder).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = HandleError::new(builder.build(), |error| async move {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"))
        });
        let faults = Arc::clone(&self.faults);
        let faulty = middleware::from_fn(move |request: Request, next: Next| {
            let faults = Arc::clone(&faults);
            async move {
                if faults.left.fetch_sub(1, Ordering::SeqCst) > 0 {
                    return next.run(request).await;
                }
                if faults.done_but_lost.load(Ordering::SeqCst) {
                    next.run(request).await;
                }
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        });
        let (told, heard) = std::sync::mpsc::channel();
        let address = self.address;
        runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            let router = Router::new().fallback_service(service).layer(faulty);
            axum::serve(listener, router).await.unwrap();
        });
        self.address = heard.recv().unwrap();
        self.running = Some(runtime);
    }

    /// From now on nobody answers.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.running.take() {
            runtime.shutdown_background();
        }
    }

    /// After so many more requests each one fails, until `heal`.
    pub fn fail_after(&self, requests: i64, done_but_lost: bool) {
        self.faults.done_but_lost.store(done_but_lost, Ordering::SeqCst);
        self.faults.left.store(requests, Ordering::SeqCst);
    }

    pub fn heal(&self) {
        self.faults.left.store(i64::MAX, Ordering::SeqCst);
    }

    pub fn settings(&self) -> BlobSettings {
        BlobSettings {
            store: Some(format!("s3://{BUCKET}/{PREFIX}")),
            endpoint: Some(format!("http://{}", self.address)),
            region: None,
            keys: Some((KEY.into(), SECRET.into())),
        }
    }

    /// The file of an object, from the prefix on.
    pub fn object(&self, key: &str) -> PathBuf {
        self.folder.join(BUCKET).join(PREFIX).join(key)
    }

    pub fn whole(&self, sha256: &Sha256Hex) -> PathBuf {
        self.object(&format!("{}/{}", &sha256.0[..2], sha256.0))
    }
}
