/** @jsxImportSource preact */
/** The form to post a job. */
import { render } from 'preact';
import type { PostFacts } from '../pages/post.tsx';
import { dataBlock, pageFacts } from './lib/facts.ts';
import { PostForm } from './post/form.tsx';

document.querySelector<HTMLSelectElement>('#agent')?.addEventListener('change', (event) => {
  if (event.currentTarget instanceof HTMLSelectElement) event.currentTarget.form?.requestSubmit();
});
for (const button of document.querySelectorAll<HTMLElement>('[data-by-whom] button')) button.hidden = true;

const root = document.querySelector('#post-form');
const agent: PostFacts | null = dataBlock('post-facts');
if (root !== null && agent !== null) render(<PostForm agent={agent} kinds={pageFacts().kinds} />, root);
