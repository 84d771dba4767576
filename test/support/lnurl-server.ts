/**
 * Somebody else's LNURL-pay endpoint on loopback (LUD-06, 12, 16, 21): users with Lightning addresses, each with a wallet by
 * NWC, and the ways such servers fail or cheat. Alby's client makes the invoices, none of our own code.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NWCClient } from '../peers/alby.ts';
import { loopbackServer } from './http-server.ts';

/** What goes wrong at the callback; without any of it nothing does. */
export interface LnurlFaults {
  /** The invoice asks for so much more, msats. */
  readonly surcharge_msats?: number;
  /** The invoice commits to something else than the metadata. */
  readonly wrongHash?: boolean;
  /** The payee holds what it gets, until it is told to {@link LnurlServer.claim} it or to {@link LnurlServer.giveBack} it. */
  readonly hold?: { readonly blocks: number };
  /** The LNURL kind of error, with this reason. */
  readonly error?: string;
  /** An HTTP error with this status and no LNURL in it. */
  readonly status?: number;
  /** The answer is made, and waits for this. */
  readonly wait?: Promise<void>;
}

/** An invoice the server gave out. */
export interface GivenOut {
  readonly user: string;
  readonly amount_msats: number;
  readonly comment: string;
  readonly bolt11: string;
  readonly paymentHash: string;
}

export interface LnurlServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Everything given out so far, in order. */
  readonly given: readonly GivenOut[];
  /** Applies to callbacks from now on. */
  faults: LnurlFaults;
  /** A user's Lightning address (LUD-16). */
  address(user: string): string;
  /** Takes what is held under a hash. */
  claim(paymentHash: string): Promise<void>;
  giveBack(paymentHash: string): Promise<void>;
  close(): Promise<void>;
}

const MIN_SENDABLE_MSATS = 1_000;
const MAX_SENDABLE_MSATS = 100_000_000;
const COMMENT_CHARS = 100;
/** How long an invoice can be paid, s. */
const EXPIRY_S = 600;

/** @param users name to NWC connection string */
export async function startLnurlServer(users: Readonly<Record<string, string>>): Promise<LnurlServer> {
  const service = new Service(users);
  const http = await loopbackServer((request, response) => service.serve(request, response));
  service.origin = http.origin;
  return {
    origin: http.origin,
    given: service.given,
    get faults() {
      return service.faults;
    },
    set faults(faults) {
      service.faults = faults;
    },
    address: (user) => `${user}@${new URL(http.origin).host}`,
    claim: (paymentHash) => service.claim(paymentHash),
    giveBack: (paymentHash) => service.giveBack(paymentHash),
    async close() {
      service.close();
      await http.close();
    },
  };
}

interface Held {
  readonly preimage: string;
  readonly wallet: NWCClient;
}

class Service {
  origin = '';
  faults: LnurlFaults = {};
  readonly given: GivenOut[] = [];
  readonly #wallets: ReadonlyMap<string, NWCClient>;
  readonly #held = new Map<string, Held>();

