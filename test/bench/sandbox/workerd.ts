/** The sandbox Worker as it is deployed, in a workerd of its own, called through a service binding by another Worker. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { loadBundle } from '../../../scripts/local/build.ts';
import type { RunRequest } from '../../../src/sandbox/port.ts';

const COMPATIBILITY_DATE = '2026-10-15';
const SANDBOX = 'sandbox';
/** Calls one program after the other `rounds` times, and counts those that ended with a value. */
const CALLER = `
export default {
  async fetch(request, env) {
    const { requests, rounds } = await request.json();
    let good = 0;
    for (let round = 0; round < rounds; round++)
      for (const each of requests) if ((await env.SANDBOX.run(each)).verdict === 'value') good++;
    return Response.json(good);
  },
};`;
/** In the sandbox' place, to see what the call alone costs, and what a workerd takes that runs nothing. */
const NOTHING = `
import { WorkerEntrypoint } from 'cloudflare:workers';
export default class extends WorkerEntrypoint {
  async run() { return { verdict: 'value' } }
}`;

export interface Rig {
  /** @throws Error unless every check ends with a value */
  check(requests: readonly RunRequest[], rounds?: number): Promise<void>;
  /** Of the process, MiB: now, and the most it ever had. Linux only. */
  memory(): { readonly now: number; readonly peak: number };
  /** Of the sandbox' isolate, MiB: V8's heap, what it keeps outside of that, and buffers. WASM memories are not in it. */
  heap(): Promise<number>;
  /** User and system time of the process, ms. Linux only. */
  cpu_ms(): number;
  stop(): Promise<void>;
}

/** @param folder with the bundle of wrangler.sandbox.toml; none for a Worker that does nothing */
export async function startRig(folder?: string): Promise<Rig> {
  const before = new Set(children());
  const sandbox =
    folder === undefined
      ? { modules: [{ type: 'ESModule' as const, path: 'nothing.js', contents: NOTHING }] }
      : { rootPath: folder, modulesRoot: folder, modules: [...loadBundle(folder).modules] };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      inspectorPort: 0,
      workers: [
        {
          name: 'caller',
          compatibilityDate: COMPATIBILITY_DATE,
          modules: [{ type: 'ESModule', path: 'caller.js', contents: CALLER }],
          serviceBindings: { SANDBOX },
        },
        { name: SANDBOX, compatibilityDate: COMPATIBILITY_DATE, ...sandbox },
      ],
    }),
  );
  await miniflare.ready;
  const pid = children().find((child) => !before.has(child));
  if (pid === undefined) throw new Error('no workerd was started');
  return {
    async check(requests, rounds = 1) {
      const response = await miniflare.dispatchFetch('http://caller/', {
        method: 'POST',
        body: JSON.stringify({ requests, rounds }),
      });
      const good: unknown = await response.json();
      if (good !== requests.length * rounds)
        throw new Error(`${good} of ${requests.length * rounds} checks ended well`);
    },
    memory() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const mib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
      return { now: mib('VmRSS'), peak: mib('VmHWM') };
    },
    async heap() {
      const url = await miniflare.getInspectorURL();
      const usage = await heapUsage(new URL(`/core:user:${SANDBOX}`, url));
      return (usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize) / 2 ** 20;
    },
    cpu_ms() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    stop: () => miniflare.dispose(),
  };
}

const heapAnswer = z.object({
  result: z.object({
    usedSize: z.number(),
    embedderHeapUsedSize: z.number(),
    backingStorageSize: z.number(),
  }),
});

/** Asks an isolate over the inspector's protocol. */
async function heapUsage(url: URL): Promise<z.output<typeof heapAnswer>['result']> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }));
  const [answer] = await once(socket, 'message');
  socket.close();
  return heapAnswer.parse(JSON.parse(String(answer))).result;
}

/** Processes of workerd that this one has started. */
function children(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const ours = status.includes('Name:\tworkerd') && status.includes(`PPid:\t${process.pid}\n`);
      return ours ? [Number(name)] : [];
    } catch {
      // Gone between the listing and the look.
      return [];
    }
  });
}
