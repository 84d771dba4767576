/** Why a text is no literal. Thrown inside the readers; their doors return it as a value. */
export class LiteralProblem extends Error {
  override readonly name = 'LiteralProblem';
  /** Where in the text, characters from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** What reading a value came to. A refusal is an answer like any other: texts come from strangers. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly at: number };

/** @param read throws {@link LiteralProblem} for what it refuses */
export function reading<T>(read: () => T): Read<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof LiteralProblem)) throw error;
    return { ok: false, problem: error.message, at: error.at };
  }
}
