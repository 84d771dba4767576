/**
 * Goal: a client keeps what it wants through losses, verifies what comes, and hears when nobody answers; several relays are
 * one.
 * Method: relays of the test behind the dialling port, which lose connections, lie and refuse; time is the test's own.
 * Not proved: sockets; test/e2e/cli.test.ts has them.
 */
import { describe, expect, test } from 'vitest';
import { Following, findRequest, jobOf, readJob } from '../../src/client/follow.ts';
import type { ClientPorts } from '../../src/client/ports.ts';
import { ClientRelays } from '../../src/client/relays.ts';
import { keySigner } from '../../src/client/signer.ts';
import type { SocketHandlers } from '../../src/link/ports.ts';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { encryptNip44 } from '../../src/nostr/nip44.ts';
import { person, signedBy } from '../support/events.ts';

/** A relay in the same process. It stores what it is given and tells it to who asks, whatever was asked. */
class Relay {
  readonly events: NostrEvent[] = [];
  dials = 0;
  refuses: string | null = null;
  answers = true;
  #sockets: { handlers: SocketHandlers; subscriptions: Set<string> }[] = [];

  open(handlers: SocketHandlers) {
    this.dials++;
    const socket = { handlers, subscriptions: new Set<string>() };
    this.#sockets.push(socket);
    const say = (...message: unknown[]) => queueMicrotask(() => handlers.frame(JSON.stringify(message)));
    queueMicrotask(() => handlers.open());
    return {
      send: (text: string) => {
        const [type, first] = JSON.parse(text);
        if (!this.answers) return;
        if (type === 'EVENT') say('OK', first.id, this.refuses === null, this.refuses ?? '');
        if (type === 'EVENT' && this.refuses === null) this.events.push(first);
        if (type === 'CLOSE') socket.subscriptions.delete(first);
        if (type !== 'REQ') return;
        socket.subscriptions.add(first);
        for (const event of this.events) say('EVENT', first, event);
        say('EOSE', first);
      },
      close: () => {
        this.#sockets = this.#sockets.filter((one) => one !== socket);
      },
    };
  }

