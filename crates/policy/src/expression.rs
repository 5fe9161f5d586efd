//! An expression: read within bounds, checked, and evaluated.
//!
//! The one file that knows which implementation of CEL this is. Which expressions are allowed stands in `check.rs`.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, LazyLock},
};

use cel::{
    Context, Env, Value,
    common::ast::{Expr, IdedExpr, LiteralValue, operators},
    parser::{ParseErrors, PrattParser},
};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    check::{check, spelled},
    facts::Facts,
    vocabulary::{Datum, FACTS},
};

/// As many characters an expression has at most.
const MAX_LENGTH: usize = 1000;
/// As deep it is nested at most. Far below what the smallest stack of a thread takes.
pub(crate) const MAX_DEPTH: u16 = 24;
/// As many choices an expression has at most. The parser bounds what is nested in brackets, but not one choice within another.
const MAX_CHOICES: usize = 16;

/// Operators and no functions but the standard ones, which `check.rs` lets nobody call.
static ENV: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));

/// A checked expression: `true` or `false` for all facts.
pub(crate) struct Expression {
    text: String,
    tree: IdedExpr,
}

/// Why an expression is none that a policy may have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionFault {
    /// It is longer than 1000 characters.
    #[error("an expression has 1 to 1000 characters")]
    Length,
    /// It is nested more than 24 deep, or has more than 16 choices.
    #[error("an expression is nested 24 deep at most, and has 16 choices (?:) at most")]
    Depth,
    /// It is no CEL.
    #[error("at {0}: {1}")]
    Syntax(Position, String),
    /// It uses a part of CEL that policies do not.
    #[error(
        "{0} is not part of this language: facts, words, whole numbers, has, in, ?:, logic and comparisons are"
    )]
    NotAllowed(String),
    /// It names what is no fact.
    #[error("there is no fact {0:?}")]
    UnknownFact(String),
    /// It reads a fact that may be absent.
    #[error("{0} may be absent: ask has({0}) first, as in has({0}) && ...")]
    MayBeAbsent(String),
    /// It compares a fact with a word that it never is.
    #[error("{0:?} is none of {1:?}")]
    UnknownWord(String, &'static [&'static str]),
    /// It joins or compares what is not alike.
    #[error("{part} takes {takes}")]
    Mismatch {
        /// The operator.
        part: String,
        /// What stands on its sides.
        takes: &'static str,
    },
    /// Its outcome is no truth value.
    #[error("an expression is true or false, and this is {0}")]
    NotTrueOrFalse(&'static str),
}

/// Where in an expression, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the expression.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is known of somebody at some time, as expressions see it.
pub(crate) struct Situation(Context<'static, 'static>);

impl Situation {
    /// From facts.
    pub(crate) fn new(facts: &Facts, as_of: OffsetDateTime) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENV));
        for group in FACTS.chunk_by(|one, next| one.group == next.group) {
            let known = group.iter().filter_map(|fact| Some((fact.name, value(fact.read(facts, as_of)?))));
            let known: HashMap<&str, Value> = known.collect();
            context.add_variable_from_value(group[0].group, known);
        }
        Self(context)
    }
}

fn value(datum: Datum) -> Value {
    match datum {
        Datum::Bool(yes) => yes.into(),
        Datum::Int(number) => number.into(),
        Datum::Word(word) => word.into(),
    }
}

impl Expression {
    /// Reads and checks an expression.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<ExpressionFault>> {
        let length = text.chars().count();
        if length == 0 || length > MAX_LENGTH {
            return Err(vec![ExpressionFault::Length]);
        }
        // Implementations differ on where one ends, and no word has it. Comments belong to the document.
        if text.contains("//") {
            return Err(vec![ExpressionFault::NotAllowed("a comment".to_owned())]);
        }
        if text.matches('?').count() > MAX_CHOICES {
            return Err(vec![ExpressionFault::Depth]);
        }
        // Not the parser that `Env::compile` uses: that one overflows the stack of a thread (2 MiB, debug build) with 333 open
        // brackets, and is 30 times slower.
        let parser = PrattParser::new().max_recursion_depth(MAX_DEPTH);
        let tree = parser.parse(text).map_err(|errors| syntax(&errors))?;
        check(&tree)?;
        Ok(Self { text: text.to_owned(), tree })
    }

    /// What was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Every whole number that it is written with.
    pub(crate) fn numbers(&self) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        collect_numbers(&self.tree, &mut found);
        found
    }

    /// Every fact that it names, group and name, also those that it only asks for with `has`.
    pub(crate) fn facts(&self) -> BTreeSet<(&str, &str)> {
        let mut found = BTreeSet::new();
        collect_facts(&self.tree, &mut found);
        found
    }

    /// Its outcome. `None` if it has none, which the check rules out.
    pub(crate) fn holds(&self, situation: &Situation) -> Option<bool> {
        match Value::resolve(&self.tree, &situation.0) {
            Ok(Value::Bool(outcome)) => Some(outcome),
            _ => None,
        }
    }
}

/// Walks what a checked expression can consist of; as deep as the parser let it be.
fn collect_numbers(part: &IdedExpr, found: &mut BTreeSet<i64>) {
    match &part.expr {
        Expr::Literal(LiteralValue::Int(number)) => {
            found.insert(*number.inner());
        }
        Expr::Call(call) => {
            let negated = call.func_name == operators::NEGATE;
            let mut inside = BTreeSet::new();
            call.args.iter().for_each(|part| collect_numbers(part, &mut inside));
            found.extend(inside.into_iter().map(|number| if negated { -number } else { number }));
        }
        Expr::List(list) => list.elements.iter().for_each(|part| collect_numbers(part, found)),
        _ => {}
    }
}

/// As [`collect_numbers`]. Lists hold no facts.
fn collect_facts<'e>(part: &'e IdedExpr, found: &mut BTreeSet<(&'e str, &'e str)>) {
    match &part.expr {
        Expr::Select(select) => found.extend(spelled(select)),
        Expr::Call(call) => call.args.iter().for_each(|part| collect_facts(part, found)),
        _ => {}
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn syntax(errors: &ParseErrors) -> Vec<ExpressionFault> {
    let fault = |error: &cel::ParseError| {
        let [line, column] = [error.pos.0, error.pos.1].map(|at| usize::try_from(at).unwrap_or(0).max(1));
        ExpressionFault::Syntax(Position { line, column }, error.msg.clone())
    };
    errors.errors.iter().map(fault).collect()
}
