/**
 * A corpus of credentials and of things that look like them, made at run time from a seed: no credential, not even an
 * invented one, lies in this repository. Each planted secret and each decoy has a line of its own, so that findings
 * can be told apart by path and line.
 */
import { createHash } from 'node:crypto';

/** A planted credential. */
export interface Planted {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** Kinds that a finding there may have. */
  readonly kinds: readonly string[];
  /** The text that no finding may hold. */
  readonly secret: string;
}

/** A harmless line. */
export interface Decoy {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export interface Corpus {
  readonly files: ReadonlyMap<string, string>;
  readonly planted: readonly Planted[];
  readonly decoys: readonly Decoy[];
}

/** Draws from a seed; the same seed gives the same draws. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const hex = `${digits}abcdef`;
const word = digits + lower + upper;
const base64 = `${word}+/`;
const base64url = `${word}-_`;
const base32 = `${upper}234567`;

interface Sample {
  readonly kinds: readonly string[];
  readonly secret: string;
  /** The line to write; by default the secret is assigned in the language of the file. */
  readonly line?: string;
  /** A file of its own. */
  readonly file?: { readonly name: string; readonly text: string; readonly line: number };
}

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const joined = (...parts: readonly string[]): string => parts.join('');

function pem(draw: Draw, label: string, head: string, length: number): string {
  const lines = (head + draw.text(base64, length)).match(/.{1,64}/g) ?? [];
  return [`-----${'BEGIN'} ${label}-----`, ...lines, `-----${'END'} ${label}-----`].join('\n');
}

const privateLabel = ['PRIVATE', 'KEY'].join(' ');

/** One maker a kind. Each is used twice. */
const makers: readonly ((draw: Draw) => Sample)[] = [
  (d) => ({ kinds: ['aws-access-key'], secret: joined('AK', 'IA', d.text(base32, 16)) }),
  (d) => named(['aws-secret-key'], 'aws_secret_access_key', d.text(base64, 39) + d.text(word, 1)),
  (d) => ({ kinds: ['github-token'], secret: joined('gh', 'p_', d.text(word, 36)) }),
  (d) => ({ kinds: ['github-token'], secret: joined('github', '_pat_', d.text(word, 22), '_', d.text(word, 59)) }),
  (d) => ({ kinds: ['gitlab-token'], secret: joined('gl', 'pat-', d.text(base64url, 20)) }),
  (d) => ({
    kinds: ['slack-token'],
    secret: ['xox' + 'b', d.text(digits, 12), d.text(digits, 12), d.text(word, 24)].join('-'),
  }),
  (d) => ({
    kinds: ['slack-token'],
    secret: joined(
      'https://hooks.',
      'slack.com/services/T',
      d.text(upper, 8),
      '/B',
      d.text(upper, 8),
      '/',
      d.text(word, 24),
    ),
  }),
  (d) => ({ kinds: ['stripe-key'], secret: ['sk', 'live', d.text(word, 24)].join('_') }),
  (d) => ({ kinds: ['sendgrid-key'], secret: ['SG', d.text(word, 22), d.text(word, 43)].join('.') }),
  (d) => ({ kinds: ['twilio-key'], secret: joined('S', 'K', d.text(hex, 32)) }),
  (d) => ({ kinds: ['google-api-key'], secret: joined('AI', 'za', d.text(base64url, 34), d.text(word, 1)) }),
  (d) => ({
    kinds: ['jwt'],
    secret: [
      json({ alg: 'HS256', typ: 'JWT' }),
      json({ sub: d.text(hex, 24), iat: d.below(1e9) }),
      d.text(base64url, 43),
    ].join('.'),
  }),
  (d) => ({ kinds: ['npm-token'], secret: joined('np', 'm_', d.text(word, 36)) }),
  (d) => ({ kinds: ['pypi-token'], secret: joined('py', 'pi-AgE', 'IcHlwaS5vcmc', d.text(base64url, 120)) }),
  (d) => ({ kinds: ['huggingface-token'], secret: joined('h', 'f_', d.text(lower + upper, 34)) }),
  (d) => ({ kinds: ['openai-key'], secret: joined('sk', '-', d.text(word, 20), 'T3Blbk', 'FJ', d.text(word, 20)) }),
  (d) => ({ kinds: ['anthropic-key'], secret: joined('sk', '-ant-api03-', d.text(base64url, 93), 'AA') }),
  (d) => ({
    kinds: ['discord-bot-token'],
    secret: [
      Buffer.from(`7${d.text(digits, 17)}`)
        .toString('base64url')
        .replace(/^./, 'N'),
      d.text(word, 6),
      d.text(base64url, 38),
    ].join('.'),
  }),
  (d) => ({
    kinds: ['telegram-bot-token'],
    secret: joined('6', d.text(digits, 9), ':A', 'A', d.text(base64url, 32), d.text(word, 1)),
  }),
  (d) => ({ kinds: ['digitalocean-token'], secret: ['dop', 'v1', d.text(hex, 64)].join('_') }),
  (d) => ({ kinds: ['mailgun-key'], secret: joined('ke', 'y-', d.text(hex, 32)) }),
  (d) => ({ kinds: ['shopify-token'], secret: joined('shp', 'at_', d.text(word, 32)) }),
  (d) => ({ kinds: ['vault-token'], secret: joined('hv', 's.', d.text(base64url, 24)) }),
  (d) => {
    const secret = d.text(word, 14) + d.text(digits, 2);
    return {
      kinds: ['database-url'],
      secret,
      line: `DATABASE=postgres://billing:${secret}@db-7.prod.internal:5432/billing`,
    };
  },
  (d) => {
    const secret = d.text(word, 18);
    return { kinds: ['url-credentials'], secret, line: `REMOTE=https://deploy:${secret}@git.corp.internal/app.git` };
  },
  (d) => {
    const secret = d.text(base64, 60);
    const head = d.pick([`RSA ${privateLabel}`, privateLabel, `EC ${privateLabel}`]);
    return keyFile(
      pem(d, head, 'MIIEpAIBAAKCAQEA' + secret, 1500),
      secret,
      `deploy-${d.text(hex, 6)}.pem`,
      ['private-key'],
      1,
    );
  },
  (d) => {
    const secret = d.text(base64, 60);
    return keyFile(
      pem(d, `OPENSSH ${privateLabel}`, 'b3BlbnNzaC1rZXktdjEAAAAA' + secret, 320),
      secret,
      `id_${d.text(hex, 6)}`,
      ['private-key'],
      1,
    );
  },
  (d) => {
    const secret = d.text(base64, 60);
    const key = `${pem(d, privateLabel, 'MIIEvQIBADANBgkqhkiG9w0BAQEF' + secret, 1500)}\n`;
    const account = {
      type: 'service_account',
      project_id: 'billing',
      private_key_id: d.text(hex, 40),
      private_key: key,
    };
    return keyFile(
      JSON.stringify(account, null, 2),
      secret,
      `account-${d.text(hex, 6)}.json`,
      ['gcp-service-account'],
      5,
    );
  },
  (d) =>
    named(
      ['generic-password'],
      'db_password',
      joined(d.text(upper, 2), d.text(lower, 3), d.text(digits, 3), d.pick(['!', '#', '%']), d.text(word, 5)),
    ),
  (d) =>
    named(
      ['generic-secret'],
      d.pick(['client_secret', 'api_key', 'sessionToken', 'ENCRYPTION_KEY']),
      d.text(d.pick([word, hex, digits + lower]), 32),
    ),
];

