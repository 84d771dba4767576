import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { committedFiles, ROOT, readSource } from './sources.ts';

const PAGES = committedFiles().filter((path) => /^(docs\/.*|README)\.md$/.test(path));

test('a file that a page shows whole is the file', () => {
  const shown = PAGES.flatMap((page) =>
    [...readSource(page).matchAll(/This is `([^`]+)`, whole:\n\n```ts\n([\s\S]*?)```/g)].map(
      ([, path = '', code = '']) => ({ page, path, code }),
    ),
  );
  expect(shown.map(({ path }) => path)).toEqual(['agents/duel.ts', 'agents/scout.ts']);
  for (const { path, code } of shown) expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(code);
});

test('links between pages lead somewhere', () => {
  const broken = PAGES.flatMap((page) =>
    [...readSource(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target) || target.startsWith('#')) return [];
      const path = join(ROOT, dirname(page), target.split('#')[0] ?? '');
      return existsSync(path) ? [] : [`${page}: ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});
