/** What a browser is told when something is not there or went wrong: words and the request's id, never a stack. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { JobFailure } from '../../errors.ts';

/** Headings by status, in words for people. */
const HEADINGS: { readonly [status: number]: string } = {
  400: 'This address is not quite right',
  403: 'This is for somebody else',
  404: 'There is nothing here',
  429: 'A little slower, please',
  503: 'Not at the moment',
};

/** The heading of an error page. */
export function errorHeading(status: ContentfulStatusCode): string {
  return HEADINGS[status] ?? 'Something went wrong on our side';
}

/** The body of an error page. */
export function ErrorPage(props: {
  readonly status: ContentfulStatusCode;
  readonly failure: JobFailure;
  readonly requestId: string;
}) {
  const { status, failure, requestId } = props;
  return (
    <>
      <h1>{errorHeading(status)}</h1>
      <p class="lead">{failure.message}.</p>
      <p>
        <a href="/">To the market</a> or <a href="/post">post a job</a>.
      </p>
      <p class="small soft">
        {failure.code} · request <code>{requestId}</code>
      </p>
    </>
  );
}
