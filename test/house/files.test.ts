import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { committedFiles, ROOT, readSource } from './sources.ts';

/** Files of src/ and workers/ may be this long, lines (STYLE §A7, 15). */
const MAX_LINES = 300;
/** Longer ones, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'src/limits.ts':
    'every limit stands in one file, so that what is advertised is what is enforced (DESIGN §3.7)',
};

const FILES = committedFiles();
const TEXT = FILES.filter((path) => !/\.(png|webp|ico|wasm|jpg|woff2?)$/.test(path));

test(`no source is longer than ${MAX_LINES} lines without a reason`, () => {
  const long = FILES.filter((path) => /^(src|workers|agents)\/.*\.tsx?$/.test(path)).flatMap((path) => {
    const lines = readSource(path).split('\n').length - 1;
    return lines > MAX_LINES && LONG_FILES[path] === undefined ? [`${path}: ${lines} lines`] : [];
  });
  expect(long).toEqual([]);
});

test('what is excused for its length is still there and still long', () => {
  for (const path of Object.keys(LONG_FILES)) {
    expect(readSource(path).split('\n').length - 1, path).toBeGreaterThan(MAX_LINES);
  }
});

// Written in pieces, so that this file does not contain what it looks for.
const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a package registry by its host', pattern: /registry[.]npmjs[.]org|"resolved": ?"http/ },
  {
    what: 'a path of one machine',
    pattern: new RegExp(`(?:/${'work'}/main|/${'home'}/[a-z]+/|/${'Users'}/[a-z]+/)`),
  },
  { what: 'a secret key in nsec form', pattern: new RegExp(`${'nsec1'}[02-9ac-hj-np-z]{58}`) },
];

for (const { what, pattern } of FORBIDDEN) {
  test(`no committed file names ${what}`, () => {
    expect(TEXT.filter((path) => pattern.test(readSource(path)))).toEqual([]);
  });
}

test('no committed file names the registry this machine installs from', () => {
  const host = registryHost();
  // The public registry is covered above; elsewhere it may be a private mirror that must not leak into the lock files.
  expect(host === undefined ? [] : TEXT.filter((path) => readSource(path).includes(host))).toEqual([]);
});

/** From the environment npm gives its scripts; undefined outside of npm. */
function registryHost(): string | undefined {
  const url = process.env.npm_config_registry;
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}

test('the agent in the guide is the one that runs', () => {
  const [block] =
    /(?<=```ts\n)import \{ defineAgent[\s\S]*?(?=```)/.exec(readSource('docs/writing-an-agent.md')) ?? [];
  expect(block).toBe(readSource('agents/scout.ts'));
});

test('every dependency is pinned to one version and has its line in docs/dependencies.md', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const docs = readSource('docs/dependencies.md');
  const sections = ['dependencies', 'devDependencies', 'optionalDependencies'].map((name) =>
    section(manifest, name),
  );
  const pinned = sections.flatMap((entries) => Object.entries(entries));
  expect(pinned.length).toBeGreaterThan(10);
  for (const [name, version] of pinned) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(docs, `docs/dependencies.md lacks ${name}`).toContain(`\`${name}\``);
  }
});

function section(manifest: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof manifest !== 'object' || manifest === null || !(name in manifest)) return {};
  const entries: unknown = Reflect.get(manifest, name);
  return typeof entries === 'object' && entries !== null ? { ...entries } : {};
}