  constructor(users: Readonly<Record<string, string>>) {
    this.#wallets = new Map(
      Object.entries(users).map(([user, uri]) => [user, new NWCClient({ nostrWalletConnectUrl: uri })]),
    );
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.origin);
    this.#answer(url).then(
      (answer) => respond(response, answer === null ? 404 : 200, answer),
      (error: unknown) => respond(response, error instanceof HttpError ? error.status : 500, null),
    );
  }

  async claim(paymentHash: string): Promise<void> {
    const { wallet, preimage } = this.#heldAs(paymentHash);
    await wallet.settleHoldInvoice({ preimage });
  }

  async giveBack(paymentHash: string): Promise<void> {
    const { wallet } = this.#heldAs(paymentHash);
    await wallet.cancelHoldInvoice({ payment_hash: paymentHash });
  }

  close(): void {
    for (const wallet of this.#wallets.values()) wallet.close();
  }

  #heldAs(paymentHash: string): Held {
    const held = this.#held.get(paymentHash);
    if (held === undefined) throw new Error('no such hold invoice was given out');
    return held;
  }

  /** Null for what is not here. */
  async #answer({ pathname, searchParams }: URL): Promise<object | null> {
    const [, first, second, user = '', last] = pathname.split('/');
    const wallet = this.#wallets.get(user);
    if (wallet === undefined) return null;
    if (first === '.well-known' && second === 'lnurlp') return this.#offer(user);
    if (first !== 'lnurlp' || second !== 'callback') return null;
    return last === undefined ? this.#callback(user, wallet, searchParams) : this.#verify(wallet, last);
  }

  #offer(user: string): object {
    return {
      tag: 'payRequest',
      callback: `${this.origin}/lnurlp/callback/${user}`,
      minSendable: MIN_SENDABLE_MSATS,
      maxSendable: MAX_SENDABLE_MSATS,
      metadata: this.#metadata(user),
      commentAllowed: COMMENT_CHARS,
    };
  }

  #metadata(user: string): string {
    return JSON.stringify([
      ['text/plain', `Pay ${user}`],
      ['text/identifier', `${user}@${new URL(this.origin).host}`],
    ]);
  }

  async #callback(user: string, wallet: NWCClient, query: URLSearchParams): Promise<object> {
    const { faults } = this;
    if (faults.status !== undefined) throw new HttpError(faults.status);
    if (faults.error !== undefined) return { status: 'ERROR', reason: faults.error };
    const amount_msats = Number(query.get('amount'));
    const comment = query.get('comment') ?? '';
    const fits = amount_msats >= MIN_SENDABLE_MSATS && amount_msats <= MAX_SENDABLE_MSATS;
    if (!Number.isInteger(amount_msats) || !fits) return { status: 'ERROR', reason: 'amount out of range' };
    if (comment.length > COMMENT_CHARS) return { status: 'ERROR', reason: 'comment too long' };

    const order = {
      amount: amount_msats + (faults.surcharge_msats ?? 0),
      description_hash: sha256(faults.wrongHash === true ? 'something else' : this.#metadata(user)),
      expiry: EXPIRY_S,
    };
    const { bolt11, paymentHash } =
      faults.hold === undefined
        ? await plain(wallet, order)
        : await this.#hold(wallet, order, faults.hold.blocks);
    this.given.push({ user, amount_msats, comment, bolt11, paymentHash });
    await faults.wait;
    return { pr: bolt11, routes: [], verify: `${this.origin}/lnurlp/callback/${user}/${paymentHash}` };
  }

  async #hold(wallet: NWCClient, order: Order, blocks: number): Promise<Made> {
    const preimage = randomBytes(32).toString('hex');
    const paymentHash = sha256(Buffer.from(preimage, 'hex'));
    const hold = { ...order, payment_hash: paymentHash, min_cltv_expiry_delta: blocks };
    const { invoice } = await wallet.makeHoldInvoice(hold);
    this.#held.set(paymentHash, { preimage, wallet });
    return { bolt11: invoice, paymentHash };
  }

  async #verify(wallet: NWCClient, paymentHash: string): Promise<object> {
    const { invoice, preimage, state } = await wallet.lookupInvoice({ payment_hash: paymentHash });
    const settled = state === 'settled';
    return { status: 'OK', settled, preimage: settled ? preimage : null, pr: invoice };
  }
}

class HttpError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

interface Order {
  readonly amount: number;
  readonly description_hash: string;
  readonly expiry: number;
}

interface Made {
  readonly bolt11: string;
  readonly paymentHash: string;
}

async function plain(wallet: NWCClient, order: Order): Promise<Made> {
  const { invoice, payment_hash } = await wallet.makeInvoice(order);
  return { bolt11: invoice, paymentHash: payment_hash };
}

function respond(response: ServerResponse, status: number, answer: object | null): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(answer === null ? '{}' : JSON.stringify(answer));
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
