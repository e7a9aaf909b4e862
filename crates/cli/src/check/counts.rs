//! How many operations a history has.

use glomers_history::{History, OpKind};

/// `12: 10 ok, 1 fail, 1 info`, and what is odd about them.
pub(super) fn text(history: &History) -> String {
    let pairs = history.pairs();
    let ops = || history.ops().iter().zip(&pairs).filter(|(op, _)| op.process.is_client());
    let count = |kind| ops().filter(|(op, _)| op.kind == kind).count();
    let [begun, ok, fail, info] =
        [OpKind::Invoke, OpKind::Ok, OpKind::Fail, OpKind::Info].map(count);
    let is_end = |kind: OpKind| kind != OpKind::Invoke;
    let lone = ops().filter(|(op, pair)| is_end(op.kind) && pair.is_none()).count();
    let open = ops().filter(|(op, pair)| !is_end(op.kind) && pair.is_none()).count();
    let mut text = format!("{}: {ok} ok, {fail} fail, {info} info", begun + lone);
    if open > 0 {
        text += &format!("; {open} without an end");
    }
    if lone > 0 {
        text += &format!("; {lone} without a beginning");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_operation_counts_once_whether_its_beginning_or_end_is_there() {
        let said = |text: &str| super::text(&glomers_history::read(text.as_bytes()).unwrap());
        let (begin, end) =
            ("{:process 0, :type :invoke, :f :read}\n", "{:process 0, :type :ok, :f :read}\n");
        assert_eq!(said(&format!("{begin}{end}")), "1: 1 ok, 0 fail, 0 info");
        assert_eq!(said(end), "1: 1 ok, 0 fail, 0 info; 1 without a beginning");
        assert_eq!(said(begin), "1: 0 ok, 0 fail, 0 info; 1 without an end");
        assert_eq!(
            said(&format!("{begin}{end}{end}{begin}")),
            "3: 2 ok, 0 fail, 0 info; 1 without an end; 1 without a beginning"
        );
    }
}
