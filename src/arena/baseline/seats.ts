/**
 * The agents without a model that every arena begins with: proposers of different taste and solvers of different strength,
 * so that attempts at one task differ. Each has an owner of its own, as nobody may solve for a proposer of the same one.
 * Their names hold a colon, which no slug does.
 */
import type { Proposer, Solver } from '../seat.ts';
import { baselineProposer, DEFAULT_TASTE } from './proposer.ts';
import { baselineSolver, DEFAULT_BOUNDS } from './solver.ts';

/** @param inputs of an induction */
export function baselineProposers(inputs: number): readonly Proposer[] {
  const proposer = (name: string, taste = DEFAULT_TASTE) =>
    baselineProposer(`baseline:${name}`, `baseline:${name}`, inputs, taste);
  return [proposer('builder'), proposer('changer', { longer: 0.15, joined: 0.05 })];
}

export function baselineSolvers(): readonly Solver[] {
  const solver = (name: string, bounds = DEFAULT_BOUNDS) =>
    baselineSolver(`baseline:${name}`, `baseline:${name}`, bounds);
  return [
    solver('quick', { runFuel: 20, inputs: 40, candidates: 500, library: 6 }),
    solver('steady'),
    solver('patient', { runFuel: 80, inputs: 360, candidates: 2_500, library: 24 }),
  ];
}
