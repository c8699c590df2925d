/**
 * Credentials of no known format: a literal given to something whose name says what it is (`dbPassword = "..."`), the
 * password in a URL, and an authorization header. A heuristic, so its findings are `medium`, except for URLs, which say
 * by their form that the part is a password.
 */
import type { SourceFile } from './source-file.js';
import { isPlaceholder, isRandom, isStrongPassword } from './secret-shapes.js';

/** Where a heuristic matched. Offsets in UTF-16 units of the file's text. */
interface HeuristicMatch {
  readonly kind: keyof typeof heuristicKinds;
  readonly start: number;
  readonly end: number;
}

/** The kinds found here, with their titles. */
export const heuristicKinds = {
  'authorization-header': { title: 'credential in an authorization header', severity: 'medium' },
  'database-url': { title: 'password in a database URL', severity: 'high' },
  'generic-password': { title: 'probable password', severity: 'medium' },
  'generic-secret': { title: 'probable secret', severity: 'medium' },
  'url-credentials': { title: 'password in a URL', severity: 'high' },
} as const;

const nameCore =
  'passw(?:or)?d|passphrase|pwd|secret|token|credential|api[_-]?key|(?:access|auth|private|signing|encryption|master|session|service|account|license|storage)[_-]?key';

/** Name, closing of a key, type annotation, connector, and a quoted value. */
const quoted = new RegExp(
  `(?:${nameCore})([\\w.-]{0,40})["'\`\\]]{0,2}(?:\\[\\])?(?:\\s{0,4}:\\s{0,4}[&A-Za-z_'][\\w<>|\\[\\]&' ]{0,30}(?==)| string)?` +
    `\\s{0,8}(?:=>|:=|[:=]=?|[,(])\\s{0,8}[bBrRuU@]{0,2}(["'\`])([^"'\`\\r\\n\\s]{8,512})\\2`,
  'gi',
);

/** The same where values need no quotes: environment files, properties, YAML, shell, XML elements. */
const bare = new RegExp(
  `(?:${nameCore})([\\w.-]{0,40})["']?(?:[ \\t]{0,8}[:=][ \\t]{0,8}|>)([^\\s"'\`#<>;,]{8,512})(?=[ \\t]*(?:$|#|<|;))`,
  'gim',
);

const bareLanguages: ReadonlySet<string> = new Set([
  'dotenv',
  'ini',
  'properties',
  'yaml',
  'toml',
  'shell',
  'dockerfile',
  'xml',
  'terraform',
]);

/** Words of names that speak about a secret and do not hold one: `passwordHash`, `token_url`, `publicKey`. */
const aboutSecrets: ReadonlySet<string> = new Set(
  'hash hashed hashes digest checksum sha sha1 sha256 sha512 md5 crc public pub pubkey fingerprint integrity id ids url urls uri path paths file files filename filepath name names type types field label header headers prefix suffix regex pattern expires expiry expiration ttl length size count limit max min placeholder selector csrf xsrf example sample etag commit revision version cursor page continuation tokenizer tokenize hint policy rule rules error message kind scope ref arn provider format encoding algorithm endpoint'.split(
    ' ',
  ),
);

