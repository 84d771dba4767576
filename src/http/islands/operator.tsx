/** @jsxImportSource preact */
/** The operator's page. */
import { render } from 'preact';
import { Operator } from './operator/operator.tsx';

const place = document.querySelector('#operator');
if (place !== null) render(<Operator />, place);
