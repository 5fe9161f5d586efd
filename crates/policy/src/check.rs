//! Which expressions a policy may have: a small part of CEL, checked so that none can fail for any facts.
//!
//! Types first: each name is a fact, each side of an operator is what the operator takes. Then presence: which facts are
//! there follows from what was asked before (`has(x) && ...`, `!has(x) || ...`, `has(x) ? ... : ...`).

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators as op};

use crate::{
    expression::{ExpressionFault as Fault, MAX_DEPTH},
    vocabulary::{Fact, Kind},
};

/// What a part of an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type<'e> {
    Bool,
    Int,
    /// A fact that is one of these words.
    Word(&'static [&'static str]),
    /// A word as it was written.
    Literal(&'e str),
}

/// Facts that are there: group and name.
type Known<'e> = BTreeSet<(&'e str, &'e str)>;

/// Checks a whole expression.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn check(tree: &IdedExpr) -> Result<(), Vec<Fault>> {
    let mut checker = Checker { depth: 0, faults: Vec::new() };
    if let Some(found) = checker.type_of(tree, &Known::new())
        && found != Type::Bool
    {
        checker.faults.push(Fault::NotTrueOrFalse(found.name()));
    }
    if checker.faults.is_empty() { Ok(()) } else { Err(checker.faults) }
}

impl Type<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Word(_) | Self::Literal(_) => "a word",
        }
    }
}

/// Collects faults. A part with a fault has no type, and nothing more is said of what holds it.
struct Checker {
    depth: u16,
    faults: Vec<Fault>,
}

impl Checker {
    fn fault<T>(&mut self, fault: Fault) -> Option<T> {
        self.faults.push(fault);
        None
    }

    fn type_of<'e>(&mut self, part: &'e IdedExpr, known: &Known<'e>) -> Option<Type<'e>> {
        // Before the tree is walked any further, here or when it is evaluated.
        if self.depth == MAX_DEPTH {
            return self.fault(Fault::Depth);
        }
        self.depth += 1;
        let found = self.type_of_shallow(part, known);
        self.depth -= 1;
        found
    }

