/**
 * How findings become claims. Every skill whose output is a list of findings is verified the same way: each `high`
 * finding is a claim, and its key is all that it says, so that two agents agree only if they say the same.
 */
import type { Claim } from '../swarm/skill.js';
import { canonicalJson } from './code/canonical-json.js';
import type { Finding } from './finding.js';

/** The claims of a list of findings: one for each high finding. */
export function highClaims(findings: readonly Finding[]): readonly Claim[] {
  return findings.filter(isHigh).map((finding) => ({ key: canonicalJson(finding) }));
}

/** Whether a finding is a claim. */
export function isHigh(finding: Finding): boolean {
  return finding.severity === 'high';
}

/** The findings as a liar tells them: the first high one is moved by a line, or one is made up where there is none. */
export function falsifyHigh(findings: readonly Finding[], invented: Finding): Finding[] {
  const at = findings.findIndex(isHigh);
  const victim = findings[at];
  if (victim === undefined) return [...findings, invented];
  return findings.with(at, { ...victim, line: victim.line + 1, endLine: victim.endLine + 1 });
}
