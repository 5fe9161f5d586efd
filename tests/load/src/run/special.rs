//! The cases that compare a system with another of ours, or one quantity with another.

use std::sync::Arc;

use super::bench::Bench;
use crate::{
    Failure,
    arguments::Arguments,
    baseline::work::Work,
    case::{Goal, ON_POSTGRES},
    check::Before,
    compare::{Both, compare, measured},
    drive::Source,
    report::{Curve, Report, Row},
    turn::{Shape, Side, Worker},
    world::{Rpc, World},
};

/// Parts of the peak at which calls are offered.
const OFFERED: [f64; 6] = [0.1, 0.25, 0.5, 0.65, 0.8, 0.9];
/// What a second system of ours is compared in.
const COMPARED: [(Rpc, &str); 3] = [
    (Rpc::Check, "CheckDocument"),
    (Rpc::Pass, "GetEntryPass, two companions"),
    (Rpc::Submit, "SubmitRegistration"),
];

/// What the baselines themselves do, and the client: so that a reader sees what stands under the ratios.
pub async fn references(
    bench: &Bench<'_>,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<(), Failure> {
    let turns = usize::try_from(arguments.turns)?;
    let width = Shape::Closed(arguments.width());
    let engine = bench.world.plan.store.engine();
    let echoes = bench.echoes(width)?;
    if let Some(h2load) = bench.h2load() {
        let both = compare(&echoes, &h2load, turns, arguments.until()).await?;
        push(report, engine, "bare echo by this client", "the same by h2load", both, None)?;
    }
    if bench.has_select() {
        let both = compare(&bench.selects(width)?, &echoes, turns, arguments.until()).await?;
        push(report, engine, "bare tonic and one sqlx select", "bare echo", both, None)?;
    }
    for (work, name) in [(Work::Sign, "Ed25519 signatures"), (Work::Verify, "Ed25519 verifications")] {
        let turn = Side::new(Worker::Bare(work), None).turn(arguments.until()).await?;
        report.rows.push(Row::new(engine, name, measured(&[turn], None)?, None, None, None));
    }
    Ok(())
}

/// p99 of `CheckDocument` at half of its peak, beside the bare select at half of its own; and both over their loads.
pub async fn open_loop(bench: &Bench<'_>, arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    let (engine, until) = (bench.world.plan.store.engine(), arguments.until());
    let turns = usize::try_from(arguments.turns)?;
    let source = bench.world.source(Rpc::Check, 0).await?;
    let closed = Shape::Closed(arguments.width());
    let peaks =
        compare(&bench.calls(Rpc::Check, &source, closed)?, &bench.bare_for_latency(closed)?, turns, until)
            .await?;
    let (ours, theirs) = (peaks.subject.rate, peaks.baseline.rate);
    let at = |rate: f64| Shape::Open(rate.max(1.0), arguments.connections);
    let subject = bench.calls(Rpc::Check, &source, at(ours / 2.0))?;
    let baseline = bench.bare_for_latency(at(theirs / 2.0))?;
    let mut both = compare(&subject, &baseline, turns, until).await?;
    let p99 = |latency: Option<[f64; 3]>| latency.map_or(f64::NAN, |[_, p99, _]| p99);
    both.ratio = p99(both.subject.latency_ms) / p99(both.baseline.latency_ms);
    let name = "p99 at half of peak, CheckDocument (ratio of the p99s)";
    push(report, engine, name, bench.latency_baseline(), both, Some(Goal::at_most(3.0, 1.5)))?;
    for (name, peak, is_ours) in [("CheckDocument", ours, true), (bench.latency_baseline(), theirs, false)] {
        let mut points = Vec::new();
        for part in OFFERED {
            let shape = at(peak * part);
            let side = if is_ours {
                bench.calls(Rpc::Check, &source, shape)?
            } else {
                bench.bare_for_latency(shape)?
            };
            let turn = measured(&[side.turn(until).await?], None)?;
            if turn.codes.keys().any(|code| *code != 0) {
                return Err(format!("{name}, open-loop: answers by code {:?}", turn.codes).into());
            }
            let [p50, p99, _] = turn.latency_ms.unwrap_or_default();
            points.push((peak * part, p50, p99));
        }
        report.curves.push(Curve { name: format!("{engine}, {name}"), points });
    }
    Ok(())
}

/// Four processes beside the one, on the same store.
pub async fn apart(bench: &Bench<'_>, arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    let plan = crate::system::Plan { apart: true, ..bench.world.plan.clone() };
    let system = plan.start().await?;
    let other = bench.world.beside(plan, system);
    let goal = Some(Goal::at_least(0.4, 0.6));
    beside(bench, &other, arguments, report, "four processes", "all in one", goal).await?;
    other.system.stop().await
}

/// Many travellers beside few, each in a database of its own.
pub async fn sizes(
    bench: &Bench<'_>,
    large: World,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<(), Failure> {
    let (many, few) = (large.population.size, bench.world.population.size);
    let (many, few) = (format!("{many} travellers"), format!("{few} travellers"));
    beside(bench, &large, arguments, report, &many, &few, Some(Goal::at_least(0.8, 0.95))).await?;
    large.system.stop().await
}

async fn beside(
    bench: &Bench<'_>,
    other: &World,
    arguments: &Arguments,
    report: &mut Report,
    name: &str,
    baseline: &str,
    goal: Option<Goal>,
) -> Result<(), Failure> {
    let (turns, shape) = (usize::try_from(arguments.turns)?, Shape::Closed(arguments.width()));
    for (rpc, called) in
        COMPARED.into_iter().filter(|(_, called)| arguments.wants(&format!("{called}, {name}")))
    {
        let (theirs, ours) = (bench.world.source(rpc, 0).await?, other.source(rpc, 0).await?);
        let wrote = ON_POSTGRES.iter().find(|case| case.rpc == rpc).ok_or("no case")?.wrote;
        let before = Before::count(&other.plan.store, wrote).await?;
        let target = other.target(rpc)?;
        let worker = Worker::Calls {
            target,
            source: Arc::<dyn Source>::clone(&ours),
            shape,
            processes: other.system.ids(),
        };
        let subject = Side::new(worker, bench.database()?);
        let both = compare(&subject, &bench.calls(rpc, &theirs, shape)?, turns, arguments.until()).await?;
        let shared = other.plan.folder == bench.world.plan.folder;
        before.check(both.subject.right + if shared { both.baseline.right } else { 0 }, 0).await?;
        other.verify_offline(&ours.codes()).await?;
        push(report, other.plan.store.engine(), &format!("{called}, {name}"), baseline, both, goal)?;
    }
    Ok(())
}

fn push(
    report: &mut Report,
    engine: &'static str,
    case: &str,
    baseline: &str,
    both: Both,
    goal: Option<Goal>,
) -> Result<(), Failure> {
    let Both { subject, baseline: theirs, ratio, wrong } = both;
    if !wrong.is_empty() {
        return Err(format!("{case}: {wrong:?}").into());
    }
    report.rows.push(Row::new(engine, case, subject, Some((baseline.to_owned(), theirs)), Some(ratio), goal));
    Ok(())
}
