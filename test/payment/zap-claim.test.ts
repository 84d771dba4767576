/**
 * Goal: of the receipts of other providers that reach us, only one that is signed by the agent's provider, and agrees
 * with a job of ours in everything, becomes a claim; one invoice claims for one job only; and a provider that is away or
 * talks nonsense makes nothing count. Method: one good receipt and one change at a time, through the whole of the way
 * up to the session; what stands in the receipt alone is in zaps.test.ts. Does not prove that anybody paid: nothing
 * could but the payee's wallet, which is why trust has a limit (test/job/prepaid.test.ts, test/e2e/zaps-elsewhere.test.ts).
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ZAP_PROVIDER_KEEP_MS, ZAP_PROVIDER_RETRY_MS } from '../../src/limits.ts';
import { type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { msats } from '../../src/payment/msats.ts';
import { type ClaimPorts, claimedJob } from '../../src/payment/zaps/claim.ts';
import { type ZapProvider, ZapProviders } from '../../src/payment/zaps/provider.ts';
import { zapRequest } from '../../src/payment/zaps/request.ts';
import { sessionName } from '../../src/protocol/route.ts';

const key = (byte: string) => fromHex(byte.repeat(32));
const CLIENT = key('01');
const PROVIDER = key('02');
const AGENT = key('04');
const agent = publicKeyOf(AGENT);
const client = publicKeyOf(CLIENT);
const NOW = 1_700_000_000;
const PRICE = msats(21_000);
const PREIMAGE = 'ee'.repeat(32);
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/** What the agent asked a job's client for. */
function demandOf(job: string): NostrEvent {
  const tags = [
    ['e', job],
    ['p', client],
    ['status', 'payment-required'],
    ['amount', PRICE.toString(), 'lnbc1'],
  ];
  return signEvent({ kind: 7000, created_at: NOW - 60, content: '', tags }, AGENT);
}

const JOB = 'ab'.repeat(32);
const OTHER_JOB = 'cd'.repeat(32);
const demand = demandOf(JOB);
const otherDemand = demandOf(OTHER_JOB);
const session = sessionName(agent, client, null);

function requestFor(event: NostrEvent | null, signer = CLIENT): string {
  const order = {
    recipient: agent,
    amount: PRICE,
    relays: ['wss://relay.example'],
    ...(event === null ? {} : { event: { id: event.id, kind: event.kind } }),
  };
  return JSON.stringify(signEvent(zapRequest(order, NOW), signer));
}

function receiptOf(raw: string, event: NostrEvent | null, change: { signer?: Uint8Array; at?: number } = {}) {
  const invoice = encodeInvoice(
    {
      network: 'mainnet',
      amount: PRICE,
      timestamp_s: NOW,
      paymentHash: sha256(fromHex(PREIMAGE)),
      paymentSecret: '22'.repeat(32),
      description: null,
      descriptionHash: sha256(raw),
    },
    key('03'),
  );
  const tags = [
    ['p', agent],
    ...(event === null ? [] : [['e', event.id]]),
    ['bolt11', invoice.text],
    ['description', raw],
  ];
  const template = { kind: 9735, created_at: change.at ?? NOW + 30, content: '', tags };
  return signEvent(template, change.signer ?? PROVIDER);
}

const provider: ZapProvider = { pubkey: publicKeyOf(PROVIDER), endpoints: ['agent@provider.example'] };

function ports(over: Partial<ClaimPorts> = {}): ClaimPorts & { readonly bound: Map<string, string> } {
  const bound = new Map<string, string>();
  return {
    bound,
    find: async (id) => [demand, otherDemand].find((event) => event.id === id) ?? null,
    sessionOf: async (id) => (id === JOB || id === OTHER_JOB ? session : null),
    provider: async () => provider,
    network: async () => 'mainnet',
    bind: async (hash, purpose) => {
      if (!bound.has(hash)) bound.set(hash, purpose);
      return bound.get(hash) === purpose;
    },
    now_s: NOW + 60,
    ...over,
  };
}

const good = receiptOf(requestFor(demand), demand);
const take = (receipt: NostrEvent, world = ports()) => claimedJob(receipt, agent, DEFAULT_AGENT_KINDS, world);

