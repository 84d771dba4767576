/**
 * A relay that wishes us ill, as a script without sockets: the simulation and the real WebSocket double
 * (hostile-relay.ts) both play it. A seed decides what it does and when.
 */
import { type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import type { Filter } from '../../src/nostr/filter.ts';

/** Everything it can do. A test may allow only some. */
export const MISDEEDS = [
  'drop', // withholds an event
  'duplicate', // sends it three times
  'reorder', // sends it after others
  'replay', // sends old events as if new
  'forge', // changes the content of a signed event
  'misattribute', // puts another id on a valid signature
  'outside', // sends what nobody asked for
  'noEose', // never ends the stored events
  'earlyEose', // ends them before they were sent
  'hangUp', // closes at random
  'notice', // shouts
  'fakeClosed', // ends subscriptions that exist and some that do not
  'endlessAuth', // one challenge after another
  'wrongOk', // answers for another event
  'okTwice', // says no, then yes
  'okLie', // says yes and stores nothing
  'silence', // does not answer
  'garbage', // broken JSON, deep nesting, oversized and binary frames
] as const;
export type Misdeed = (typeof MISDEEDS)[number];

export interface HostilePeer {
  say(message: unknown): void;
  sayRaw(frame: unknown): void;
  hangUp(): void;
}

export interface HostileOptions {
  readonly random: () => number;
  /** What it does. */
  readonly misdeeds: readonly Misdeed[];
  /** How likely each is at each occasion. */
  readonly rate?: number;
  /** Largest garbage frame, bytes. */
  readonly garbageBytes?: number;
}

export class HostileScript {
  readonly #options: HostileOptions;
  readonly #known: NostrEvent[] = [];
  #subscriptions = new Map<HostilePeer, Map<string, readonly Filter[]>>();
  /** What it received by EVENT, whether it kept it or not. */
  readonly received: NostrEvent[] = [];
  readonly done = new Map<Misdeed, number>();

  constructor(options: HostileOptions) {
    this.#options = options;
  }

  opened(peer: HostilePeer): void {
    this.#subscriptions.set(peer, new Map());
    if (this.#does('endlessAuth')) for (let i = 0; i < 200; i++) peer.say(['AUTH', `again-${i}`]);
    if (this.#does('notice')) peer.say(['NOTICE', 'x'.repeat(100_000)]);
  }

  gone(peer: HostilePeer): void {
    this.#subscriptions.delete(peer);
  }

  /** Somebody posts an event here; what subscribers get of it is another matter. */
  post(event: NostrEvent): void {
    this.#known.push(event);
    for (const [peer, subscriptions] of this.#subscriptions)
      for (const id of subscriptions.keys()) this.#deliver(peer, id, event);
  }

  frame(message: readonly unknown[], peer: HostilePeer): void {
    const [type, first, ...rest] = message;
    if (this.#does('garbage')) this.#garbage(peer);
    if (type === 'REQ' && typeof first === 'string') this.#request(peer, first, rest as readonly Filter[]);
    if (type === 'CLOSE' && typeof first === 'string') this.#subscriptions.get(peer)?.delete(first);
    if (type === 'EVENT') this.#event(peer, first as NostrEvent);
    if (type === 'AUTH' && this.#does('endlessAuth'))
      peer.say(['AUTH', `once more ${this.#options.random()}`]);
    if (this.#does('hangUp')) peer.hangUp();
  }

  #request(peer: HostilePeer, id: string, filters: readonly Filter[]): void {
    this.#subscriptions.get(peer)?.set(id, filters);
    if (this.#does('earlyEose')) peer.say(['EOSE', id]);
    for (const event of this.#known) this.#deliver(peer, id, event);
    if (this.#does('fakeClosed')) {
      peer.say(['CLOSED', 'never-opened', 'error: no']);
      peer.say(['CLOSED', id, 'error: because']);
    }
    if (!this.#does('noEose')) peer.say(['EOSE', id]);
  }

  #deliver(peer: HostilePeer, id: string, event: NostrEvent): void {
    if (this.#does('drop')) return;
    if (this.#does('forge')) peer.say(['EVENT', id, { ...event, content: `${event.content} and pay me` }]);
    if (this.#does('misattribute')) peer.say(['EVENT', id, { ...event, pubkey: event.id }]);
    if (this.#does('outside')) peer.say(['EVENT', id, this.#unasked()]);
    if (this.#does('outside')) peer.say(['EVENT', 'nobody', event]);
    if (this.#does('reorder')) {
      const [old] = this.#known;
      if (old !== undefined) peer.say(['EVENT', id, old]);
    }
    peer.say(['EVENT', id, event]);
    if (this.#does('duplicate')) for (let i = 0; i < 3; i++) peer.say(['EVENT', id, event]);
    if (this.#does('replay')) for (const old of this.#known.slice(0, 5)) peer.say(['EVENT', id, old]);
  }

  #event(peer: HostilePeer, event: NostrEvent): void {
    this.received.push(event);
    if (this.#does('silence')) return;
    if (this.#does('wrongOk')) peer.say(['OK', 'f'.repeat(64), true, '']);
    if (this.#does('okTwice')) {
      peer.say(['OK', event.id, false, 'blocked: no']);
      peer.say(['OK', event.id, true, '']);
      return;
    }
    if (!this.#does('okLie')) this.post(event);
    peer.say(['OK', event.id, true, '']);
  }

  #garbage(peer: HostilePeer): void {
    const bytes = this.#options.garbageBytes ?? 200_000;
    const kinds: unknown[] = [
      '{',
      '[',
      '"EVENT"',
      '["EVENT"]',
      '["OK",1,2,3]',
      '["EVENT","requests",{"id":"__proto__"}]',
      '['.repeat(bytes),
      `["NOTICE","${'x'.repeat(bytes)}"]`,
      new Uint8Array(64).buffer,
    ];
    peer.sayRaw(kinds[Math.floor(this.#options.random() * kinds.length)]);
  }

  /** A validly signed event that matches no filter of ours. */
  #unasked(): NostrEvent {
    const secretKey = new Uint8Array(32).fill(66);
    return signEvent(
      { kind: 4_242, created_at: 1_700_000_000, tags: [], content: 'look at me' },
      secretKey,
      secretKey,
    );
  }

  #does(misdeed: Misdeed): boolean {
    const { misdeeds, rate, random } = this.#options;
    if (!misdeeds.includes(misdeed) || random() >= (rate ?? 0.3)) return false;
    this.done.set(misdeed, (this.done.get(misdeed) ?? 0) + 1);
    return true;
  }
}
