//! Stores in the browser.
//!
//! A server that lists runs with their verdicts, shows their reports and raw files, and
//! tells how far a run is that goes on. It only reads: no request changes a file or
//! starts a program, and no path leads out of the folder of the stores. Who judges a
//! run is the caller's ([`Reports`]).

mod answers;
mod bodies;
mod guard;
mod list;
mod live;
mod paths;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;

/// What is served, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the stores.
    pub root: PathBuf,
    /// The address to listen at.
    pub host: IpAddr,
    /// The port; 0: one that is free.
    pub port: u16,
    /// What a visitor must know. Needed if others can reach the address.
    pub token: Option<String>,
}

/// Makes the pages.
pub trait Reports: Send + Sync + 'static {
    /// The report of the run in a folder, as HTML. `bodies`: where the page finds bodies
    /// whole.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn report(&self, run: &Path, bodies: &str) -> Result<String, String>;

    /// Two runs side by side.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn side_by_side(&self, left: &Path, right: &Path) -> Result<String, String>;
}

/// What all answers need.
struct Shared {
    root: PathBuf,
    token: Option<String>,
    is_local: bool,
    reports: Box<dyn Reports>,
    verdicts: list::Verdicts,
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
    options: Options,
}

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the address is taken or not ours.
    pub fn bind(options: Options) -> std::io::Result<Server> {
        let listener = std::net::TcpListener::bind((options.host, options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Server { listener, address, options })
    }

    /// Answers until `stopped` says that it is enough.
    ///
    /// # Errors
    /// If the system gives no more connections.
    pub fn run(
        self,
        reports: Box<dyn Reports>,
        stopped: impl Fn() -> bool + Send + 'static,
    ) -> std::io::Result<()> {
        let Options { root, host, token, .. } = self.options;
        let root = root.canonicalize()?;
        let shared = Arc::new(Shared {
            root,
            token,
            is_local: host.is_loopback(),
            reports,
            verdicts: list::Verdicts::default(),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let stop = async move {
                while !stopped() {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            };
            let serving = axum::serve(listener, router(shared)).into_future();
            // Whoever still listens to what goes on must not hold up the end.
            tokio::select! {
                result = serving => result,
                () = stop => Ok(()),
            }
        })
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(answers::list))
        .route("/live", get(live::live))
        .route("/compare", get(answers::side_by_side))
        .route("/run/{workload}/{run}/", get(answers::report))
        .route("/run/{workload}/{run}/bodies", get(bodies::search))
        .route("/run/{workload}/{run}/bodies/{id}", get(bodies::one))
        .route("/run/{workload}/{run}/files/", get(answers::files))
        .route("/run/{workload}/{run}/files/{*file}", get(answers::file))
        .fallback(answers::nothing)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared)
}

#[cfg(test)]
mod tests;
