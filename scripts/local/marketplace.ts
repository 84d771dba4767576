/**
 * A marketplace on this machine: wrangler's bundle and bindings in one workerd, run by wrangler's own runtime
 * library. `wrangler dev` would put a proxy Worker between every client and ours, and take twice as long to start.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { nip19 } from 'nostr-tools';
import { AGENTS } from '../../agents/index.ts';
import { MODELS } from '../../agents/models.ts';
import { keyedAgents } from '../../src/agent/embedded.ts';
import { KEY_PREFIX, ownModelNames } from '../../src/agent/models/own.ts';
import { CONFIG_VARIABLES, type Config, readConfig } from '../../src/config.ts';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { isDevelopmentMoney } from '../../src/payment/operator-wallet.ts';
import { type Build, buildSandboxWorker, buildWorker } from './build.ts';
import { keepSentMail, MAIL_BINDING, type MailDoor, openMailDoor } from './mail.ts';
import { applyMigrations } from './migrate.ts';
import {
  type DevFile,
  devKeys,
  type Home,
  holdHome,
  operatorPubkey,
  removeDevFile,
  writeDevFile,
} from './state.ts';

const HOST = '127.0.0.1';
/** How long the Worker may take until its first healthy answer, ms. */
const READY_TIMEOUT_MS = 30_000;
/** The finest cron there is, and the one in wrangler.toml, ms. */
const CRON_MS = 60_000;
const CRON = '* * * * *';
/** How many free ports are tried. */
const PORT_TRIES = 5;
/**
 * Set by tests that run no strangers' programs: workerd compiles Python as it starts, which takes 2 to 3 s. In the place of
 * the sandbox stands one that is away.
 */
const WITHOUT_SANDBOX = 'WITHOUT_SANDBOX';
const NO_SANDBOX = `import { WorkerEntrypoint } from 'cloudflare:workers';
export default class extends WorkerEntrypoint {
  async run() { throw new Error('there is no sandbox in this test'); }
}`;
/** Passed through for the kill tests (workers/faults.ts). */
const TEST_VARIABLES = ['FAULT_URL'];

export interface MarketplaceOptions {
  readonly home: Home;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where configuration is read from; names as in docs/operating.md. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of the Worker's output, or of ours. */
  readonly log: (line: string) => void;
  /** The Worker to run, for who wants to watch it from inside; by default the one that would be deployed. */
  readonly build?: () => Promise<Build>;
}

export interface Marketplace {
  readonly dev: DevFile;
  readonly config: Config;
  /** Ends the runtime; state stays. */
  stop(): Promise<void>;
}

/** The port is taken by somebody else. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Starts a marketplace and returns when it answers.
 *
 * @throws ConfigError, HomeInUse, HomeUnusable, PortTaken, BuildError: each with a message that says what to do
 */
export async function startMarketplace(options: MarketplaceOptions): Promise<Marketplace> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between finding a free port and listening on it, somebody else may have taken it.
      if (!isAddressInUse(error)) throw error;
      if (options.port !== 0 || tries === PORT_TRIES) throw portTaken(options.port, error);
    }
  }
}

