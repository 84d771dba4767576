/** Where to go and as whom: by flag, else by environment, else by the configuration file, else what runs in this folder. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from './exit.ts';
import type { Flags } from './flags.ts';
import type { FlagSpecs } from './spec.ts';

/** Where the marketplace is. */
export const PLACE_FLAGS = {
  relay: {
    value: 'URL',
    multiple: true,
    about: 'a relay to use; any number of times (ERRAND_RELAYS, comma-separated)',
  },
  url: { value: 'URL', about: 'the marketplace over HTTP (ERRAND_URL)' },
  marketplace: {
    value: 'KEY',
    about: 'the key that has to have signed verdicts; else what the relay names (ERRAND_MARKETPLACE)',
  },
  'persist-to': { value: 'DIR', about: 'where npm start keeps its dev.json (default .errand)', file: true },
  config: { value: 'FILE', about: 'another configuration file (ERRAND_CONFIG)', file: true },
} as const satisfies FlagSpecs;

/** Whose key signs. */
export const KEY_FLAGS = {
  'key-file': {
    value: 'FILE',
    about: 'a file with your secret key (nsec or hex) or a bunker:// string (ERRAND_KEY, ERRAND_KEY_FILE)',
    file: true,
  },
} as const satisfies FlagSpecs;

/** What pays. */
export const WALLET_FLAGS = {
  'max-sats': {
    value: 'SATS',
    about: 'pay what is asked for, never more than this in all; without it nothing is paid',
  },
  'nwc-file': {
    value: 'FILE',
    about: 'a file with the nostr+walletconnect:// string of your wallet (ERRAND_NWC, ERRAND_NWC_FILE)',
    file: true,
  },
} as const satisfies FlagSpecs;

/** How it is told. */
export const OUTPUT_FLAGS = {
  json: { about: 'a JSON value a line on stdout, for programs' },
  quiet: { short: 'q', about: 'nothing but the result and what went wrong' },
} as const satisfies FlagSpecs;

const configFile = z.strictObject({
  relays: z.array(z.string()).optional(),
  url: z.string().optional(),
  marketplace: z.string().optional(),
  key_file: z.string().optional(),
  nwc_file: z.string().optional(),
});

/** What of `dev.json` is of use here (scripts/local/state.ts writes it). */
const devFile = z.object({
  url: z.string(),
  relay: z.string(),
  agents: z.array(z.object({ slug: z.string(), pubkey: z.string() })),
  customer: z.object({ secret_key: z.string(), nwc: z.string().nullable() }),
  operator: z.object({ secret_key: z.string() }),
});
export type DevFacts = z.output<typeof devFile>;

/** A secret and where it stands, which is what is said of it. */
export interface Secret {
  readonly text: string;
  readonly from: string;
}

export class Settings {
  readonly #flags: Flags;
  readonly #env: NodeJS.ProcessEnv;
  readonly #config: z.output<typeof configFile>;
  readonly dev: DevFacts | null;

  /** @throws UsageError for a file that cannot be read as what it is */
  constructor(flags: Flags, env: NodeJS.ProcessEnv) {
    this.#flags = flags;
    this.#env = env;
    this.#config = readConfig(flags.text('config') ?? env.ERRAND_CONFIG, env);
    this.dev = readDev(resolve(flags.text('persist-to') ?? '.errand'));
  }

  /** @throws UsageError when none is named anywhere */
  get relays(): readonly string[] {
    const { ERRAND_RELAYS } = this.#env;
    const named = this.#flags.texts('relay');
    if (named.length > 0) return named;
    if (ERRAND_RELAYS !== undefined && ERRAND_RELAYS.trim() !== '')
      return ERRAND_RELAYS.split(',').map((url) => url.trim());
    const relays = this.#config.relays ?? (this.dev === null ? [] : [this.dev.relay]);
    if (relays.length > 0) return relays;
    throw new UsageError('nothing is running here: npm start, or name a relay: --relay wss://relay.example');
  }

  /** Null where none is named. */
  get urlIfNamed(): string | null {
    return this.#flags.text('url') ?? this.#env.ERRAND_URL ?? this.#config.url ?? this.dev?.url ?? null;
  }

  /** @throws UsageError when none is named anywhere */
  get url(): string {
    const url = this.urlIfNamed;
    if (url !== null) return url;
    throw new UsageError(
      'nothing is running here: npm start, or name a marketplace: --url https://errand.example',
    );
  }

  /** Whose verdicts count, as it is written; null where nobody is named. */
  get marketplace(): string | null {
    return (
      this.#flags.text('marketplace') ?? this.#env.ERRAND_MARKETPLACE ?? this.#config.marketplace ?? null
    );
  }

  /** The client's key; null where there is none. @throws UsageError */
  get key(): Secret | null {
    return (
      this.#secretOf('key-file', 'ERRAND_KEY', this.#config.key_file) ??
      (this.dev === null
        ? null
        : { text: this.dev.customer.secret_key, from: 'the dev.json of this folder' }) ??
      (existsSync(defaultKeyFile(this.#env)) ? readSecret(defaultKeyFile(this.#env)) : null)
    );
  }

  /** The operator's key; null where there is none. @throws UsageError */
  get operatorKey(): Secret | null {
    return (
      this.#secretOf('key-file', 'ERRAND_OPERATOR_KEY', undefined) ??
      (this.dev === null ? null : { text: this.dev.operator.secret_key, from: 'the dev.json of this folder' })
    );
  }

  /** The wallet that pays; null where there is none. @throws UsageError */
  get nwc(): Secret | null {
    const dev = this.dev?.customer.nwc ?? null;
    return (
      this.#secretOf('nwc-file', 'ERRAND_NWC', this.#config.nwc_file) ??
      (dev === null ? null : { text: dev, from: 'the dev.json of this folder' })
    );
  }

  #secretOf(flag: string, variable: string, configured: string | undefined): Secret | null {
    const file = this.#flags.text(flag);
    if (file !== undefined) return readSecret(file);
    const text = this.#env[variable]?.trim();
    if (text !== undefined && text !== '') return { text, from: variable };
    const named = this.#env[`${variable}_FILE`] ?? configured;
    return named === undefined ? null : readSecret(named);
  }
}

/** Where `errand key new` keeps a key when no file is named. */
export function defaultKeyFile(env: NodeJS.ProcessEnv): string {
  return join(configFolder(env), 'key');
}

/** `$XDG_CONFIG_HOME/errand`, or `~/.config/errand`. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), '.config'), 'errand');
}

/** A file only its owner may read. @throws UsageError that never quotes it */
function readSecret(file: string): Secret {
  let text: string;
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new UsageError(`${file} can be read by others on this machine: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text === '') throw new UsageError(`${file} is empty`);
  return { text, from: file };
}

function readConfig(named: string | undefined, env: NodeJS.ProcessEnv): z.output<typeof configFile> {
  const file = named ?? join(configFolder(env), 'config.json');
  if (named === undefined && !existsSync(file)) return {};
  const read = configFile.safeParse(readJson(file));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(`${file}: ${[...(issue?.path ?? []), issue?.message].join(' ')}`);
}

function readDev(home: string): DevFacts | null {
  const file = join(home, 'dev.json');
  if (!existsSync(file)) return null;
  const read = devFile.safeParse(readJson(file));
  if (read.success) return read.data;
  throw new UsageError(`${file} is of another version of errand: start the marketplace here again`);
}

/** @throws UsageError */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
