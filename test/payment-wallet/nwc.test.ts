/**
 * Goal: the client believes the wallet and nobody else, understands both encryptions, tells the wallet when to stop, and
 * calls unknown what is unknown.
 *
 * Method: the client over a transport of the test's that answers as a wallet, or as somebody who would like to be one.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { NWC_FACTS_KEEP_MS } from '../../src/limits.ts';
import { type KeyPair, type NostrEvent, signAs, tagValue } from '../../src/nostr/event.ts';
import { toHex } from '../../src/nostr/hex.ts';
import { deriveKeys } from '../../src/nostr/keys.ts';
import { KIND } from '../../src/nostr/kinds.ts';
import { formatWalletUri, parseWalletUri } from '../../src/nostr/nip47.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { msats } from '../../src/payment/msats.ts';
import { NwcClient, type NwcFacts } from '../../src/payment/nwc/client.ts';
import { openNwc, sealNwc } from '../../src/payment/nwc/messages.ts';
import type { Sent } from '../../src/payment/nwc/transport.ts';
import { NwcWallet } from '../../src/payment/nwc/wallet.ts';
import type { NwcEncryption } from '../../src/payment/nwc/wire.ts';
import { operatorWallet } from '../../src/payment/operator-wallet.ts';
import { seededBytes } from '../support/seeded.ts';

const SEED = '7'.repeat(64);
const wallet = deriveKeys(SEED, 'wallet');
const ours = deriveKeys(SEED, 'ours');
const stranger = deriveKeys(SEED, 'stranger');
const random = seededBytes(3);

/** A wallet, its relay and the time, all in the test's hands. */
class World {
  now_ms = 1_800_000_000_000;
  info: NostrEvent | null = null;
  infoAsked = 0;
  sent: Sent = { ok: true, reason: '' };
  readonly requests: NostrEvent[] = [];
  readonly notified: string[] = [];
  /** Encryptions the wallet reads; anything else it leaves unanswered. */
  reads: readonly NwcEncryption[] = ['nip44_v2', 'nip04'];
  answer: (request: { method: string }, event: NostrEvent) => NostrEvent[] = () => [];
  facts: NwcFacts | null = null;
  #timers: { at_ms: number; work: () => void }[] = [];
  readonly client = this.connect();

  connect(): NwcClient {
    const client: NwcClient = new NwcClient(
      { walletPubkey: wallet.publicKey, relays: ['wss://relay.example'], keys: ours, lud16: null },
      {
        publish: async (event) => {
          this.requests.push(event);
          const encryption = event.content.includes('?iv=') ? 'nip04' : 'nip44_v2';
          const text = openNwc(event.content, { keys: wallet, peer: event.pubkey });
          if (this.reads.includes(encryption) && text !== undefined)
            for (const answer of this.answer(JSON.parse(text), event)) client.take(answer);
          return this.sent;
        },
        info: async () => {
          this.infoAsked++;
          return this.info;
        },
        listen: () => undefined,
        suspect: () => undefined,
        rest: () => undefined,
      },
      {
        now: () => this.now_ms,
        after: (delay_ms, work) => {
          const timer = { at_ms: this.now_ms + delay_ms, work };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((one) => one !== timer);
          };
        },
        random,
        loadFacts: () => this.facts,
        saveFacts: (facts) => {
          this.facts = facts;
        },
        notified: (hash) => this.notified.push(hash),
      },
    );
    return client;
  }

  /** Lets time pass until the call has ended. */
  async end<Value>(call: Promise<Value>): Promise<Value> {
    let over = false;
    const ended = call.finally(() => {
      over = true;
    });
    for (let turn = 0; !over && turn < 1_000; turn++) {
      await Promise.resolve();
      if (turn % 50 !== 49) continue;
      const [next] = this.#timers.toSorted((a, b) => a.at_ms - b.at_ms);
      if (next === undefined) continue;
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      this.#timers = this.#timers.filter((one) => one !== next);
      next.work();
    }
    return await ended;
  }
}

function infoEvent(encryption: string | null, keys: KeyPair = wallet): NostrEvent {
  const tags = encryption === null ? [] : [['encryption', encryption]];
  return signAs({ kind: KIND.walletInfo, created_at: 1, tags, content: 'get_info pay_invoice' }, keys);
}

function response(
  to: string,
  content: unknown,
  {
    keys = wallet,
    encryption = 'nip44_v2',
    p = ours.publicKey,
  }: {
    keys?: KeyPair;
    encryption?: NwcEncryption;
    p?: string;
  } = {},
): NostrEvent {
  const sealed = sealNwc(JSON.stringify(content), { keys, peer: ours.publicKey }, encryption, random);
  const tags = [
    ['p', p],
    ['e', to],
  ];
  return signAs({ kind: KIND.walletResponse, created_at: 1, tags, content: sealed }, keys);
}

