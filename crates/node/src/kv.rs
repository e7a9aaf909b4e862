//! Clients of the key-value services.

use std::rc::Rc;
use std::time::Duration;

use glomers_protocol::rpc::kv::{Cas, Read, Write};
use glomers_protocol::{ErrorCode, NodeId, Request, RpcError, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{DEFAULT_TIMEOUT, Rpc};
use crate::retry::{Retry, backoff};
use crate::shared::Shared;
use crate::sleep::Sleep;

/// A client of a key-value service, for values of any type that serde knows; see
/// [`Context::lin_kv`](crate::Context::lin_kv) and its like. Keys are anything
/// that becomes a [`Value`]: strings and integers, say.
#[derive(Clone)]
pub struct Kv {
    shared: Rc<Shared>,
    service: NodeId,
    timeout: Duration,
    retry: Option<Retry>,
}

impl Kv {
    pub(crate) fn new(shared: Rc<Shared>, service: &str) -> Kv {
        Kv { shared, service: NodeId::new(service), timeout: DEFAULT_TIMEOUT, retry: None }
    }

    /// How long to wait for the service; [`DEFAULT_TIMEOUT`] unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Kv {
        self.timeout = timeout;
        self
    }

    /// Repeats requests that were not answered: reads and writes, but not a
    /// compare-and-set, of which nobody knows then whether it was done.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Kv {
        self.retry = Some(retry);
        self
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`ErrorCode::KEY_DOES_NOT_EXIST`] if there is none; if the service does
    /// not answer; if the value is of another type.
    pub async fn read<T: DeserializeOwned>(&self, key: impl Into<Value>) -> Result<T, RpcError> {
        from_value(&self.read_value(key.into()).await?)
    }

    /// The value of a key, or `None` if the key does not exist.
    ///
    /// # Errors
    /// If the service does not answer, or the value is of another type.
    pub async fn get<T: DeserializeOwned>(
        &self,
        key: impl Into<Value>,
    ) -> Result<Option<T>, RpcError> {
        match self.read(key).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code == ErrorCode::KEY_DOES_NOT_EXIST => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets a key.
    ///
    /// # Errors
    /// If the service does not answer; the key may be set all the same.
    pub async fn write(
        &self,
        key: impl Into<Value>,
        value: impl Serialize,
    ) -> Result<(), RpcError> {
        let (key, value) = (key.into(), to_value(&value)?);
        self.write_value(key, value).await
    }

    /// Compare and set: sets a key to `to` if its value is `from`.
    ///
    /// # Errors
    /// [`ErrorCode::PRECONDITION_FAILED`] if it has another value,
    /// [`ErrorCode::KEY_DOES_NOT_EXIST`] if it has none; if the service does not
    /// answer, and then the key may be set all the same.
    pub async fn cas<T: Serialize>(
        &self,
        key: impl Into<Value>,
        from: T,
        to: T,
    ) -> Result<(), RpcError> {
        let (key, from, to) = (key.into(), to_value(&from)?, to_value(&to)?);
        self.cas_value(key, from, to, false).await
    }

    /// As [`Kv::cas`], but sets a key that does not exist, too. `lww-kv` cannot
    /// do this.
    ///
    /// # Errors
    /// [`ErrorCode::PRECONDITION_FAILED`] if the key has another value; if the
    /// service does not answer, and then the key may be set all the same.
    pub async fn cas_or_create<T: Serialize>(
        &self,
        key: impl Into<Value>,
        from: T,
        to: T,
    ) -> Result<(), RpcError> {
        let (key, from, to) = (key.into(), to_value(&from)?, to_value(&to)?);
        self.cas_value(key, from, to, true).await
    }

    /// Sets a key that does not exist. Succeeds also if it has this value
    /// already. `lww-kv` cannot do this.
    ///
    /// # Errors
    /// [`ErrorCode::PRECONDITION_FAILED`] if the key has another value; if the
    /// service does not answer, and then the key may be set all the same.
    pub async fn create(
        &self,
        key: impl Into<Value>,
        value: impl Serialize,
    ) -> Result<(), RpcError> {
        let (key, value) = (key.into(), to_value(&value)?);
        self.cas_value(key, value.clone(), value, true).await
    }

    /// Changes a key: reads it, computes the new value (from `None` if the key
    /// does not exist), and sets it unless somebody else was faster; then pauses
    /// a random time of at most 250 ms and begins again. Gives the new value.
    ///
    /// # Errors
    /// If the service does not answer (the change may have been made all the
    /// same), or the value is of another type.
    pub async fn update<T>(
        &self,
        key: impl Into<Value>,
        mut f: impl FnMut(Option<T>) -> T,
    ) -> Result<T, RpcError>
    where
        T: Serialize + DeserializeOwned,
    {
        let key = key.into();
        let mut collisions = 0;
        loop {
            let old = match self.read_value(key.clone()).await {
                Ok(old) => Some(old),
                Err(error) if error.code == ErrorCode::KEY_DOES_NOT_EXIST => None,
                Err(error) => return Err(error),
            };
            let new = f(old.as_ref().map(from_value).transpose()?);
            match self.replace(key.clone(), old, to_value(&new)?).await {
                Ok(()) => return Ok(new),
                Err(error) if is_collision(&error) => {}
                Err(error) => return Err(error),
            }
            let (first, longest) = (Duration::from_millis(2), Duration::from_millis(250));
            let pause = backoff(first, longest, collisions, self.shared.cx().rng());
            collisions += 1;
            Sleep::after(self.shared.clone(), pause).await;
        }
    }

    async fn replace(&self, key: Value, old: Option<Value>, new: Value) -> Result<(), RpcError> {
        match old {
            Some(old) if old == new => Ok(()),
            Some(old) => self.cas_value(key, old, new, false).await,
            // lww-kv cannot create by compare-and-set; it keeps the last write
            // anyhow.
            None if self.service == "lww-kv" => self.write_value(key, new).await,
            // The `from` must be nothing that another node may create the key
            // with: were it the new value, two nodes that both make a counter 1
            // would both succeed, and one addition would be lost.
            None => self.cas_value(key, Value::Null, new, true).await,
        }
    }

    async fn read_value(&self, key: Value) -> Result<Value, RpcError> {
        Ok(self.rpc(Read { key }, self.retry).await?.value)
    }

    async fn write_value(&self, key: Value, value: Value) -> Result<(), RpcError> {
        self.rpc(Write { key, value }, self.retry).await?;
        Ok(())
    }

    async fn cas_value(
        &self,
        key: Value,
        from: Value,
        to: Value,
        create_if_not_exists: bool,
    ) -> Result<(), RpcError> {
        let cas = Cas { key, from, to, create_if_not_exists };
        self.rpc(cas, None).await?;
        Ok(())
    }

    fn rpc<M: Request>(&self, message: M, retry: Option<Retry>) -> Rpc<M> {
        let rpc = Rpc::new(self.shared.clone(), self.service.clone(), message);
        let rpc = rpc.timeout(self.timeout);
        match retry {
            Some(retry) => rpc.retry(retry),
            None => rpc,
        }
    }
}

/// Whether a compare-and-set failed because somebody else was faster.
fn is_collision(error: &RpcError) -> bool {
    matches!(
        error.code,
        ErrorCode::PRECONDITION_FAILED | ErrorCode::KEY_DOES_NOT_EXIST | ErrorCode::TXN_CONFLICT
    )
}

fn to_value(value: &impl Serialize) -> Result<Value, RpcError> {
    let text = serde_json::to_string(value).map_err(|error| malformed(&error))?;
    Value::from_json(&text).map_err(|error| malformed(&error))
}

fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, RpcError> {
    serde_json::from_str(&value.to_json()).map_err(|error| malformed(&error))
}

fn malformed(error: &dyn std::error::Error) -> RpcError {
    RpcError::new(
        ErrorCode::MALFORMED_REQUEST,
        format!("a value in the key-value service has another type: {error}"),
    )
}
