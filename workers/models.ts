/** The models of this deployment, with their limits and fallbacks where the configuration names some. */
import { MODELS } from '../agents/models.ts';
import type { ModelClient } from '../src/agent/chat/model-client.ts';
import { loopClock } from '../src/agent/loop/clock.ts';
import type { ToolModelClient } from '../src/agent/loop/model.ts';
import { meteredModels } from '../src/agent/models/metered.ts';
import { ownModelNames, providerKey, withOwnModels } from '../src/agent/models/own.ts';
import { amountOf } from '../src/agent/models/prices.ts';
import { type Models, modelNames, modelProvider } from '../src/agent/models/provider.ts';
import { needsTraffic, routedModels } from '../src/agent/models/routed.ts';
import type { TrafficPort } from '../src/agent/models/router.ts';
import type { ModelFigures } from '../src/http/ports.ts';
import { configOf, type Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

const known = new WeakMap<Env, Models | null>();

/** For one question; null where no model can be asked. */
export function chatModelOf(env: Env): ModelClient | null {
  return modelsOf(env)?.chat ?? null;
}

/** For agents with tools; null where no model can be asked. */
export function toolModelOf(env: Env): ToolModelClient | null {
  return modelsOf(env)?.tools ?? null;
}

/** The names of the models, the preferred one first; none where no model can be asked. */
export function modelNamesOf(env: Env): readonly string[] {
  return modelNames(configOf(env), env.AI !== undefined, ownModelNames(MODELS));
}

function modelsOf(env: Env): Models | null {
  let models = known.get(env);
  if (models === undefined) {
    models = build(env);
    known.set(env, models);
  }
  return models;
}

function build(env: Env): Models | null {
  const config = configOf(env);
  const ai = env.AI;
  const provider = withOwnModels(
    modelProvider(
      config,
      ai === undefined ? {} : { workersAi: (name, input, { signal }) => ai.run(name, input, { signal }) },
    ),
    MODELS,
    providerKey({ ...env }),
  );
  const names = modelNamesOf(env);
  if (provider === null) return null;
  const models = needsTraffic(config.models, names)
    ? routedModels(provider, {
        ...loopClock,
        names,
        traffic: trafficPort(env),
        newId: () => crypto.randomUUID(),
        random: Math.random,
      })
    : provider;
  if (config.models.prices.size === 0) return models;
  return meteredModels(models, (model, usage) => told(model, env.MODELS.getByName(model).used(usage)));
}

/** What the models used and cost, each since it is counted; nothing where no prices are set. */
export async function modelFiguresOf(env: Env): Promise<readonly ModelFigures[]> {
  const { prices } = configOf(env).models;
  if (prices.size === 0) return [];
  const named = marketplaceOf(env).agents.flatMap(({ models }) => models);
  return await Promise.all(
    [...new Set([...modelNamesOf(env), ...named])].map(async (model) => {
      const usage = await env.MODELS.getByName(model).usage();
      const price = prices.get(model);
      return { model, usage, cost: price === undefined ? null : amountOf(price, usage) };
    }),
  );
}

/**
 * The traffic objects, one for each model or search engine. Where one does not answer, its model is asked all the same:
 * providers keep their limits themselves, and a job must not fail for our counting.
 */
export function trafficPort(env: Env): TrafficPort {
  return {
    async reserve(model, id, tokens) {
      try {
        return await env.MODELS.getByName(model).reserve(id, tokens);
      } catch (error) {
        console.error('the traffic of a model was not asked', model, error);
        return { granted: true };
      }
    },
    succeeded: (model, id, tokens) => told(model, env.MODELS.getByName(model).succeeded(id, tokens)),
    failed: (model, failure) => told(model, env.MODELS.getByName(model).failed(failure)),
  };
}

async function told(model: string, telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    console.error('the traffic of a model was not told', model, error);
  }
}