const ok = (request: { method: string }) => ({
  result_type: request.method,
  error: null,
  result: { fine: true },
});
const FINE = { type: 'result', value: { fine: true } };

describe('calls', () => {
  test('carry when the wallet must not begin any more, and are answered', async () => {
    const world = new World();
    world.info = infoEvent('nip44_v2 nip04');
    world.answer = (request, { id }) => [response(id, ok(request))];
    expect(await world.end(world.client.call('get_info', {}, 5_000))).toEqual(FINE);
    const [request] = world.requests;
    if (request === undefined) throw new Error('nothing was sent');
    expect(tagValue(request, 'expiration')).toBe(String(world.now_ms / 1_000 + 5));
    expect(tagValue(request, 'p')).toBe(wallet.publicKey);
    expect(tagValue(request, 'encryption')).toBe('nip44_v2');
    expect(world.client.waiting).toBe(0);
  });

  test('are unknown when no answer comes, or no relay takes them', async () => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    expect(await world.end(world.client.call('pay_invoice', {}, 5_000))).toMatchObject({ type: 'unknown' });
    world.sent = { ok: false, reason: 'blocked: no' };
    expect(await world.end(world.client.call('pay_invoice', {}, 5_000))).toEqual({
      type: 'unknown',
      reason: 'no relay of the wallet took pay_invoice: blocked: no',
    });
  });

  test('hear an error with its code', async () => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    world.answer = ({ method }, { id }) => [
      response(id, {
        result_type: method,
        error: { code: 'QUOTA_EXCEEDED', message: 'too\nmuch' },
        result: null,
      }),
    ];
    expect(await world.end(world.client.call('pay_invoice', {}, 5_000))).toEqual({
      type: 'error',
      code: 'QUOTA_EXCEEDED',
      message: 'too much',
    });
  });

  test.each<[string, (request: { method: string }, event: NostrEvent) => NostrEvent[]]>([
    ['somebody else', (request, { id }) => [response(id, ok(request), { keys: stranger })]],
    [
      'the wallet, to somebody else',
      (request, { id }) => [response(id, ok(request), { p: stranger.publicKey })],
    ],
    ['the wallet, to another request', (request) => [response('0'.repeat(64), ok(request))]],
    ['the wallet, about another method', (_, { id }) => [response(id, ok({ method: 'get_balance' }))]],
    ['the wallet, in no known form', (_, { id }) => [response(id, ['ok'])]],
    [
      'somebody who changed what the wallet signed',
      (request, { id }) => {
        const real = response('1'.repeat(64), ok(request));
        return [{ ...real, tags: [...real.tags.slice(0, 1), ['e', id]] }];
      },
    ],
  ])('do not take the word of %s', async (_who, answer) => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    world.answer = answer;
    expect(await world.end(world.client.call('get_info', {}, 5_000))).toMatchObject({ type: 'unknown' });
  });

  test('survive whatever strangers put on the relay', async () => {
    const world = new World();
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(23_195, 23_196, 23_197, 1),
        fc.boolean(),
        (content, kind, known) => {
          const keys = known ? wallet : stranger;
          const tags = [['p', ours.publicKey]];
          world.client.take(signAs({ kind, created_at: 1, tags, content }, keys));
        },
      ),
      { numRuns: 50 },
    );
    expect(world.notified).toEqual([]);
  });
});

