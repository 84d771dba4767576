/** `npm run bench`: what is fast, what it is held against, and whether the goals are met, in one table. */
import { cpus, loadavg } from 'node:os';
import { type CrowdEffort, crowdRows } from '../test/bench/agents/crowd.ts';
import { type StepsEffort, stepRows } from '../test/bench/agents/steps.ts';
import { agentWrittenRows, type WrittenEffort } from '../test/bench/agents/written.ts';
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
import { pageRows } from '../test/bench/pages.ts';
import { jobRows, type Measured } from '../test/bench/rows.ts';
import { sandboxRows } from '../test/bench/sandbox/rows.ts';
import { type SignatureTimes, signatureRows, timeSignatures } from '../test/bench/signatures.ts';
import { sizeRows } from '../test/bench/size.ts';
import { type Row, render } from '../test/bench/table.ts';
import { fail, readOptions } from './local/options.ts';

const PARTS = [
  'signatures',
  'size',
  ...SUBJECTS,
  'money',
  'losses',
  'agents',
  'crowd',
  'sandbox',
  'pages',
] as const;
type Part = (typeof PARTS)[number];

const USAGE = `npm run bench -- [--rounds 3] [--quick] [--idle 1000] [--active 50] [--answer 200] [part ...]

  parts: ${PARTS.join(', ')} (default: all)
  money: paid jobs and what they cost; losses: who loses money in accidents (waits two minutes for others' timeouts)
  agents: what a step of an agent and of a team adds to the model's time, and what it writes
  pages: what Lighthouse says of the market and of a job's page, on a phone as it simulates one
  crowd: a thousand team runs at rest and 50 at work: memory, and how long small jobs take meanwhile (three minutes)
  --rounds  every subject is measured this often, in turn; the medians are printed
  --idle, --active, --answer  of the crowd: runs at rest, runs at work, ms the model takes (1000, 50, 200)
  --quick   a tenth of the jobs, one round: to see that it works, not to compare
`;

interface Efforts {
  readonly jobs: Effort;
  readonly money: MoneyEffort;
  readonly agents: StepsEffort & WrittenEffort;
  readonly crowd: CrowdEffort;
}

/** Objects are let go of after about 70 s. */
const FULL: Efforts = {
  jobs: { warmUp: 200, single: 200, many: 2_000, rounds: 3 },
  money: { warmUp: 30, jobs: 200 },
  agents: { runs: 20, messages: 10, iterations: 12 },
  crowd: { idle: 1_000, active: 50, answer_ms: 200, jobs: 1_000, letGo_ms: 90_000 },
};
const QUICK: Efforts = {
  jobs: { warmUp: 20, single: 20, many: 200, rounds: 1 },
  money: { warmUp: 10, jobs: 20 },
  agents: { runs: 2, messages: 2, iterations: 4 },
  crowd: { idle: 20, active: 4, answer_ms: 200, jobs: 100, letGo_ms: 1_000 },
};

const options = readOptions(
  {
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      idle: { type: 'string' },
      active: { type: 'string' },
      answer: { type: 'string' },
    },
  },
  USAGE,
);
if (options !== undefined) {
  const { quick, ...values } = options.values;
  const wanted = PARTS.filter((part) => options.positionals.includes(part));
  const usual = quick ? QUICK : FULL;
  const number = (text: string | undefined, otherwise: number) => Number(text ?? otherwise);
  const rounds = quick ? usual.jobs.rounds : number(values.rounds, usual.jobs.rounds);
  const idle = number(values.idle, usual.crowd.idle);
  const active = number(values.active, usual.crowd.active);
  const answer_ms = number(values.answer, usual.crowd.answer_ms);
  const areNumbers = rounds >= 1 && idle >= 1 && active >= 1 && answer_ms >= 0;
  if (wanted.length < options.positionals.length || !areNumbers) fail(USAGE.trimEnd());
  else {
    await main(wanted.length > 0 ? wanted : PARTS, {
      ...usual,
      jobs: { ...usual.jobs, rounds },
      crowd: { ...usual.crowd, idle, active, answer_ms },
    });
  }
}

async function main(parts: readonly Part[], efforts: Efforts): Promise<void> {
  const { jobs, money, agents, crowd } = efforts;
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
        jobs,
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
    rows.push(...(await sandboxRows(jobs.single)));
  }
  if (parts.includes('pages')) rows.push(...(await pageRows(say)));
  if (parts.includes('losses')) rows.push(...(await lossRows(say)));
  if (parts.includes('agents')) {
    say('steps of agents and teams');
    rows.push(...(await stepRows(agents, say)), ...(await agentWrittenRows(agents, say)));
  }
  if (parts.includes('crowd')) {
    say('a crowd of team runs');
    rows.push(...(await crowdRows(crowd, say)));
  }
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
