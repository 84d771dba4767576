import { describe, expect, test } from 'vitest';
import { alreadyVerified, type NostrEvent } from '../../src/nostr/event.ts';
import { type Rig, rig, START_S, signed } from './rig.ts';

const AGENT = 5;
const CLIENT = 1;
const request = signed(CLIENT, {
  kind: 7_001,
  tags: [
    ['p', signed(AGENT).pubkey],
    ['request', '{}'],
  ],
});

const answer = (kind: number, tags: string[][], by = AGENT) =>
  signed(by, { kind, created_at: START_S, tags: [['e', request.id], ['p', request.pubkey], ...tags] });
const processing = answer(7_000, [['status', 'processing', 'on it']]);
const delta = answer(27_001, [['seq', '0']]);
const due = answer(7_001, [['error', '{"code":"PAYMENT_REQUIRED","message":"pay"}']]);
const result = answer(7_001, [['result', '{}']]);
const failure = answer(7_001, [['error', '{"code":"AGENT_ERROR","message":"no"}']]);

function follow(world: Rig, jobId = request.id, afterSeq = 0, live = true) {
  let text = '';
  let ended = false;
  const stop = world.relay.follow(jobId, afterSeq, live, {
    write: (piece) => {
      text += piece;
    },
    end: () => {
      ended = true;
    },
  });
  return {
    stop,
    get ended() {
      return ended;
    },
    /** What an EventSource would hand out: type, last id, and the event. */
    get events() {
      return text
        .split('\n\n')
        .slice(0, -1)
        .map((block) => {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
          return [field('event'), field('id'), JSON.parse(field('data') ?? 'null').id];
        });
    },
  };
}
const ours = (world: Rig, ...events: NostrEvent[]) => world.relay.publish(events.map(alreadyVerified));

describe('the events of a job', () => {
  test('stored ones first with their sequence numbers, then live ones, deltas without a number, end after the result', () => {
    const world = rig();
    world.client().say(['EVENT', request]);
    ours(world, processing, due);
    const stream = follow(world);
    ours(world, delta);
    expect(stream.ended).toBe(false);
    ours(world, result, answer(7_000, [['status', 'success']]));
    expect(stream.events).toEqual([
      ['feedback', '2', processing.id],
      ['result', '3', due.id],
      ['delta', undefined, delta.id],
      ['result', '4', result.id],
    ]);
    expect(stream.ended).toBe(true);
    expect(world.relay.subscriptions).toBe(0);
  });

  test('of a sealed job go on after a demand for payment, which only its client can tell from an end', () => {
    const world = rig();
    const sealed = signed(CLIENT, {
      kind: 7_001,
      tags: [['p', signed(AGENT).pubkey], ['encrypted']],
      content: 'sealed',
    });
    const told = (kind: number, tags: string[][], content: string) =>
      signed(AGENT, {
        kind,
        created_at: START_S,
        tags: [['e', sealed.id], ['p', sealed.pubkey], ...tags, ['encrypted']],
        content,
      });
    const demand = [
      told(
        7_000,
        [
          ['status', 'payment-required'],
          ['amount', '21000', 'lnbc1'],
        ],
        'sealed demand',
      ),
      told(7_001, [], 'sealed error'),
    ];
    ours(world, sealed, ...demand);
    const stream = follow(world, sealed.id);
    expect(stream.ended).toBe(false);
    ours(world, told(7_001, [], 'sealed result'));
    expect([stream.ended, stream.events.length]).toEqual([true, 3]);
    // Also to whoever comes behind the demand.
    expect(follow(world, sealed.id, 3).ended).toBe(true);
  });

  test('resume after the last number, and end at once when the job had ended before it', () => {
    const world = rig();
    ours(world, request, processing, failure);
    expect(follow(world, request.id, 2).events).toEqual([['result', '3', failure.id]]);
    const late = follow(world, request.id, 3);
    expect([late.events, late.ended]).toEqual([[], true]);
    expect(world.relay.subscriptions).toBe(0);
  });

  test('answers of strangers are neither shown nor believed, those of a named agent are', () => {
    const world = rig();
    const writer = world.client();
    writer.say(['EVENT', request]);
    const stream = follow(world);
    writer.say(['EVENT', answer(7_001, [['result', '{"forged":true}']], 9)]);
    expect([stream.events, stream.ended]).toEqual([[], false]);
    writer.say(['EVENT', result]);
    expect([stream.events.length, stream.ended]).toEqual([1, true]);
  });

  test('a NIP-90 job ends by its result kind or by feedback with status error', () => {
    for (const kind of [6_300, 7_000]) {
      const world = rig();
      const asked = signed(CLIENT, { kind: 5_300 });
      const end = signed(AGENT, {
        kind,
        tags: [
          ['e', asked.id],
          ['status', 'error', 'no'],
        ],
      });
      ours(world, asked);
      const stream = follow(world, asked.id);
      ours(world, end);
      expect([stream.events, stream.ended]).toEqual([
        [[kind === 7_000 ? 'feedback' : 'result', '2', end.id]],
        true,
      ]);
    }
  });

  test('ends when the client calls the job off, and at nobody else’s deletion', () => {
    const world = rig();
    const writer = world.client();
    writer.say(['EVENT', request]);
    const stream = follow(world);
    const deletion = (by: number) => signed(by, { kind: 5, tags: [['e', request.id]] });
    writer.say(['EVENT', deletion(9)]);
    expect(stream.ended).toBe(false);
    writer.say(['EVENT', deletion(CLIENT)]);
    expect([stream.events, stream.ended]).toEqual([[], true]);
    expect(follow(world).ended).toBe(true);
    expect(world.relay.subscriptions).toBe(0);
  });

  test('a job that has nothing more to tell ends after what is stored, though that is no result', () => {
    const world = rig();
    ours(world, request, processing);
    const stream = follow(world, request.id, 0, false);
    expect([stream.events, stream.ended]).toEqual([[['feedback', '2', processing.id]], true]);
    expect(world.relay.subscriptions).toBe(0);
  });

  test('a stream that is stopped hears nothing more', () => {
    const world = rig();
    const stream = follow(world);
    stream.stop();
    ours(world, result);
    expect([stream.events, world.relay.subscriptions]).toEqual([[], 0]);
  });
});
