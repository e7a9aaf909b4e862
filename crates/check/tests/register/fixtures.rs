//! Histories as text and what is said of them: `histories/*.txt` beside this
//! file. Run with `UPDATE_EXPECT=1` to rewrite what is expected.

use glomers_check::{Checker, Method, Refusals, Register};

use crate::text::judge_all;

fn register(name: &str) -> Register {
    match name {
        "lin-kv" => Register::LIN_KV,
        "lin-kv-refusals" => Register { refusals: Refusals::Literal, ..Register::LIN_KV },
        "lin-kv-judged" => Register { refusals: Refusals::Judged, ..Register::LIN_KV },
        "cas-register" => Register::CAS_REGISTER,
        "cas-register-search" => Register { method: Method::Search, ..Register::CAS_REGISTER },
        "register" => Register::REGISTER,
        other => panic!("no register {other}"),
    }
}

#[test]
fn what_is_said_of_histories() {
    judge_all("register/histories", 30, |name| {
        let spec = register(name);
        let checker: Box<dyn Checker> = Box::new(spec);
        (checker, Some(spec))
    });
}
