/**
 * Dangerous calls of languages that are not parsed here, found by a small table of expressions. They look at one line
 * at a time, outside comments and outside strings, and claim less than a parser could: where the argument cannot be
 * told from a constant, the finding is not `high`.
 */
import type { Finding, Severity } from '../finding.js';
import type { RuleId } from '../rules.js';
import type { SourceFile } from '../source-file.js';
import { isWithin, type Region, regionsOf } from './comments.js';
import { findingAt } from './place.js';

/** One dangerous form. */
interface LineRule {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly pattern: RegExp;
  readonly message: string;
  /** A match with this in the rest of the call is harmless. */
  readonly unless?: RegExp;
}

const shellMessage = 'A shell runs a command that is made at run time.';
const codeMessage = 'Text that is made at run time is evaluated as code.';
const unsafeFormat = 'The format that is read can carry code or any object.';
const noTls = 'The certificate of the other side is not verified.';

const python: readonly LineRule[] = [
  {
    rule: 'dangerous/eval',
    severity: 'high',
    pattern: /(?<![\w.])(?:eval|exec)\((?!\s*(?:[rbu]*["'][^"']*["']\s*[,)]|\)))/g,
    message: codeMessage,
  },
  {
    rule: 'dangerous/deserialisation',
    severity: 'medium',
    pattern: /\b(?:c?[pP]ickle|dill|marshal|jsonpickle|shelve)\.(?:loads?|decode|open|Unpickler)\(/g,
    message: unsafeFormat,
  },
  {
    rule: 'dangerous/deserialisation',
    severity: 'medium',
    pattern: /\byaml\.(?:load|load_all)\(|\byaml\.(?:unsafe_load|full_load)(?:_all)?\(/g,
    message: unsafeFormat,
    unless: /\b(?:C?SafeLoader|CSafeLoader|BaseLoader)\b/,
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'high',
    pattern: /\bsubprocess\.\w+\((?!\s*[rbu]*["'][^"'{%]*["']\s*,)(?=[^\n]*\bshell\s*=\s*True\b)/g,
    message: shellMessage,
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'low',
    pattern: /\bsubprocess\.\w+\((?=\s*[rbu]*["'][^"'{%]*["']\s*,)(?=[^\n]*\bshell\s*=\s*True\b)/g,
    message: 'A shell runs a constant command.',
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'high',
    pattern: /\bos\.(?:system|popen)\((?!\s*[rbu]*["'][^"']*["']\s*\))/g,
    message: shellMessage,
  },
  {
    rule: 'dangerous/tls-unverified',
    severity: 'medium',
    pattern: /\bverify\s*=\s*False\b|\b_create_unverified_context\b|\bCERT_NONE\b/g,
    message: noTls,
  },
  {
    rule: 'dangerous/weak-hash',
    severity: 'low',
    pattern: /\bhashlib\.(?:md5|sha1)\(/g,
    message: 'The hash function is weak (MD5 or SHA-1).',
    unless: /usedforsecurity\s*=\s*False/,
  },
  {
    rule: 'dangerous/insecure-temp',
    severity: 'low',
    pattern: /\btempfile\.mktemp\(/g,
    message: 'The name of the temporary file can be taken before it is used.',
  },
];

const go: readonly LineRule[] = [
  {
    rule: 'dangerous/tls-unverified',
    severity: 'medium',
    pattern: /\bInsecureSkipVerify\s*[:=]\s*true\b/g,
    message: noTls,
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'high',
    pattern:
      /\bexec\.Command(?:Context)?\((?:\w+,\s*)?"(?:\/bin\/|\/usr\/bin\/)?(?:ba|z|k|da)?sh",\s*"-\w*c",(?!\s*["`][^"`]*["`]\s*\))/g,
    message: shellMessage,
  },
  {
    rule: 'dangerous/weak-hash',
    severity: 'low',
    pattern: /\b(?:md5|sha1)\.(?:New|Sum)\(/g,
    message: 'The hash function is weak (MD5 or SHA-1).',
  },
  {
    rule: 'dangerous/weak-cipher',
    severity: 'medium',
    pattern: /\b(?:des|rc4)\.New\w*Cipher\(/g,
    message: 'The cipher is weak.',
  },
  {
    rule: 'dangerous/html-assignment',
    severity: 'medium',
    pattern: /\btemplate\.(?:HTML|JS|URL)\((?!["`])/g,
    message: 'A value is taken as safe markup.',
  },
];

const ruby: readonly LineRule[] = [
  {
    rule: 'dangerous/eval',
    severity: 'high',
    pattern: /(?<![\w.])eval(?=[\s(])(?![\s(]*["'][^"'#]*["']\s*\)?\s*$)/gm,
    message: codeMessage,
  },
  {
    rule: 'dangerous/deserialisation',
    severity: 'medium',
    pattern: /\bMarshal\.(?:load|restore)\b|\bYAML\.(?:unsafe_load|load)\b/g,
    message: unsafeFormat,
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'high',
    pattern: /(?<![\w.])(?:system|exec|spawn|IO\.popen)[\s(]+"[^"\n]*#\{|`[^`\n]*#\{|%x[({[][^\n]*#\{/g,
    message: shellMessage,
  },
  { rule: 'dangerous/tls-unverified', severity: 'medium', pattern: /\bVERIFY_NONE\b/g, message: noTls },
  {
    rule: 'dangerous/weak-hash',
    severity: 'low',
    pattern: /\bDigest::(?:MD5|SHA1)\b/g,
    message: 'The hash function is weak (MD5 or SHA-1).',
  },
];

const php: readonly LineRule[] = [
  {
    rule: 'dangerous/eval',
    severity: 'high',
    pattern: /(?<![\w>:$])(?:eval|assert|create_function)\s*\([^;\n]*\$/g,
    message: codeMessage,
  },
  {
    rule: 'dangerous/deserialisation',
    severity: 'medium',
    pattern: /(?<![\w>:])unserialize\s*\(\s*\$/g,
    message: unsafeFormat,
    unless: /allowed_classes['"]\s*=>\s*false/,
  },
  {
    rule: 'dangerous/shell-command',
    severity: 'high',
    pattern: /(?<![\w>:$])(?:exec|system|shell_exec|passthru|popen|proc_open)\s*\([^;\n]*\$/g,
    message: shellMessage,
    unless: /\bescapeshell(?:arg|cmd)\s*\(/,
  },
  {
    rule: 'dangerous/dynamic-require',
    severity: 'medium',
    pattern: /\b(?:include|require)(?:_once)?\b[^;\n]*\$_(?:GET|POST|REQUEST|COOKIE)\b/g,
    message: 'A file that the request names is run.',
  },
  {
    rule: 'dangerous/tls-unverified',
    severity: 'medium',
    pattern: /\bCURLOPT_SSL_VERIFY(?:PEER|HOST)\b\s*(?:,|=>)\s*(?:false|0)\b/gi,
    message: noTls,
  },
  {
    rule: 'dangerous/weak-hash',
    severity: 'low',
    pattern: /(?<![\w>:$])(?:md5|sha1)\s*\(\s*\$pass/gi,
    message: 'A password is hashed by MD5 or SHA-1.',
  },
];

const shell: readonly LineRule[] = [
  {
    rule: 'dangerous/pipe-to-shell',
    severity: 'medium',
    pattern:
      /\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\/\S*\/)?(?:ba|z|da|k)?sh\b|\b(?:ba|z)?sh\s+(?:-c\s+["']?\$|<)\(\s*(?:curl|wget)\b/g,
    message: 'A download is run by a shell unseen.',
  },
  {
    rule: 'dangerous/eval',
    severity: 'medium',
    pattern: /(?<![\w.$/-])eval\s+["']?[^\n;|&]*\$(?!\((?:ssh-agent|brew|pyenv|rbenv|direnv|dircolors)\b)/g,
    message: codeMessage,
  },
  {
    rule: 'dangerous/world-writable',
    severity: 'low',
    pattern: /\bchmod\s+(?:-\w+\s+)*(?:0?777|a\+rwx|o\+w)\b/g,
    message: 'The permissions let every user write.',
  },
  {
    rule: 'dangerous/tls-unverified',
    severity: 'medium',
    pattern:
      /\bcurl\b[^|;&\n]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$)|\bwget\b[^|;&\n]*--no-check-certificate\b|\bNODE_TLS_REJECT_UNAUTHORIZED=["']?0\b|\bGIT_SSL_NO_VERIFY=(?:1|true)\b/gm,
    message: noTls,
  },
];

const byLanguage: ReadonlyMap<string, readonly LineRule[]> = new Map([
  ['python', python],
  ['go', go],
  ['ruby', ruby],
  ['php', php],
  ['shell', shell],
  ['dockerfile', shell],
  ['makefile', shell],
  ['yaml', shell],
]);

/** In these a string is often a command itself. */
const commandsInStrings = new Set(['shell', 'dockerfile', 'makefile', 'yaml']);

/** Longer lines are data, and the expressions would take the square of their length. In UTF-16 units. */
const longestLine = 2000;
const longLines = new RegExp(`[^\\n]{${longestLine + 1},}`, 'g');

/** All dangerous forms in a file of a language with a table. */
export function findDangerousLines(file: SourceFile): readonly Finding[] {
  const rules = byLanguage.get(file.language);
  if (rules === undefined) return [];
  const text = file.text.replace(longLines, (line) => ' '.repeat(line.length));
  const candidates = rules.flatMap((rule) => matchesOf(file, text, rule));
  if (candidates.length === 0) return [];
  const quiet = quietRegions(file);
  return candidates.filter(({ start }) => !isWithin(quiet, start)).map(({ finding }) => finding);
}

function quietRegions(file: SourceFile): readonly Region[] {
  const regions = regionsOf(file);
  return commandsInStrings.has(file.language) ? regions.filter(({ kind }) => kind === 'comment') : regions;
}

function matchesOf(
  file: SourceFile,
  text: string,
  rule: LineRule,
): readonly { readonly start: number; readonly finding: Finding }[] {
  const found: { readonly start: number; readonly finding: Finding }[] = [];
  for (const match of text.matchAll(rule.pattern)) {
    const start = match.index;
    if (rule.unless?.test(callText(text, start)) === true) continue;
    const span = { start, end: start + Math.max(1, match[0].trimEnd().length) };
    found.push({ start, finding: findingAt(file, rule.rule, span, rule.message, { severity: rule.severity }) });
  }
  return found;
}

/** The text from a match to the end of its call, over at most five lines. */
function callText(text: string, start: number): string {
  const call = text
    .slice(start, start + longestLine)
    .split('\n', 5)
    .join('\n');
  return call.slice(0, closingBracket(call));
}

function closingBracket(call: string): number {
  let depth = 0;
  for (let at = 0; at < call.length; at++) {
    const char = call.charAt(at);
    if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth <= 0) return at + 1;
    }
  }
  return call.length;
}
