/**
 * Job templates: how a kind of job becomes a task graph. A template is pure and plain, so the queen that uses it stays
 * general: the audit is one template among others, and a graph written by hand needs none.
 */
import type { JobGraphInput } from './engine/graph.js';

/** A template; see {@link defineTemplate}. */
export interface JobTemplate<Params = never> {
  readonly kind: 'template';
  /** Unique on a node, such as `audit`. */
  readonly name: string;
  readonly build: (params: Params) => JobGraphInput;
}

/** Declares a template. */
export function defineTemplate<Params>(template: Omit<JobTemplate<Params>, 'kind'>): JobTemplate<Params> {
  return { kind: 'template', ...template };
}
