/** Stands for a session: a durable object that has programs run by a sandbox in another process. Bundled by test/sandbox/death.test.ts. */
import { DurableObject } from 'cloudflare:workers';
import { JobError } from '../../../src/errors.ts';
import type { RunRequest } from '../../../src/sandbox/port.ts';
import { remoteSandbox, type SandboxStub } from '../../../src/sandbox/remote.ts';

interface Env {
  readonly SANDBOX: SandboxStub;
  readonly SESSION: DurableObjectNamespace<Session>;
}

export class Session extends DurableObject<Env> {
  /** The same for as long as the object lives. */
  readonly #born = crypto.randomUUID();
  #waiting = 0;

  /** How things are with it: answers at once, whatever runs. */
  state(): { readonly born: string; readonly waiting: number } {
    return { born: this.#born, waiting: this.#waiting };
  }

  async run(request: RunRequest): Promise<unknown> {
    this.#waiting++;
    try {
      return { outcome: await remoteSandbox(this.env.SANDBOX).run(request) };
    } catch (error) {
      return error instanceof JobError ? { error: error.code } : { bug: String(error) };
    } finally {
      this.#waiting--;
    }
  }
}

export default {
  async fetch(request: Request, { SESSION }: Env): Promise<Response> {
    const session = SESSION.get(SESSION.idFromName('session'));
    if (request.method === 'GET') return Response.json(await session.state());
    return Response.json(await session.run(await request.json<RunRequest>()));
  },
};
