/** Command line options of the scripts: a wrong one is answered with the usage, not with a stack. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options, or undefined after the usage was printed: for `--help` with exit code 0, for a mistake with 1.
 *
 * @param usage what the command takes, ending in a newline
 */
export function readOptions<const T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> | undefined {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return undefined;
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    fail(`${error.message}\n\n${usage.trimEnd()}`);
    return undefined;
  }
}

/** Says what is wrong and lets the process end with code 1. */
export function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
