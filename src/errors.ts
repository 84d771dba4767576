/** The one error a client may see, with its code from PROTOCOL §2. Everything else thrown is a bug. */

export const JOB_ERROR_CODES = [
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'PAYMENT_REQUIRED',
  'FORBIDDEN',
  'NOT_FOUND',
  'RATE_LIMIT_EXCEEDED',
  'AGENT_ERROR',
  'MODEL_ERROR',
  'SERVICE_UNAVAILABLE',
  'TIMEOUT',
  'INSUFFICIENT_FUNDS',
  'CONTENT_TOO_LARGE',
  'INVALID_PARAMETER',
  'VERIFICATION_FAILED',
] as const;

export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];

/** JSON values, as they cross storage and RPC. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The error as data: what stands in an `error` tag, in a job's record and in a problem document. */
export interface JobFailure {
  readonly code: JobErrorCode;
  readonly message: string;
  readonly details?: { readonly [key: string]: Json };
}

/** Thrown where a failure has to leave several calls; carries nothing a client may not read. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly code: JobErrorCode;
  readonly details: JobFailure['details'];

  constructor(code: JobErrorCode, message: string, details?: JobFailure['details'], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** The failure as data. */
  get failure(): JobFailure {
    return this.details === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, details: this.details };
  }
}
