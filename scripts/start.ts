/** `npm start`: runs the marketplace on this machine until Ctrl-C. State is kept in `.errand/` between starts. */
import { parseArgs } from 'node:util';
import { keyedAgents } from '../src/agent/embedded.ts';
import { ConfigError } from '../src/config.ts';
import { BuildError } from './local/build.ts';
import { type Marketplace, PortTaken, startMarketplace } from './local/marketplace.ts';
import { DEFAULT_HOME, HomeInUse, homeAt } from './local/state.ts';

const USAGE = `npm start -- [--port 8787] [--persist-to .errand]

  --port        where pages, API and relay listen (0 takes a free port)
  --persist-to  folder that keeps state, keys and dev.json
  Configuration comes from the environment: see docs/operating.md.
`;

const began = performance.now();
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    'persist-to': { type: 'string', default: DEFAULT_HOME },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
} else if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
  fail(`--port must be a number from 0 to 65535, not ${values.port}`);
} else {
  await main(Number(values.port), values['persist-to']);
}

async function main(port: number, path: string): Promise<void> {
  // Signals count from the first moment, so that a start that is still building can be stopped as well.
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    // Started by a test, which speaks to us over a channel: when the test is gone, so are we.
    if (process.send !== undefined) process.on('disconnect', () => resolve());
  });
  let marketplace: Marketplace;
  try {
    marketplace = await startMarketplace({
      home: homeAt(path),
      port,
      env: process.env,
      log: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    const known = [ConfigError, HomeInUse, PortTaken, BuildError].some((type) => error instanceof type);
    if (!known) throw error;
    return fail(error instanceof Error ? error.message : String(error));
  }
  process.stdout.write(welcome(marketplace));
  process.send?.('ready');
  await stopped;
  process.stdout.write('\nStopping; state is kept. `npm run reset` forgets it.\n');
  await marketplace.stop();
  process.exit(0);
}

function welcome({ dev, config }: Marketplace): string {
  const agents = keyedAgents(config).map((agent) => {
    const npub = dev.agents.find(({ slug }) => slug === agent.slug)?.npub ?? '';
    const kinds = [config.kinds.task, ...agent.jobKinds].join(', ');
    return `  ${agent.slug.padEnd(10)} ${npub}\n  ${''.padEnd(10)} takes kinds ${kinds}: ${agent.description}\n`;
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return `
errand is ready after ${seconds} s.

  page       ${dev.url}
  relay      ${dev.relay}
${config.relays.map((url) => `  follows    ${url}\n`).join('')}
Agents
${agents.join('')}${config.model === null ? '  (chat appears once MODEL_BASE_URL and MODEL are set)\n' : ''}
Post a job from another terminal:

  npm run post -- --agent ${dev.agents[0]?.slug ?? 'discover'} "nostr zaps"

Ctrl-C stops; state is kept.
`;
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
