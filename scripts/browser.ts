/** Debian's Chromium, in which the pages are tried. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Where Debian puts it; CHROMIUM names another one. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * Sees to it that there is a browser: where we may (root, with apt), it is installed.
 *
 * @throws Error that says what to do
 */
export function ensureBrowser(): void {
  if (existsSync(CHROMIUM)) return;
  const root = process.getuid?.() === 0;
  if (root && existsSync('/usr/bin/apt-get')) {
    process.stdout.write('Installing chromium (once) ...\n');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']])
      spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env });
  }
  if (!existsSync(CHROMIUM))
    throw new Error(
      `There is no browser at ${CHROMIUM}, in which the pages are tried. Install it ` +
        '(Debian: apt-get install chromium), or name another Chromium in the variable CHROMIUM.',
    );
}
