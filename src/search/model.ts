/** What is asked of the search index and what it answers. Plain JSON: both cross RPC. */

export interface SearchQuery {
  /** `notes` are kinds 1 and 30023; `people` are kind 0 profiles. */
  readonly subject: 'notes' | 'people';
  /** Words of a stranger; empty means "what is popular now". */
  readonly text: string;
  /** Only what these public keys wrote. */
  readonly authors?: readonly string[];
  /** The person asking: what their follows (kind 3) wrote ranks higher. */
  readonly viewer?: string;
  readonly since_s?: number;
  readonly until_s?: number;
  readonly limit: number;
  /** Unix ms; age counts from here. */
  readonly now_ms: number;
}

export interface SearchHit {
  /** `e`: id of a note; `p`: public key of a person; `a`: address of an article. */
  readonly tag: 'e' | 'p' | 'a';
  readonly value: string;
  readonly score: number;
}
