//! What handlers without a reply and spawned tasks may return.

use glomers_protocol::RpcError;

use crate::shared::Shared;

/// What handlers without a reply and spawned tasks may return: nothing, or a
/// `Result` whose error goes to the node's log; or they never end.
pub trait Outcome: sealed::Sealed {
    /// The error, if there is one.
    fn error(self) -> Option<RpcError>;
}

impl Outcome for () {
    fn error(self) -> Option<RpcError> {
        None
    }
}

impl Outcome for Result<(), RpcError> {
    fn error(self) -> Option<RpcError> {
        self.err()
    }
}

impl Outcome for Never {
    fn error(self) -> Option<RpcError> {
        self
    }
}

/// The type `!` of what never ends (`cx.spawn(async { loop { … } })`), which has
/// no name of its own in stable Rust.
type Never = <fn() -> ! as sealed::Returns>::Output;

pub(crate) trait Report: Outcome + Sized {
    fn report(self, what: &str, shared: &Shared) {
        if let Some(error) = self.error() {
            shared.cx().log(format!("{what}: {error}"));
        }
    }
}

impl<T: Outcome> Report for T {}

mod sealed {
    pub trait Sealed {}
    pub trait Returns {
        type Output;
    }
    impl<T> Returns for fn() -> T {
        type Output = T;
    }
    impl Sealed for () {}
    impl Sealed for super::Never {}
    impl Sealed for Result<(), glomers_protocol::RpcError> {}
}