    fn type_of_shallow<'e>(&mut self, part: &'e IdedExpr, known: &Known<'e>) -> Option<Type<'e>> {
        match &part.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Select(select) => self.select(select, known),
            Expr::Call(call) => self.call(call, known),
            Expr::Ident(name) => self.fault(Fault::UnknownFact(name.clone())),
            Expr::List(_) => self.fault(Fault::NotAllowed("a list that is not behind in".to_owned())),
            Expr::Comprehension(_) => self.fault(Fault::NotAllowed("a loop".to_owned())),
            Expr::Map(_) | Expr::Struct(_) => self.fault(Fault::NotAllowed("{}".to_owned())),
            Expr::Unspecified => self.fault(Fault::NotAllowed("nothing".to_owned())),
        }
    }

    fn literal<'e>(&mut self, literal: &'e LiteralValue) -> Option<Type<'e>> {
        match literal {
            LiteralValue::Boolean(_) => Some(Type::Bool),
            LiteralValue::Int(_) => Some(Type::Int),
            LiteralValue::String(word) => Some(Type::Literal(word.inner())),
            LiteralValue::Null => self.fault(Fault::NotAllowed("null".to_owned())),
            LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::UInt(_) => self.fault(
                Fault::NotAllowed("a value that is neither true nor false, whole number nor word".to_owned()),
            ),
        }
    }

    fn select<'e>(&mut self, select: &'e SelectExpr, known: &Known<'e>) -> Option<Type<'e>> {
        let Some((group, name)) = spelled(select) else {
            return self.fault(Fault::UnknownFact(format!("(...).{}", select.field)));
        };
        let Some(fact) = Fact::named(group, name) else {
            return self.fault(Fault::UnknownFact(format!("{group}.{name}")));
        };
        if select.test {
            return Some(Type::Bool);
        }
        if !fact.always && !known.contains(&(group, name)) {
            return self.fault(Fault::MayBeAbsent(format!("{group}.{name}")));
        }
        Some(match fact.kind {
            Kind::Bool => Type::Bool,
            Kind::Int => Type::Int,
            Kind::Word(words) => Type::Word(words),
        })
    }

    fn call<'e>(&mut self, call: &'e CallExpr, known: &Known<'e>) -> Option<Type<'e>> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (op::LOGICAL_NOT, [part]) => self.truth("!", part, known),
            (op::LOGICAL_AND, [left, right]) => self.both("&&", left, right, true, known),
            (op::LOGICAL_OR, [left, right]) => self.both("||", left, right, false, known),
            (op::CONDITIONAL, [condition, yes, no]) => self.choice(condition, [yes, no], known),
            (op::EQUALS | op::NOT_EQUALS, [left, right]) => {
                let sides = (self.type_of(left, known), self.type_of(right, known));
                self.alike(sides.0?, sides.1?)
            }
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [left, right]) => {
                let sides = [self.type_of(left, known), self.type_of(right, known)];
                self.numbers("<, <=, > or >=", sides)
            }
            (op::IN, [left, right]) => {
                let found = self.type_of(left, known)?;
                self.one_of(found, right)
            }
            // Of a number that was written, never of a fact: nothing can overflow.
            (op::NEGATE, [IdedExpr { expr: Expr::Literal(LiteralValue::Int(number)), .. }])
                if *number.inner() > 0 =>
            {
                Some(Type::Int)
            }
            (name, _) => {
                let name = name.trim_matches(['_', '@']);
                self.fault(Fault::NotAllowed(format!("{name:?}")))
            }
        }
    }

    /// `part` is a truth value.
    fn truth<'e>(&mut self, of: &str, part: &'e IdedExpr, known: &Known<'e>) -> Option<Type<'e>> {
        match self.type_of(part, known)? {
            Type::Bool => Some(Type::Bool),
            _ => self.fault(Fault::Mismatch { part: of.to_owned(), takes: "what is true or false" }),
        }
    }

    /// Two truth values, of which the right one counts only when the left one is `first`.
    fn both<'e>(
        &mut self,
        of: &str,
        left: &'e IdedExpr,
        right: &'e IdedExpr,
        first: bool,
        known: &Known<'e>,
    ) -> Option<Type<'e>> {
        let left_type = self.truth(of, left, known);
        let right_type = self.truth(of, right, &with(known, left, first));
        left_type.and(right_type)
    }

    fn choice<'e>(
        &mut self,
        condition: &'e IdedExpr,
        [yes, no]: [&'e IdedExpr; 2],
        known: &Known<'e>,
    ) -> Option<Type<'e>> {
        let asked = self.truth("?:", condition, known);
        let yes = self.truth("?:", yes, &with(known, condition, true));
        let no = self.truth("?:", no, &with(known, condition, false));
        asked.and(yes).and(no)
    }

    fn alike<'e>(&mut self, left: Type<'e>, right: Type<'e>) -> Option<Type<'e>> {
        match (left, right) {
            (Type::Bool, Type::Bool) | (Type::Int, Type::Int) => Some(Type::Bool),
            (Type::Word(one), Type::Word(other)) if one == other => Some(Type::Bool),
            (Type::Word(words), Type::Literal(word)) | (Type::Literal(word), Type::Word(words)) => {
                if words.contains(&word) {
                    Some(Type::Bool)
                } else {
                    self.fault(Fault::UnknownWord(word.to_owned(), words))
                }
            }
            _ => self.fault(Fault::Mismatch {
                part: "a comparison".to_owned(),
                takes: "two truth values, two numbers, or a fact and its word",
            }),
        }
    }

    fn numbers<'e>(&mut self, of: &str, sides: [Option<Type<'e>>; 2]) -> Option<Type<'e>> {
        match sides {
            [Some(Type::Int), Some(Type::Int)] => Some(Type::Bool),
            [Some(_), Some(_)] => self.fault(Fault::Mismatch { part: of.to_owned(), takes: "numbers" }),
            _ => None,
        }
    }

    fn one_of<'e>(&mut self, left: Type<'e>, right: &'e IdedExpr) -> Option<Type<'e>> {
        let takes = "a fact on its left, and on its right a list in [] of its words or of numbers";
        let elements: &[IdedExpr] = match &right.expr {
            Expr::List(ListExpr { elements, .. }) => elements,
            _ => &[],
        };
        if elements.is_empty() || left == Type::Bool {
            return self.fault(Fault::Mismatch { part: "in".to_owned(), takes });
        }
        let mut fits = true;
        for element in elements {
            // Written out: which facts are there is not asked in a list.
            let found = self.type_of(element, &Known::new());
            fits &= found.and_then(|found| self.alike(left, found)).is_some();
        }
        fits.then_some(Type::Bool)
    }
}

/// `group.name`, if that is what was written.
pub(crate) fn spelled(select: &SelectExpr) -> Option<(&str, &str)> {
    match &select.operand.expr {
        Expr::Ident(group) => Some((group, &select.field)),
        _ => None,
    }
}

/// The facts that are there where `asked` came out as `outcome`.
fn with<'e>(known: &Known<'e>, asked: &'e IdedExpr, outcome: bool) -> Known<'e> {
    let mut known = known.clone();
    found_by(asked, outcome, &mut known);
    known
}

fn found_by<'e>(asked: &'e IdedExpr, outcome: bool, found: &mut Known<'e>) {
    match &asked.expr {
        Expr::Select(select) if select.test && outcome => found.extend(spelled(select)),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (op::LOGICAL_NOT, [part]) => found_by(part, !outcome, found),
            (op::LOGICAL_AND, parts) if outcome => parts.iter().for_each(|part| found_by(part, true, found)),
            (op::LOGICAL_OR, parts) if !outcome => parts.iter().for_each(|part| found_by(part, false, found)),
            _ => {}
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests;
