/** The traffic of models kept in memory or in a store: the port of the router over the pure rules. */
import type { TrafficPort } from './router.ts';
import { failed, type ModelLimits, NO_TRAFFIC, reserve, succeeded, type TrafficState } from './traffic.ts';

/** Where the states stand. Reading and writing happen without a pause in between, so a durable object's are safe. */
export interface TrafficStore {
  get(model: string): TrafficState | undefined;
  set(model: string, state: TrafficState): void;
}

/**
 * @param limits by the model's name; one that is not named has none
 * @param now Unix ms
 */
export function sharedTraffic(
  store: TrafficStore,
  limits: ReadonlyMap<string, ModelLimits>,
  now: () => number,
): TrafficPort {
  const stateOf = (model: string) => store.get(model) ?? NO_TRAFFIC;
  return {
    async reserve(model, id, tokens) {
      const { state, leave } = reserve(stateOf(model), limits.get(model) ?? {}, {
        id,
        tokens,
        now_ms: now(),
      });
      store.set(model, state);
      return leave;
    },
    async succeeded(model, id, tokens) {
      store.set(model, succeeded(stateOf(model), id, tokens));
    },
    async failed(model, failure) {
      store.set(model, failed(stateOf(model), failure, now()));
    },
  };
}
