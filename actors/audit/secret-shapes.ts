/**
 * Tells a credential from what merely looks like one: placeholders, test vectors, identifiers, hashes, and the middle
 * of an encoded picture. Pure functions over short strings; the rules ask them after their pattern has matched, so they
 * may cost more than a pattern.
 */

/** Words that nobody's real credential holds. Four letters or fewer turn up in random text, so those need borders. */
const placeholderWords =
  /example|placeholder|change[-_]?(?:me|this|it)|dummy|sample|redacted|replace|insert|notreal|not[-_]a[-_]|invalid|your[-_]|my[-_](?:secret|token|key|api|pass)|[-_]here\b|passw(?:or|0r)d|secret[-_]?(?:key|token)|hunter2|letmein|qwerty|foobar|deadbeef|cafebabe|lorem|xxxx|\*{3}|\.{3}|…|1234567|abcdefg|default|undefined|(?<![a-z0-9])(?:fake|test|demo|mock|todo|none|null|foo|bar|baz)(?![a-z0-9])/i;

/** Text that is filled in later or looked up: templates, variables, references to a secret store. */
const reference =
  /\$\{|\$\(|\{\{|#\{|%\(|%[A-Z_]+%|\{[\w.-]*\}|^\$[A-Za-z_]|^[<&]|^[!@][a-z_]+$|<[^>]*>|^\$?env[.:([]|process\.env|os\.(?:environ|getenv)|^(?:vault|op|arn|ssm|secretref|secret|sops|enc|keyvault):|^ENC\[/i;

/** Password hashes and digests: they are kept on purpose, and what they protect is not in them. */
const digest = /^(?:sha(?:1|224|256|384|512)[-:=]|md5[-:]|\$2[aby]?\$|\$argon2|\$[156y]\$|pbkdf2|\{ssha|scrypt:)/i;

const uuid = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;

/** Bits of information per character, by the frequencies within the text itself. 0 for an empty text. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** No credential without armour is longer; what a hostile text makes a pattern match beyond it is not looked at. */
const judgedLength = 2048;

/** Whether a text is there to be replaced, or is a test vector: words, runs, sequences or repetitions. */
export function isPlaceholder(text: string): boolean {
  const head = text.slice(0, judgedLength);
  return (
    placeholderWords.test(head) || reference.test(head) || /(.)\1{6}/.test(head) || isSequence(head) || isRepeated(head)
  );
}

/** `0123456789abcdef`, `zyxwv...`: at least half of the steps go to the neighbouring character. */
function isSequence(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) {
    if (Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1)) === 1) steps++;
  }
  return steps * 2 >= text.length;
}

/** `abcd1234abcd1234`: the text is a shorter text written twice or more. */
function isRepeated(text: string): boolean {
  const again = (text + text).indexOf(text, 1);
  return again <= text.length / 2;
}

/** Whether the part of a token that its issuer drew at random looks drawn at random. For prefixed formats. */
export function isDrawn(token: string): boolean {
  return !isPlaceholder(token) && entropyOf(token) >= 2.9;
}

/** Whether a text of unknown format, named as a key or token, looks drawn at random. At least 16 characters. */
export function isRandom(text: string): boolean {
  if (text.length < 16 || text.length > 512) return false;
  if (!/[0-9]/.test(text) || !/[a-z]/i.test(text) || !/^[\w+/=.~!@#$%^&*:-]+$/.test(text)) return false;
  if (isPlaceholder(text) || uuid.test(text) || digest.test(text) || isIdentifier(text)) return false;
  return entropyOf(text) >= 3 && classChanges(text) >= 0.2;
}

/** Whether a text named as a password looks chosen to be one: eight characters of three kinds, not words alone. */
export function isStrongPassword(text: string): boolean {
  if (text.length < 8 || text.length > 128 || /\s/.test(text)) return false;
  if (isPlaceholder(text) || uuid.test(text) || digest.test(text) || isIdentifier(text)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
  return kinds >= 3 && /[0-9]/.test(text) && !/^[\w-]+[.(/\\:][\w./\\()-]*$/.test(text) && entropyOf(text) >= 2.7;
}

/** Names and paths: most of the text is words between separators. */
function isIdentifier(text: string): boolean {
  const words = text.split(/[-_.:/\s]+/).filter((part) => /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}|v?\d{1,4})$/.test(part));
  return words.join('').length * 2 > text.length;
}

/**
 * Share of steps that change between lower case, upper case and digits, separators left out and a capital before lower
 * case counted as one word. Random base 16, 36, 62 and 64 give 0.4 or more; names and prose give less than 0.15.
 */
function classChanges(text: string): number {
  const plain = text.replace(/[^A-Za-z0-9]/g, '');
  let changes = 0;
  for (let at = 1; at < plain.length; at++) {
    const before = classOf(plain.charCodeAt(at - 1));
    const now = classOf(plain.charCodeAt(at));
    if (before !== now && !(before === 'upper' && now === 'lower')) changes++;
  }
  return plain.length < 2 ? 0 : changes / (plain.length - 1);
}

function classOf(unit: number): 'digit' | 'upper' | 'lower' {
  if (unit < 58) return 'digit';
  return unit < 91 ? 'upper' : 'lower';
}

/** Characters of base 64 around a match that make it a piece of an encoded file and no token of its own. */
const blobBorder = 120;

/** Whether `text[start, end)` lies inside a much longer stretch of base 64, such as a picture in a style sheet. */
export function isInsideBlob(text: string, start: number, end: number): boolean {
  let first = start;
  while (first > 0 && start - first < blobBorder && isBase64(text.charCodeAt(first - 1))) first--;
  let last = end;
  while (last < text.length && last - end < blobBorder && isBase64(text.charCodeAt(last))) last++;
  return start - first + (last - end) >= blobBorder;
}

function isBase64(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 43 ||
    unit === 47
  );
}
