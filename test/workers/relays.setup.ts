/** Starts the door to outside relays (test/support/relay-door.ts) once for all tests in workerd. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Base URL of the door. */
    readonly relayDoor: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['test/support/relay-door.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [url]: string[] = await once(createInterface(child.stdout), 'line');
  if (url === undefined) throw new Error('the relay door did not open');
  project.provide('relayDoor', url);
  return async () => {
    const gone = once(child, 'exit');
    child.stdin.end();
    await gone;
  };
}
