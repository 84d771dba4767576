/** Command line options of the scripts: a wrong one is answered with the usage, not with a stack. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options, or undefined after the usage was printed: for `--help` with exit code 0, for a mistake with 1.
 *
 * @param usage what the command takes, ending in a newline
 * @param code for a mistake, where 1 means something else
 */
export function readOptions<const T extends ParseArgsConfig>(
  config: T,
  usage: string,
  code = 1,
): ReturnType<typeof parseArgs<T>> | undefined {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return undefined;
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    fail(`${error.message}\n\n${usage.trimEnd()}`, code);
    return undefined;
  }
}

/** Says what is wrong and lets the process end with a code, 1 unless that means something else. */
export function fail(message: string, code = 1): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
