//! `--model`: what a history is about that no workload of ours made.

use glomers_check::linearizable::models::{FifoQueue, KeyValue, Mutex, Set, UnorderedQueue};
use glomers_check::{
    Bank, Checker, Keyed, Known, Linearizable, LongFork, Model, Register, RegisterModel,
};

use super::{Judge, Objects};
use crate::arguments::{CheckArguments, ModelArgument};
use crate::error::CliError;

/// Who judges by a model, and what there is one of for each key; `keyed` says whether
/// there is, of histories whose reads have this name.
///
/// # Errors
/// If that is asked of a model that takes keys apart itself.
pub(super) fn judge(
    model: ModelArgument,
    arguments: &CheckArguments,
    keyed: impl Fn(fn(&str) -> bool) -> bool,
) -> Result<(Judge, Option<Objects>), CliError> {
    let takes_keys = matches!(model, ModelArgument::KeyValue | ModelArgument::LongFork);
    if takes_keys && (arguments.keyed || arguments.unkeyed) {
        let flag = if arguments.keyed { "--keyed" } else { "--unkeyed" };
        let about = format!("{flag} means nothing to this --model, which is about keys itself");
        return Err(CliError::usage(about).hint("leave it out"));
    }
    let register = |model| {
        let keyed = keyed(|f| matches!(f, "read" | "r"));
        let register = Register { model, keyed, ..Register::CAS_REGISTER };
        Ok((Judge::Register(register), Some(Objects { name: "registers", keyed })))
    };
    let (name, operations, checker) = match model {
        ModelArgument::Register => return register(RegisterModel::Register),
        ModelArgument::CasRegister => return register(RegisterModel::CasRegister),
        ModelArgument::Mutex => ("locks", Mutex::OPERATIONS, linearizable(Mutex, arguments)),
        ModelArgument::FifoQueue => {
            ("queues", FifoQueue::OPERATIONS, linearizable(FifoQueue, arguments))
        }
        ModelArgument::UnorderedQueue => {
            ("queues", FifoQueue::OPERATIONS, linearizable(UnorderedQueue, arguments))
        }
        ModelArgument::Set => ("sets", Set::OPERATIONS, linearizable(Set, arguments)),
        // It takes the keys apart itself, as transactions of long forks do.
        ModelArgument::KeyValue => {
            let checker = linearizable(KeyValue, arguments);
            return Ok((known(checker, KeyValue::OPERATIONS), None));
        }
        ModelArgument::LongFork => return Ok((Judge::Other(Box::new(LongFork)), None)),
        ModelArgument::Bank => {
            let bank: Box<dyn Checker> = Box::new(Bank::default());
            ("banks", Bank::OPERATIONS, bank)
        }
    };
    let objects = Some(Objects { name, keyed: arguments.keyed });
    if arguments.keyed {
        return Ok((known(Box::new(Keyed { checker }), operations), objects));
    }
    Ok((known(checker, operations), objects))
}

fn known(checker: Box<dyn Checker>, operations: &'static [&'static str]) -> Judge {
    Judge::Other(Box::new(Known { checker, operations }))
}

fn linearizable<M: Model + 'static>(model: M, arguments: &CheckArguments) -> Box<dyn Checker> {
    // A step copies a state: some hundred ns, where a register needs some.
    let budget = u64::from(arguments.budget) * 100_000;
    Box::new(Linearizable { model, budget })
}
