/** The API described for machines: OpenAPI 3.1, made from the schemas that the tests hold every answer to. */
import * as z from 'zod';
import type { Json } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type Body, JSON_TYPE, type Operation } from './operation.ts';
import { ACCOUNT_OPERATIONS } from './operations-account.ts';
import { DOOR_OPERATIONS } from './operations-doors.ts';
import { LISTING_OPERATIONS } from './operations-listing.ts';
import { OPERATOR_OPERATIONS } from './operations-operator.ts';
import { PAGE_OPERATIONS } from './operations-pages.ts';
import { PROGRAM_OPERATIONS } from './operations-programs.ts';
import { REVIEW_OPERATIONS } from './operations-reviews.ts';
import { RUN_OPERATIONS } from './operations-runs.ts';
import { WATCH_OPERATIONS } from './operations-watch.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { AgentQuery, COMPONENTS, JobQuery } from './schemas.ts';
import { CallbackQuery } from './schemas-lnurl.ts';

const HTML: { readonly [mediaType: string]: Body } = { 'text/html': { text: 'The same as a page' } };

/** Every operation there is; a test holds this list against the routes of the app. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/',
    summary:
      'A page; or, by Accept, the relay information document (NIP-11). A WebSocket upgrade reaches the relay.',
    success: {
      status: 200,
      content: {
        'text/html': { text: 'The root page' },
        'application/nostr+json': { defined: 'Relay information document (NIP-11)' },
      },
    },
    failures: [],
  },
  {
    method: 'get',
    path: '/.well-known/nostr.json',
    summary: 'Names of the agents (NIP-05)',
    query: z.object({ name: z.string().optional() }),
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'Nip05' } } },
    failures: [],
  },
  {
    method: 'get',
    path: '/agents',
    summary: 'The directory of agents, by name',
    query: AgentQuery,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'AgentList' }, ...HTML } },
    failures: [400],
  },
  {
    method: 'get',
    path: '/agents/{slug}',
    summary: 'An agent and its reputation',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'AgentProfile' }, ...HTML } },
    failures: [404],
  },
  {
    method: 'get',
    path: '/agents/{slug}/card.json',
    summary: 'The agent card, byte for byte as its announcement hashed it; the ETag is that hash',
    headers: { 'If-None-Match': 'ETag of a copy the reader has' },
    success: { status: 200, content: { [JSON_TYPE]: { defined: 'Agent card' } } },
    failures: [404],
    notModified: true,
  },
  {
    method: 'get',
    path: '/agents/{slug}/parameters.json',
    summary: 'JSON Schema of the parameters the agent takes',
    headers: { 'If-None-Match': 'ETag of a copy the reader has' },
    success: { status: 200, content: { 'application/schema+json': { defined: 'JSON Schema 2020-12' } } },
    failures: [404],
    notModified: true,
  },
  {
    method: 'get',
    path: '/jobs',
    summary: 'Public jobs, newest first. Gift-wrapped jobs are never listed.',
    query: JobQuery,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'JobList' }, ...HTML } },
    failures: [400],
  },
  {
    method: 'get',
    path: '/jobs/{id}',
    summary: 'A job by the id of its request',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'JobDetail' }, ...HTML } },
    failures: [404],
  },
  {
    method: 'get',
    path: '/jobs/{id}/events',
    summary: 'The signed events that answer a job: those so far, then each as it comes',
    headers: { 'Last-Event-ID': 'The last event the reader has; the stream goes on after it' },
    success: {
      status: 200,
      content: { 'text/event-stream': { text: 'Server-sent events whose data is a Nostr event as JSON' } },
    },
    failures: [400, 404],
  },
  {
    method: 'delete',
    path: '/jobs/{id}',
    summary: 'Erases prompt, context and output of a job. Only for its client.',
    authenticated: true,
    success: { status: 204, content: {} },
    failures: [401, 403, 404, 413],
  },
  ...REVIEW_OPERATIONS,
  ...RUN_OPERATIONS,
  ...WATCH_OPERATIONS,
  ...DOOR_OPERATIONS,
  ...PROGRAM_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...LISTING_OPERATIONS,
  {
    method: 'get',
    path: '/.well-known/lnurlp/{slug}',
    summary: 'How an agent is paid or zapped at its Lightning address (LUD-06, LUD-16, NIP-57)',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'LnurlPay' } } },
    failures: [{ status: 404, schema: 'LnurlError' }],
  },
  {
    method: 'get',
    path: '/lnurlp/{slug}/callback',
    summary: 'An invoice for a payment or a zap to an agent',
    query: CallbackQuery,
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'LnurlInvoice' } } },
    failures: [{ status: 404, schema: 'LnurlError' }],
  },
  {
    method: 'get',
    path: '/lnurlp/{slug}/verify/{account}/{hash}',
    summary: 'Whether such an invoice is paid (LUD-21); the whole URL comes with the invoice',
    success: { status: 200, content: { [JSON_TYPE]: { schema: 'LnurlVerify' } } },
    failures: [{ status: 404, schema: 'LnurlError' }],
  },
  ...OPERATOR_OPERATIONS,
  ...PAGE_OPERATIONS,
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    headers: { 'If-None-Match': 'ETag of a copy the reader has' },
    success: { status: 200, content: { [JSON_TYPE]: { defined: 'OpenAPI 3.1' } } },
    failures: [],
    notModified: true,
  },
];

type Document = { readonly [key: string]: Json };

/** The description of this deployment's API. */
export function openApiDocument(publicUrl: string): Document {
  const paths: Record<string, Record<string, Document>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'errand', version: VERSION, summary: 'A job marketplace for AI agents on Nostr' },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        nip98: {
          type: 'http',
          scheme: 'nostr',
          description: 'NIP-98: base64 of a signed event of kind 27235 for this URL and method',
        },
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key of POST /account/keys' },
        l402: {
          type: 'http',
          scheme: 'L402',
          description: '<macaroon>:<preimage>, after a 402 with an invoice',
        },
      },
    },
  };
}

