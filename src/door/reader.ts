/** News of a job, read by somebody who has something to do also while there are none. */
import type { After } from '../link/ports.ts';
import type { HeardNews } from './news.ts';

export class NewsReader {
  readonly #news: AsyncGenerator<HeardNews, void>;
  readonly #after: After;
  #pending: Promise<IteratorResult<HeardNews, void>> | null = null;

  constructor(news: AsyncGenerator<HeardNews, void>, after: After) {
    this.#news = news;
    this.#after = after;
  }

  /**
   * The next news; `silent` when there were none for so long, and the next call goes on waiting; null after the last.
   *
   * @throws JobError as {@link followJob}
   */
  async next(patience_ms: number): Promise<HeardNews | 'silent' | null> {
    this.#pending ??= this.#news.next();
    const silent = Promise.withResolvers<'silent'>();
    const cancel = this.#after(patience_ms, () => silent.resolve('silent'));
    try {
      const read = await Promise.race([this.#pending, silent.promise]);
      if (read === 'silent') return read;
      this.#pending = null;
      return read.done === true ? null : read.value;
    } finally {
      cancel();
    }
  }
}
