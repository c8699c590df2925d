/**
 * Finds credentials in a file. Three sources (secretlint's preset, the table of formats, heuristics over names and
 * URLs) give matches; where matches overlap, the one that knows most about the place wins, so a key in a password field
 * is reported once and as that key. A finding names the kind and the length and never any part of the text.
 */
import type { Finding, Severity } from './finding.js';
import type { SourceFile } from './source-file.js';
import { findHeuristically, heuristicKinds } from './secret-assignments.js';
import { findWithPreset, presetKinds } from './secret-preset.js';
import { type SecretRule, secretRules } from './secret-rules.js';
import { isDrawn, isInsideBlob } from './secret-shapes.js';

/** One credential in a text. Offsets in UTF-16 units; what they enclose must not leave the process. */
export interface SecretMatch {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** A kind of secret: its rule id, what it is, and how bad. */
interface SecretKind {
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
}

/** Every kind, by its name: the rules that this skill can report. */
export const secretKinds: ReadonlyMap<string, SecretKind> = new Map(
  [
    ...presetKinds.map((one) => ({ ...one, severity: 'high' as const })),
    ...secretRules.map(({ kind, title }) => ({ kind, title, severity: 'high' as const })),
    ...Object.entries(heuristicKinds).map(([kind, one]) => ({ kind, ...one })),
  ]
    .map(({ kind, title, severity }): [string, SecretKind] => [kind, { rule: `secrets/${kind}`, title, severity }])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The credentials in a file, sorted by place. */
export async function findSecrets(file: SourceFile): Promise<Finding[]> {
  return (await matchSecrets(file)).map((match) => secretFinding(file, match));
}

/** The finding of one match. */
export function secretFinding(file: SourceFile, match: SecretMatch): Finding {
  const kind = secretKinds.get(match.kind);
  if (kind === undefined) throw new Error(`no secret kind ${match.kind}`);
  const begin = file.position(match.start);
  const length = match.end - match.start;
  return {
    rule: kind.rule,
    severity: kind.severity,
    path: file.path,
    line: begin.line,
    column: begin.column,
    endLine: file.position(match.end - 1).line,
    message: `Holds ${withArticle(kind.title)} of ${length} characters; revoke it and keep it out of the repository.`,
    facts: { kind: match.kind, length },
  };
}

/** How a file is searched. */
interface MatchOptions {
  /** Runs each rule whether or not its keywords are there; tests hold the quick way against it. Default false. */
  readonly everyRule?: boolean;
}

/** The matches behind {@link findSecrets}: sorted by place, none overlapping another. */
export async function matchSecrets(file: SourceFile, options: MatchOptions = {}): Promise<readonly SecretMatch[]> {
  const { everyRule = false } = options;
  const lower = file.text.toLowerCase();
  const found: Ranked[] = [];
  for (const rule of secretRules) {
    if (everyRule || rule.keywords.some((word) => lower.includes(word))) found.push(...matchRule(rule, file.text));
  }
  for (const match of await findWithPreset(file, lower, everyRule)) {
    found.push({ ...match, rank: match.kind in heuristicKinds ? 1 : 0 });
  }
  for (const match of findHeuristically(file, lower, isProse(file))) {
    found.push({ ...match, rank: heuristicKinds[match.kind].severity === 'high' ? 1 : 2 });
  }
  const standing = found.filter(({ start, end, rank }) => rank === 1 || !isInsideBlob(file.text, start, end));
  return withoutOverlaps(standing).sort((a, b) => a.start - b.start);
}

/** 0 knows the issuer's format, 1 a password by its place in a URL, 2 guesses by a name. */
interface Ranked extends SecretMatch {
  readonly rank: 0 | 1 | 2;
}

function* matchRule(rule: SecretRule, text: string): Generator<Ranked> {
  const { kind, pattern, accept = isDrawn } = rule;
  for (const match of text.matchAll(pattern)) {
    const secret = match.slice(1).find((group) => group !== undefined) ?? match[0];
    const start = match.index + match[0].lastIndexOf(secret);
    if (accept(secret)) yield { kind, start, end: start + secret.length, rank: 0 };
  }
}

function withoutOverlaps(found: readonly Ranked[]): SecretMatch[] {
  const byWeight = [...found].sort(
    (a, b) => a.rank - b.rank || b.end - b.start - (a.end - a.start) || a.start - b.start || (a.kind < b.kind ? -1 : 1),
  );
  const taken = new OccupiedRanges();
  const kept: SecretMatch[] = [];
  for (const { kind, start, end } of byWeight) {
    if (taken.occupy(start, end)) kept.push({ kind, start, end });
  }
  return kept;
}

/** Ranges that do not overlap, sorted by start, so that a place is looked up in logarithmic time. */
class OccupiedRanges {
  readonly #ranges: (readonly [number, number])[] = [];

  /** Takes a range unless part of it is taken. */
  occupy(start: number, end: number): boolean {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    if ((this.#ranges[low]?.[0] ?? Infinity) < end) return false;
    this.#ranges.splice(low, 0, [start, end]);
    return true;
  }
}

const lockfile =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock|go\.sum|flake\.lock|.*\.min\.(?:js|css)|.*\.(?:map|svg|lock))$/;

/** An average line this long is no longer written by people. In UTF-16 units. */
const longestAverageLine = 400;

/** Whether names and literals mean something: not in lockfiles, source maps, pictures and minified code. */
function isProse(file: SourceFile): boolean {
  if (lockfile.test(file.path)) return false;
  const lines = file.position(file.text.length).line;
  return file.text.length / lines <= longestAverageLine || file.text.length < 4 * longestAverageLine;
}

function withArticle(title: string): string {
  return `${/^[aeiou]/i.test(title) ? 'an' : 'a'} ${title}`;
}
