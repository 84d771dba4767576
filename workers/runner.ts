export interface StepOrder {
  readonly session: string;
  readonly jobId: string;
  readonly attempt: number;
}
