/** The front door of the swarm: what an application needs to write skills and templates and to run jobs on agents. */
export { runJob, type JobResult, type RunJobOptions } from './client.js';
export type { JobGraphInput } from './engine/graph.js';
export type { JobEvent, JobProgress } from './messages.js';
export type { JobOutcome } from './queen.js';
export { type Claim, defineSkill, type Skill, type SkillContext } from './skill.js';
export { defineTemplate, type JobTemplate } from './template.js';