describe('encryption', () => {
  test.each<[string | null, NwcEncryption]>([
    ['nip44_v2 nip04', 'nip44_v2'],
    ['nip04 nip44_v2', 'nip44_v2'],
    ['nip04', 'nip04'],
    [null, 'nip04'],
  ])('announced as %s means %s', async (announced, used) => {
    const world = new World();
    world.info = infoEvent(announced);
    world.answer = (request, { id }) => [response(id, ok(request), { encryption: used })];
    expect(await world.end(world.client.call('get_info', {}, 5_000))).toEqual(FINE);
    expect(world.requests.map((event) => tagValue(event, 'encryption'))).toEqual([used]);
  });

  test("of a wallet without an info event, or with a stranger's, is found out by asking", async () => {
    for (const info of [null, infoEvent('nip44_v2', stranger)]) {
      const world = new World();
      world.info = info;
      world.reads = ['nip04'];
      world.answer = (request, { id }) => [response(id, ok(request), { encryption: 'nip04' })];
      expect(await world.end(world.client.call('make_invoice', {}, 5_000))).toEqual(FINE);
      expect(world.requests.map((event) => tagValue(event, 'encryption'))).toEqual([
        'nip44_v2',
        'nip04',
        'nip04',
      ]);
    }
  });

  test('is remembered across lives, and asked for again after a while or when it is refused', async () => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    world.answer = (request, { id }) => [response(id, ok(request))];
    await world.end(world.client.call('get_info', {}, 5_000));
    const again = world.connect();
    await world.end(again.call('get_info', {}, 5_000));
    expect(world.infoAsked).toBe(1);
    world.now_ms += NWC_FACTS_KEEP_MS;
    await world.end(again.call('get_info', {}, 5_000));
    expect(world.infoAsked).toBe(2);
    world.info = infoEvent('nip04');
    world.answer = ({ method }, event) => {
      const old = !event.content.includes('?iv=');
      const error = old ? { code: 'UNSUPPORTED_ENCRYPTION', message: 'no' } : null;
      return [
        response(event.id, { result_type: method, error, result: { fine: true } }, { encryption: 'nip04' }),
      ];
    };
    await world.end(again.call('get_info', {}, 5_000));
    expect(await world.end(again.call('get_info', {}, 5_000))).toEqual(FINE);
  });

  test('a wallet that cannot be reached at all is unknown, and what was known of it stays', async () => {
    const world = new World();
    expect(await world.end(world.client.call('get_info', {}, 5_000))).toEqual({
      type: 'unknown',
      reason: 'the wallet cannot be reached',
    });
  });
});

describe('notifications', () => {
  const notification = (type: string, kind: number, encryption: NwcEncryption, keys = wallet) =>
    signAs(
      {
        kind,
        created_at: 1,
        tags: [['p', ours.publicKey]],
        content: sealNwc(
          JSON.stringify({ notification_type: type, notification: { payment_hash: 'a'.repeat(64) } }),
          { keys, peer: ours.publicKey },
          encryption,
          random,
        ),
      },
      keys,
    );

  test('of either encryption name a payment to look up', () => {
    const world = new World();
    world.client.take(notification('payment_received', 23_196, 'nip04'));
    world.client.take(notification('hold_invoice_accepted', 23_197, 'nip44_v2'));
    expect(world.notified).toEqual(['a'.repeat(64), 'a'.repeat(64)]);
  });

  test('of strangers and of other kinds are not heard', () => {
    const world = new World();
    world.client.take(notification('payment_received', 23_197, 'nip44_v2', stranger));
    world.client.take(notification('weather', 23_197, 'nip44_v2'));
    expect(world.notified).toEqual([]);
  });
});

describe('the balance', () => {
  const asked = async (methods: string | null, result: unknown, error: unknown = null) => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    const methodsAsked: string[] = [];
    world.answer = ({ method }, { id }) => {
      methodsAsked.push(method);
      if (method === 'get_info')
        return [response(id, { result_type: method, error: null, result: { methods: methods?.split(' ') } })];
      return [response(id, { result_type: method, error, result })];
    };
    const balance = await world.end(new NwcWallet(world.client, () => world.now_ms).balance());
    return { balance, methodsAsked };
  };

  test('is an amount in msats', async () => {
    const { balance } = await asked('get_info get_balance', { balance: 21_005 });
    expect(balance).toEqual({ type: 'ok', value: 21_005n });
  });

  test.each([{ balance: 1.5 }, { balance: -1 }, { balance: 2 ** 53 }, { balance: '21' }, {}, null])(
    'that is no amount is a broken answer: %j',
    async (result) => {
      const { balance } = await asked('get_info get_balance', result);
      expect(balance).toMatchObject({ type: 'failed', code: 'BROKEN_ANSWER' });
    },
  );

  test('is not asked of a wallet that does not say it', async () => {
    const { balance, methodsAsked } = await asked('get_info pay_invoice', { balance: 1 });
    expect(balance).toMatchObject({ type: 'failed', code: 'NOT_IMPLEMENTED' });
    expect(methodsAsked).toEqual(['get_info']);
  });

  test('may be refused, and is unknown when no answer comes', async () => {
    const { balance } = await asked('get_balance', null, { code: 'RESTRICTED', message: 'no' });
    expect(balance).toMatchObject({ type: 'failed', code: 'RESTRICTED' });
    const world = new World();
    world.info = infoEvent('nip44_v2');
    const silent = await world.end(new NwcWallet(world.client, () => world.now_ms).balance());
    expect(silent).toMatchObject({ type: 'unknown' });
  });
});