async function startOnce(options: MarketplaceOptions): Promise<Marketplace> {
  const { home, env, log } = options;
  const port = await freePort(options.port);
  const variables: Record<string, string> = { LOCAL: '1', PUBLIC_URL: `http://${HOST}:${port}` };
  const keys = Object.keys(env).filter((name) => name.startsWith(KEY_PREFIX));
  for (const name of [...CONFIG_VARIABLES, ...TEST_VARIABLES, ...keys]) {
    const value = env[name];
    if (name !== 'LOCAL' && value !== undefined && value !== '') variables[name] = value;
  }
  // A wrong value stops the start before anything is touched.
  readConfig(variables);
  const letGo = holdHome(home);
  let miniflare: Miniflare | undefined;
  let mailDoor: MailDoor | undefined;
  try {
    removeDevFile(home);
    const keys = devKeys(home, () => randomBytes(32));
    const operator = operatorPubkey(keys);
    variables.OPERATOR_PUBKEY ??= operator;
    const config = readConfig(variables);
    const [build, sandbox] = await Promise.all([(options.build ?? buildWorker)(), buildSandboxWorker()]);
    const noSandbox = {
      type: 'ESModule' as const,
      path: join(sandbox.folder, 'none.js'),
      contents: NO_SANDBOX,
    };
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: HOST,
        // The runtime's own entry (cron, storage access for us) stays on a port nobody is told of.
        port: 0,
        cf: false,
        telemetry: { enabled: false },
        // Mails come in by a path of that entry, which is not there by itself.
        unsafeTriggerHandlers: true,
        resourcePersistencePath: `${home.state}/v3`,
        log: new RuntimeLog(log, home.mail),
        handleStructuredLogs: ({ level, message }) => log(level === 'error' ? `error: ${message}` : message),
        workers: [
          {
            ...build.options,
            rootPath: build.folder,
            modulesRoot: build.folder,
            modules: [...build.modules],
            bindings: variables,
            email: MAIL_BINDING,
            // Clients talk to the Worker itself, with nothing in between.
            unsafeDirectSockets: [{ host: HOST, port }],
          },
          {
            ...sandbox.options,
            rootPath: sandbox.folder,
            modulesRoot: sandbox.folder,
            modules: env[WITHOUT_SANDBOX] === '1' ? [noSandbox] : [...sandbox.modules],
          },
        ],
      }),
    );
    await miniflare.ready;
    await applyMigrations(await miniflare.getD1Database('DB'));
    const url = `http://${HOST}:${port}`;
    await untilHealthy(url);
    const door = await openMailDoor(miniflare, HOST);
    mailDoor = door;
    const dev: DevFile = {
      url,
      relay: `ws://${HOST}:${port}`,
      agents: keyedAgents(config, { agents: AGENTS, models: ownModelNames(MODELS) }).map(
        ({ slug, pubkey, prices, paymentMethods }) => ({
          slug,
          pubkey,
          npub: nip19.npubEncode(pubkey),
          price_msats: prices.perJob_msats,
          price_per_1k_input_tokens_msats: prices.per1kInputTokens_msats,
          price_per_1k_output_tokens_msats: prices.per1kOutputTokens_msats,
          price_per_1m_fuel_msats: prices.perMillionFuel_msats,
          payment: [...paymentMethods],
        }),
      ),
      customer: { secret_key: keys.customer, nwc: customerWallet(config) },
      operator: { pubkey: operator, secret_key: keys.operator },
      mail: { from: config.mailFrom ?? '', folder: home.mail, inbound: door.url },
    };
    const runtime = miniflare;
    const stopCron = await runCron(runtime, log);
    writeDevFile(home, dev);
    return {
      dev,
      config,
      async stop() {
        removeDevFile(home);
        stopCron();
        await door.close();
        await runtime.dispose();
        letGo();
      },
    };
  } catch (error) {
    await mailDoor?.close();
    await miniflare?.dispose();
    letGo();
    throw error;
  }
}

/** Passes on what the runtime library warns of, without its colours and its news about itself; keeps mails it tells of. */
class RuntimeLog extends Log {
  readonly #write: (line: string) => void;
  readonly #mail: string;

  constructor(write: (line: string) => void, mail: string) {
    super(LogLevel.WARN);
    this.#write = write;
    this.#mail = mail;
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level <= LogLevel.WARN) this.#write(message);
    else keepSentMail(message, this.#mail, Date.now());
  }
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const response = await fetch(`${url}/health`);
    const said = await response.text();
    if (response.ok) return;
    if (Date.now() > deadline)
      throw new Error(`the Worker does not become healthy: ${response.status} ${said}`);
    await sleep(100);
  }
}

/**
 * Deployed, the platform calls `scheduled` every minute; here we do, and at once, because that is what begins links
 * and announcements.
 *
 * @returns stops it
 * @throws Error when the first run fails
 */
async function runCron(miniflare: Miniflare, log: (line: string) => void): Promise<() => void> {
  const worker = await miniflare.getWorker();
  const run = async () => {
    const { outcome } = await worker.scheduled({ cron: CRON, scheduledTime: new Date() });
    if (outcome !== 'ok') throw new Error(`the Worker's cron ended with: ${outcome}`);
  };
  await run();
  const timer = setInterval(() => run().catch((error: unknown) => log(`error: ${String(error)}`)), CRON_MS);
  return () => clearInterval(timer);
}

/** The port itself when it is free, or any free one for 0. @throws PortTaken */
function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ADDRESS_IN_USE';
}

function portTaken(port: number, cause: unknown): PortTaken {
  return new PortTaken(
    `Port ${port} is taken. Stop what uses it, or choose another: npm start -- --port 8788`,
    { cause },
  );
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(wanted, error) : error);
    });
    probe.listen(wanted, HOST, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted;
      probe.close(() => resolve(port));
    });
  });
}

/** The funded wallet of a customer. It pays invoices of development money only, so there is none beside a real wallet. */
function customerWallet(config: Config): string | null {
  return isDevelopmentMoney(config) ? devWalletUri(config, 'customer') : null;
}
