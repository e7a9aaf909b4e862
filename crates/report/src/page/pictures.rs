//! Findings drawn: circles of operations with their steps, operations around a register
//! that got stuck.

use glomers_check::{Explanation, Finding, Refusals, Register};
use glomers_history::Op;
use glomers_protocol::printable;
use maud::{Markup, PreEscaped, html};

use super::{Page, REGISTERS};
use crate::picture;

/// The most transactions of a circle whose steps are listed.
const MOST: usize = 12;

/// How many letters of a step are shown.
const STEP: usize = 200;

/// What findings of a page are drawn as.
pub(super) struct Pictures<'a> {
    page: &'a Page<'a>,
    /// Where a register got stuck, if that was not known.
    explanation: Option<Explanation>,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(page: &'a Page<'a>) -> Pictures<'a> {
        let register = Register { refusals: Refusals::Judged, ..Register::LIN_KV };
        let is_unknown = page.about.stuck.is_none() && !page.about.findings.is_empty();
        let explanation =
            (is_of_registers(page) && is_unknown).then(|| register.explain(page.history)).flatten();
        Pictures { page, explanation }
    }

    /// The figure of a finding, if it is one to be drawn.
    pub(super) fn of(&self, finding: &Finding) -> Markup {
        let is_circle = finding.circle.len() > 1;
        if !is_circle && !is_of_registers(self.page) {
            return html! {};
        }
        let (history, context) = (self.page.history, self.page.about.context);
        let explanation = self.page.about.stuck.or(self.explanation.as_ref());
        let Some(picture) = picture::of_finding(history, context, finding, explanation) else {
            return html! {};
        };
        html! {
            figure.drawn {
                figcaption { (caption(is_circle)) }
                div.scroll tabindex="0" role="region" aria-label=(picture.shows) {
                    (PreEscaped(&picture.svg))
                }
            }
            @if is_circle { (self.steps(finding)) }
        }
    }

    /// What each operation of a circle did, step by step.
    fn steps(&self, finding: &Finding) -> Markup {
        let ops = self.page.history.ops();
        let found = finding.circle.iter().filter_map(|step| ops.get(step.operation as usize));
        html! {
            div.scroll tabindex="0" role="region" aria-label="The steps of these transactions" {
                table.steps {
                    thead {
                        tr {
                            th scope="col" { "transaction" }
                            th scope="col" { "at" }
                            th scope="col" { "steps, in their order" }
                        }
                    }
                    tbody { @for op in found.take(MOST) { (self.row(op)) } }
                }
            }
        }
    }

    fn row(&self, op: &Op) -> Markup {
        let node = self.page.about.context.node_of(op);
        html! {
            tr {
                th scope="row" { a href={ "#op-" (op.index) } { "T" (op.index) } }
                td { (op.time) @if let Some(node) = node { ", " (printable(node)) } }
                td {
                    ol {
                        @for step in picture::steps(op) {
                            li { code { (printable(&super::cut(&step, STEP))) } }
                        }
                    }
                }
            }
        }
    }
}

fn is_of_registers(page: &Page<'_>) -> bool {
    page.about.workload == REGISTERS
}

fn caption(is_circle: bool) -> &'static str {
    match is_circle {
        true => {
            "Each comes before the one that its arrow leads to. Select one to see it in the trace."
        }
        false => "A bar is an operation, a row a process. Select one to see it in the trace.",
    }
}