describe('an invoice', () => {
  const made = async (timestamp_s: (now_s: number) => number, expiry_s: number) => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    const now_s = world.now_ms / 1_000;
    const { text } = encodeInvoice(
      {
        network: 'regtest',
        amount: msats(21_000),
        timestamp_s: timestamp_s(now_s),
        expiry_s,
        paymentHash: 'e'.repeat(64),
        paymentSecret: 'f'.repeat(64),
        description: 'Job',
        descriptionHash: null,
      },
      wallet.secretKey,
    );
    world.answer = ({ method }, { id }) => [
      response(id, { result_type: method, error: null, result: { invoice: text } }),
    ];
    const order = { amount: msats(21_000), purpose: { text: 'Job' }, expiry_s: 900 };
    return await world.end(new NwcWallet(world.client, () => world.now_ms).makeInvoice(order));
  };

  test('that cannot be paid any more as it comes is none', async () => {
    expect(await made((now_s) => now_s, 900)).toMatchObject({ type: 'ok' });
    expect(await made((now_s) => now_s - 900, 901)).toMatchObject({ type: 'ok' });
    for (const expiry_s of [1, 900])
      expect(await made((now_s) => now_s - 900, expiry_s)).toMatchObject({
        type: 'failed',
        code: 'BROKEN_ANSWER',
      });
  });
});

describe('a list', () => {
  const hash = 'd'.repeat(64);
  const listed = { type: 'incoming', state: 'settled', payment_hash: hash, amount: 1_000, settled_at: 5 };

  test('holds what is settled and shows no preimage; a lookup of the same proves nothing', async () => {
    const world = new World();
    world.info = infoEvent('nip44_v2');
    world.answer = ({ method }, { id }) => {
      const result = method === 'lookup_invoice' ? listed : { transactions: [listed] };
      return [response(id, { result_type: method, error: null, result })];
    };
    const market = new NwcWallet(world.client, () => world.now_ms);
    expect(await world.end(market.list({ limit: 10 }))).toMatchObject({
      type: 'ok',
      value: [{ state: 'settled', preimage: null, paymentHash: hash }],
    });
    for (const type of ['incoming', 'outgoing'] as const)
      expect(await world.end(market.lookup(hash, type))).toMatchObject({ type: 'unknown' });
  });
});

describe('connection strings', () => {
  const secret = toHex(ours.secretKey);
  const uri = formatWalletUri(wallet.publicKey, 'wss://relay.example', ours.secretKey);

  test('are read as they are written, by us and by others', () => {
    const expected = { walletPubkey: wallet.publicKey, relays: ['wss://relay.example'] };
    expect(parseWalletUri(uri)).toMatchObject(expected);
    expect(parseWalletUri(uri)?.keys).toEqual(ours);
    expect(parseWalletUri(uri.replace('+', ''))).toMatchObject(expected);
    expect(parseWalletUri(uri.replace('//', ''))).toMatchObject(expected);
    expect(parseWalletUri(`${uri}&relay=wss%3A%2F%2Fother.example%2F&lud16=me%40x.example`)).toMatchObject({
      relays: ['wss://relay.example', 'wss://other.example'],
      lud16: 'me@x.example',
    });
  });

  test.each([
    '',
    'nostr+walletconnect://',
    uri.replace(secret, secret.slice(2)),
    uri.replace(secret, '0'.repeat(64)),
    uri.replace('wss', 'https'),
    uri.replace(/relay=[^&]+&/, ''),
    uri.replace(wallet.publicKey, 'x'.repeat(64)),
  ])('that cannot be used are refused: case %#', (text) => {
    expect(parseWalletUri(text)).toBeNull();
  });

  test('configured wrongly stop the start without being repeated', () => {
    const broken = uri.replace('wss', 'https');
    const error = (() => {
      try {
        return readConfig({ LOCAL: '1', NWC_URI: broken });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain('NWC_URI');
    expect(String(error)).not.toContain(secret);
  });

  test("name the operator's wallet before the development wallet, which only local marketplaces have", () => {
    expect(operatorWallet(readConfig({ LOCAL: '1', NWC_URI: uri }))?.walletPubkey).toBe(wallet.publicKey);
    expect(operatorWallet(readConfig({ LOCAL: '1' }))?.relays).toEqual(['ws://127.0.0.1:8787']);
    const deployed = { MASTER_SECRET: SEED, PUBLIC_URL: 'https://m.example' };
    expect(operatorWallet(readConfig(deployed))).toBeNull();
  });
});
