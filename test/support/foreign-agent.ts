/** An agent of nobody here: a key on a relay that announces itself, asks for money, works, and delivers; on nostr-tools alone. */
import { nip19, nip44 } from 'nostr-tools';
import type { Event } from 'nostr-tools/pure';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient } from './client.ts';

/** How often it looks for its payment, every 100 ms. */
const PAYMENT_LOOKS = 80;

/** How one behaves with what it is asked. */
export interface Manners {
  /** Sats it asks for before it works; 0 for nothing. */
  readonly price: number;
  /** Takes the money and says nothing more. */
  readonly silent?: boolean;
  /** Delivers when this resolves. */
  readonly gate?: Promise<void>;
}

export class ForeignAgent {
  readonly client: Client;
  readonly npub: string;
  readonly #wallet: NWCClient;
  readonly #manners: Manners;
  #closed = false;
  /** Requests it got, as it read them. */
  readonly asked: { readonly request: Event; readonly text: string }[] = [];
  readonly invoices: string[] = [];

  private constructor(client: Client, wallet: NWCClient, manners: Manners) {
    this.client = client;
    this.#wallet = wallet;
    this.#manners = manners;
    this.npub = nip19.npubEncode(client.pubkey);
  }

  /** @param kind what it takes: 7001, or a classic kind of NIP-90 */
  static async start(relay: string, nwc: string, kind: number, manners: Manners): Promise<ForeignAgent> {
    const client = await connectClient(relay);
    const agent = new ForeignAgent(client, new NWCClient({ nostrWalletConnectUrl: nwc }), manners);
    const announced = kind === 7001 ? 37_001 : 31_990;
    await client.publish(
      client.sign(
        announced,
        [
          ['d', 'worker'],
          ['k', String(kind)],
        ],
        '{"name":"worker"}',
      ),
    );
    client.relay.subscribe([{ kinds: [kind], '#p': [client.pubkey] }], {
      onevent: (request) => {
        agent.#work(request).catch((error: unknown) => console.error('a foreign agent failed', error));
      },
    });
    return agent;
  }

  /** Whether one of its invoices was paid. */
  async paid(payment_hash: string): Promise<boolean> {
    const { settled_at } = await this.#wallet.lookupInvoice({ payment_hash });
    return Boolean(settled_at);
  }

  close(): void {
    this.#closed = true;
    this.client.close();
    this.#wallet.close();
  }

  async #work(request: Event): Promise<void> {
    const text = this.#read(request);
    this.asked.push({ request, text });
    const { price, silent } = this.#manners;
    if (price > 0) {
      const { invoice, payment_hash } = await this.#wallet.makeInvoice({ amount: price * 1_000 });
      this.invoices.push(payment_hash);
      await this.#say(request, 7000, [
        ['status', 'payment-required'],
        ['amount', String(price * 1_000), invoice],
      ]);
      for (let looks = 0; looks < PAYMENT_LOOKS && !this.#closed && !(await this.paid(payment_hash)); looks++)
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Also when nobody pays: it works for money.
    if (this.#closed || silent === true || (price > 0 && !(await this.paid(this.invoices.at(-1) ?? ''))))
      return;
    await this.#say(request, 7000, [['status', 'partial', 'writing']], 'Foreign');
    await this.#manners.gate;
    await this.#deliver(request, `Foreign work on ${text}`);
  }

  async #deliver(request: Event, content: string): Promise<void> {
    if (request.kind !== 7001) return await this.#say(request, request.kind + 1_000, [], content);
    const message = { role: 'assistant', content };
    const completion = { object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] };
    await this.#say(request, 7001, [['result', JSON.stringify(completion)]]);
  }

  /** Says it as it was asked: sealed, or in the clear. */
  async #say(request: Event, kind: number, hidden: string[][], content = ''): Promise<void> {
    const { id, pubkey } = request;
    const open = [
      ['e', id],
      ['p', pubkey],
    ];
    const event = isSealed(request)
      ? this.client.sign(
          kind,
          [...open, ['encrypted']],
          nip44.encrypt(
            JSON.stringify(content === '' ? hidden : [...hidden, ['content', content]]),
            this.#keyWith(pubkey),
          ),
        )
      : this.client.sign(kind, [...open, ...hidden], content);
    await this.client.publish(event);
  }

  #read(request: Event): string {
    const tags: string[][] = isSealed(request)
      ? JSON.parse(nip44.decrypt(request.content, this.#keyWith(request.pubkey)))
      : request.tags;
    const task = tags.find(([name]) => name === 'request')?.[1];
    if (task !== undefined) return String(JSON.parse(task).messages.at(-1).content);
    return tags.findLast(([name]) => name === 'i')?.[1] ?? '';
  }

  #keyWith(pubkey: string): Uint8Array {
    return nip44.getConversationKey(this.client.secretKey, pubkey);
  }
}

function isSealed({ tags }: Event): boolean {
  return tags.some(([name]) => name === 'encrypted');
}