function named(kinds: readonly string[], name: string, secret: string): Sample {
  return { kinds, secret, line: `@${name}` };
}

function keyFile(text: string, secret: string, name: string, kinds: readonly string[], line: number): Sample {
  return { kinds, secret: secret.slice(0, 40), file: { name, text, line } };
}

/** How a named value is written in each language. */
const writers: Readonly<Record<string, (name: string, value: string) => string>> = {
  ts: (name, value) => `export const ${name}: string = '${value}';`,
  py: (name, value) => `${name.toUpperCase()} = "${value}"`,
  go: (name, value) => `\tvar ${name} = "${value}"`,
  java: (name, value) => `  private static final String ${name} = "${value}";`,
  yml: (name, value) => `  ${name}: ${value}`,
  env: (name, value) => `${name.toUpperCase()}=${value}`,
  json: (name, value) => `  "${name}": "${value}",`,
  rb: (name, value) => `  config[:${name}] = '${value}'`,
};

/** Harmless lines; `%` stands for the writer of the file's language. Each is used several times. */
const decoyMakers: readonly ((draw: Draw) => readonly [name: string, value: string])[] = [
  () => ['api_key', 'your-api-key-goes-here'],
  () => ['password', 'changeme'],
  () => ['secret_token', 'x'.repeat(32)],
  () => ['auth_token', '<your-token>'],
  () => ['password', ['$', '{DB_PASSWORD}'].join('')],
  () => ['api_key', 'process.env.API_KEY'],
  () => ['aws_secret_access_key', joined('wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY')],
  () => ['aws_access_key_id', joined('AKIA', 'IOSFODNN7EXAMPLE')],
  () => ['private_key', '0'.repeat(64)],
  () => ['encryption_key', '0123456789abcdef0123456789abcdef'],
  () => ['token', 'abcd1234abcd1234abcd1234'],
  (d) => ['commit', d.text(hex, 40)],
  (d) => ['secret_hash', d.text(hex, 64)],
  (d) => ['sha256', d.text(hex, 64)],
  (d) => ['integrity', `sha512-${d.text(base64, 86)}==`],
  (d) => ['token_id', `${d.text(hex, 8)}-${d.text(hex, 4)}-4${d.text(hex, 3)}-a${d.text(hex, 3)}-${d.text(hex, 12)}`],
  (d) => [
    'session_token',
    `${d.text(hex, 8)}-${d.text(hex, 4)}-4${d.text(hex, 3)}-a${d.text(hex, 3)}-${d.text(hex, 12)}`,
  ],
  (d) => ['password_digest', `$2b$12$${d.text(word, 53)}`],
  (d) => ['logo', `data:image/png;base64,iVBORw0KGgo${d.text(base64, 1200)}`],
  (d) => ['image', `registry.internal/app@sha256:${d.text(hex, 64)}`],
  () => ['password_field', 'user_password_confirmation_2'],
  () => ['token_url', 'https://login.internal/oauth2/v2/token'],
  () => ['secret_name', 'billing-service-credentials-v2'],
  () => ['token_type', 'string.quoted.double.v2'],
  () => ['database', 'postgres://postgres:postgres@localhost:5432/app'],
  () => ['broker', 'amqp://guest:guest@rabbitmq.internal:5672'],
  () => ['mirror', ['https://user:$', '{TOKEN}@git.internal/app.git'].join('')],
  () => [
    'jwt',
    [
      json({ alg: 'HS256', typ: 'JWT' }),
      json({ sub: '1234567890', name: 'John Doe', iat: 1516239022 }),
      'SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
    ].join('.'),
  ],
  () => ['github_token', joined('gh', 'p_', 'x'.repeat(36))],
  () => ['stripe_key', joined('sk', '_live_', '0'.repeat(24))],
  (d) => ['public_key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${d.text(base64, 43)}`],
  () => ['key', ['-----BEGIN RSA ', privateLabel, '-----...-----END RSA ', privateLabel, '-----'].join('')],
  () => ['minified', '!function(e,t){for(var n=t.token,r=0;r<n.length;r++)e.password=n[r].secret||null}(window,{});'],
];

const projects = ['billing', 'search', 'mail', 'auth', 'web'];

/** Makes the corpus: 60 planted secrets of 25 kinds and 200 decoys or more over files in eight languages. */
export function makeCorpus(seed: number): Corpus {
  const draw = new Draw(seed);
  const lines = new Map<string, string[]>();
  const files = new Map<string, string>();
  const planted: Planted[] = [];
  const decoys: Decoy[] = [];
  const languages = Object.keys(writers);
  const write = (path: string, line: string): number => {
    const held = lines.get(path) ?? [];
    lines.set(path, held);
    for (let filler = draw.below(3); filler > 0; filler--) held.push(fillers[draw.below(fillers.length)] ?? '');
    return held.push(line);
  };
  const place = (language: string): string => `${draw.pick(projects)}/config-${draw.below(3)}.${language}`;

  for (let index = 0; index < makers.length * 2; index++) {
    const sample = makers[index % makers.length]?.(draw);
    if (sample === undefined) continue;
    const { kinds, secret, file } = sample;
    if (file !== undefined) {
      const path = `${draw.pick(projects)}/keys/${file.name}`;
      files.set(path, file.text);
      planted.push({ path, line: file.line, kinds, secret });
      continue;
    }
    const language = draw.pick(languages);
    const path = place(language);
    const text =
      sample.line?.startsWith('@') === false
        ? sample.line
        : writers[language]?.(sample.line?.slice(1) ?? 'client', secret);
    planted.push({ path, line: write(path, text ?? ''), kinds, secret });
  }
  for (let index = 0; index < 210; index++) {
    const [name, value] = decoyMakers[index % decoyMakers.length]?.(draw) ?? ['', ''];
    const language = draw.pick(languages);
    const path = place(language);
    decoys.push({ path, line: write(path, writers[language]?.(name, value) ?? ''), what: name });
  }
  for (const [path, held] of lines) files.set(path, `${held.join('\n')}\n`);
  files.set('web/package-lock.json', lockfile(draw));
  return { files, planted, decoys };
}

const fillers = [
  '',
  '# the settings of this service',
  'const retries = 3; // per request',
  'import { connect } from "./net";',
  'timeout: 30',
];

function lockfile(draw: Draw): string {
  const packages = Array.from({ length: 40 }, (_, index) => {
    const integrity = `sha512-${createHash('sha512').update(draw.text(word, 20)).digest('base64')}`;
    return [`node_modules/token-${index}`, { version: '1.0.0', integrity }] as const;
  });
  return JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries(packages) }, null, 2);
}
