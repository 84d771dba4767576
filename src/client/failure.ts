/** What goes wrong for a client by itself, before or beside an agent's own errors. */

/**
 * `USAGE`: what is asked for cannot be asked for. `RELAY`: no relay was reached, or none took it. `SIGNER`: the signer
 * refused or is away. `PAYMENT`: refused or over the cap. `HTTP`: the marketplace could not be asked. `NOT_FOUND`: no
 * such agent or job. `TIMEOUT`: nothing in time.
 */
export type ClientErrorCode = 'USAGE' | 'RELAY' | 'SIGNER' | 'PAYMENT' | 'HTTP' | 'NOT_FOUND' | 'TIMEOUT';

/** A failure to be told to the person, whose message never holds a secret. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
