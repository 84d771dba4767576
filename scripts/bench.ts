/** `npm run bench`: what is fast, what it is held against, and whether the goals are met, in one table. */
import { cpus, loadavg } from 'node:os';
import {
  type Effort,
  measure,
  SUBJECTS,
  type Subject,
  type SubjectMeasures,
  typical,
} from '../test/bench/jobs.ts';
import { type MoneyEffort, paidJobRows } from '../test/bench/money/latency.ts';
import { lossRows } from '../test/bench/money/losses.ts';
import { rowsWrittenRows } from '../test/bench/money/rows-written.ts';
import { zapRows } from '../test/bench/money/zaps.ts';
import { jobRows, type Measured } from '../test/bench/rows.ts';
import { sandboxRows } from '../test/bench/sandbox.ts';
import { type SignatureTimes, signatureRows, timeSignatures } from '../test/bench/signatures.ts';
import { sizeRows } from '../test/bench/size.ts';
import { type Row, render } from '../test/bench/table.ts';
import { fail, readOptions } from './local/options.ts';

const PARTS = ['signatures', 'size', ...SUBJECTS, 'money', 'losses', 'sandbox'] as const;
type Part = (typeof PARTS)[number];

const USAGE = `npm run bench -- [--rounds 3] [--quick] [part ...]

  parts: ${PARTS.join(', ')} (default: all)
  money: paid jobs and what they cost; losses: who loses money in accidents (waits two minutes for others' timeouts)
  --rounds  every subject is measured this often, in turn; the medians are printed
  --quick   a tenth of the jobs, one round: to see that it works, not to compare
`;

const FULL = { warmUp: 200, single: 200, many: 2_000 };
const QUICK: Effort = { warmUp: 20, single: 20, many: 200, rounds: 1 };
const FULL_MONEY: MoneyEffort = { warmUp: 30, jobs: 200 };
const QUICK_MONEY: MoneyEffort = { warmUp: 10, jobs: 20 };

const options = readOptions(
  {
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '3' }, quick: { type: 'boolean', default: false } },
  },
  USAGE,
);
if (options !== undefined) {
  const { rounds, quick } = options.values;
  const wanted = PARTS.filter((part) => options.positionals.includes(part));
  if (wanted.length < options.positionals.length || !(Number(rounds) >= 1)) fail(USAGE.trimEnd());
  else {
    const effort = quick ? QUICK : { ...FULL, rounds: Number(rounds) };
    await main(wanted.length > 0 ? wanted : PARTS, effort, quick ? QUICK_MONEY : FULL_MONEY);
  }
}

async function main(parts: readonly Part[], effort: Effort, money: MoneyEffort): Promise<void> {
  const rows: Row[] = [];
  let time: SignatureTimes | undefined;
  if (parts.includes('signatures')) {
    say('signatures in workerd');
    time = await timeSignatures();
    rows.push(...signatureRows(time));
  }
  rows.push(
    ...jobRows(
      await measureAll(
        SUBJECTS.filter((subject) => parts.includes(subject)),
        effort,
      ),
      time,
    ),
  );
  if (parts.includes('size')) {
    say('size and start-up');
    rows.push(...(await sizeRows()));
  }
  if (parts.includes('money')) {
    rows.push(...(await paidJobRows(money, say)));
    say('zaps');
    rows.push(...(await zapRows(money)), ...(await rowsWrittenRows(money, say)));
  }
  if (parts.includes('sandbox')) {
    say('the sandbox');
    rows.push(...(await sandboxRows(effort.single)));
  }
  if (parts.includes('losses')) rows.push(...(await lossRows(say)));
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  // With others at work on the machine, ratios of one run still compare; figures of two runs do not.
  process.stdout.write(`\n${machine}, load at the end ${loadavg()[0]?.toFixed(1) ?? 'unknown'}\n`);
  process.stdout.write(`${render(rows)}\n`);
}

/** Every subject once a round, so that a slow minute of the machine hits all of them. */
async function measureAll(subjects: readonly Subject[], effort: Effort): Promise<Measured> {
  const rounds = new Map<Subject, SubjectMeasures[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= effort.rounds; round++) {
    for (const subject of subjects) {
      const found = await measure(subject, effort);
      const { single, many } = found;
      say(
        `round ${round}, ${subject}: p50 ${single.result.p50_ms.toFixed(1)} ms, ${many.jobsPerS.toFixed(0)} jobs/s, ` +
          `${many.cpu_ms.toFixed(2)} ms CPU a job`,
      );
      rounds.get(subject)?.push(found);
    }
  }
  return Object.fromEntries([...rounds].map(([subject, found]) => [subject, typical(found)]));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
