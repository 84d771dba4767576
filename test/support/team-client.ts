/** A client of teams: pays for runs, reads what it is told by feedback and by direct message, and says things back. */
import * as nip17 from 'nostr-tools/nip17';
import type { Event } from 'nostr-tools/pure';
import { NWCClient } from '../peers/alby.ts';
import { type Answers, authenticate, type Client, connectClient, errorOf, tag } from './client.ts';
import { agentKey, asking } from './jobs.ts';
import type { Service } from './service.ts';
import { signedCall } from './signed-call.ts';

export interface Run {
  readonly request: Event;
  readonly answers: Answers;
  /** What was asked for it, msats; 0 when credit paid it. */
  readonly demanded: number;
}

export interface ReportData {
  readonly number: number;
  readonly state: string;
  readonly events: readonly string[];
  readonly iteration: number;
  readonly directives: readonly {
    number: number;
    text: string;
    status: string;
    appliedIn: Record<string, number>;
  }[];
  readonly questions: readonly { number: number; text: string }[];
  readonly ended: string | null;
  readonly spent: { readonly msats: number };
  readonly budget: { readonly msats: number };
}

/** Where it goes. */
type Marketplace = Pick<Service, 'url' | 'relay' | 'dev'>;

export class TeamClient {
  readonly client: Client;
  readonly messages: string[] = [];
  readonly #service: Marketplace;
  readonly #team: string;
  readonly #payer: NWCClient;

  private constructor(client: Client, service: Marketplace, team: string, nwc: string) {
    this.client = client;
    this.#service = service;
    this.#team = agentKey(service, team);
    this.#payer = new NWCClient({ nostrWalletConnectUrl: nwc });
    client.relay.subscribe([{ kinds: [1059], '#p': [client.pubkey] }], {
      onevent: (event) => {
        const rumor = nip17.unwrapEvent(event, client.secretKey);
        if (rumor.kind === 14 && rumor.pubkey === this.#team) this.messages.push(rumor.content);
      },
    });
  }

  /** @param nwc the wallet it pays from; by default that of the development money */
  static async connect(
    service: Marketplace,
    team: string,
    secretKey?: Uint8Array,
    nwc = service.dev.customer.nwc ?? '',
  ): Promise<TeamClient> {
    const client = await connectClient(service.relay, secretKey);
    // Gift wraps are shown to whom they are for.
    await authenticate(client);
    return new TeamClient(client, service, team, nwc);
  }

  /** Posts a run and pays for it. @throws Error when it is refused */
  async begin(words: string, session: string, parameters: Record<string, unknown> = {}): Promise<Run> {
    return await this.order(this.request(words, session, parameters));
  }

  /** A signed request for a run. */
  request(words: string, session: string, parameters: Record<string, unknown> = {}): Event {
    const tags = [['p', this.#team], ['t', session], asking(words, { parameters })];
    return this.client.sign(7001, tags);
  }

  /** Posts a signed request and pays for it. @throws Error when it is refused */
  async order(request: Event): Promise<Run> {
    const { answers } = await this.follow(request);
    const first = await answers.find(
      (event) => event.kind === 7000 && (tag(event, 'amount') ?? tag(event, 'report')) !== undefined,
    );
    const [, amount, invoice] = first.tags.find(([name]) => name === 'amount') ?? [];
    if (invoice !== undefined) await this.#payer.payInvoice({ invoice });
    return { request, answers, demanded: Number(amount ?? 0) };
  }

  /** The same run, seen by this client. */
  again({ request, demanded }: Run): Run {
    return { request, demanded, answers: this.client.answers(request.id) };
  }

  /** Posts a request that was posted and paid before, and hears all that was ever told of it. */
  async follow(request: Event): Promise<Run> {
    const answers = this.client.answers(request.id);
    await this.client.publish(request);
    return { request, answers, demanded: 0 };
  }

  /** Says something as a request of the same conversation; what is answered. */
  async say(words: string, session: string): Promise<Event> {
    const request = this.client.sign(7001, [['p', this.#team], ['t', session], asking(words)]);
    const answers = this.client.answers(request.id);
    await this.client.publish(request);
    return await answers.end();
  }

  /** The same as a direct message. */
  async message(words: string): Promise<void> {
    await this.client.publish(this.wrap(words));
  }

  /** A direct message as it is sent. */
  wrap(words: string): Event {
    return nip17.wrapEvent(this.client.secretKey, { publicKey: this.#team }, words);
  }

  /** The same as a comment (NIP-22) under the request. */
  async comment(words: string, { request }: Run): Promise<void> {
    const scope = (name: string, kind: string, author: string) => [
      [name, request.id],
      [kind, '7001'],
      [author, this.client.pubkey],
    ];
    await this.client.publish(
      this.client.sign(1111, [...scope('E', 'K', 'P'), ...scope('e', 'k', 'p')], words),
    );
  }

  async callOff({ request }: Run): Promise<void> {
    await this.client.publish(this.client.sign(5, [['e', request.id]]));
  }

  /** What there is to spend for the next job, msats. */
  async credit(): Promise<number> {
    const { json } = await signedCall(this.#service.url, this.client.secretKey, 'GET', '/account');
    return Number(json.credit_msats);
  }

  close(): void {
    this.client.close();
    this.#payer.close();
  }
}

/** The reports among what answers a run, in order. */
export function reportsOf({ answers }: Run): ReportData[] {
  return answers.events
    .flatMap((event) => {
      const json = event.kind === 7000 ? tag(event, 'report') : undefined;
      return json === undefined ? [] : [JSON.parse(json)];
    })
    .sort((a: ReportData, b: ReportData) => a.number - b.number);
}

/** The first report, seen or to come, that fits. */
export async function reportOf(run: Run, fits: (report: ReportData) => boolean): Promise<ReportData> {
  const event = await run.answers.find((one) => {
    const json = one.kind === 7000 ? tag(one, 'report') : undefined;
    return json !== undefined && fits(JSON.parse(json));
  });
  return JSON.parse(tag(event, 'report') ?? '');
}

/** The result of a run. @throws Error when it ended in an error */
export async function deliveredBy({ answers }: Run): Promise<Event> {
  const result = await answers.end();
  const error = errorOf(result);
  if (error !== null) throw new Error(`${error.code}: ${error.message}`);
  return result;
}
