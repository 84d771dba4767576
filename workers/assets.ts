/** What pages load, as scripts/pages built it into this Worker's bundle. */
import text from '../dist/pages/assets.txt';
import { type PageAssets, readAssets } from '../src/http/pages/assets.ts';

let read: PageAssets | undefined;

/** Read once per isolate, with the first page and not at start-up. */
export function pageAssets(): PageAssets {
  read ??= readAssets(text);
  return read;
}
