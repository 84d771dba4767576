/** Runs the command line in this process and ends it. */
import { main } from './main.ts';

/** What wallets, engines and sockets leave behind must not keep a finished command alive, and nothing printed may be lost. */
export async function runAndEnd(args: readonly string[]): Promise<void> {
  const code = await main(args);
  const flushed = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => stream.write('', () => resolve()));
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}
