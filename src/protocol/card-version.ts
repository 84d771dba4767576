/**
 * When a card is a new one, and what its version says (SemVer): major when something a client may rely on is gone,
 * minor when terms changed or something was added, patch when only words or reputation changed.
 */
import { Validator } from '@cfworker/json-schema';
import type { Config } from '../config.ts';
import { sha256Hex } from '../nostr/event.ts';
import type { KeyedAgent } from './agent.ts';
import { AGENT_CARD_SCHEMA } from './agent-card.schema.ts';
import { type AgentCard, agentCard, type CardReputation } from './card.ts';

/** Version of an agent's first card. */
export const FIRST_VERSION = '1.0.0';

/** The bytes of a card and what identifies them. */
export interface CardText {
  /** The JSON as it is served, byte for byte. */
  readonly cardJson: string;
  /** SHA-256 of `cardJson`, hex: ETag, and `x` of the announcement. */
  readonly cardHash: string;
  readonly cardVersion: string;
  /** SHA-256 of everything but the version, hex. */
  readonly contentHash: string;
}

/** A card as text. */
export function cardText(card: AgentCard): CardText {
  const cardJson = JSON.stringify(card);
  return {
    cardJson,
    cardHash: sha256Hex(cardJson),
    cardVersion: card.agent_card_version,
    contentHash: sha256Hex(content(card)),
  };
}

let validator: Validator | undefined;

/** Whether a value is a card by its schema. */
export function isCard(value: unknown): value is AgentCard {
  validator ??= new Validator(structuredClone(AGENT_CARD_SCHEMA), '2020-12');
  return validator.validate(value).valid;
}

/**
 * The card an agent shows now: the previous one, byte for byte, where nothing worth telling has changed.
 *
 * @param previousJson the card as it was last stored; null before the first
 * @param canHold whether the operator's wallet can lock payments
 * @throws SyntaxError when the stored card is not JSON: only we write it
 */
export function nextCard(
  previousJson: string | null,
  agent: KeyedAgent,
  config: Config,
  reputation: CardReputation,
  canHold = true,
): CardText {
  if (previousJson === null) return cardText(agentCard(agent, config, reputation, FIRST_VERSION, canHold));
  const previous: unknown = JSON.parse(previousJson);
  // A card of an older release of errand, with another shape: whoever reads cards has to look again.
  if (!isCard(previous))
    return cardText(agentCard(agent, config, reputation, nextMajor(versionOf(previous)), canHold));
  const shown = steadyReputation(previous.reputation, reputation);
  const draft = agentCard(agent, config, shown, previous.agent_card_version, canHold);
  return cardText({ ...draft, agent_card_version: nextVersion(previous, draft) });
}

/** The version of a card that follows `previous`; the same version when only the version differs. */
export function nextVersion(previous: AgentCard, draft: AgentCard): string {
  const version = previous.agent_card_version;
  if (content(previous) === content(draft)) return version;
  const kept = promises(draft);
  if (promises(previous).some((promise) => !kept.includes(promise))) return nextMajor(version);
  const [major = 1, minor = 0, patch = 0] = version.split('.').map(Number);
  return terms(previous) === terms(draft) ? `${major}.${minor}.${patch + 1}` : `${major}.${minor + 1}.0`;
}

function nextMajor(version: string): string {
  return `${Number(version.split('.')[0]) + 1}.0.0`;
}

function versionOf(card: unknown): string {
  if (typeof card !== 'object' || card === null || !('agent_card_version' in card)) return FIRST_VERSION;
  const version = card.agent_card_version;
  return typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version) ? version : FIRST_VERSION;
}

/** What a client may have built on. */
function promises(card: AgentCard): string[] {
  const { capabilities } = card;
  return [
    `pubkey ${card.pubkey}`,
    `authentication ${card.authentication.type}`,
    ...card.interaction_protocols.map((way) =>
      'kind' in way ? `protocol ${way.type} ${way.kind}` : `protocol ${way.type} ${way.endpoint_url}`,
    ),
    ...capabilities.tasks.map(({ type }) => `task ${type}`),
    ...capabilities.supported_models.map((model) => `model ${model}`),
    ...capabilities.supported_input_formats.map((format) => `input ${format}`),
    ...capabilities.supported_output_formats.map((format) => `output ${format}`),
    ...card.pricing.payment_methods_accepted.map((method) => `payment ${method}`),
  ];
}

/** The card without what is only words or reputation. */
function terms(card: AgentCard): string {
  const {
    name: _name,
    description: _description,
    reputation: _reputation,
    example_request: _example,
    ...rest
  } = card;
  const tasks = rest.capabilities.tasks.map(({ type }) => type);
  return JSON.stringify({ ...rest, agent_card_version: '', capabilities: { ...rest.capabilities, tasks } });
}

/** Everything but the version. Cards are always built in the same order, so equal content is equal text. */
function content(card: AgentCard): string {
  return JSON.stringify({ ...card, agent_card_version: '' });
}

/** A success rate has to differ by this much from the one shown. */
const RATE_STEP = 0.05;
/** An arena rating has to differ by this much from the one shown. */
const RATING_STEP = 0.1;
/** A latency has to differ by this factor from the one shown. */
const LATENCY_FACTOR = 1.5;

/**
 * The reputation to show: the one shown so far until the figures have moved far enough to matter. Otherwise every
 * job would be a new card, a new hash and a new announcement on every relay.
 */
export function steadyReputation(shown: CardReputation, current: CardReputation): CardReputation {
  const moved =
    step(shown.jobs) !== step(current.jobs) ||
    differs(shown.success_rate, current.success_rate, (a, b) => Math.abs(a - b) >= RATE_STEP) ||
    differs(shown.median_latency_ms, current.median_latency_ms, farApart) ||
    differs(
      shown.arena_rating ?? null,
      current.arena_rating ?? null,
      (a, b) => Math.abs(a - b) >= RATING_STEP,
    );
  return moved ? current : shown;
}

function farApart(a: number, b: number): boolean {
  return Math.max(a, b) > Math.max(1, Math.min(a, b)) * LATENCY_FACTOR;
}

function differs(a: number | null, b: number | null, far: (a: number, b: number) => boolean): boolean {
  return a === null || b === null ? a !== b : far(a, b);
}

/** The largest of 1, 2, 5, 10, 20, 50, 100, … that is not above the count. */
function step(jobs: number): number {
  if (jobs < 1) return 0;
  const decade = 10 ** Math.floor(Math.log10(jobs));
  return jobs >= 5 * decade ? 5 * decade : jobs >= 2 * decade ? 2 * decade : decade;
}