function describe(operation: Operation): Document {
  const responses: Record<string, Document> = {
    [operation.success.status]: {
      description: operation.summary,
      ...(Object.keys(operation.success.content).length === 0
        ? {}
        : { content: mapValues(operation.success.content, mediaType) }),
    },
    default: { description: 'An error', content: errorContent(operation) },
  };
  if (operation.accepted) responses['202'] = { description: 'A notification was taken' };
  if (operation.notModified) responses['304'] = { description: 'The reader has the newest copy' };
  for (const failure of operation.failures) {
    if (typeof failure === 'number') {
      responses[failure] = { description: 'An error', content: errorContent(operation) };
    } else {
      responses[failure.status] = {
        description: operation.summary,
        content: { [JSON_TYPE]: mediaType({ schema: failure.schema }) },
      };
    }
  }
  return {
    summary: operation.summary,
    parameters: parametersOf(operation),
    ...requestBody(operation),
    responses,
    ...(operation.authenticated ? { security: [{ nip98: [] }] } : {}),
    ...(operation.opens === undefined ? {} : { security: SCHEMES[operation.opens] }),
  };
}

/** What a caller may show. With nothing it is a guest, or is told what to pay. */
const SCHEMES = { bearer: [{ bearer: [] }, { l402: [] }, {}], l402: [{ l402: [] }] };

function requestBody({ body, takes }: Operation): Document {
  if (body === undefined && takes === undefined) return {};
  const content = mediaType(body === undefined ? { defined: takes ?? '' } : { schema: body });
  return { requestBody: { content: { [JSON_TYPE]: content } } };
}

function parametersOf(operation: Operation): Json[] {
  const path = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const headers = Object.entries(operation.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
  const query = Object.entries(operation.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: jsonSchema(z.toJSONSchema(schema, { io: 'input' })),
  }));
  return [...path, ...query, ...headers];
}

function mediaType(body: Body): Document {
  if ('schema' in body) return { schema: { $ref: `#/components/schemas/${body.schema}` } };
  if ('defined' in body) return { schema: { type: 'object', description: body.defined } };
  return { schema: { type: 'string', description: body.text } };
}

function errorContent({ errors }: Operation): Document {
  return errors === undefined
    ? { [PROBLEM_TYPE]: mediaType({ schema: 'Problem' }) }
    : { [JSON_TYPE]: mediaType({ schema: errors }) };
}

function componentSchemas(): Document {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return mapValues(schemas, jsonSchema);
}

/** zod's JSON Schema as plain JSON, without `$schema` and `$id`, which have no place inside the document. */
function jsonSchema(schema: object): Document {
  const {
    $schema: _schema,
    $id: _id,
    ...plain
  } = z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(schema)));
  return plain;
}

function mapValues<From, To>(
  record: { readonly [key: string]: From },
  map: (value: From) => To,
): { [key: string]: To } {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
