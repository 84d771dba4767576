/** How the command line ends: codes that a script can go by, and what is said to a person. */
import { ClientError } from '../src/client/failure.ts';
import { HttpProblem } from '../src/client/http.ts';

export const EXIT = {
  /** Done. */
  done: 0,
  /** The job failed or was called off, or the marketplace said no. */
  failed: 1,
  /** The command was not written as it has to be; nothing was done. */
  usage: 2,
  /** No relay, marketplace, wallet or signer could be reached. */
  unreachable: 3,
  /** Not paid: over the cap, refused by the wallet, or another amount than was said. */
  unpaid: 4,
  /** Nothing came in the time given; a job goes on. */
  timeout: 5,
  /** A fault in this program. */
  fault: 70,
  /** Ctrl-C. */
  interrupted: 130,
  /** Told to end by another process. */
  terminated: 143,
} as const;

/** The command was not written as it has to be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command ends with this code and has said why already, or says this. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly code: number;

  constructor(code: number, message = '') {
    super(message);
    this.code = code;
  }
}

const CODES = {
  USAGE: EXIT.usage,
  NOT_FOUND: EXIT.usage,
  RELAY: EXIT.unreachable,
  HTTP: EXIT.unreachable,
  SIGNER: EXIT.unreachable,
  PAYMENT: EXIT.unpaid,
  TIMEOUT: EXIT.timeout,
} as const;

/** The exit code of what was thrown, and what is said of it; nothing where it was said already. */
export function endOf(error: unknown): { readonly code: number; readonly message: string } {
  if (error instanceof UsageError) return { code: EXIT.usage, message: error.message };
  if (error instanceof Ended) return { code: error.code, message: error.message };
  if (error instanceof HttpProblem) {
    const broke = error.problem === 'INSUFFICIENT_FUNDS' || error.problem === 'PAYMENT_REQUIRED';
    const code = broke ? EXIT.unpaid : error.problem === null ? EXIT.unreachable : EXIT.failed;
    return { code, message: error.message };
  }
  if (error instanceof ClientError) {
    const message = error.code === 'RELAY' ? `RELAY: ${error.message}` : error.message;
    return { code: CODES[error.code], message };
  }
  const why = error instanceof Error ? error.message : String(error);
  return {
    code: EXIT.fault,
    message: `a fault in errand itself: ${why}\nERRAND_DEBUG=1 shows where; please tell the project`,
  };
}
