/** The rows of the job benches, with the goals of the issue that asked for them. */
import { IN_FLIGHT, type Measure, type Subject, type SubjectMeasures } from './jobs.ts';
import type { SignatureTimes } from './signatures.ts';
import type { Row } from './table.ts';

const NAMES: Readonly<Record<Subject, string>> = {
  'errand-embedded': 'errand, embedded relay',
  errand: 'errand, outside relay',
  'nostr-tools': '(a) nostr-tools, outside relay',
  ndk: '(b) NDK, outside relay',
  contextvm: '(c) ContextVM, outside relay',
};

/** Signatures a job cannot do without: the request verified, progress and result signed. */
const VERIFIES = 1;
const SIGNS = 2;

export type Measured = Partial<Readonly<Record<Subject, SubjectMeasures>>>;

/** Every subject that was measured, then what the goals say about errand. */
export function jobRows(measured: Measured, time: SignatureTimes | undefined): Row[] {
  const rows = subjects(measured).flatMap(([subject, { single, many }]) => [
    ...latencyRows(`${NAMES[subject]}, 1 in flight`, single),
    ...latencyRows(`${NAMES[subject]}, ${IN_FLIGHT} in flight`, many),
    { name: `${NAMES[subject]}: jobs/s at ${IN_FLIGHT}`, value: many.jobsPerS, unit: '/s' },
    { name: `${NAMES[subject]}: CPU a job`, value: many.cpu_ms, unit: 'ms' },
  ]);
  return [...rows, ...goalRows(measured), ...(time === undefined ? [] : floorRows(measured, time))];
}

function subjects(measured: Measured): [Subject, SubjectMeasures][] {
  const names: readonly Subject[] = ['errand-embedded', 'errand', 'nostr-tools', 'ndk', 'contextvm'];
  return names.flatMap((name) => {
    const found = measured[name];
    return found === undefined ? [] : [[name, found] satisfies [Subject, SubjectMeasures]];
  });
}

function latencyRows(name: string, { processing, result }: Measure): Row[] {
  const row = (what: string, value: number): Row => ({ name: `${name}: ${what}`, value, unit: 'ms' });
  return [
    ...(processing === undefined
      ? []
      : [row('to processing p50', processing.p50_ms), row('to processing p99', processing.p99_ms)]),
    row('to result p50', result.p50_ms),
    row('to result p99', result.p99_ms),
  ];
}

function goalRows(measured: Measured): Row[] {
  const rows: Row[] = [];
  const speed = (ours: Subject, theirs: Subject, goal: NonNullable<Row['goal']>) => {
    const [us, them] = [measured[ours], measured[theirs]];
    if (us === undefined || them === undefined) return;
    rows.push({
      name: `goal: jobs/s, ${NAMES[ours]}`,
      value: us.many.jobsPerS,
      unit: '/s',
      reference: { name: NAMES[theirs], value: them.many.jobsPerS },
      goal,
    });
  };
  speed('errand', 'nostr-tools', { atLeast: 1 });
  speed('errand', 'ndk', { above: 1 });
  speed('errand', 'contextvm', { above: 1 });
  speed('errand-embedded', 'nostr-tools', { atLeast: 3 });
  const [us, them] = [measured['errand-embedded'], measured['nostr-tools']];
  if (us !== undefined && them !== undefined) {
    rows.push({
      name: `goal: p50 to result, 1 in flight, ${NAMES['errand-embedded']}`,
      value: us.single.result.p50_ms,
      unit: 'ms',
      reference: { name: NAMES['nostr-tools'], value: them.single.result.p50_ms },
      goal: { atMost: 0.5 },
    });
  }
  return rows;
}

function floorRows(measured: Measured, time: SignatureTimes): Row[] {
  const floor_ms = VERIFIES * time.verify.wasm_ms + SIGNS * time.sign.wasm_ms;
  const names: readonly Subject[] = ['errand-embedded', 'errand'];
  const rows: Row[] = [
    { name: `crypto floor: ${VERIFIES} verify + ${SIGNS} signs`, value: floor_ms, unit: 'ms' },
  ];
  for (const name of names) {
    const ours = measured[name];
    if (ours === undefined) continue;
    rows.push({
      name: `goal: CPU a job, ${NAMES[name]}`,
      value: ours.many.cpu_ms,
      unit: 'ms',
      reference: { name: 'crypto floor', value: floor_ms },
      goal: { atMost: 4 },
    });
  }
  return rows;
}
