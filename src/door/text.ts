/** The text of an answer as it grows, out of deltas that may be missed, repeated, or begun anew by another attempt. */

/** What the result says is not what was told of it before: another attempt wrote another answer. */
export class TextChanged extends Error {
  override readonly name = 'TextChanged';
}

/**
 * Says of each delta what of it is new to the reader. What was said cannot be taken back, so after a gap, and while a new
 * attempt repeats what is known, it says nothing; the result fills in the rest.
 */
export class StreamedText {
  #told = '';
  #attempt = 1;
  /** What the present attempt has written, as far as it was heard without a gap. */
  #written = '';
  #nextSeq = 0;

  /** Everything told so far. */
  get told(): string {
    return this.#told;
  }

  /** What the reader does not know yet; empty for nothing. */
  delta({
    seq,
    attempt,
    text,
  }: {
    readonly seq: number;
    readonly attempt: number;
    readonly text: string;
  }): string {
    if (attempt > this.#attempt) {
      this.#attempt = attempt;
      this.#written = '';
      this.#nextSeq = 0;
    }
    if (attempt < this.#attempt || seq !== this.#nextSeq) return '';
    this.#nextSeq += 1;
    this.#written += text;
    return this.#tell(this.#written);
  }

  /** The rest of the answer. @throws TextChanged when it does not begin with what was told */
  result(content: string): string {
    if (!content.startsWith(this.#told)) throw new TextChanged('another attempt gave another answer');
    return this.#tell(content);
  }

  #tell(text: string): string {
    if (text.length <= this.#told.length || !text.startsWith(this.#told)) return '';
    const rest = text.slice(this.#told.length);
    this.#told = text;
    return rest;
  }
}
