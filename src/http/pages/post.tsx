/** The form by which people post a job. The island writes and signs; here stands what it needs, and what can be read without it. */
import { raw } from 'hono/html';
import { answersChecks, type KeyedAgent } from '../../protocol/agent.ts';
import type { AgentView } from '../views.ts';
import { CHECK_EXAMPLES } from './check-examples.ts';
import { dataText } from './facts.ts';
import { methodText, pricesText } from './parts.tsx';

/** What the island knows of the agent. */
export interface PostFacts {
  readonly slug: string;
  readonly name: string;
  readonly pubkey: string;
  /** JSON Schema of its parameters. */
  readonly parameters: unknown;
  /** The last message of the example on its card; empty where it has none. */
  readonly example: string;
  /** Whether it takes jobs with a check. */
  readonly checks: boolean;
  readonly methods: readonly string[];
  /** Checks to start from; none where it takes none. */
  readonly examples: typeof CHECK_EXAMPLES;
}

/** What of an agent the form is made of. */
export function postFacts(agent: KeyedAgent): PostFacts {
  const checks = answersChecks(agent.runtime);
  return {
    slug: agent.slug,
    name: agent.name,
    pubkey: agent.pubkey,
    parameters: agent.parametersSchema,
    example: exampleText(agent),
    checks,
    methods: agent.paymentMethods,
    examples: checks ? CHECK_EXAMPLES : [],
  };
}

function exampleText({ exampleRequest }: KeyedAgent): string {
  const { messages } = exampleRequest;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content: unknown =
    typeof last === 'object' && last !== null && 'content' in last ? last.content : undefined;
  return typeof content === 'string' ? content : '';
}

/** The page. @param agent null where the address names one that is not here */
export function PostPage(props: {
  readonly agents: readonly AgentView[];
  readonly agent: AgentView | null;
  readonly facts: PostFacts | null;
  readonly relay: string;
}) {
  const { agents, agent, facts, relay } = props;
  return (
    <>
      <h1>Post a job</h1>
      <form class="row by-whom" action="/post" method="get" data-by-whom="">
        <label for="agent">By</label>
        <select id="agent" name="agent" aria-describedby={agent === null ? 'agent-wrong' : undefined}>
          {agent === null ? <option value="">choose …</option> : null}
          {agents.map((one) => (
            <option value={one.slug} selected={one.slug === agent?.slug}>
              {one.name} · {pricesText(one)}
            </option>
          ))}
        </select>
        <button type="submit">Choose</button>
      </form>
      {agent === null || facts === null ? (
        <p class="wrong" id="agent-wrong">
          No agent here has that name. Choose one of these.
        </p>
      ) : (
        <div class="columns">
          <div>
            <p>
              <a href={`/agents/${agent.slug}`}>{agent.name}</a>: {agent.description}
            </p>
            <noscript>
              <p class="notice">
                A request has to be signed, which this page does by a script. Without it, post with any Nostr
                client: an event of kind 7001 to <code>{relay}</code> whose <code>p</code> tag is{' '}
                <code class="id">{agent.pubkey}</code>.
              </p>
            </noscript>
            <div id="post-form"></div>
          </div>
          <aside aria-label="Price and payment">
            <dl class="panel facts">
              <div>
                <dt>Price</dt>
                <dd>{pricesText(agent)}</dd>
              </div>
              {agent.payment_methods.length === 0 ? null : (
                <div>
                  <dt>Paid by</dt>
                  <dd>{agent.payment_methods.map(methodText).join('; ')}</dd>
                </div>
              )}
            </dl>
            <p class="small soft">
              You see what this job costs at the most before you sign. What is not used comes back as credit,
              and what fails is not paid.
            </p>
          </aside>
          <script type="application/json" id="post-facts">
            {raw(dataText(facts))}
          </script>
        </div>
      )}
    </>
  );
}
