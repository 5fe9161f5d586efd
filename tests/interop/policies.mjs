#!/usr/bin/env node
// Evaluates policies with npm `@bufbuild/cel`, which shares nothing with the implementation of CEL that crates/policy uses.
//
//     policies.mjs OURS DOCUMENT...     OURS is the example `policies` of crates/policy; prints what was compared
//
// Every rule of every document, over the facts of its tests and over generated ones, must have the outcome that it has for us; which level decides
// and what is approved is put together anew. Each rule must have come out both ways, or nothing was compared. Exit code 0 if all of it is so, else 1.
//
// The packages stand in package.json beside this file; `./check` installs them into .tools/.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../.tools/', import.meta.url));
const { celEnv, parse, plan } = require('@bufbuild/cel');

const ENV = celEnv();

// An expression as a function from facts to its outcome, which counts how it came out.
function rule(policy, id, expression) {
  const evaluate = plan(ENV, parse(expression));
  const seen = new Set();
  const outcome = (facts) => {
    const found = evaluate(facts);
    if (typeof found !== 'boolean') throw new Error(`${policy}: ${id}: ${found} for ${show(facts)}`);
    seen.add(found);
    return found;
  };
  return { id, outcome, seen };
}

// JSON has one kind of number, and CEL's whole numbers are BigInt here.
function asCel(groups) {
  const value = (it) => (typeof it === 'number' ? BigInt(it) : it);
  const group = (it) => new Map(Object.entries(it).map(([name, found]) => [name, value(found)]));
  return Object.fromEntries(Object.entries(groups).map(([name, it]) => [name, group(it)]));
}

function show(facts) {
  return JSON.stringify(facts, (_, it) => (it instanceof Map ? Object.fromEntries(it) : typeof it === 'bigint' ? Number(it) : it));
}

function demand(policy, what, facts, found, wanted) {
  const [one, other] = [found, wanted].map((it) => JSON.stringify(it));
  if (one !== other) throw new Error(`${policy}: ${what}: @bufbuild/cel says ${one}, ours ${other}, of ${show(facts)}`);
}

function compare(policy) {
  const { name } = policy;
  const eligibility = policy.eligibility.map(({ id, requires }) => rule(name, id, requires));
  const levels = policy.levels.map(({ id, when }) => rule(name, id, when ?? 'true'));
  const autoApprove = policy.auto_approve === null ? null : rule(name, 'auto_approve', policy.auto_approve);
  for (const { facts: groups, met, applies, level, auto_approve: approved } of policy.cases) {
    const facts = asCel(groups);
    const [foundMet, foundApplies] = [eligibility, levels].map((rules) => rules.map(({ outcome }) => outcome(facts)));
    demand(name, 'eligibility', facts, foundMet, met);
    demand(name, 'levels', facts, foundApplies, applies);
    demand(name, 'level', facts, levels[foundApplies.indexOf(true)].id, level);
    const wanted = autoApprove?.outcome(facts) ?? false;
    demand(name, 'auto_approve', facts, wanted && foundMet.every(Boolean), approved);
  }
  const rules = [...eligibility, ...levels.slice(0, -1), ...(autoApprove ? [autoApprove] : [])];
  for (const { id, seen } of rules) demand(name, `${id} came out`, {}, seen.size, 2);
  console.log(`policy ${name}: ${rules.length} rules over ${policy.cases.length} facts come out the same with @bufbuild/cel`);
}

try {
  const [ours, ...documents] = process.argv.slice(2);
  const lines = execFileSync(ours, documents, { encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n');
  demand('', 'documents', {}, lines.length, Math.max(documents.length, 1));
  for (const line of lines) compare(JSON.parse(line));
} catch (error) {
  console.error(`policies.mjs: ${error.message}`);
  process.exitCode = 1;
}
