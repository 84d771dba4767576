import { expect, test } from 'vitest';
import { committedFiles, type Import, importsOf, readSource } from './sources.ts';

/**
 * The floors of the house (DESIGN §3), highest first. A module imports from its own folder and from lower floors;
 * folders on one floor do not know each other.
 */
const FLOORS = [
  ['http'],
  // What programs and strangers' tools come in by, on the jobs and agents below.
  ['door'],
  ['agent', 'arena'],
  // What a client does: in the browser, in a terminal, and behind the doors.
  ['job', 'client'],
  ['payment', 'sandbox'],
  ['link', 'relay', 'protocol'],
  ['search'],
  // Checks are data that jobs carry, so they stand below what carries and what pays for them.
  ['net', 'store', 'checks'],
  ['config'],
  ['nostr', 'mail-address', 'values'],
  ['limits', 'errors', 'retry', 'clock', 'version', 'wasm'],
];

const SOURCES = committedFiles().filter((path) => /^(src|workers|agents)\/.*\.tsx?$/.test(path));
const IMPORTS = SOURCES.flatMap((path) => importsOf(path));

/** The folder below `src/`, or the module's own name where it lies directly in it. */
function roomOf(path: string): string {
  return path.split('/')[1]?.replace(/\.(d\.)?tsx?$/, '') ?? '';
}

function floorOf(path: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

/** What is wrong with an import, or undefined. */
function fault({ from, to }: Import): string | undefined {
  if (from.startsWith('agents/') && !/^(agents|src\/agent)\//.test(to))
    return `${from} imports ${to}: an agent is configuration, made with src/agent alone`;
  if (!from.startsWith('src/')) return undefined;
  if (to.startsWith('agents/')) return `${from} imports ${to}: the domain knows no agent by name`;
  if (to.startsWith('cloudflare:')) return `${from} imports ${to}: the domain runs under Node as well`;
  if (to.startsWith('workers/'))
    return `${from} imports ${to}: the shells import the domain, never the reverse`;
  if (!to.startsWith('src/') || roomOf(from) === roomOf(to)) return undefined;
  return floorOf(to) > floorOf(from) ? undefined : `${from} imports ${to}, which is not below it`;
}

/**
 * Import cycles between files, each as a path that returns to its start. Imports of types count in `src`: they tie
 * as well. The platform asks for one such tie in `workers`: the bindings name the classes, which take the bindings.
 */
function cycles(imports: readonly Import[]): string[] {
  const tying = imports.filter(({ from, typeOnly }) => !(typeOnly && from.startsWith('workers/')));
  const edges = Map.groupBy(tying, ({ from }) => from);
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' -> '));
    if (at >= 0 || done.has(path)) return;
    for (const { to } of edges.get(path) ?? []) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

test('there are sources to look at, and each has its floor', () => {
  expect(SOURCES.length).toBeGreaterThan(20);
  expect(IMPORTS.length).toBeGreaterThan(SOURCES.length);
  expect(SOURCES.filter((path) => path.startsWith('src/') && floorOf(path) < 0)).toEqual([]);
});

test('src imports only downwards, never workers nor cloudflare modules', () => {
  expect(IMPORTS.flatMap((found) => fault(found) ?? [])).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(cycles(IMPORTS)).toEqual([]);
});

test('relative imports name the file with its extension', () => {
  const relative = IMPORTS.filter(({ to }) => /^(src|workers|agents|node_modules)\//.test(to));
  expect(relative.filter(({ to }) => !/\.(tsx?|wasm|sql|json)$/.test(to))).toEqual([]);
});

test('the check sees what it is there for', () => {
  const source = [
    "import { DurableObject } from 'cloudflare:workers';",
    "import type {\n  Env,\n} from '../../workers/env.ts';",
    "export { b } from '../http/b.ts';",
    "import './c.ts';",
    "const later = import('../agent/d.ts');",
    "import { scout } from '../../agents/scout.ts';",
  ].join('\n');
  const found = importsOf('src/nostr/a.ts', source);
  expect(found.map(({ to, typeOnly }) => [to, typeOnly])).toEqual([
    ['cloudflare:workers', false],
    ['workers/env.ts', true],
    ['src/http/b.ts', false],
    ['src/nostr/c.ts', false],
    ['agents/scout.ts', false],
    ['src/agent/d.ts', false],
  ]);
  expect(found.map((one) => fault(one) === undefined)).toEqual([false, false, false, true, false, false]);
  const byAgent = (to: string) => fault({ from: 'agents/a.ts', to, typeOnly: false }) === undefined;
  expect(['src/agent/define.ts', 'agents/b.ts', 'src/nostr/keys.ts', 'workers/env.ts'].map(byAgent)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const edge = (from: string, to: string) => ({ from, to, typeOnly: false });
  expect(cycles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b -> c -> b']);
});

test('zod is imported as a namespace', () => {
  // The bundler cannot look through its export `z`: a single import of that brings in the messages of every language,
  // 590 KB that are also run at start-up.
  const whole = SOURCES.filter((path) => /^import \{[^}]*\bz\b[^}]*\} from 'zod';/m.test(readSource(path)));
  expect(whole).toEqual([]);
});
