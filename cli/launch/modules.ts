/**
 * The modules that every node of ours loads: definitions of the shipped actors, by URL, and the skills of the shipped
 * jobs, by names that each node resolves in its own installation, because a job may run on nodes of other machines.
 */
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

/** The module with the definitions of models. */
export const modelModule = new URL('../../actors/inference/actors.js', import.meta.url).href;

/** File URLs of the shipped definitions and of those the user names by path. */
export function definitionModules(userModules: readonly string[], cwd: string): readonly string[] {
  const shipped = [
    new URL('../../actors/swarm/actors.js', import.meta.url).href,
    new URL('../../actors/load/target.js', import.meta.url).href,
    modelModule,
  ];
  return [...shipped, ...userModules.map((path) => pathToFileURL(resolve(cwd, path)).href)];
}

/** Modules with the audit's skills and template. */
export const auditModules: readonly string[] = ['#actors/audit/skills'];
