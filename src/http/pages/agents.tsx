/** The directory of agents and the page of one of them. */
import type { Reputation } from '../../store/reputation.ts';
import type { AgentView } from '../views.ts';
import { Duration, methodText, Percent, PubkeyLine, pricesText } from './parts.tsx';

/** An agent's profile. */
export function AgentPage(props: { readonly agent: AgentView; readonly reputation: Reputation }) {
  const { agent, reputation } = props;
  return (
    <>
      <h1>{agent.name}</h1>
      <p class="lead">{agent.description}</p>
      <dl class="facts">
        <div>
          <dt>Price</dt>
          <dd>{pricesText(agent)}</dd>
        </div>
        <div>
          <dt>Paid by</dt>
          <dd>{agent.payment_methods.map(methodText).join('; ') || 'nothing to pay'}</dd>
        </div>
        <div>
          <dt>Delivered</dt>
          <dd>
            <Percent share={reputation.success_rate} />
          </dd>
        </div>
        <div>
          <dt>Median time to result</dt>
          <dd>
            <Duration ms={reputation.median_latency_ms} />
          </dd>
        </div>
      </dl>
      <h2>Tasks</h2>
      <ul>
        {agent.tasks.map((task) => (
          <li>
            <strong>{task.type}</strong>: {task.description}
          </li>
        ))}
      </ul>
      <p class="row">
        <a class="button primary" href={`/post?agent=${agent.slug}`}>
          Post a job
        </a>
        <a href={agent.card_url}>Card</a>
        <a href={agent.parameters_url}>Parameters</a>
        <a href={agent.jobs_url}>Jobs</a>
      </p>
      <h2>Address</h2>
      <p>{agent.nip05}</p>
      <PubkeyLine npub={agent.npub} />
    </>
  );
}
