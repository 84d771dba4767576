/** A client with a thousand runs: one subscription for all, and of each run only how it stands. */
import type { Event } from 'nostr-tools/pure';
import { type Client, connectClient, endsJob, errorOf, tag } from '../../support/client.ts';
import { agentKey, asking } from '../../support/jobs.ts';
import type { Service } from '../../support/service.ts';
import { TEAM } from './team-run.ts';

const PATIENCE_MS = 120_000;

interface Known {
  /** As the last report says. */
  state: string;
  /** What ended it. */
  end: Event | null;
  readonly waiting: Set<() => void>;
}

export class CrowdClient {
  readonly #client: Client;
  readonly #team: string;
  readonly #runs = new Map<string, Known>();

  private constructor(client: Client, team: string) {
    this.#client = client;
    this.#team = team;
    client.relay.subscribe([{ kinds: [7000, 7001], '#p': [client.pubkey] }], {
      onevent: (event) => this.#take(event),
    });
  }

  /** @param secretKey of a client with credit */
  static async connect(service: Service, secretKey: Uint8Array): Promise<CrowdClient> {
    const client = await connectClient(service.relay, secretKey);
    return new CrowdClient(client, agentKey(service, TEAM));
  }

  /** How many runs stand so. */
  count(state: string): number {
    return [...this.#runs.values()].filter((run) => run.end === null && run.state === state).length;
  }

  /** Posts a run, which credit pays for; its id. */
  async begin(session: string, parameters: Record<string, unknown>): Promise<string> {
    return await this.#post(session, 'Write', parameters);
  }

  /** Says something in the conversation of a run, and waits until it is taken in. */
  async say(session: string, words: string): Promise<void> {
    const id = await this.#post(session, words, {});
    await this.#until(id, ({ end }) => end !== null);
  }

  /** Waits until a run stands so. @throws Error when it ends instead, or after two minutes */
  async reaches(id: string, state: string): Promise<void> {
    await this.#until(id, (run) => {
      if (run.end !== null) throw new Error(`the run ended: ${JSON.stringify(errorOf(run.end))}`);
      return run.state === state;
    });
  }

  close(): void {
    this.#client.close();
  }

  async #post(session: string, words: string, parameters: Record<string, unknown>): Promise<string> {
    const tags = [['p', this.#team], ['t', session], asking(words, { parameters })];
    const request = this.#client.sign(7001, tags);
    this.#runs.set(request.id, { state: '', end: null, waiting: new Set() });
    await this.#client.publish(request);
    return request.id;
  }

  #take(event: Event): void {
    const run = this.#runs.get(tag(event, 'e') ?? '');
    if (run === undefined) return;
    const report = tag(event, 'report');
    if (event.kind === 7000 && report !== undefined) run.state = String(JSON.parse(report).state);
    if (endsJob(event)) run.end = event;
    for (const look of run.waiting) look();
  }

  async #until(id: string, fits: (run: Known) => boolean): Promise<void> {
    const run = this.#runs.get(id);
    if (run === undefined) throw new Error('no such run');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => done(() => reject(new Error(`still ${run.state}`))), PATIENCE_MS);
      const done = (settle: () => void) => {
        clearTimeout(timer);
        run.waiting.delete(look);
        settle();
      };
      const look = () => {
        try {
          if (fits(run)) done(resolve);
        } catch (error) {
          done(() => reject(error));
        }
      };
      run.waiting.add(look);
      look();
    });
  }
}
