/** The sandbox as its callers see it: a Worker of its own behind a binding, which may break without breaking them. */
import { JobError } from '../errors.ts';
import { SANDBOX_TIMEOUT_MS } from '../limits.ts';
import { type RunRequest, runOutcome, type Sandbox } from './port.ts';

/** The other side of the binding. */
export interface SandboxStub {
  run(request: RunRequest): Promise<unknown>;
}

/**
 * A run that fails for the sandbox' own sake is tried once more, because a Worker that ran out of memory comes back as a
 * new one; runs have no effect, so that twice is as good as once. What takes too long is not.
 */
export function remoteSandbox(stub: SandboxStub, timeoutMs = SANDBOX_TIMEOUT_MS): Sandbox {
  return {
    async run(request) {
      let broken: unknown;
      for (let tries = 0; tries < 2; tries++) {
        let answer: unknown;
        try {
          answer = await within(stub.run(request), timeoutMs);
        } catch (error) {
          broken = error;
          continue;
        }
        if (answer === LATE) throw new JobError('SERVICE_UNAVAILABLE', 'the sandbox does not answer');
        return runOutcome.parse(answer);
      }
      throw new JobError('SERVICE_UNAVAILABLE', 'the sandbox broke', undefined, { cause: broken });
    },
  };
}

const LATE = Symbol('late');

async function within(answer: Promise<unknown>, ms: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
