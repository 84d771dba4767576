/** The models of this deployment, with their limits and fallbacks where the configuration names some. */
import type { ModelClient } from '../src/agent/chat/model-client.ts';
import { loopClock } from '../src/agent/loop/clock.ts';
import type { ToolModelClient } from '../src/agent/loop/model.ts';
import { type Models, modelNames, modelProvider } from '../src/agent/models/provider.ts';
import { needsTraffic, routedModels } from '../src/agent/models/routed.ts';
import type { TrafficPort } from '../src/agent/models/router.ts';
import { configOf, type Env } from './env.ts';

const known = new WeakMap<Env, Models | null>();

/** For one question; null where no model can be asked. */
export function chatModelOf(env: Env): ModelClient | null {
  return modelsOf(env)?.chat ?? null;
}

/** For agents with tools; null where no model can be asked. */
export function toolModelOf(env: Env): ToolModelClient | null {
  return modelsOf(env)?.tools ?? null;
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
  const provider = modelProvider(
    config,
    ai === undefined ? {} : { workersAi: (name, input, { signal }) => ai.run(name, input, { signal }) },
  );
  const names = modelNames(config, ai !== undefined);
  if (provider === null || !needsTraffic(config.models, names)) return provider;
  const traffic = trafficPort(env);
  return routedModels(provider, {
    ...loopClock,
    names,
    traffic,
    newId: () => crypto.randomUUID(),
    random: Math.random,
  });
}

/**
 * The traffic objects, one for each model or search engine. Where one does not answer, its model is asked all the same:
 * providers keep their limits themselves, and a job must not fail for our counting.
 */
export function trafficPort(env: Env): TrafficPort {
  const told = async (model: string, telling: Promise<void>) => {
    try {
      await telling;
    } catch (error) {
      console.error('the traffic of a model was not told', model, error);
    }
  };
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
