/** The Worker that would be deployed behind another main module, for who wants to see it from inside. */
import { copyFileSync, cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Build, buildWorker, loadBundle } from '../../scripts/local/build.ts';

/**
 * @param main a module that imports the bundle as `./edge.js` and exports all of it
 * @param folder where both are put
 */
export async function buildBehind(main: string, folder: string): Promise<Build> {
  const build = await buildWorker();
  cpSync(build.folder, folder, { recursive: true });
  const name = basename(main);
  copyFileSync(main, join(folder, name));
  const { modules } = loadBundle(folder);
  const isMain = ({ path }: { readonly path: string }) => basename(path) === name;
  return { ...build, folder, modules: modules.toSorted((a, b) => Number(isMain(b)) - Number(isMain(a))) };
}
