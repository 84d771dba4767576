/**
 * Builds what pages load (src/http/islands, src/http/pages/styles) into one text that the Worker imports:
 * `dist/pages/assets.txt`, which git ignores. Takes 0.2 s, so it is done whenever somebody asks.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile, type OutputFile } from 'esbuild';
import type { BuiltAssets } from '../../src/http/pages/assets.ts';
import { ROOT } from '../local/state.ts';

const ISLANDS = join(ROOT, 'src', 'http', 'islands');
const STYLE = join(ROOT, 'src', 'http', 'pages', 'styles', 'style.css');
const ICON = join(ROOT, 'src', 'http', 'pages', 'icon.svg');
/** Stands in every page instead of being loaded. */
const EARLY = 'early';
const FOLDER = join(ROOT, 'dist', 'pages');
export const ASSETS_FILE = join(FOLDER, 'assets.txt');

/** The oldest browsers that have what the pages use (`light-dark()`, top-level await, `:has()`): 2024. */
const TARGET = ['chrome123', 'firefox121', 'safari17.5'];

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What {@link buildPages} made, for who measures it. */
export interface PagesBuild {
  readonly assets: BuiltAssets;
  readonly metafile: Metafile;
}

/** Builds everything and writes it where the Worker imports it from. @throws what esbuild says */
export async function buildPages(): Promise<PagesBuild> {
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    target: TARGET,
    platform: 'browser',
    legalComments: 'none',
    outdir: 'assets',
  } as const;
  const [scripts, early, style] = await Promise.all([
    build({
      ...common,
      metafile: true,
      entryPoints: islandFiles().map((name) => join(ISLANDS, name)),
      format: 'esm',
      splitting: true,
      entryNames: '[name]-[hash]',
      chunkNames: '[name]-[hash]',
    }),
    build({ ...common, entryPoints: [join(ISLANDS, `${EARLY}.ts`)], format: 'iife' }),
    build({ ...common, entryPoints: [STYLE], entryNames: '[name]-[hash]' }),
  ]);
  const icon = readFileSync(ICON);
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  const code = (early.outputFiles[0]?.text ?? '').trim();
  const assets: BuiltAssets = {
    style: pathOf(nameOf(style.outputFiles[0])),
    icon: pathOf(iconName),
    early: { code, sha256_base64: createHash('sha256').update(code).digest('base64') },
    islands: islandsOf(scripts.metafile),
    files: Object.fromEntries([
      ...[...scripts.outputFiles, ...style.outputFiles].map((file) => [
        nameOf(file),
        packed(nameOf(file), file.contents),
      ]),
      [iconName, packed(iconName, icon)],
    ]),
  };
  mkdirSync(FOLDER, { recursive: true });
  // Two starts may build at once: each writes a file of its own, and the last one stays.
  const draft = `${ASSETS_FILE}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(assets));
  renameSync(draft, ASSETS_FILE);
  return { assets, metafile: scripts.metafile };
}

function islandFiles(): string[] {
  return readdirSync(ISLANDS).filter((name) => /\.tsx?$/.test(name) && !name.startsWith(`${EARLY}.`));
}

/** Each island with everything it imports at once; what is imported later is not loaded with the page. */
function islandsOf({ outputs }: Metafile): BuiltAssets['islands'] {
  const atOnce = (path: string, seen: Set<string>): Set<string> => {
    for (const one of outputs[path]?.imports ?? []) {
      if (one.kind !== 'import-statement' || seen.has(one.path)) continue;
      seen.add(one.path);
      atOnce(one.path, seen);
    }
    return seen;
  };
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([path, { entryPoint }]) => {
      // Chunks that are imported later have an entry point too: a module, but none of ours.
      if (entryPoint === undefined || !islandFiles().includes(entryPoint.replace('src/http/islands/', '')))
        return [];
      const name = basename(entryPoint, extname(entryPoint));
      const preload = [...atOnce(path, new Set())].map((chunk) => pathOf(basename(chunk)));
      return [[name, { src: pathOf(basename(path)), preload }]];
    }),
  );
}

function pathOf(name: string): string {
  return `/assets/${name}`;
}

function nameOf(file: OutputFile | undefined): string {
  if (file === undefined) throw new Error('esbuild wrote nothing');
  return basename(file.path);
}

function packed(name: string, bytes: Uint8Array): BuiltAssets['files'][string] {
  const type = TYPES[extname(name)];
  if (type === undefined) throw new Error(`no media type for ${name}`);
  return { type, gzip: gzipSync(bytes, { level: 9 }).toString('base64') };
}
