/**
 * The kinds of credentials that the preset of secretlint does not know, or knows too narrowly: a table of patterns.
 * Each pattern is the issuer's published format and begins, as far as it can, with a fixed prefix. A rule runs only on
 * text that holds one of its keywords, so the table may grow without making the scan slower.
 */
import { isDrawn, isPlaceholder } from './secret-shapes.js';
import { jwtIsSigned } from './secret-jwt.js';
import { pemHoldsKey } from './secret-pem.js';

/** A kind of credential and how it is found. */
export interface SecretRule {
  /** The part of the rule id after `secrets/`. */
  readonly kind: string;
  /** What it is, for people; fits after "a" or "an". */
  readonly title: string;
  /** Lower-case text without which `pattern` cannot match. */
  readonly keywords: readonly string[];
  /** Global. Its first group is the secret if it has one, otherwise the whole match is. */
  readonly pattern: RegExp;
  /** Whether a matched secret is a real one. {@link isDrawn} by default. */
  readonly accept?: (secret: string) => boolean;
}

const notHex = (secret: string): boolean => isDrawn(secret) && !/^[0-9a-f]+$/.test(secret);

/** See {@link SecretRule}. Sorted by kind. */
export const secretRules: readonly SecretRule[] = [
  {
    kind: 'age-key',
    title: 'age secret key',
    keywords: ['age-secret-key-1'],
    pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/g,
  },
  {
    kind: 'airtable-token',
    title: 'Airtable token',
    keywords: ['pat'],
    pattern: /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b/g,
  },
  {
    kind: 'anthropic-key',
    title: 'Anthropic API key',
    keywords: ['sk-ant-'],
    pattern: /\bsk-ant-(?:api|admin|oat)\d{2}-[\w-]{80,128}/g,
  },
  { kind: 'atlassian-token', title: 'Atlassian API token', keywords: ['atatt3'], pattern: /\bATATT3[\w=-]{150,250}/g },
  {
    kind: 'aws-access-key',
    title: 'AWS access key id',
    keywords: ['akia', 'asia', 'abia', 'acca'],
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g,
  },
  {
    kind: 'aws-secret-key',
    title: 'AWS secret access key',
    keywords: ['aws', 'access'],
    pattern:
      /(?:aws[\w-]{0,20}?(?:secret|key)|secret[_-]?access[_-]?key)[\w-]{0,20}["'\]]{0,2}(?:\s{0,4}:\s{0,4}[A-Za-z&]{1,12}(?=\s{0,4}=)| string)?\s{0,8}(?:=>|:=|[:=])\s{0,8}["'`]?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    accept: notHex,
  },
  {
    kind: 'azure-storage-key',
    title: 'Azure storage account key',
    keywords: ['accountkey'],
    pattern: /\bAccountKey=([A-Za-z0-9+/]{86}==)/gi,
  },
  { kind: 'cratesio-token', title: 'crates.io token', keywords: ['cio'], pattern: /\bcio[A-Za-z0-9]{32}\b/g },
  { kind: 'databricks-token', title: 'Databricks token', keywords: ['dapi'], pattern: /\bdapi[0-9a-f]{32}(?:-\d)?\b/g },
  {
    kind: 'digitalocean-token',
    title: 'DigitalOcean token',
    keywords: ['_v1_'],
    pattern: /\bdo[opr]_v1_[0-9a-f]{64}\b/g,
  },
  {
    kind: 'discord-bot-token',
    title: 'Discord bot token',
    keywords: ['.'],
    pattern: /\b[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/g,
    accept: discordUserId,
  },
  {
    kind: 'discord-webhook',
    title: 'Discord webhook URL',
    keywords: ['/api/webhooks/'],
    pattern: /\bhttps:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/\d{16,20}\/[\w-]{60,80}/g,
  },
  { kind: 'docker-token', title: 'Docker Hub token', keywords: ['dckr_pat_'], pattern: /\bdckr_pat_[\w-]{27,}/g },
  {
    kind: 'doppler-token',
    title: 'Doppler token',
    keywords: ['dp.'],
    pattern: /\bdp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}\b/g,
  },
  { kind: 'figma-token', title: 'Figma token', keywords: ['figd_'], pattern: /\bfigd_[\w-]{38,43}/g },
  {
    kind: 'gitlab-token',
    title: 'GitLab token',
    keywords: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glsoat-', 'gloas-', 'glagent-', 'glft-'],
    pattern: /\bgl(?:pat|dt|rt|ptt|cbt|soat|oas|agent|ft)-[\w.-]{20,}/g,
  },
  { kind: 'google-api-key', title: 'Google API key', keywords: ['aiza'], pattern: /\bAIza[\w-]{35}(?![\w-])/g },
  {
    kind: 'google-oauth-secret',
    title: 'Google OAuth client secret',
    keywords: ['gocspx-'],
    pattern: /\bGOCSPX-[\w-]{28}(?![\w-])/g,
  },
  {
    kind: 'grafana-token',
    title: 'Grafana token',
    keywords: ['glsa_', 'glc_'],
    pattern: /\b(?:glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2})/g,
  },
  { kind: 'groq-key', title: 'Groq API key', keywords: ['gsk_'], pattern: /\bgsk_[A-Za-z0-9]{52}\b/g },
  {
    kind: 'huggingface-token',
    title: 'Hugging Face token',
    keywords: ['hf_'],
    pattern: /\b(?:api_org|hf)_[A-Za-z0-9]{34,40}\b/g,
  },
  {
    kind: 'jwt',
    title: 'signed JSON web token',
    keywords: ['eyj'],
    pattern: /(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g,
    accept: jwtIsSigned,
  },
  { kind: 'mailchimp-key', title: 'Mailchimp API key', keywords: ['-us'], pattern: /\b[0-9a-f]{32}-us\d{1,2}\b/g },
  { kind: 'mailgun-key', title: 'Mailgun API key', keywords: ['key-'], pattern: /\bkey-[0-9a-f]{32}\b/g },
  { kind: 'newrelic-key', title: 'New Relic user key', keywords: ['nrak-'], pattern: /\bNRAK-[A-Z0-9]{27}\b/g },
  { kind: 'notion-token', title: 'Notion token', keywords: ['ntn_'], pattern: /\bntn_[A-Za-z0-9]{43,50}\b/g },
  {
    kind: 'npm-token',
    title: 'npm token',
    keywords: ['_authtoken', 'npm_'],
    pattern: /(?:_authToken\s{0,8}=\s{0,8}["']?([\w./+=-]{20,})|\b(npm_[A-Za-z0-9]{36})\b)/g,
  },
  { kind: 'nvidia-key', title: 'NVIDIA API key', keywords: ['nvapi-'], pattern: /\bnvapi-[\w-]{60,70}/g },
  {
    kind: 'openai-key',
    title: 'OpenAI API key',
    keywords: ['t3blbkfj'],
    pattern: /\bsk-[\w-]{20,100}T3BlbkFJ[\w-]{20,100}/g,
  },
  {
    kind: 'openrouter-key',
    title: 'OpenRouter API key',
    keywords: ['sk-or-v1-'],
    pattern: /\bsk-or-v1-[0-9a-f]{64}\b/g,
  },
  { kind: 'perplexity-key', title: 'Perplexity API key', keywords: ['pplx-'], pattern: /\bpplx-[A-Za-z0-9]{48}\b/g },
  {
    kind: 'planetscale-token',
    title: 'PlanetScale token',
    keywords: ['pscale_'],
    pattern: /\bpscale_(?:tkn|oauth|pw)_[\w.=-]{32,64}/g,
  },
  {
    kind: 'postman-key',
    title: 'Postman API key',
    keywords: ['pmak-'],
    pattern: /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/g,
  },
  {
    kind: 'private-key',
    title: 'private key',
    keywords: ['private key', 'putty-user-key-file'],
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){64,16384}-----END |PuTTY-User-Key-File-\d: (?:(?!PuTTY)[\s\S]){1,16384}?Private-MAC: [0-9a-f]{40,64}/g,
    accept: pemHoldsKey,
  },
  { kind: 'pypi-token', title: 'PyPI token', keywords: ['pypi-age'], pattern: /\bpypi-AgE[A-Za-z0-9_-]{60,1000}/g },
  { kind: 'replicate-token', title: 'Replicate token', keywords: ['r8_'], pattern: /\br8_[A-Za-z0-9]{37}\b/g },
  { kind: 'rubygems-key', title: 'RubyGems API key', keywords: ['rubygems_'], pattern: /\brubygems_[0-9a-f]{48}\b/g },
  {
    kind: 'sendgrid-key',
    title: 'SendGrid API key',
    keywords: ['sg.'],
    pattern: /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g,
  },
  {
    kind: 'sentry-token',
    title: 'Sentry token',
    keywords: ['sntrys_', 'sntryu_'],
    pattern: /\bsntry(?:s_eyJ[A-Za-z0-9+/=_-]{80,400}|u_[0-9a-f]{64})/g,
  },
  {
    kind: 'square-token',
    title: 'Square token',
    keywords: ['sq0', 'eaaa'],
    pattern: /\b(?:sq0(?:atp|csp|idp)-[\w-]{22,43}|EAAA[\w-]{60})(?![\w-])/g,
  },
  {
    kind: 'stripe-key',
    title: 'Stripe live key',
    keywords: ['_live_', 'whsec_'],
    pattern: /\b(?:(?:sk|rk)_live_[A-Za-z0-9]{24,247}|whsec_[A-Za-z0-9+/]{32,64}={0,2})(?![A-Za-z0-9])/g,
  },
  { kind: 'supabase-token', title: 'Supabase token', keywords: ['sbp_'], pattern: /\bsbp_[0-9a-f]{40}\b/g },
  {
    kind: 'telegram-bot-token',
    title: 'Telegram bot token',
    keywords: [':aa'],
    pattern: /\b\d{8,10}:AA[\w-]{33}(?![\w-])/g,
  },
  {
    kind: 'terraform-token',
    title: 'Terraform Cloud token',
    keywords: ['.atlasv1.'],
    pattern: /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}/g,
  },
  { kind: 'twilio-key', title: 'Twilio API key', keywords: ['sk'], pattern: /\bSK[0-9a-f]{32}\b/g },
  {
    kind: 'vault-token',
    title: 'HashiCorp Vault token',
    keywords: ['hvs.', 'hvb.'],
    pattern: /\bhv[sb]\.[\w-]{24,300}/g,
  },
];

/** A Discord token begins with the bot's numeric id in base 64; other dotted text does not. */
function discordUserId(token: string): boolean {
  const id = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('latin1');
  return /^\d{17,20}$/.test(id) && !isPlaceholder(token);
}
