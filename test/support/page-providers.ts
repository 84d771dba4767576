/**
 * What a visitor's browser has besides itself: a signing extension (NIP-07), a wallet (WebLN) and a bunker (NIP-46), made for tests. The
 * first two are put into every page before its own scripts; keys and money stay outside of the browser.
 */
import { finalizeEvent, getPublicKey, nip44, SimplePool } from 'nostr-tools';
import type { BrowserContext } from 'playwright-core';
import * as z from 'zod';
import { openWallet } from '../../src/client/nwc.ts';
import { webPorts } from '../../src/client/ports.ts';

const template = z.object({
  kind: z.int(),
  created_at: z.int(),
  tags: z.array(z.array(z.string())),
  content: z.string(),
});

const EXTENSION = `
  window.nostr = {
    getPublicKey: () => window.testNostr('getPublicKey', []),
    signEvent: (event) => window.testNostr('signEvent', [event]),
    nip44: {
      encrypt: (peer, text) => window.testNostr('nip44.encrypt', [peer, text]),
      decrypt: (peer, text) => window.testNostr('nip44.decrypt', [peer, text]),
    },
  };
`;

/** What a signer was asked, and whether it refuses from now on. */
export interface TestSigner {
  readonly pubkey: string;
  readonly asked: string[];
  refuses: boolean;
}

function answering(
  secret: Uint8Array,
  signer: TestSigner,
  method: string,
  args: readonly unknown[],
): unknown {
  signer.asked.push(method);
  if (signer.refuses) throw new Error('the user refused');
  const [first, second] = args;
  switch (method) {
    case 'getPublicKey':
      return signer.pubkey;
    case 'signEvent':
      return finalizeEvent(template.parse(first), secret);
    case 'nip44.encrypt':
      return nip44.encrypt(String(second), nip44.getConversationKey(secret, String(first)));
    case 'nip44.decrypt':
      return nip44.decrypt(String(second), nip44.getConversationKey(secret, String(first)));
    default:
      throw new Error(`no such method: ${method}`);
  }
}

/** Gives every page of a browser a signing extension. */
export async function giveExtension(context: BrowserContext, secret: Uint8Array): Promise<TestSigner> {
  const signer: TestSigner = { pubkey: getPublicKey(secret), asked: [], refuses: false };
  await context.exposeFunction('testNostr', (method: string, args: unknown[]) =>
    answering(secret, signer, method, args),
  );
  await context.addInitScript(EXTENSION);
  return signer;
}

const WALLET = `
  window.webln = {
    enable: async () => undefined,
    sendPayment: (invoice) => window.testPay(invoice),
  };
`;

/** A wallet of the browser. */
export interface TestWallet {
  /** Invoices it was asked to pay. */
  readonly asked: string[];
  /** Each payment waits for this before it goes out. */
  hold: Promise<void>;
  close(): void;
}

/** Gives every page of a browser a WebLN wallet that pays over NWC. */
export async function giveWallet(context: BrowserContext, uri: string): Promise<TestWallet> {
  const { wallet, close } = openWallet(uri, webPorts());
  const given: TestWallet = { asked: [], hold: Promise.resolve(), close };
  await context.exposeFunction('testPay', async (invoice: string) => {
    given.asked.push(invoice);
    await given.hold;
    const paid = await wallet.pay(invoice);
    if (paid.type !== 'ok') throw new Error(paid.type === 'failed' ? paid.message : paid.reason);
    return { preimage: paid.value.preimage };
  });
  await context.addInitScript(WALLET);
  return given;
}

const call = z.object({ id: z.string(), method: z.string(), params: z.array(z.string()) });
/** NIP-46. */
const CONNECT_KIND = 24_133;

/** A bunker that listens at a relay. */
export function openBunker(
  relay: string,
  secret: Uint8Array,
): TestSigner & { readonly uri: string; close(): void } {
  const bunkerSecret = secret;
  const pubkey = getPublicKey(bunkerSecret);
  const signer: TestSigner = { pubkey, asked: [], refuses: false };
  const pool = new SimplePool();
  const answer = (client: string, text: string) => {
    const key = nip44.getConversationKey(bunkerSecret, client);
    const { id, method, params } = call.parse(JSON.parse(nip44.decrypt(text, key)));
    const content = nip44.encrypt(JSON.stringify({ id, ...resultOf(method, params) }), key);
    const event = finalizeEvent(
      { kind: CONNECT_KIND, created_at: Math.floor(Date.now() / 1000), tags: [['p', client]], content },
      bunkerSecret,
    );
    return Promise.all(pool.publish([relay], event));
  };
  const resultOf = (method: string, params: readonly string[]) => {
    try {
      if (method === 'connect') return { result: 'ack' };
      if (method === 'ping') return { result: 'pong' };
      const named = method
        .replace('get_public_key', 'getPublicKey')
        .replace('sign_event', 'signEvent')
        .replace('nip44_', 'nip44.');
      const args = method === 'sign_event' ? [JSON.parse(params[0] ?? '')] : params;
      const result = answering(bunkerSecret, signer, named, args);
      return { result: typeof result === 'string' ? result : JSON.stringify(result) };
    } catch (error) {
      return { result: '', error: String(error) };
    }
  };
  const subscription = pool.subscribe(
    [relay],
    { kinds: [CONNECT_KIND], '#p': [pubkey], since: Math.floor(Date.now() / 1000) - 10 },
    {
      onevent(event) {
        answer(event.pubkey, event.content).catch((error: unknown) =>
          signer.asked.push(`failed: ${String(error)}`),
        );
      },
    },
  );
  return Object.assign(signer, {
    uri: `bunker://${pubkey}?relay=${encodeURIComponent(relay)}&secret=once`,
    close() {
      subscription.close();
      pool.close([relay]);
    },
  });
}
