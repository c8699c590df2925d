/**
 * The one file that knows secretlint. Its preset's rules are driven directly, without `@secretlint/core`: the core's
 * profiler keeps several marks for each rule of each file for the life of the process and searches them linearly, which
 * makes the thousandth file many times slower than the first. The core also honours comments in the audited files that
 * switch rules off, and an audit must not let its subject do that.
 *
 * A rule runs only on text that has one of its keywords; a rule without keywords here (a newer preset's) always runs.
 */
import { extname } from 'node:path/posix';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import type { SourceFile } from './source-file.js';
import { isUrlPassword } from './secret-assignments.js';
import { pemHoldsKey } from './secret-pem.js';
import { isDrawn } from './secret-shapes.js';

type PresetRule = (typeof rules)[number];
type PresetContext = Parameters<PresetRule['create']>[0];
type PresetSource = Parameters<NonNullable<ReturnType<PresetRule['create']>['file']>>[0];

/** Where a rule of the preset matched. Offsets in UTF-16 units of the file's text. */
interface PresetMatch {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

interface Adaptation {
  readonly kind: string;
  readonly title: string;
  /** Lower-case text without which the rule cannot match. */
  readonly keywords: readonly string[];
  /** Whether the matched text is a real credential. {@link isDrawn} by default. */
  readonly accept?: (secret: string) => boolean;
  /**
   * Finds the secret itself, in its first group, from the start of the reported range: several rules report a range
   * that begins before the secret or covers more. Sticky or global.
   */
  readonly locate?: RegExp;
}

const inUrl = /:\/\/[^:@/]*:([^@/]*)@/g;

/** By the last part of the rule's id. */
const adaptations: Readonly<Record<string, Adaptation>> = {
  aws: {
    kind: 'aws-secret-key',
    title: 'AWS secret access key',
    keywords: ['secret'],
    locate: /(?::|=>|=)\s*["']?([A-Za-z0-9/+=]{40})/g,
  },
  gcp: {
    kind: 'gcp-service-account',
    title: 'Google Cloud service account key',
    keywords: ['private_key_id'],
    accept: pemHoldsKey,
    locate: /"private_key"\s*:\s*"((?:[^"\\]|\\.)*)"/g,
  },
  privatekey: { kind: 'private-key', title: 'private key', keywords: ['private key'], accept: () => true },
  npm: {
    kind: 'npm-token',
    title: 'npm token',
    keywords: ['npm_', '_authtoken', 'x-oauth-basic'],
    locate: /(?:_authToken=|https?:\/\/|(?=npm_))([^\s:]+)/gy,
  },
  basicauth: { kind: 'url-credentials', title: 'password in a URL', keywords: ['://'], locate: inUrl },
  slack: { kind: 'slack-token', title: 'Slack token or webhook', keywords: ['xox', 'xapp-', 'hooks.slack.com'] },
  sendgrid: { kind: 'sendgrid-key', title: 'SendGrid API key', keywords: ['sg.'] },
  shopify: { kind: 'shopify-token', title: 'Shopify token', keywords: ['shppa_', 'shpca_', 'shpat_', 'shpss_'] },
  github: {
    kind: 'github-token',
    title: 'GitHub token',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
  },
  openai: { kind: 'openai-key', title: 'OpenAI API key', keywords: ['t3blbkfj'] },
  anthropic: { kind: 'anthropic-key', title: 'Anthropic API key', keywords: ['sk-ant-api'] },
  linear: { kind: 'linear-key', title: 'Linear API key', keywords: ['lin_api_'] },
  '1password': { kind: 'onepassword-token', title: '1Password service account token', keywords: ['ops_ey'] },
  'database-connection-string': {
    kind: 'database-url',
    title: 'password in a database URL',
    keywords: ['mongodb', 'mysql', 'postgres'],
    locate: inUrl,
  },
};

const active = rules
  .filter((rule) => rule.meta.id !== '@secretlint/secretlint-rule-filter-comments')
  .map((rule) => {
    const name = rule.meta.id.replace(/^.*secretlint-rule-/, '');
    const adaptation = adaptations[name] ?? { kind: name, title: `credential (${name})`, keywords: [] };
    return { rule, adaptation };
  });

/** The kinds that the preset finds, with their titles. */
export const presetKinds: readonly { readonly kind: string; readonly title: string }[] = active.map(
  ({ adaptation }) => ({ kind: adaptation.kind, title: adaptation.title }),
);

/** Runs the preset on a file. `lower` is its text in lower case; `everyRule` leaves the keywords out. */
export async function findWithPreset(
  file: SourceFile,
  lower: string,
  everyRule = false,
): Promise<readonly PresetMatch[]> {
  const matches: PresetMatch[] = [];
  for (const { rule, adaptation } of active) {
    const { keywords, kind, accept = isDrawn, locate } = adaptation;
    if (!everyRule && keywords.length > 0 && !keywords.some((word) => lower.includes(word))) continue;
    for (const [from, to] of await runRule(rule, file)) {
      const [start, end] = locate === undefined ? [from, to] : locateFrom(file.text, locate, from, to);
      const whole = file.text.slice(from, to);
      const real = locate === inUrl ? urlIsReal(whole) : accept(file.text.slice(start, end));
      if (real) matches.push({ kind, start, end });
    }
  }
  return matches;
}

function locateFrom(text: string, pattern: RegExp, from: number, to: number): readonly [number, number] {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  if (match?.[1] === undefined) return [from, to];
  const start = match.index + match[0].lastIndexOf(match[1]);
  return [start, start + match[1].length];
}

async function runRule(rule: PresetRule, file: SourceFile): Promise<readonly (readonly [number, number])[]> {
  const ranges: (readonly [number, number])[] = [];
  const context: PresetContext = {
    sharedOptions: {},
    // The texts quote the secret, so none is ever made.
    createTranslator: () => (messageId) => ({ message: '', messageId: String(messageId), data: undefined }),
    report: ({ range }) => ranges.push(range),
    ignore: () => undefined,
  };
  await rule.create(context, {}).file?.(sourceOf(file));
  return ranges;
}

/** What the rules look at. They never ask for positions, and get no extension that would make them read the disk. */
function sourceOf(file: SourceFile): PresetSource {
  const noPosition = (): never => {
    throw new Error('a rule of the preset asked for a position');
  };
  return {
    content: file.text,
    contentType: 'text',
    hasBOM: false,
    filePath: file.path,
    physicalFilePath: undefined,
    ext: extname(file.path) === '.json' ? '.json' : '',
    getFilePath: () => file.path,
    getPhysicalFilePath: () => undefined,
    locationToRange: noPosition,
    rangeToLocation: noPosition,
    positionToIndex: noPosition,
    indexToPosition: noPosition,
  };
}

function urlIsReal(url: string): boolean {
  const [, user = '', password = '', host = ''] = /:\/\/([^:@/]*):([^@/]*)@([\w.-]*)/.exec(url) ?? [];
  return isUrlPassword(user, password, host);
}
