/**
 * The order of search results, as pure functions. All parts are on one scale: one point is a doubling.
 *
 * score = TEXT_WEIGHT · relevance + popularity − age penalty + FOLLOW_BONUS (if the viewer follows the author)
 *
 * Nothing here is proof of quality. Keys cost nothing, so every signal grows with the logarithm of its count and
 * counts a key once, and zaps are capped: a receipt is signed by a wallet provider we have not asked, so a forged
 * one is possible, and a thousand forged ones must not outweigh real interest.
 */

/** What others did with an event, each key counted once per signal. */
export interface Signals {
  readonly reactions: number;
  readonly reposts: number;
  /** Distinct senders of zaps. */
  readonly zappers: number;
  /** Each sender's largest zap, added up. */
  readonly zap_sats: number;
  /** For people: follow lists that name them. */
  readonly followers: number;
}

export const NO_SIGNALS: Signals = { reactions: 0, reposts: 0, zappers: 0, zap_sats: 0, followers: 0 };

/** A perfect match of the words is worth this many doublings of attention. */
const TEXT_WEIGHT = 6;
const REACTION_WEIGHT = 1;
/** Passing a note on says more than liking it; paying says most. */
const REPOST_WEIGHT = 1.5;
const ZAPPER_WEIGHT = 1.5;
const ZAP_SATS_WEIGHT = 0.3;
const FOLLOWER_WEIGHT = 1;
/** All zaps together never count for more than this. */
const ZAP_CAP = 12;
const FOLLOW_BONUS = 4;
/** In "what is popular now", attention is worth half after this time, s. */
const POPULAR_HALF_LIFE_S = 86_400;
/** In a search for words, age weighs little and ever less: one point after this time, two after three times it, s. */
const SEARCH_AGE_SCALE_S = 2_592_000;

/** Attention in doublings; never falls when a signal grows. */
export function popularity(signals: Signals): number {
  const zaps = ZAPPER_WEIGHT * doublings(signals.zappers) + ZAP_SATS_WEIGHT * doublings(signals.zap_sats);
  return (
    REACTION_WEIGHT * doublings(signals.reactions) +
    REPOST_WEIGHT * doublings(signals.reposts) +
    FOLLOWER_WEIGHT * doublings(signals.followers) +
    Math.min(ZAP_CAP, zaps)
  );
}

/**
 * Popularity with age folded in so that the order of two notes never changes with time: the note's own time is
 * added where others would subtract its age. So it can be stored and indexed, and rewritten only when a signal
 * comes in.
 *
 * @param created_s Unix s; for people 0, whose profiles do not age
 */
export function heat(signals: Signals, created_s: number): number {
  return popularity(signals) + created_s / POPULAR_HALF_LIFE_S;
}

/** One candidate of a search for words. */
export interface Candidate {
  /** 1 for the best match of the words among the candidates, towards 0 for the weakest. */
  readonly relevance: number;
  readonly signals: Signals;
  /** Age, s; 0 for people. */
  readonly age_s: number;
  readonly followed: boolean;
}

/** The score of a match of the words. */
export function textScore(candidate: Candidate): number {
  return (
    TEXT_WEIGHT * candidate.relevance +
    popularity(candidate.signals) -
    Math.log2(1 + Math.max(0, candidate.age_s) / SEARCH_AGE_SCALE_S) +
    (candidate.followed ? FOLLOW_BONUS : 0)
  );
}

/**
 * The score of something popular, from its stored heat.
 *
 * @param now_s Unix s; 0 for people
 */
export function popularScore(heatValue: number, now_s: number, followed: boolean): number {
  return heatValue - now_s / POPULAR_HALF_LIFE_S + (followed ? FOLLOW_BONUS : 0);
}

function doublings(count: number): number {
  return Math.log2(1 + Math.max(0, count));
}
