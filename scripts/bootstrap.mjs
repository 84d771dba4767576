/**
 * The first thing `npm start` and `npm test` run, on whatever Node the machine has. It installs what is missing
 * and then runs `scripts/<command>.ts` under the Node that npm installed, which executes TypeScript as it stands.
 * Plain JavaScript for Node 18 and later: nothing in here may need what it installs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The oldest Node that wrangler takes and that runs TypeScript without a flag. */
const OLDEST = [22, 18];

const [command, ...rest] = process.argv.slice(2);
if (command === undefined || !existsSync(join(root, 'scripts', `${command}.ts`))) {
  stop(`bootstrap: no such command: ${command ?? '(none)'}`);
}

install('.');
// Relays and clients that nobody here wrote; only tests and benches talk to them.
if (command === 'test' || command === 'bench') install('test/peers');
if (command === 'bench') {
  install('test/bench/askexperts');
  install('test/bench/lighthouse');
}
run(findNode());

/** Installs the packages of one folder unless exactly its lock file was installed before. */
function install(folder) {
  const modules = join(root, folder, 'node_modules');
  const stamp = join(modules, '.errand-installed');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // A linked folder is somebody else's: npm would empty it before it put a folder of its own in place of the link.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  process.stdout.write(`Installing packages${folder === '.' ? '' : ` of ${folder}`} (once) ...\n`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // npm's own progress goes to stderr, so that a command's output stays its own.
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: join(root, folder),
    stdio: ['ignore', 2, 2],
    env: withoutNpm(process.env),
  });
  if (result.error) stop(`Cannot run npm: ${result.error.message}`);
  if (result.status !== 0)
    stop(`npm ci failed in ${folder} (exit code ${result.status}); its messages are above.`);
  writeFileSync(stamp, lock);
}

/** `npm ci` inside `npm start` must not inherit the outer run's settings (its prefix, its script name). */
function withoutNpm(env) {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^npm_(lifecycle|package|command|config_local_prefix)/.test(name),
    ),
  );
}

/** Node as npm installed it for this platform, or the machine's own when that is new enough. */
function findNode() {
  const installed = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(installed)) return installed;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  return stop(
    `This machine has Node ${process.versions.node}; errand needs ${OLDEST.join('.')} or later, and npm has no ` +
      `Node package for ${process.platform}-${process.arch} among errand's dependencies. Install a newer Node.`,
  );
}

function run(node) {
  const child = spawn(node, [join(root, 'scripts', `${command}.ts`), ...rest], {
    // The command line reads the files one names, so it stays where it was called.
    cwd: command === 'errand' ? process.cwd() : root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
      // What was compiled once, types taken out of it, is not compiled again: half a second of every start.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'errand'),
    },
  });
  process.on('SIGINT', () => {
    // A terminal sends Ctrl-C to the child as well; passing it on a second time would cut its clean-up short.
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => stop(`Cannot run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** Ends with a message. @returns {never} */
function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
