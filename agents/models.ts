/**
 * Models of any provider, beside what MODEL_BASE_URL reaches. A name of this list can stand wherever a model is named:
 * `model` of an agent, MODEL, MODEL_FALLBACKS, MODEL_PRICES. docs/writing-an-agent.md has an example.
 */
import type { OwnModel } from '../src/agent/models/own.ts';

export const MODELS: readonly OwnModel[] = [];
