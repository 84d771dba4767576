/** The marketplace as a user starts it (scripts/start.ts), for black-box, kill and conformance tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevFile, homeAt, ROOT, readDevFile } from '../../scripts/local/state.ts';
import { CONFIG_VARIABLES } from '../../src/config.ts';
import { groupIsAlive, signalGroup } from './processes.ts';

/** A start that builds from cold takes about 5 s here; a loaded machine is given far more, ms. */
const START_TIMEOUT_MS = 90_000;
/** After this a stop becomes a kill, ms. */
const STOP_TIMEOUT_MS = 10_000;

export interface ServiceOptions {
  /** Configuration variables. Nothing of it is taken from the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Home folder; give the one of an earlier service to start on its state. By default a new one, removed by `stop`. */
  readonly persistTo?: string;
  /** By default a free one. */
  readonly port?: number;
  /** Whether strangers' programs are run; without the sandbox the service starts in half the time. By default not. */
  readonly sandbox?: boolean;
}

export interface Service {
  /** Base URL without trailing slash. */
  readonly url: string;
  /** URL of the embedded relay. */
  readonly relay: string;
  readonly persistTo: string;
  readonly dev: DevFile;
  /** Process group id: the group holds the start script and workerd. */
  readonly pid: number;
  /** Everything printed so far. */
  log(): string;
  /** Ends it as Ctrl-C does, and removes the folder if it was made here. Safe to repeat, also after `kill`. */
  stop(): Promise<void>;
  /** SIGKILL to the whole process tree at once; state stays. Returns when every process is gone. */
  kill(): Promise<void>;
}

const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});

/**
 * Starts the service and returns when it is ready.
 *
 * @throws Error with everything it printed when it ends or stays silent instead
 */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const persistTo = options.persistTo ?? mkdtempSync(join(tmpdir(), 'errand-'));
  const child = spawn(
    process.execPath,
    ['scripts/start.ts', '--port', String(options.port ?? 0), '--persist-to', persistTo],
    {
      cwd: ROOT,
      // Its own process group, so that one signal reaches workerd too, at the same instant.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // The arena asks models by itself and shares the machine: only who is after it plays.
      env: {
        ...withoutConfiguration(process.env),
        ARENA_ROUNDS_PER_DAY: '0',
        WITHOUT_SANDBOX: options.sandbox === true ? '0' : '1',
        ...options.env,
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('cannot start node');
  running.add(pid);
  const gone = goneOf(child, pid);

  const kill = async () => {
    signalGroup(pid, 'SIGKILL');
    await gone;
  };
  const stop = async () => {
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(timer);
    if (options.persistTo === undefined) await rm(persistTo, { recursive: true, force: true });
  };

  try {
    await readiness(child, () => output);
    const dev = readDevFile(homeAt(persistTo));
    if (dev === undefined) throw new Error(`ready, but no dev.json:\n${output}`);
    return { url: dev.url, relay: dev.relay, persistTo, dev, pid, log: () => output, stop, kill };
  } catch (error) {
    await kill();
    if (options.persistTo === undefined) await rm(persistTo, { recursive: true, force: true });
    throw error;
  }
}

function readiness(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not ready after ${START_TIMEOUT_MS} ms:\n${output()}`)),
      START_TIMEOUT_MS,
    );
    child.once('message', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the service ended with code ${code} instead of becoming ready:\n${output()}`));
    });
  });
}

/** Resolves when the start script and its whole group are gone: a socket may be held by workerd a moment longer. */
function goneOf(child: ChildProcess, pid: number): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => {
      // Whatever should have outlived the script is not left to outlive the test.
      signalGroup(pid, 'SIGKILL');
      const look = () => {
        if (groupIsAlive(pid)) {
          setTimeout(look, 5);
          return;
        }
        running.delete(pid);
        resolve();
      };
      look();
    });
  });
}

function withoutConfiguration(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !CONFIG_VARIABLES.includes(name)));
}
