/** @jsxImportSource preact */
/** The page of a team's run. */
import { render } from 'preact';
import { Run } from './run/run.tsx';

const place = document.querySelector<HTMLElement>('#run');
if (place?.dataset.job !== undefined) render(<Run job={place.dataset.job} />, place);
