/** `npm start`: runs the marketplace on this machine until Ctrl-C. State is kept in `.errand/` between starts. */
import { AGENTS } from '../agents/index.ts';
import { MODELS } from '../agents/models.ts';
import { keyedAgents } from '../src/agent/embedded.ts';
import { ownModelNames } from '../src/agent/models/own.ts';
import { ConfigError } from '../src/config.ts';
import { BuildError } from './local/build.ts';
import { type Marketplace, PortTaken, startMarketplace } from './local/marketplace.ts';
import { fail, readOptions } from './local/options.ts';
import { DEFAULT_HOME, HomeInUse, HomeUnusable, homeAt } from './local/state.ts';

const USAGE = `npm start -- [--port 8787] [--persist-to .errand]

  --port        where pages, API and relay listen (0 takes a free port)
  --persist-to  folder that keeps state, keys and dev.json
  Configuration comes from the environment: see docs/operating.md.
`;

const began = performance.now();
const options = readOptions(
  {
    options: {
      port: { type: 'string', default: '8787' },
      'persist-to': { type: 'string', default: DEFAULT_HOME },
    },
  },
  USAGE,
);

if (options !== undefined) {
  const { port, 'persist-to': path } = options.values;
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) await main(Number(port), path);
  else fail(`--port must be a number from 0 to 65535, not ${port}`);
}

async function main(port: number, path: string): Promise<void> {
  let marketplace: Marketplace;
  try {
    marketplace = await startMarketplace({
      home: homeAt(path),
      port,
      env: process.env,
      log: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    const known = [ConfigError, HomeInUse, HomeUnusable, PortTaken, BuildError].some(
      (type) => error instanceof type,
    );
    if (!known) throw error;
    return fail(error instanceof Error ? error.message : String(error));
  }
  // Before anybody is told that Ctrl-C stops it.
  const stopped = stopAsked();
  process.stdout.write(welcome(marketplace));
  process.send?.('ready');
  await stopped;
  process.stdout.write('\nStopping; state is kept. `npm run reset` forgets it.\n');
  await marketplace.stop();
  process.exit(0);
}

/** Resolves at Ctrl-C, at a polite kill, or when the test that started us is gone. */
function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const others = process.listeners(signal);
      process.on(signal, () => resolve());
      // The runtime library's own handler would end this process at once, and not with exit code 0. It goes after ours
      // has come, because a signal that arrives while nobody listens to it is lost.
      for (const other of others) process.off(signal, other);
    }
    if (process.send !== undefined) process.on('disconnect', () => resolve());
  });
}

function welcome({ dev, config }: Marketplace): string {
  const agents = keyedAgents(config, { agents: AGENTS, models: ownModelNames(MODELS) }).map((agent) => {
    const npub = dev.agents.find(({ slug }) => slug === agent.slug)?.npub ?? '';
    const kinds = [config.kinds.task, ...agent.jobKinds].join(', ');
    return `  ${agent.slug.padEnd(10)} ${npub}\n  ${''.padEnd(10)} takes kinds ${kinds}: ${agent.description}\n`;
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return `
errand is ready after ${seconds} s.

  page       ${dev.url}
  relay      ${dev.relay}
  mail       is kept in ${dev.mail.folder}
  wallet     ${dev.customer.nwc === null ? 'the one of NWC_URI' : 'development money; its connection string is customer.nwc in dev.json'}
${config.relays.map((url) => `  follows    ${url}\n`).join('')}
Agents
${agents.join('')}${config.model === null ? '  (chat appears once MODEL_BASE_URL and MODEL are set)\n' : ''}
Post a job from another terminal:

  npm run post -- --agent ${dev.agents[0]?.slug ?? 'discover'} "nostr zaps"

Ctrl-C stops; state is kept.
`;
}