/** `://user:password@host`. */
const urlPassword = /:\/\/([^\s:@/"'`<>\\]{0,100}):([^\s@/"'`<>\\]{3,200})@([\w.-]{1,255})/g;

const header = /\b(Bearer|Basic|Token)[ \t]{1,4}([\w+/=.~-]{20,512})/g;

const databaseSchemes =
  /(?:postgres(?:ql)?|mysqlx?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|oracle|cockroachdb|clickhouse|neo4j(?:\+s)?|couchdb|cassandra|nats)$/i;

/** Words that stand for a password in every tutorial and compose file. */
const commonPasswords: ReadonlySet<string> = new Set(
  'admin guest user username pass passwd pwd root postgres mysql redis mongo mongodb rabbitmq rabbit minioadmin minio secret token test tester testing dev development local docker example changeit default oracle toor app web api x-oauth-basic x-access-token oauth2'.split(
    ' ',
  ),
);

/** Finds them in no particular order. `generic` is false for files where names and literals mean nothing. */
export function findHeuristically(file: SourceFile, lower: string, generic: boolean): readonly HeuristicMatch[] {
  const matches: HeuristicMatch[] = [];
  if (file.text.includes('://')) matches.push(...inUrls(file.text));
  if (!generic) return matches;
  if (/bearer|basic|token/.test(lower)) matches.push(...inHeaders(file.text));
  if (!/passw|passphrase|pwd|secret|token|credential|key/.test(lower)) return matches;
  matches.push(...inAssignments(file.text, quoted));
  if (bareLanguages.has(file.language)) matches.push(...inAssignments(file.text, bare));
  return matches;
}

/** Whether the password of a URL is a real one: not the user's name again, not a tutorial's word, not a variable. */
export function isUrlPassword(user: string, password: string, host: string): boolean {
  if (password.length < 6 || password === user || commonPasswords.has(password.toLowerCase())) return false;
  if (isPlaceholder(password) || /^(?:[a-z]+|[A-Z_]+|\d+|\[.*)$/.test(password)) return false;
  return !/^(?:localhost|127\.|0\.0\.0\.0|(?:.*\.)?example\.(?:com|org|net)$|(?:.*\.)?(?:test|invalid|example)$)/i.test(
    host,
  );
}

function* inUrls(text: string): Generator<HeuristicMatch> {
  for (const match of text.matchAll(urlPassword)) {
    const [, user = '', password = '', host = ''] = match;
    if (!isUrlPassword(user, password, host)) continue;
    const start = match.index + 3 + user.length + 1;
    const kind = databaseSchemes.test(text.slice(Math.max(0, match.index - 16), match.index))
      ? 'database-url'
      : 'url-credentials';
    yield { kind, start, end: start + password.length };
  }
}

function* inHeaders(text: string): Generator<HeuristicMatch> {
  for (const match of text.matchAll(header)) {
    const [all, scheme, secret = ''] = match;
    const start = match.index + all.length - secret.length;
    if (scheme === 'Basic' ? isBasicCredential(secret) : isRandom(secret))
      yield { kind: 'authorization-header', start, end: start + secret.length };
  }
}

/** The encoding hides placeholders, so it is undone before the judgement. */
function isBasicCredential(encoded: string): boolean {
  const plain = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  return colon > 0 && /^[\x20-\x7e]+$/.test(plain) && isUrlPassword(plain.slice(0, colon), plain.slice(colon + 1), '');
}

function* inAssignments(text: string, pattern: RegExp): Generator<HeuristicMatch> {
  for (const match of text.matchAll(pattern)) {
    const secret = match.at(-1) ?? '';
    const name = wholeName(text, match.index, match[0]);
    const password = /pass|pwd/i.test(name);
    if (isAboutSecrets(name) || isReferenceTo(secret) || !(password ? isSecretPassword(secret) : isRandom(secret)))
      continue;
    const offset = match.index + match[0].lastIndexOf(secret);
    yield { kind: password ? 'generic-password' : 'generic-secret', start: offset, end: offset + secret.length };
  }
}

function isAboutSecrets(name: string): boolean {
  const last = name.split('.').at(-1) ?? '';
  const words = last.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/);
  return words.some((word) => aboutSecrets.has(word.toLowerCase()));
}

function isSecretPassword(text: string): boolean {
  return isStrongPassword(text) || isRandom(text);
}

/** Bare values are often code: a call, a property, an index. */
function isReferenceTo(text: string): boolean {
  return /^[A-Za-z_]\w*(?:\.\w+|\[[^\]]*\]|\([^)]*\)?)+$/.test(text) && /[.([][A-Za-z_]{3,}|\(\)/.test(text);
}

/** The name that the matched core is part of: `db.root_` before `password`, and what follows it. */
function wholeName(text: string, index: number, match: string): string {
  let first = index;
  while (first > 0 && index - first < 60 && /[\w.-]/.test(text[first - 1] ?? '')) first--;
  return text.slice(first, index) + (/^[\w.-]+/.exec(match)?.[0] ?? '');
}
