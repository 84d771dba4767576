/** What curve arithmetic refuses, whichever library does it. */

/** A key, point or hash that is none. */
export class CurveError extends Error {
  override readonly name = 'CurveError';
}