describe('a receipt of another provider', () => {
  test('that agrees in everything is a claim for the job it names, however often it comes', async () => {
    const world = ports();
    for (let time = 0; time < 2; time++) {
      expect(await take(good, world)).toMatchObject({
        job: { id: JOB, session },
        claim: { amount: PRICE, sender: client, receiptId: good.id },
      });
    }
    expect([...world.bound.values()]).toEqual([`zapped:${JOB}`]);
  });

  test('on an invoice that another receipt named for another job is refused', async () => {
    const world = ports();
    await take(good, world);
    expect(await take(receiptOf(requestFor(otherDemand), otherDemand), world)).toBe('payment_used');
  });

  test('on an invoice that stands for something else of ours is refused', async () => {
    expect(await take(good, ports({ bind: async () => false }))).toBe('payment_used');
  });

  test('said twice over one invoice is one claim', async () => {
    const world = ports();
    await take(good, world);
    await take(receiptOf(requestFor(demand), demand, { at: NOW + 31 }), world);
    expect(world.bound.size).toBe(1);
  });

  test.each([
    ['foreign_signer', 'anybody signed', receiptOf(requestFor(demand), demand, { signer: key('09') })],
    [
      'foreign_signer',
      'the payer’s own server signed',
      receiptOf(requestFor(demand), demand, { signer: CLIENT }),
    ],
    ['foreign_signer', 'the agent itself signed', receiptOf(requestFor(demand), demand, { signer: AGENT })],
    ['other_sender', 'somebody else paid', receiptOf(requestFor(demand, key('05')), demand)],
    ['other_event', 'names one job and describes another', receiptOf(requestFor(demand), otherDemand)],
    ['no_job', 'zaps the agent and no job', receiptOf(requestFor(null), null)],
    ['receipt_too_old', 'is from before the job', receiptOf(requestFor(demand), demand, { at: NOW - 9_000 })],
    ['request_not_json', 'describes nothing', receiptOf('', demand)],
  ] as const)('is refused as %s: %s', async (refusal, _, receipt) => {
    const world = ports();
    expect(await take(receipt, world)).toBe(refusal);
    expect(world.bound.size).toBe(0);
  });

  test('about an event that is not here, or is no job of this agent, asks nobody', async () => {
    let asked = 0;
    const world = {
      provider: async () => {
        asked++;
        return provider;
      },
    };
    expect(await take(good, ports({ ...world, find: async () => null }))).toBe('no_job');
    expect(await take(good, ports({ ...world, sessionOf: async () => null }))).toBe('no_job');
    const foreign = sessionName(client, client, null);
    expect(await take(good, ports({ ...world, sessionOf: async () => foreign }))).toBe('no_job');
    expect(asked).toBe(0);
  });

  test('over money of another network is refused', async () => {
    expect(await take(good, ports({ network: async () => 'regtest' }))).toBe('other_network');
  });

  test('does not count without a provider, and comes again when that cannot be asked', async () => {
    expect(await take(good, ports({ provider: async () => null }))).toBe('no_provider');
    const away = async () => {
      throw new Error('away');
    };
    await expect(take(good, ports({ provider: away }))).rejects.toThrow('away');
  });
});

describe('a provider', () => {
  const offer = {
    tag: 'payRequest',
    callback: 'https://provider.example/cb/agent',
    minSendable: 1_000,
    maxSendable: 1_000_000,
    metadata: '[["text/plain","an agent"]]',
    allowsNostr: true,
    nostrPubkey: provider.pubkey,
  };

  function asking(answer: () => string) {
    const world = { now_ms: 0, asked: [] as string[] };
    const providers = new ZapProviders(
      () => world.now_ms,
      async (url) => {
        world.asked.push(url);
        return answer();
      },
    );
    return { world, providers };
  }

  test('is asked at its address, once an hour', async () => {
    const { world, providers } = asking(() => JSON.stringify(offer));
    const known = {
      pubkey: provider.pubkey,
      endpoints: [
        'agent@provider.example',
        'https://provider.example/.well-known/lnurlp/agent',
        'https://provider.example/cb/agent',
      ],
    };
    for (const now_ms of [0, ZAP_PROVIDER_KEEP_MS - 1, ZAP_PROVIDER_KEEP_MS]) {
      world.now_ms = now_ms;
      expect(await providers.of('agent@provider.example')).toEqual(known);
    }
    expect(world.asked).toEqual(Array(2).fill('https://provider.example/.well-known/lnurlp/agent'));
  });

  test.each([
    ['takes no zaps', { ...offer, allowsNostr: false }],
    ['names no key', { ...offer, nostrPubkey: undefined }],
    ['names a key that is none', { ...offer, nostrPubkey: 'npub1' }],
    ['says no', { status: 'ERROR', reason: 'no such user' }],
    ['is no LNURL', { hello: 'world' }],
  ])('that %s signs nothing that counts', async (_, answer) => {
    expect(await asking(() => JSON.stringify(answer)).providers.of('agent@provider.example')).toBeNull();
  });

  test('that talks nonsense signs nothing that counts', async () => {
    expect(await asking(() => '<html>').providers.of('agent@provider.example')).toBeNull();
    expect(await asking(() => '').providers.of('no address')).toBeNull();
  });

  test('that is away is asked again after a minute', async () => {
    let up = false;
    const { world, providers } = asking(() => {
      if (!up) throw new Error('connection refused');
      return JSON.stringify(offer);
    });
    await expect(providers.of('agent@provider.example')).rejects.toThrow('cannot be reached');
    up = true;
    await expect(providers.of('agent@provider.example')).rejects.toThrow('cannot be reached');
    expect(world.asked).toHaveLength(1);
    world.now_ms = ZAP_PROVIDER_RETRY_MS;
    expect(await providers.of('agent@provider.example')).toMatchObject({ pubkey: provider.pubkey });
  });
});
