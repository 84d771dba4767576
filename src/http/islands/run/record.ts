/** The record of a run as it is read in the browser: line by line, its chain of hashes checked here. */
import * as z from 'zod/mini';
import { TRACE_START } from '../../../agent/team/trace.ts';
import { sha256Hex } from '../../../nostr/event.ts';
import { canonicalJson } from '../../../values/canonical-json.ts';

const usage = z.object({ tokens: z.number(), msats: z.number() });
const text = z.string();
const number = z.number();

/** What this page shows of each kind of entry. Others are only counted, and covered by the hashes all the same. */
const FACTS = {
  run: z.object({ task: text }),
  step: z.object({
    ...{ number, attempt: number, work: text, role: text, iteration: number, outcome: text },
    directives: z.array(number),
    usage: z.nullable(usage),
    failure: z.nullable(z.object({ code: text, message: text })),
  }),
  version: z.object({
    version: z.object({
      ...{ id: text, step: number, role: text, iteration: number, kind: text },
      ...{ sha256: text, bytes: number, summary: text },
    }),
    text,
  }),
  check: z.object({ version: text, passed: z.nullable(z.boolean()), score: z.nullable(number), note: text }),
  comparison: z.object({ newcomer: text, other: text, verdict: text, by: text, rationale: text }),
  directive: z.object({ number, scope: text, text, source: text }),
  superseded: z.object({ number, by: number }),
  question: z.object({ number, step: number, text, assumption: text }),
  answer: z.object({ question: number, text, by: text }),
  iteration: z.object({ iteration: number, best: z.nullable(text), better: z.boolean() }),
  end: z.object({ reason: text, best: z.nullable(text), spent: usage, unspent_msats: number }),
} as const;

type Facts = { readonly [Type in keyof typeof FACTS]: z.output<(typeof FACTS)[Type]>[] };

/** A record, folded. */
export interface RunView extends Facts {
  readonly entries: number;
  /** Of the last entry; it stands in the result's `trace` tag. */
  readonly hash: string;
  /** The first entry that does not follow from those before it; null when the record is whole. */
  readonly brokenAt: number | null;
  /** When each attempt at a step was over, Unix ms, in the order of `step`. */
  readonly stepAt_ms: readonly number[];
  readonly newest_ms: number | null;
}

const line = z.looseObject({ type: text });
const entry = z.looseObject({ seq: number, at_ms: number, hash: text, type: text });

/** Reads JSON Lines. Lines that tell costs follow from the steps and are passed over. @throws Error for what is none */
export function readRecord(jsonl: string): RunView {
  const facts: Facts = {
    ...{ run: [], step: [], version: [], check: [], comparison: [], directive: [], superseded: [] },
    ...{ question: [], answer: [], iteration: [], end: [] },
  };
  const stepAt_ms: number[] = [];
  let hash = TRACE_START;
  let count = 0;
  let brokenAt: number | null = null;
  let newest_ms: number | null = null;
  for (const one of jsonl.split('\n')) {
    if (one === '') continue;
    const raw = line.parse(JSON.parse(one));
    if (raw.type === 'cost') continue;
    const { seq, at_ms, hash: said, ...fact } = entry.parse(raw);
    hash = sha256Hex(`${hash}\n${canonicalJson(fact)}`);
    count += 1;
    if (brokenAt === null && (hash !== said || seq !== count)) brokenAt = count;
    newest_ms = at_ms;
    take(facts, fact);
    if (fact.type === 'step') stepAt_ms.push(at_ms);
  }
  return { ...facts, entries: count, hash, brokenAt, stepAt_ms, newest_ms };
}

function take(facts: Facts, fact: { readonly type: string }): void {
  for (const [type, schema] of Object.entries(FACTS)) {
    if (fact.type !== type) continue;
    const list: unknown[] = Reflect.get(facts, type);
    list.push(schema.parse(fact));
  }
}

/** What a role did and used. */
export interface RoleView {
  readonly role: string;
  readonly attempts: number;
  readonly failed: number;
  readonly tokens: number;
  readonly msats: number;
}

/** Who did what, in the order in which they first came to work; checks stand under `check`. */
export function rolesOf({ step }: Pick<RunView, 'step'>): readonly RoleView[] {
  const roles = new Map<string, RoleView>();
  for (const one of step) {
    const role = one.work === 'check' ? 'check' : one.role;
    const before = roles.get(role) ?? { role, attempts: 0, failed: 0, tokens: 0, msats: 0 };
    roles.set(role, {
      role,
      attempts: before.attempts + 1,
      failed: before.failed + (one.outcome === 'failed' ? 1 : 0),
      tokens: before.tokens + (one.usage?.tokens ?? 0),
      msats: before.msats + (one.usage?.msats ?? 0),
    });
  }
  return [...roles.values()];
}
