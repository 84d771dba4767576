/** One seeded story of a run: what its client does to it and when, played in a troubled world, and what must then be true. */
import { expect } from 'vitest';
import type { TeamDesk } from '../../../../src/agent/team/desk/desk.ts';
import { brokenAt, type TraceEntry } from '../../../../src/agent/team/trace.ts';
import type { NostrEvent } from '../../../../src/nostr/event.ts';
import { endsJob } from '../../../support/client.ts';
import { MADE, Staff } from './staff.ts';
import { CALM, TeamWorld, type Trouble } from './world.ts';

/** What stands in the words of the client, and nowhere else. */
export const ASKED = 'bandicoot-request';
const SAID = [
  'pause',
  'resume',
  'Write in verse.',
  '@writer mention their ears',
  '#1: Write in prose.',
  'budget: 9 sats',
  'budget: 40 sats',
  'cadence: 2 minutes',
  'quiet: 00:00-23:00 Europe/Berlin',
];
/** What these may have raised it to. */
const RAISES_MSATS = [9_000, 40_000];
const STOPS = ['finish', 'cancel'];

export interface Story {
  readonly world: TeamWorld;
  readonly request: NostrEvent;
  /** The job was called off by a deletion, and when that was stored. */
  readonly calledOff: { readonly signedBefore: number } | null;
  readonly entries: readonly TraceEntry[];
}

/** @param busy whether the client says anything */
export async function play(
  seed: number,
  trouble: Trouble,
  busy: boolean,
  mutate?: (desk: TeamDesk) => void,
): Promise<Story> {
  const world = new TeamWorld(seed, trouble, new Staff(seed, busy ? 0.25 : 0.1), mutate);
  const dice = world.chance.bind(world);
  const wait = (max_ms: number) => world.random() * max_ms;
  const budget_sats = busy ? 3 + Math.floor(world.random() * 18) : 20;
  const mail = busy && dice(0.3) ? { mail: 'reader@mail.test' } : {};
  const expires_s = Math.floor((world.now_ms + wait(400_000)) / 1_000);
  const expiring = busy && dice(0.2) ? [['expiration', String(expires_s)]] : [];
  const request = world.request(ASKED, { budget_sats, ...mail }, expiring);
  // Sometimes there is too little at first, or nothing for a raise.
  world.zap(request.id, busy && dice(0.3) ? 2 : budget_sats + (dice(0.5) ? 30 : 0), 0);
  world.zap(request.id, 60, wait(400_000));
  world.deliver(request);
  if (busy && dice(0.3)) world.deliver(request, wait(60_000));
  let calledOff: Story['calledOff'] = null;
  if (busy) {
    for (let i = 0, many = Math.floor(world.random() * 7); i < many; i++) speak(world, request.id, i);
    if (dice(0.15))
      world.cancel(request.id, wait(400_000), () => {
        calledOff ??= { signedBefore: signedOf(world, request.id) };
      });
  }
  for (let i = 0; i < 80 && !(await world.pass(5)); i++) if (dice(trouble.crash)) world.crash();
  world.trouble = CALM;
  for (let i = 0; i < 6; i++) {
    expect(await world.pass(6_000), `seed ${seed}: something is never done`).toBe(true);
    const open = world.asked.filter((id) => !isOver(world, id));
    for (const id of open)
      world.say(id, { source: `on ${i} ${id}`, sentAt_ms: world.now_ms, text: 'resume' }, 0);
  }
  return { world, request, calledOff, entries: world.entries(request.id) };
}

/** Words in some way at some time, perhaps twice. */
function speak(world: TeamWorld, jobId: string, i: number): void {
  const stop = world.chance(0.15);
  const among = stop ? STOPS : SAID;
  const text = among[Math.floor(world.random() * among.length)] ?? '';
  const after_ms = world.random() * 400_000;
  const way = world.random();
  const words = { source: `words ${i}`, sentAt_ms: world.now_ms + world.random() * 400_000, text };
  const times = world.chance(0.4) ? 2 : 1;
  for (let time = 0; time < times; time++) {
    const at_ms = after_ms + time * world.random() * 60_000;
    if (way < 0.3) world.deliver(world.request(text, {}, [['nonce', String(i)]]), at_ms);
    else if (way < 0.5) world.mail(jobId, { ...words, text: time === 0 ? `yes\n\n${text}` : text }, at_ms);
    else world.say(way < 0.7 ? null : jobId, words, at_ms);
  }
}

function isOver(world: TeamWorld, id: string): boolean {
  return !['waiting', 'running'].includes(world.record.get(id)?.phase ?? 'waiting');
}

function signedOf(world: TeamWorld, id: string): number {
  // A direct message does not say of which run it is.
  const alone = world.asked.length === 1;
  return world.signed.filter(({ job }) => job === id || (alone && job === null)).length;
}

