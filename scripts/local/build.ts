/**
 * The Worker as `wrangler deploy` would upload it, and its bindings as wrangler reads them from wrangler.toml.
 * Both are kept under a hash of everything they are made of, because asking wrangler takes seconds.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_HOME, ROOT } from './state.ts';

/** What is deployed: each by its wrangler file, and with everything its bundle depends on. */
interface Deployed {
  readonly config: string;
  readonly sources: readonly string[];
}

const PACKAGES = ['package.json', 'package-lock.json'];
const MARKETPLACE: Deployed = {
  config: 'wrangler.toml',
  sources: ['agents', 'src', 'workers', 'scripts/pages', 'wrangler.toml', ...PACKAGES],
};
const SANDBOX: Deployed = {
  config: 'wrangler.sandbox.toml',
  sources: [
    ...[
      'src/sandbox',
      'src/values',
      'src/limits.ts',
      'workers/sandbox.ts',
      'scripts/sandbox',
      'wrangler.sandbox.toml',
    ],
    ...PACKAGES,
  ],
};
/** Bundles of earlier sources are removed when they have not been used for this long, ms. */
const KEEP_MS = 3_600_000;

type ModuleType = 'ESModule' | 'CompiledWasm' | 'Text' | 'Data';

/** How wrangler's rules type what lies beside the bundle. Source maps and its README are no modules. */
const MODULE_TYPES: Readonly<Record<string, ModuleType>> = {
  '.js': 'ESModule',
  '.wasm': 'CompiledWasm',
  '.html': 'Text',
  '.txt': 'Text',
  '.sql': 'Text',
  '.bin': 'Data',
};

/** The type of the bundle itself. */
const MAIN: ModuleType = 'ESModule';
const OPTIONS = 'options.json';

export interface Bundle {
  readonly folder: string;
  /** Absolute paths, the main module first. */
  readonly modules: readonly { readonly type: ModuleType; readonly path: string }[];
}

export interface Build extends Bundle {
  /** miniflare's options for this Worker, without its source. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Wrangler could not bundle the Worker; the message is what it said. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/**
 * Builds the marketplace's Worker, or finds the build of exactly these sources.
 *
 * @throws BuildError with wrangler's words
 */
export function buildWorker(): Promise<Build> {
  return build(MARKETPLACE);
}

/** The same for the Worker that runs strangers' programs; its wrangler file has the engines built first. */
export function buildSandboxWorker(): Promise<Build> {
  return build(SANDBOX);
}

async function build({ config, sources }: Deployed): Promise<Build> {
  const builds = join(DEFAULT_HOME, 'build', config);
  mkdirSync(builds, { recursive: true });
  for (;;) {
    const hash = sourceHash(sources);
    const target = join(builds, hash);
    const options = join(target, OPTIONS);
    if (existsSync(options)) return { ...loadBundle(join(target, 'bundle')), options: readOptions(options) };
    const draft = mkdtempSync(`${target}.`);
    try {
      const [, text] = await Promise.all([bundle(join(draft, 'bundle'), config), bindings(config)]);
      writeFileSync(join(draft, OPTIONS), text);
      // Two starts may build the same sources at once, and sources may be saved meanwhile: then look again.
      if (sourceHash(sources) === hash) moveInto(target, draft);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    removeOld(builds, target);
  }
}

/** Another start may have built the same a moment ago: then that one is taken. */
function moveInto(target: string, draft: string): void {
  try {
    renameSync(draft, target);
  } catch (error) {
    if (!existsSync(join(target, OPTIONS))) throw error;
  }
}

function readOptions(file: string): Build['options'] {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null) throw new BuildError(`${file} is damaged: delete it`);
  return { ...parsed };
}

/**
 * Bundles with the command that deploys, so that what runs locally is what would be uploaded.
 *
 * @param config path from the root
 * @returns what wrangler printed: size and bindings
 * @throws BuildError with wrangler's words
 */
export async function bundle(outdir: string, config = 'wrangler.toml'): Promise<string> {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [wrangler, 'deploy', '--dry-run', '--outdir', outdir, '--config', join(ROOT, config)],
      { cwd: ROOT, env: offline(process.env) },
    );
    return stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new BuildError(`wrangler could not bundle the Worker:\n${said.trim()}`, { cause: error });
  }
}

/** Wrangler without its calls home. */
export function offline(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_SANITIZE: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    NO_COLOR: '1',
  };
}

async function bindings(file: string): Promise<string> {
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import('wrangler');
  const config = unstable_readConfig({ config: join(ROOT, file) });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // Without variables: those of wrangler.toml are for the deployment, and those of `.dev.vars` may be secret.
  return JSON.stringify({ ...workerOptions, name: config.name, bindings: {} });
}

/** The modules wrangler put into a folder. Its bundle is one script; all else is imported by it. */
export function loadBundle(folder: string): Bundle {
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const type = MODULE_TYPES[extname(path)];
    return type === undefined ? [] : [{ type, path: join(folder, path) }];
  });
  return { folder, modules: modules.toSorted((a, b) => Number(b.type === MAIN) - Number(a.type === MAIN)) };
}

/** SHA-256 over names and contents of the sources. */
function sourceHash(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const path = join(ROOT, source);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true, encoding: 'utf8' })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .toSorted()
      : [path];
    for (const file of files)
      hash
        .update(`${relative(ROOT, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOld(builds: string, current: string): void {
  for (const name of readdirSync(builds)) {
    const path = join(builds, name);
    const age = Date.now() - statSync(path).mtimeMs;
    if (path !== current && age > KEEP_MS) rmSync(path, { recursive: true, force: true });
  }
}
