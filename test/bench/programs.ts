/** Programs of the bench, each in a process (group) of its own, so that their CPU time is told apart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from '../../scripts/local/state.ts';
import { groupCpu_ms, signalGroup } from '../support/processes.ts';

const READY_TIMEOUT_MS = 20_000;

export interface Program {
  /** What it said when it was ready. */
  readonly greeting: unknown;
  readonly cpu_ms: () => number;
  /** Its process group. */
  readonly group: number;
  /** Sends a message and returns the next one that comes back. */
  ask(message: object): Promise<unknown>;
  stop(): Promise<void>;
}

const running = new Set<number>();
process.on('exit', () => {
  for (const group of running) signalGroup(group, 'SIGKILL');
});

/** Starts `node <path> <argument>` and waits for its first message. @throws Error when it ends instead */
export async function startProgram(path: string, argument = ''): Promise<Program> {
  const child = spawn(process.execPath, [path, argument], {
    cwd: ROOT,
    detached: true,
    // What programs print is news; the bench's own output stays its own.
    stdio: ['ignore', 2, 'inherit', 'ipc'],
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`cannot start ${path}`);
  running.add(group);
  const closed = once(child, 'close');
  return {
    greeting: await nextMessage(child, path, READY_TIMEOUT_MS),
    cpu_ms: () => groupCpu_ms(group),
    group,
    ask(message) {
      const answer = nextMessage(child, path);
      child.send(message);
      return answer;
    },
    async stop() {
      signalGroup(group, 'SIGKILL');
      await closed;
      running.delete(group);
    },
  };
}

function nextMessage(child: ChildProcess, path: string, timeout_ms?: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => done(() => reject(new Error(`${path}: not ready after ${timeout_ms} ms`))),
      timeout_ms ?? 2 ** 31 - 1,
    );
    const onMessage = (message: unknown) => done(() => resolve(message));
    const onClose = (code: number | null) => done(() => reject(new Error(`${path} ended with code ${code}`)));
    const done = (settle: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('close', onClose);
      settle();
    };
    child.on('message', onMessage);
    child.on('close', onClose);
  });
}
