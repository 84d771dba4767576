/** An agent that is only a key on a relay: what it is asked it reads by nostr-tools, and what it answers the test says. */
import { nip19, nip44 } from 'nostr-tools';
import type { Event } from 'nostr-tools/pure';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient } from './client.ts';

export interface AskedSeller {
  readonly request: Event;
  /** What was sealed for it. */
  readonly task: string;
}

export class Seller {
  readonly npub: string;
  readonly #client: Client;
  readonly #wallet: NWCClient;
  readonly #asked = Promise.withResolvers<AskedSeller>();

  private constructor(client: Client, wallet: NWCClient) {
    this.#client = client;
    this.#wallet = wallet;
    this.npub = nip19.npubEncode(client.pubkey);
    client.relay.subscribe([{ kinds: [7001], '#p': [client.pubkey] }], {
      onevent: (request) => this.#asked.resolve({ request, task: this.#read(request) }),
    });
  }

  /** @param nwc where it is paid */
  static async connect(relay: string, nwc: string): Promise<Seller> {
    return new Seller(await connectClient(relay), new NWCClient({ nostrWalletConnectUrl: nwc }));
  }

  /** Resolves when somebody asks it to do something. */
  get asked(): Promise<AskedSeller> {
    return this.#asked.promise;
  }

  /** Asks for money. @returns the invoice's payment hash */
  async demand({ request }: AskedSeller, sats: number): Promise<string> {
    const { invoice, payment_hash } = await this.#wallet.makeInvoice({ amount: sats * 1_000 });
    await this.#say(request, 7000, [
      ['status', 'payment-required'],
      ['amount', String(sats * 1_000), invoice],
    ]);
    return payment_hash;
  }

  async fail({ request }: AskedSeller, code: string, message: string): Promise<void> {
    await this.#say(request, 7001, [['error', JSON.stringify({ code, message })]]);
  }

  /** Whether an invoice of its own is paid. */
  async isPaid(payment_hash: string): Promise<boolean> {
    const { settled_at } = await this.#wallet.lookupInvoice({ payment_hash });
    return Boolean(settled_at);
  }

  close(): void {
    this.#client.close();
    this.#wallet.close();
  }

  async #say({ id, pubkey }: Event, kind: number, hidden: string[][]): Promise<void> {
    const tags = [['e', id], ['p', pubkey], ['encrypted']];
    const content = nip44.encrypt(JSON.stringify(hidden), this.#keyWith(pubkey));
    await this.#client.publish(this.#client.sign(kind, tags, content));
  }

  #read({ content, pubkey }: Event): string {
    const tags: string[][] = JSON.parse(nip44.decrypt(content, this.#keyWith(pubkey)));
    return tags.find(([name]) => name === 'request')?.[1] ?? '';
  }

  #keyWith(pubkey: string): Uint8Array {
    return nip44.getConversationKey(this.#client.secretKey, pubkey);
  }
}
