/** The registry of runtimes. */
import { JobError } from '../errors.ts';
import type { RuntimeName } from '../protocol/agent.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { chatRuntime } from './chat/chat.ts';
import type { ModelClient } from './chat/model-client.ts';
import { codeRuntime } from './code/code.ts';
import { discover } from './discover/discover.ts';
import { type RemoteDeps, remoteRuntime } from './remote/remote.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimeDeps {
  /** Null where no model is configured. */
  readonly model: ModelClient | null;
  /** Null where no program can be run. */
  readonly sandbox: Sandbox | null;
  /** How the endpoint of a remote agent is reached; null for every other. */
  readonly remote?: RemoteDeps | null;
}

/**
 * The runtime of that name.
 *
 * @throws JobError SERVICE_UNAVAILABLE for `chat` without a model: a job may arrive after the operator took it away; for
 *   `code` without a sandbox
 */
export function runtimeFor(name: RuntimeName, deps: RuntimeDeps): Runtime {
  switch (name) {
    case 'discover':
      return discover;
    case 'chat':
      if (deps.model === null) throw new JobError('SERVICE_UNAVAILABLE', 'no model is configured at present');
      return chatRuntime(deps.model);
    case 'code':
      if (deps.sandbox === null) throw new JobError('SERVICE_UNAVAILABLE', 'there is no sandbox at present');
      return codeRuntime(deps.sandbox);
    case 'remote':
      if (deps.remote === null || deps.remote === undefined)
        throw new JobError('SERVICE_UNAVAILABLE', 'this agent is not here any more');
      return remoteRuntime(deps.remote);
    case 'external':
      throw new Error('an external agent is hired by the session of its job');
    case 'team':
      throw new Error('a team is not one step: its session runs it');
  }
}

/** Whether a runtime runs in the runner (slow) or in the session, known without building it. */
export function isSlow(name: RuntimeName): boolean {
  return name !== 'discover' && name !== 'code';
}
