/** A customer of a started service: asks, is asked for money, and gets its result. On the wire only. */
import type { Event } from 'nostr-tools/pure';
import { type Answers, type Client, connectClient, errorOf, tag } from './client.ts';
import type { Service } from './service.ts';

/** One job of a customer. */
export interface AskedJob {
  readonly request: Event;
  readonly answers: Answers;
}

export interface Demand {
  readonly amount_msats: bigint;
  readonly bolt11: string;
}

export class Customer {
  readonly client: Client;
  readonly #service: Service;

  private constructor(client: Client, service: Service) {
    this.client = client;
    this.#service = service;
  }

  static async connect(service: Service): Promise<Customer> {
    return new Customer(await connectClient(service.relay), service);
  }

  /** Asks an agent of the service, in the agent NIP. @throws Error when there is no agent of that name */
  async ask(slug: string, words: string, tags: string[][] = []): Promise<AskedJob> {
    const agent = this.#service.dev.agents.find((one) => one.slug === slug);
    if (agent === undefined) throw new Error(`the service has no agent called ${slug}`);
    const request = this.client.sign(7001, [
      ['p', agent.pubkey],
      ['request', JSON.stringify({ messages: [{ role: 'user', content: words }] })],
      ...tags,
    ]);
    const answers = this.client.answers(request.id);
    await this.client.publish(request);
    return { request, answers };
  }

  /** Withdraws a request (NIP-09). */
  async callOff({ request }: AskedJob): Promise<void> {
    await this.client.publish(this.client.sign(5, [['e', request.id]]));
  }

  /** Where the service says a job stands. */
  async phaseOf({ request }: AskedJob): Promise<string> {
    const view: unknown = await (await fetch(`${this.#service.url}/jobs/${request.id}`)).json();
    return typeof view === 'object' && view !== null ? String(Reflect.get(view, 'phase')) : '';
  }
}

/** The event that asks for a job's money. @throws Error when the service stays silent */
export async function demandEventOf({ answers }: AskedJob): Promise<Event> {
  return await answers.find((one) => tag(one, 'amount') !== undefined || isResult(one));
}

/** The payment a job waits for. @throws Error when the job has ended, or the service stays silent */
export async function demandOf(job: AskedJob): Promise<Demand> {
  const event = await demandEventOf(job);
  const [, amount, bolt11] = event.tags.find(([name]) => name === 'amount') ?? [];
  if (amount === undefined || bolt11 === undefined)
    throw new Error(`not asked for money: ${event.kind} ${JSON.stringify(event.tags)}`);
  return { amount_msats: BigInt(amount), bolt11 };
}

/** The result of a job. @throws Error when it ends in an error */
export async function resultOf({ answers }: AskedJob): Promise<Event> {
  const end = await answers.end();
  const error = errorOf(end);
  if (error !== null) throw new Error(`${error.code}: ${error.message}`);
  return end;
}

/** Whether anything of a job's work was seen so far. */
export function hasBegun({ answers }: AskedJob): boolean {
  return answers.events.some((event) => tag(event, 'status') === 'processing' || isResult(event));
}

/** Whether its result has come. */
export function isDelivered({ answers }: AskedJob): boolean {
  return answers.events.some(isResult);
}

function isResult(event: Event): boolean {
  return event.kind === 7001 && tag(event, 'result') !== undefined;
}
