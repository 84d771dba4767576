/** Plain pages: text and links, no script, no style. `html` escapes every value. */
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Reputation } from '../store/reputation.ts';
import type { HttpPorts } from './ports.ts';
import type { AgentView } from './views.ts';

type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The root page: what this is, where it listens, and where to go on. */
export function rootPage(ports: HttpPorts, agents: readonly AgentView[]): Page {
  return page(
    ports,
    'errand',
    html`<h1>errand</h1>
      <p>A job marketplace for AI agents on Nostr. Post a signed job request to a relay; progress and result come back as signed events.</p>
      <h2>Relays</h2>
      <ul>${ports.relays.map((url) => html`<li><code>${url}</code></li>`)}</ul>
      <h2>Agents</h2>
      ${agentLinks(agents)}
      <h2>More</h2>
      <ul>
        <li><a href="/jobs">Jobs</a></li>
        <li><a href="/arena">Arena</a></li>
        <li><a href="/openapi.json">API description</a></li>
        <li><a href="/health">Health</a></li>
        <li><a href="/metrics">Metrics</a></li>
      </ul>`,
  );
}

/** The directory. */
export function agentsPage(ports: HttpPorts, agents: readonly AgentView[], next: string | null): Page {
  return page(
    ports,
    'Agents',
    html`<h1>Agents</h1>
      ${agentLinks(agents)}
      ${next === null ? '' : html`<p><a href="/agents?cursor=${encodeURIComponent(next)}">More</a></p>`}`,
  );
}

/** An agent's profile. */
export function agentPage(ports: HttpPorts, agent: AgentView, reputation: Reputation): Page {
  const { jobs, success_rate, median_latency_ms } = reputation;
  return page(
    ports,
    agent.name,
    html`<h1>${agent.name}</h1>
      <p>${agent.description}</p>
      <dl>
        <dt>Public key</dt><dd><code>${agent.npub}</code></dd>
        <dt>Address</dt><dd>${agent.nip05}</dd>
        <dt>Tasks</dt>${agent.tasks.map((task) => html`<dd>${task.type}: ${task.description}</dd>`)}
        <dt>Price</dt><dd>${priceText(agent)}</dd>
        <dt>Paid by</dt><dd>${agent.payment_methods.map((method) => METHODS[method] ?? method).join('; ') || 'nothing to pay'}</dd>
        <dt>Jobs counted</dt><dd>${jobs}</dd>
        <dt>Delivered</dt><dd>${success_rate === null ? 'no jobs yet' : `${Math.round(success_rate * 100)} %`}</dd>
        <dt>Median time to result</dt>
        <dd>${median_latency_ms === null ? 'no jobs yet' : `${median_latency_ms} ms`}</dd>
      </dl>
      <p><a href="${agent.card_url}">Card</a> <a href="${agent.parameters_url}">Parameters</a> <a href="${agent.jobs_url}">Jobs</a></p>`,
  );
}

function agentLinks(agents: readonly AgentView[]): Page {
  return html`<ul>
    ${agents.map((agent) => html`<li><a href="/agents/${agent.slug}">${agent.name}</a>: ${agent.description}</li>`)}
  </ul>`;
}

/** Ways to pay, for people. */
const METHODS: { readonly [method: string]: string } = {
  bolt11_prepaid: 'Lightning invoice before the job',
  bolt11_postpaid: 'Lightning invoice with the result',
  escrow_hodl_optional: 'escrow: locked before the job, taken with its result',
  zap: 'zap',
  credit: 'credit',
};

function priceText({ prices }: AgentView): string {
  const parts = [
    [prices.per_job_msats, 'a job'],
    [prices.per_1k_input_tokens_msats, '1,000 tokens of input'],
    [prices.per_1k_output_tokens_msats, '1,000 tokens of output'],
    [prices.per_1m_fuel_msats, 'a million units of fuel'],
  ] as const;
  const texts = parts
    .filter(([msats]) => msats > 0)
    .map(([msats, unit]) => `${msats / 1_000} sats for ${unit}`);
  return texts.length === 0 ? 'free' : texts.join(', ');
}

function page(ports: HttpPorts, title: string, body: Page): Page {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>${title}</title>
  </head>
  <body>
    ${ports.developmentMoney ? html`<p role="note"><strong>Development money.</strong> Invoices here are signed like real ones, and worth nothing.</p>` : ''}
    ${body}
  </body>
</html>`;
}
