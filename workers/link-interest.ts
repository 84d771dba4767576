/** What the links ask outside relays for: read anew each time, as agents come and go. */
import type { LinkInterest } from '../src/link/plan.ts';
import type { Env } from './env.ts';
import { type Marketplace, marketplaceOf } from './marketplace.ts';

const made = new WeakMap<Marketplace, LinkInterest>();

export function linkInterest(env: Env): LinkInterest {
  const now = () => interestIn(marketplaceOf(env));
  return {
    get agents() {
      return now().agents;
    },
    get zapped() {
      return now().zapped ?? [];
    },
    get requestKinds() {
      return now().requestKinds;
    },
    get commentedKinds() {
      return now().commentedKinds ?? [];
    },
    server: marketplaceOf(env).ownKeys.publicKey,
  };
}

/** The same lists as long as the marketplace is the same. */
function interestIn(marketplace: Marketplace): LinkInterest {
  let interest = made.get(marketplace);
  if (interest === undefined) {
    const { agents, config, requestKinds, commentedKinds } = marketplace;
    interest = {
      agents: agents.map(({ pubkey }) => pubkey),
      zapped: agents.filter(({ slug }) => config.zapAddresses.has(slug)).map(({ pubkey }) => pubkey),
      requestKinds: [...requestKinds],
      commentedKinds: [...commentedKinds],
    };
    made.set(marketplace, interest);
  }
  return interest;
}
