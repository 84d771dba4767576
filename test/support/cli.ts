/** The built command line as a child process, as a person or a script runs it. */
import { spawn } from 'node:child_process';
import * as z from 'zod';

/** After this a command is ended, ms. */
const PATIENCE_MS = 50_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** Everything printed so far. */
  said(): Ended;
  /** Resolves when what it printed matches; rejects with all of it when it ends before. */
  until(pattern: RegExp): Promise<void>;
  interrupt(): void;
  readonly ended: Promise<Ended>;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** @param file the bundle. Nothing of the test's own environment but PATH reaches it */
export function startCli(file: string, args: readonly string[], options: CliOptions): Running {
  const env = { PATH: process.env.PATH, HOME: options.cwd, ...options.env };
  const child = spawn(process.execPath, [file, ...args], { cwd: options.cwd, env });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const look of [...waiting]) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(stdout) && !pattern.test(stderr)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then((end) => reject(new Error(`ended without ${pattern}: ${JSON.stringify(end)}`)), reject);
    });
  const said = () => ({ code: child.exitCode, stdout, stderr });
  return { said, until, interrupt: () => child.kill('SIGINT'), ended };
}

const line = z.looseObject({ type: z.string() });

/** JSON lines, each an object with a type. */
export function linesOf(stdout: string): z.output<typeof line>[] {
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => line.parse(JSON.parse(text)));
}
