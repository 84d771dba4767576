/** `errand team`: what teams of yours did (docs/teams.md). */
import * as z from 'zod';
import { tagValue, type VerifiedEvent } from '../../src/nostr/event.ts';
import { KIND } from '../../src/nostr/kinds.ts';
import { parseJson } from '../../src/protocol/json.ts';
import { EXIT, UsageError } from '../exit.ts';
import { satsOf } from '../job-screen.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS } from '../settings.ts';
import type { Call, CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

/** Reports that are asked for when runs are looked for. */
const REPORTS_LIMIT = 500;
const FLAGS = { ...KEY_FLAGS, ...PLACE_FLAGS, ...OUTPUT_FLAGS };

/** What is read of a report; more stands in it. */
const reportData = z.looseObject({
  number: z.number(),
  state: z.string(),
  iteration: z.number(),
  spent: z.looseObject({ msats: z.number() }),
  budget: z.looseObject({ msats: z.number() }),
  ended: z.string().nullable(),
});

export const teamRuns: CommandSpec = {
  name: 'team runs',
  summary: 'lists your runs of teams',
  usage: '',
  arguments: [0, 0],
  about: `Lists the runs that teams have reported to you, by their newest report, over Nostr alone. Encrypted runs are not seen here.`,
  flags: FLAGS,
  examples: [['errand team runs', 'what is under way']],
  async run({ world }) {
    const me = await (await world.signer()).getPublicKey();
    const relays = await world.relays();
    const events = await relays.query([{ kinds: [KIND.jobFeedback], '#p': [me], limit: REPORTS_LIMIT }]);
    const runs = newestReports(events);
    for (const { job, team, data } of runs) world.screen.line({ type: 'run', job, team, report: data });
    if (runs.length === 0) world.screen.note('no team has reported to you here');
    else
      world.screen.table([
        ['JOB', 'STATE', 'ROUND', 'SPENT', 'BUDGET'],
        ...runs.map(({ job, data }) => [
          job,
          data.ended ?? data.state,
          String(data.iteration),
          satsOf(data.spent.msats),
          satsOf(data.budget.msats),
        ]),
      ]);
    return EXIT.done;
  },
};

function newestReports(events: readonly VerifiedEvent[]) {
  const runs = new Map<
    string,
    { job: string; team: string; at_s: number; data: z.output<typeof reportData> }
  >();
  for (const event of events) {
    const job = tagValue(event, 'e');
    const data = reportData.safeParse(parseJson(tagValue(event, 'report')));
    if (job === undefined || !data.success) continue;
    const known = runs.get(job);
    if (known !== undefined && known.data.number >= data.data.number) continue;
    runs.set(job, { job, team: event.pubkey, at_s: event.created_at, data: data.data });
  }
  return [...runs.values()].sort((a, b) => b.at_s - a.at_s);
}

export const teamReport: CommandSpec = {
  name: 'team report',
  summary: 'prints the whole report of a run',
  usage: 'JOB',
  arguments: [1, 1],
  about: 'Prints the record of a run as one document in Markdown. Only who asked for the job can read it.',
  flags: FLAGS,
  examples: [['errand team report 5f0c… > report.md', 'keep it']],
  run: async (call) => await printed(call, 'report.md'),
};

export const teamTrace: CommandSpec = {
  name: 'team trace',
  summary: 'prints the record of a run, JSON Lines',
  usage: 'JOB',
  arguments: [1, 1],
  about: `Prints every entry of a run's record in order: versions, comparisons, directives, steps, each with a hash over what came before. The trace tag of the result has the last hash.`,
  flags: FLAGS,
  examples: [['errand team trace 5f0c… | jq .type', 'what happened']],
  run: async (call) => await printed(call, 'trace'),
};

export const teamVersions: CommandSpec = {
  name: 'team versions',
  summary: 'lists the versions of a run and how they were compared',
  usage: 'JOB',
  arguments: [1, 1],
  about:
    'Lists the versions that were made, by whom in which round, and what the judge or a check said of them.',
  flags: FLAGS,
  examples: [['errand team versions 5f0c…', 'how it became better']],
  async run(call) {
    return await listed(call, ['version', 'comparison', 'check', 'iteration']);
  },
};

export const teamDirectives: CommandSpec = {
  name: 'team directives',
  summary: 'lists what a run was told',
  usage: 'JOB',
  arguments: [1, 1],
  about:
    'Lists the directives of a run, its questions, and what was answered. errand reply gives it another.',
  flags: FLAGS,
  examples: [['errand team directives 5f0c…', 'what it works by']],
  async run(call) {
    return await listed(call, ['directive', 'superseded', 'message', 'question', 'answer']);
  },
};

async function read({ args: [job = ''], world }: Call, what: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/.test(job))
    throw new UsageError(`${job} is no job: name one by the id of its request, 64 hex characters`);
  return await world.http().text(`/jobs/${job}/${what}`, { signer: await world.signer() });
}

async function printed(call: Call, what: string): Promise<number> {
  const text = await read(call, what);
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return EXIT.done;
}

const entry = z.looseObject({ type: z.string() });

async function listed(call: Call, types: readonly string[]): Promise<number> {
  const lines = (await read(call, 'trace')).split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const fact = entry.safeParse(parseJson(line));
    if (!fact.success || !types.includes(fact.data.type)) continue;
    show(call.world, fact.data);
  }
  return EXIT.done;
}

/** Long texts are named by their beginning: the record has them whole. */
const SHOWN_CHARS = 200;

function show(world: World, fact: z.output<typeof entry>): void {
  world.screen.line(fact);
  const { type, seq: _seq, at_ms: _at, hash: _hash, ...members } = fact;
  const words = Object.entries(members).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
    return `  ${name}: ${short.replaceAll('\n', '\n    ')}`;
  });
  world.screen.result([type, ...words].join('\n'));
}