/** Everything that must be true of a story that is over. @returns how its run ended */
export function judge(story: Story, seed: number): string {
  const { world, request } = story;
  const say = (what: string) => `seed ${seed}: ${what}`;
  expect(world.faults, say('the session did what must not be')).toEqual([]);
  let spent = 0n;
  // What is said when no run is under way is a request for one.
  for (const id of world.asked) {
    const phase = judgeJob(world, id, say);
    if (phase !== 'failed') spent += BigInt(world.spent(id));
  }
  const { books, credit, income } = world.purse;
  const charged = books.balance('revenue') + books.balance('transit:ann@owner.test');
  expect(charged, say('charged')).toBe(spent);
  expect(credit, say('the rest is credit')).toBe(income - charged);
  expect(sumOf(books.balances()), say('the ledger')).toBe(0n);
  const reports = world.asked.flatMap((id) => (isSilent(world, id) ? [] : reportsOf(world, id)));
  const messages = world.messages.map((text) => Number(/Report (\d+)/.exec(text)?.[1]));
  if (!world.asked.some((id) => isSilent(world, id)))
    expect(messages.sort(byNumber), say('messages')).toEqual(reports.sort(byNumber));
  const { calledOff } = story;
  if (calledOff !== null && isSilent(world, request.id))
    expect(signedOf(world, request.id), say('told after it was called off')).toBe(calledOff.signedBefore);
  return `${world.record.get(request.id)?.phase} ${world.run(request.id)?.outcome?.reason ?? ''}`;
}

function judgeJob(world: TeamWorld, id: string, say: (what: string) => string): string {
  const phase = world.record.get(id)?.phase ?? 'never taken';
  const run = world.run(id);
  expect(['delivered', 'failed', 'cancelled', 'expired'], say('it ends')).toContain(phase);
  const ends = world
    .told()
    .filter((event) => isOf(event, id) && endsJob({ ...event, tags: event.tags.map((tag) => [...tag]) }));
  // Who was asked for money and paid none hears nothing more.
  const isUnpaid = world.record.get(id)?.error === 'PAYMENT_REQUIRED';
  expect(ends.length, say(`ends of a ${phase} job`)).toBe(phase === 'cancelled' || isUnpaid ? 0 : 1);
  expect(world.purse.books.balance(`job:${id}`), say('money stuck')).toBe(0n);
  if (run === null) return phase;
  expect(run.phase, say(`the run ends with its ${phase} job`)).toBe('ended');
  expect(run.outcome?.spent.msats, say('spent')).toBeLessThanOrEqual(run.funded_msats);
  const raised = RAISES_MSATS.filter((to) => world.purse.books.has(`reserve:${id}/to:${to}`));
  if (phase === 'delivered')
    expect(Math.max(0, ...raised), say('raised for nothing')).toBeLessThanOrEqual(run.funded_msats);
  const entries = world.wholeEntries(id);
  expect(brokenAt(entries), say('the record is whole')).toBeNull();
  const sources = entries.flatMap(({ fact }) => (fact.type === 'message' ? [fact.source] : []));
  expect(new Set(sources).size, say('words count once')).toBe(sources.length);
  expect(entries.filter(({ fact }) => fact.type === 'end').length, say('one end')).toBe(1);
  const costs = entries.map(({ fact }) => (fact.type === 'step' ? (fact.usage?.msats ?? 0) : 0));
  expect(
    costs.reduce((a, b) => a + b),
    say('the record has what was spent'),
  ).toBe(run.outcome?.spent.msats);
  const all = Array.from({ length: run.reporter.count }, (_, i) => i + 1);
  if (phase !== 'cancelled') expect(reportsOf(world, id).sort(byNumber), say('reports')).toEqual(all);
  return phase;
}

function reportsOf(world: TeamWorld, id: string): number[] {
  return world
    .told()
    .filter((event) => event.kind === 7000 && isOf(event, id) && hasTag(event, 'report'))
    .map(({ content }) => Number(/Report (\d+)/.exec(content)?.[1]));
}

function isSilent(world: TeamWorld, id: string): boolean {
  return world.record.get(id)?.phase === 'cancelled';
}

/** What came in from the wallet stands on the other accounts. */
function sumOf(balances: ReadonlyMap<string, bigint>): bigint {
  let sum = 0n;
  for (const [account, amount] of balances) sum += account === 'wallet' ? -amount : amount;
  return sum;
}

/** The client erases what has ended: nothing of it is left in any table. */
export async function erase({ world, request }: Story, seed: number): Promise<void> {
  // A later run of the same conversation quotes the earlier one.
  for (const id of world.asked) world.cancel(id, 0);
  expect(await world.pass(6_000), `seed ${seed}: erasing`).toBe(true);
  expect(world.run(request.id), `seed ${seed}: the run is erased`).toBeNull();
  const stored = world.stored();
  for (const secret of [ASKED, MADE]) expect(stored.includes(secret), `seed ${seed}: ${secret}`).toBe(false);
}

function byNumber(a: number, b: number): number {
  return a - b;
}

function isOf({ tags }: NostrEvent, id: string): boolean {
  return tags.some(([name, value]) => name === 'e' && value === id);
}

function hasTag({ tags }: NostrEvent, name: string): boolean {
  return tags.some(([one]) => one === name);
}