  tell(event: NostrEvent): void {
    this.events.push(event);
    for (const { handlers, subscriptions } of this.#sockets)
      for (const id of subscriptions) handlers.frame(JSON.stringify(['EVENT', id, event]));
  }

  lose(): void {
    const lost = this.#sockets;
    this.#sockets = [];
    for (const { handlers } of lost) handlers.closed('closed with 1006');
  }
}

/** Time that moves when it is told to. */
function world(relays: Record<string, Relay>) {
  let now = 1_800_000_000_000;
  let timers: { at: number; work: () => void }[] = [];
  const ports: ClientPorts = {
    now: () => now,
    random: () => 0.5,
    after: (delay, work) => {
      const timer = { at: now + delay, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    dial: (url, handlers) => {
      const relay = relays[url];
      if (relay !== undefined) return relay.open(handlers);
      queueMicrotask(() => handlers.closed('connection refused'));
      return { send: () => undefined, close: () => undefined };
    },
  };
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const pass = async (ms: number) => {
    now += ms;
    const due = timers.filter(({ at }) => at <= now);
    timers = timers.filter(({ at }) => at > now);
    for (const { work } of due) work();
    await settle();
  };
  return { ports, pass, settle };
}

const request = signedBy('client', {
  kind: 7001,
  tags: [
    ['p', person('agent').publicKey],
    ['request', '{}'],
  ],
});
const answer = (content: string, by = 'agent') =>
  signedBy(by, {
    kind: 7001,
    created_at: 1_800_000_001,
    tags: [
      ['e', request.id],
      ['result', '{}'],
    ],
    content,
  });
const A = 'wss://a.test';
const B = 'wss://b.test';

describe('following', () => {
  test('goes on after a loss, and hears what was said meanwhile', async () => {
    const relay = new Relay();
    const { ports, pass, settle } = world({ [A]: relay });
    const troubles: string[] = [];
    const following = new Following(jobOf(request, null), {
      relays: new ClientRelays([A], ports),
      ports,
      signer: null,
      troubled: (reason) => troubles.push(reason),
    });
    await settle();
    relay.lose();
    await settle();
    expect(troubles).toEqual(['closed with 1006']);
    relay.events.push(answer('while you were out'));
    expect(following.view.phase).toBe('posted');
    await pass(1_000);
    expect(following.view).toMatchObject({ phase: 'done', result: { content: 'while you were out' } });
    expect(relay.dials).toBe(2);
    following.stop();
    relay.lose();
    await pass(60_000);
    expect(relay.dials).toBe(2);
  });

  test('lets nothing in that is forged or by somebody else, and counts what two relays tell once', async () => {
    const [a, b] = [new Relay(), new Relay()];
    const { ports, settle } = world({ [A]: a, [B]: b });
    const heard: string[] = [];
    const following = new Following(jobOf(request, null), {
      relays: new ClientRelays([A, B], ports),
      ports,
      signer: null,
      changed: (_, { event }) => heard.push(event.content),
    });
    await settle();
    a.tell({ ...answer('forged'), sig: answer('other').sig });
    a.tell(answer('a stranger', 'mallory'));
    b.tell(answer('the agent'));
    a.tell(answer('the agent'));
    await settle();
    expect(heard).toEqual(['the agent']);
    expect(following.view.result?.content).toBe('the agent');
  });

  test('opens what is sealed for its client, and keeps what it cannot open', async () => {
    const relay = new Relay();
    const { ports, settle } = world({ [A]: relay });
    const tags = [['e', request.id], ['encrypted']];
    const text = JSON.stringify([
      ['result', '{}'],
      ['content', 'for you'],
    ]);
    const content = encryptNip44(text, person('agent'), person('client').publicKey);
    const sealed = signedBy('agent', { kind: 7001, tags, content });
    relay.events.push(sealed, signedBy('agent', { kind: 7000, tags, content: 'no cipher' }));
    const relays = new ClientRelays([A], ports);
    const following = new Following(jobOf(request, null), {
      relays,
      ports,
      signer: keySigner(person('client')),
    });
    const view = await following.end();
    await settle();
    expect(view.result?.content).toBe('for you');
    expect(following.view.events.map(({ said }) => said !== null).sort()).toEqual([false, true]);
    const blind = await readJob(jobOf(request, null), relays, null);
    expect(blind).toMatchObject({ phase: 'posted', result: null });
  });

  test('ends a wait by its time', async () => {
    const { ports, pass } = world({ [A]: new Relay() });
    const relays = new ClientRelays([A], ports);
    const end = new Following(jobOf(request, null), { relays, ports, signer: null }).end(5_000);
    const failed = expect(end).rejects.toMatchObject({ code: 'TIMEOUT' });
    await pass(5_000);
    await failed;
  });
});

describe('several relays', () => {
  test('take an event when one of them does, and each says why not', async () => {
    const [a, b] = [new Relay(), new Relay()];
    b.refuses = 'blocked: not you';
    const { ports } = world({ [A]: a, [B]: b });
    expect(await new ClientRelays([A, B], ports).publish(request)).toEqual({
      taken: [A],
      refused: [{ relay: B, reason: 'blocked: not you' }],
    });
    b.refuses = 'duplicate: had it';
    expect(await new ClientRelays([B], ports).publish(request)).toMatchObject({ taken: [B] });
  });

  test('that none of them can be reached is said with what each said', async () => {
    const { ports } = world({});
    const relays = new ClientRelays([A, `${B}/`], ports);
    const said = { code: 'RELAY', message: expect.stringContaining(`${B}: error: connection refused`) };
    await expect(relays.publish(request)).rejects.toMatchObject(said);
    await expect(findRequest(relays, request.id)).rejects.toMatchObject({ code: 'RELAY' });
  });

  test('a relay that never ends its answer does not hold up the others', async () => {
    const [a, b] = [new Relay(), new Relay()];
    a.answers = false;
    b.events.push(request);
    const { ports, pass } = world({ [A]: a, [B]: b });
    const found = findRequest(new ClientRelays([A, B], ports), request.id);
    await pass(0);
    await pass(10_000);
    expect(await found).toEqual(request);
  });

  test('what is no relay is named', () => {
    const { ports } = world({});
    expect(() => new ClientRelays(['https://x'], ports)).toThrow('https://x is no relay');
    expect(() => new ClientRelays([], ports)).toThrow('no relay is named');
  });
});
