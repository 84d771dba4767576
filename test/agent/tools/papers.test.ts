/** arXiv over loopback HTTP, with the shape of its real answers. */
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { readFeed } from '../../../src/agent/tools/atom.ts';
import { arxivQuery, paperSearch } from '../../../src/agent/tools/papers.ts';
import { JobError } from '../../../src/errors.ts';
import { type LoopbackServer, loopbackServer } from '../../support/http-server.ts';
import { blocksOf, failureOf, toolContext } from '../../support/tools.ts';

const ENTRY = `<entry>
    <id>http://arxiv.org/abs/2505.03335v2</id>
    <updated>2025-05-07T17:59:59Z</updated><published>2025-05-06T09:08:00Z</published>
    <title>Absolute Zero: Reinforced
  Self-play &amp; Reasoning</title>
    <summary>  We propose &lt;a new&gt; paradigm.
    </summary>
    <author><name>Andrew Zhao</name></author><author><name>Yiran Wu</name></author>
    <link href="http://arxiv.org/abs/2505.03335v2" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/2505.03335v2" rel="related" type="application/pdf"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.LG"/>
    <category term="cs.LG"/><category term="cs.AI"/>
  </entry>`;
const feed = (...entries: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>ArXiv Query</title>${entries.join('')}</feed>`;

let server: LoopbackServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
async function search(body: string, contentType = 'application/atom+xml') {
  server = await loopbackServer((_, response) => {
    response.writeHead(200, { 'content-type': contentType }).end(body);
  });
  return paperSearch({ fetch, allowPrivate: true }, `${server.origin}/api/query`);
}

test('papers with authors, date, links and abstract, in one block', async () => {
  const tool = await search(feed(ENTRY, '<entry><title>no id</title></entry>'));
  const output = await tool.run({ query: 'self-play ti:reasoning', count: 3 }, toolContext());
  expect(blocksOf(output)).toEqual([
    [
      'Absolute Zero: Reinforced Self-play & Reasoning',
      'Andrew Zhao, Yiran Wu; 2025-05-06; cs.LG cs.AI',
      'http://arxiv.org/abs/2505.03335v2 http://arxiv.org/pdf/2505.03335v2',
      'We propose <a new> paradigm.',
    ].join('\n'),
  ]);
  const asked = new URL(server?.asked[0] ?? '', 'http://x').searchParams;
  expect(asked.get('search_query')).toBe('all:self-play AND ti:reasoning');
  expect(asked.get('max_results')).toBe('3');
});

test.each([
  ['no XML', 'rate exceeded'],
  ['broken XML', feed(ENTRY).slice(0, -20)],
  ['HTML', '<html><body>Sorry</body></html>'],
  [
    'its report of an error',
    feed('<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title></entry>'),
  ],
  ['a bomb of nested elements', '<feed>'.repeat(80_000)],
  ['an entity of its own', `<!DOCTYPE feed [<!ENTITY a "aaaa">]>${feed('<entry>&a;</entry>')}`],
])('%s is a failure of the service', async (_name, body) => {
  expect(await failureOf(await search(body), { query: 'x' })).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

test('no papers is no failure', async () => {
  expect(await (await search(feed())).run({ query: 'x' }, toolContext())).toContain('No papers');
});

test('words cannot leave their place in the query', () => {
  expect(arxivQuery('a OR b) ANDNOT "c d" cat:cs.AI &max_results=9')).toBe(
    'all:a AND all:b AND all:c AND all:d AND cat:cs.AI AND all:max_results AND all:9',
  );
  expect(arxivQuery('"" ()')).toBe('all:none');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (words) => {
      const term = String.raw`(ti|au|abs|cat|all):[\p{L}\p{N}._-]+`;
      expect(arxivQuery(words)).toMatch(new RegExp(`^${term}( AND ${term})*$`, 'u'));
    }),
  );
});

test('whatever comes instead of a feed, reading it ends as papers or as a JobError', async () => {
  const piece = fc.oneof(
    fc.constantFrom('<feed>', '</feed>', '<entry>', '</entry>', '<id>', '&lt;', '<![CDATA[', ']]>'),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), async (pieces) => {
      const papers = await readFeed(pieces.join('')).catch((error: unknown) => {
        expect(error).toBeInstanceOf(JobError);
        return [];
      });
      expect(Array.isArray(papers)).toBe(true);
    }),
  );
});
